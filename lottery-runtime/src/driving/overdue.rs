//! Inputs that come before a timeout.

use std::io::{Read, Write};
use std::os::fd::AsFd;

use lottery_proto::{Input, Instant, Io};
use socket2::SockRef;

use super::transfer::{piece, read_input, write_input};
use crate::sockets::{received, unacked};

/// Inputs that take precedence over a deadline that has come. They end with a timeout, also if the deadline
/// changes meanwhile.
///
/// Each connection has one. Its driver asks [`Overdue::is_due`] for each [`Io`] that wants no half-close, before it
/// waits for anything. If so, it delivers the mail that there is, or reports what [`Overdue::next`] returns, and
/// polls the machine again.
#[derive(Debug, Default)]
pub struct Overdue {
    /// Number of bytes still to be read: those in the system when the deadline came, and one for EOF.
    left: Option<usize>,
    /// True if the socket takes no more, or has taken all there was since the last read.
    written: bool,
    /// True once the number of unacknowledged bytes was reported.
    asked: bool,
}

impl Overdue {
    /// Returns true if a deadline has come: then [`Overdue::next`] returns the next input, without a wait.
    pub fn is_due(&self, io: &Io<'_>, now: Instant) -> bool {
        self.left.is_some() || io.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Returns the next input to report. It reads, writes and asks the system itself, because a runtime may not
    /// know yet that a socket is ready. The socket must be in non-blocking mode.
    pub fn next(&mut self, socket: &impl AsFd, io: Io<'_>) -> Input {
        let Io { recv, send, unacked: asks, .. } = io;
        let left = *self.left.get_or_insert_with(|| received(socket).saturating_add(1));
        let mut system = &*SockRef::from(socket);
        if !send.is_empty() && !self.written {
            self.written = true;
            if let Some(input) = write_input(system.write(send)) {
                return input;
            }
        }
        if !recv.is_empty()
            && left > 0
            && let Some(input) = read_input(system.read(piece(recv)))
        {
            let bytes = if let Input::Received(bytes) = input { bytes } else { left };
            (self.left, self.written) = (Some(left.saturating_sub(bytes)), false);
            return input;
        }
        if asks && !self.asked {
            self.asked = true;
            if let Some(bytes) = unacked(socket) {
                return Input::Unacked(bytes);
            }
        }
        *self = Self::default();
        Input::Timeout
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use lottery_proto::SocketError;

    use super::*;
    use crate::driving::PIECE;
    use crate::sockets::listen;

    fn pair() -> (TcpStream, TcpStream) {
        let listener: TcpListener = listen(([127, 0, 0, 1], 0).into(), 1).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let socket = listener.accept().unwrap().0;
        socket.set_nonblocking(true).unwrap();
        (socket, peer)
    }

    fn until(mut is_so: impl FnMut() -> bool) {
        while !is_so() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn io<'a>(recv: &'a mut [u8], send: &'a [u8]) -> Io<'a> {
        let mut io = Io::new(recv, send);
        (io.deadline, io.unacked) = (Some(Instant::default()), true);
        io
    }

    #[test]
    fn bytes_the_system_holds_are_written_and_read_before_a_timeout() {
        let (socket, mut peer) = pair();
        peer.write_all(&vec![7; 40_000]).unwrap();
        until(|| received(&socket) == 40_000);
        let (mut overdue, mut buffer) = (Overdue::default(), vec![0; 30_000]);
        assert!(overdue.is_due(&io(&mut buffer, b""), Instant::default()));
        let (mut read, mut written) = (0, 0);
        let told = loop {
            // A reply to received bytes is written, too.
            match overdue.next(&socket, io(&mut buffer, b"more")) {
                Input::Received(bytes) => read += bytes,
                Input::Sent(bytes) => written += bytes,
                told => break told,
            }
            // Neither a peer that goes on sending nor another deadline delays the timeout.
            peer.write_all(&[7; 1000]).unwrap();
            let later = Io::new(&mut buffer, b"");
            assert!(overdue.is_due(&later, Instant::default()));
        };
        assert!((40_000..=40_000 + PIECE).contains(&read), "{read}");
        assert!((8..=16).contains(&written), "{written}");
        assert!(matches!(told, Input::Unacked(0..=16)), "{told:?}");
        assert_eq!(overdue.next(&socket, io(&mut buffer, b"")), Input::Timeout);
        // The next deadline begins anew.
        assert!(!overdue.is_due(&Io::new(&mut buffer, b""), Instant::default()));
        peer.write_all(&[7; 1000]).unwrap();
        until(|| received(&socket) >= 1000);
        let anew = overdue.next(&socket, io(&mut buffer, b""));
        assert!(matches!(anew, Input::Received(_)), "{anew:?}");
    }

    #[test]
    fn eof_comes_before_a_timeout_and_a_reset_is_a_failure() {
        let (socket, mut peer) = pair();
        peer.write_all(b"last").unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        until(|| received(&socket) == 4);
        let (mut overdue, mut buffer) = (Overdue::default(), [0; 100]);
        let mut told = Vec::new();
        for _ in 0..2 {
            told.push(overdue.next(&socket, io(&mut buffer, b"")));
        }
        assert_eq!(told, [Input::Received(4), Input::Eof]);
        assert_eq!(overdue.next(&socket, io(&mut [], b"")), Input::Unacked(0), "nothing more is wanted");
        socket2::Socket::from(peer).set_linger(Some(Duration::ZERO)).unwrap();
        until(|| overdue.next(&socket, io(&mut [], b"x")) == Input::Failed(SocketError::Reset));
    }

    #[test]
    fn unacknowledged_bytes_are_reported_once_before_a_timeout() {
        let (mut socket, peer) = pair();
        while socket.write(&vec![0; 100_000]).is_ok() {}
        let (mut overdue, mut buffer) = (Overdue::default(), [0; 100]);
        let Input::Unacked(bytes) = overdue.next(&socket, io(&mut buffer, b"")) else {
            panic!("they are there")
        };
        assert!(bytes > 10_000, "{bytes}");
        assert_eq!(overdue.next(&socket, io(&mut buffer, b"")), Input::Timeout);
        let Input::Unacked(_) = overdue.next(&socket, io(&mut buffer, b"")) else {
            panic!("at the next one")
        };
        let mut unasked = io(&mut buffer, b"");
        unasked.unacked = false;
        assert_eq!(Overdue::default().next(&socket, unasked), Input::Timeout);
        drop(peer);
    }
}
