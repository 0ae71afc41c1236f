//! Connecting, with a time limit for each step; mail interrupts it.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use lottery_proto::Instant;
use lottery_runtime::connect::{Attempts, connect_timed_out, lookup_timed_out};
use lottery_runtime::sockets::{connect_local, set_options};
use lottery_runtime::{Clock, Socket, Target};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::Receiver;

/// Connects to the first address of the server that can be reached; `None` if mail comes first, which is
/// taken.
pub(crate) fn connect<N>(target: &Target, clock: Clock, stop: &Receiver<N>) -> io::Result<Option<Socket>> {
    if let Some(path) = target.local_path() {
        return connect_local(path).map(|socket| Some(socket.into()));
    }
    let Some(found) = look_up(target, clock, stop)? else { return Ok(None) };
    let mut attempts = Attempts::new(target, found);
    loop {
        let (address, limit) = attempts.next(clock.now())?;
        match connect_to(address, limit, clock, stop) {
            Ok(socket) => return socket.map(set_options).transpose().map(|socket| socket.map(Socket::from)),
            Err(error) => attempts.failed(address, error),
        }
    }
}

/// Looks the name up on a thread of its own: the system cannot cancel a lookup, so the thread is left behind.
fn look_up<N>(target: &Target, clock: Clock, stop: &Receiver<N>) -> io::Result<Option<Vec<SocketAddr>>> {
    let limit = target.lookup_timeout(clock.now());
    let end = clock.now().after(limit);
    let server = target.server.clone();
    let look = move || -> io::Result<Vec<SocketAddr>> { Ok(server.to_socket_addrs()?.collect()) };
    let (sender, found) = mpsc::channel();
    let waker = stop.waker();
    let send = move || {
        let _ = sender.send(look());
        waker.wake();
    };
    thread::Builder::new().name("lookup".to_owned()).spawn(send)?;
    loop {
        if stop.try_recv().is_some() {
            return Ok(None);
        }
        if let Ok(found) = found.try_recv() {
            return found.map(Some);
        }
        if !wait_until(end, clock, None, stop) {
            return Err(lookup_timed_out(limit));
        }
    }
}

fn connect_to<N>(
    address: SocketAddr,
    limit: Duration,
    clock: Clock,
    stop: &Receiver<N>,
) -> io::Result<Option<TcpStream>> {
    let end = clock.now().after(limit);
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    loop {
        // A repeated call reports the progress of the connection.
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::ISCONN) => return Ok(Some(socket.into())),
            Err(Errno::INPROGRESS | Errno::ALREADY | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if stop.try_recv().is_some() {
            return Ok(None);
        }
        if !wait_until(end, clock, Some((socket.as_fd(), PollFlags::OUT)), stop) {
            return Err(connect_timed_out(limit));
        }
    }
}

/// Waits until the descriptor is ready or mail comes; returns false once `end` has come.
fn wait_until<N>(
    end: Instant,
    clock: Clock,
    descriptor: Option<(BorrowedFd<'_>, PollFlags)>,
    stop: &Receiver<N>,
) -> bool {
    let left = end.duration_since(clock.now());
    if left.is_zero() {
        return false;
    }
    stop.wait(descriptor, Some(left));
    true
}

#[cfg(test)]
mod tests {
    use lottery_runtime::Envelope;

    use super::*;
    use crate::channel;

    #[test]
    fn mail_interrupts_connecting() {
        let (clock, (sender, mail)) = (Clock::start(), channel::<()>().unwrap());
        sender.send(Envelope::Shutdown);
        let limit = Duration::from_secs(5);
        let target = Target::new("127.0.0.1:1", limit, clock.now(), clock.now().after(limit));
        assert!(connect(&target, clock, &mail).unwrap().is_none());
        assert!(mail.try_recv().is_none(), "it is taken");
    }
}
