//! Peers without a machine: plain sockets.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::cuts::Cut;
use crate::time_limits::SOON;

/// One end of a connection.
#[derive(Debug)]
pub struct Raw(pub TcpStream);

impl Raw {
    /// Connects. Written bytes are sent at once.
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).expect("a connection"))
    }

    /// Connects with the smallest receive buffer that the system gives.
    pub fn connect_narrow(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(1).expect("a small buffer");
        socket.connect(&address.into()).expect("a connection");
        Self::over(socket.into())
    }

    /// Takes over an open connection.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket takes options");
        stream.set_read_timeout(Some(SOON)).expect("a socket takes options");
        stream.set_write_timeout(Some(SOON)).expect("a socket takes options");
        Self(stream)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the peer reads");
    }

    /// Sends bytes in pieces.
    pub fn send_cut(&mut self, bytes: &[u8], cut: Cut) {
        for piece in cut.pieces(bytes) {
            self.send(piece);
        }
    }

    /// Sends bytes until the peer does not take any more, and returns the number of times that all of them
    /// were sent.
    pub fn send_until_full(&mut self, bytes: &[u8]) -> usize {
        self.0.set_write_timeout(Some(Duration::from_millis(200))).expect("a socket takes options");
        let mut times = 0;
        while self.0.write_all(bytes).is_ok() {
            times += 1;
        }
        times
    }

    /// Ends this side.
    pub fn fin(&mut self) {
        self.0.shutdown(Shutdown::Write).expect("the connection is there");
    }

    /// Receives that many bytes.
    pub fn receive(&mut self, bytes: usize) -> Vec<u8> {
        let mut received = vec![0; bytes];
        self.0.read_exact(&mut received).expect("the peer sends as much");
        received
    }

    /// Receives the packet of a session that comes next, without padding (`docs/protocol.md#sessions`).
    pub fn receive_packet(&mut self) -> Vec<u8> {
        let header = self.receive(4);
        let size = usize::from(u16::from_le_bytes([header[2], header[3]]));
        [header, self.receive(size - 4)].concat()
    }

    /// Receives all until the peer's end.
    ///
    /// # Errors
    /// The peer did not end cleanly: it vanished, or sends nothing and does not end.
    pub fn try_receive_all(&mut self) -> io::Result<Vec<u8>> {
        let mut received = Vec::new();
        self.0.read_to_end(&mut received)?;
        Ok(received)
    }

    /// Receives all until the peer's end, which must be a clean one.
    pub fn receive_all(&mut self) -> Vec<u8> {
        self.try_receive_all().expect("a clean end")
    }

    /// Vanishes: the peer gets a reset.
    pub fn vanish(self) {
        let socket = Socket::from(self.0);
        socket.set_linger(Some(Duration::ZERO)).expect("a socket takes options");
    }
}
