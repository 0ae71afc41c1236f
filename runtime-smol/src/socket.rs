//! Common interface of smol's and async-std's sockets.

use std::future::Future;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsFd;

use smol::io::{AsyncRead, AsyncWrite};

/// Socket of one of these runtimes. Clones are the same socket.
pub trait Socket: AsyncRead + AsyncWrite + AsFd + Clone + Unpin + Send + 'static {
    /// Connects to an address.
    ///
    /// # Errors
    /// Returns the error of the system.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send;

    /// Half-closes the write side.
    ///
    /// # Errors
    /// Returns the error of the system.
    fn half_close(&self) -> io::Result<()>;
}

/// Listener of one of these runtimes.
pub trait Listener: Send + Sync {
    /// Socket of an accepted connection.
    type Socket: Socket;

    /// Accepts a connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Socket, SocketAddr)>> + Send;
}

/// Implements the traits for the sockets of a crate; both have the same methods, but no trait in common.
macro_rules! sockets_of {
    ($net:path) => {
        const _: () = {
            use $net as net;

            impl Socket for net::TcpStream {
                async fn connect(address: SocketAddr) -> io::Result<Self> {
                    Self::connect(address).await
                }

                fn half_close(&self) -> io::Result<()> {
                    self.shutdown(Shutdown::Write)
                }
            }

            impl Listener for net::TcpListener {
                type Socket = net::TcpStream;

                async fn accept(&self) -> io::Result<(net::TcpStream, SocketAddr)> {
                    self.accept().await
                }
            }
        };
    };
}

sockets_of!(smol::net);
#[cfg(feature = "async-std")]
sockets_of!(async_std::net);
