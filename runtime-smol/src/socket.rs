//! What smol's and async-std's sockets have in common.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;

use smol::io::{AsyncRead, AsyncWrite};

/// A socket of one of these runtimes. Clones are the same socket.
pub trait Socket: AsyncRead + AsyncWrite + AsFd + Clone + Unpin + Send + 'static {
    /// Connects to an address.
    ///
    /// # Errors
    /// What the system says.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send;

    /// Half-closes the write side.
    ///
    /// # Errors
    /// What the system says.
    fn half_close(&self) -> io::Result<()>;
}

/// What a listener of one of these runtimes does.
pub trait Listener: Send + Sync {
    /// Its sockets.
    type Socket: Socket;

    /// Accepts a connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Socket, SocketAddr)>> + Send;
}
