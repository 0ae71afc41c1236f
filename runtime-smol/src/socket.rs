//! Common interface of smol's and async-std's sockets.

use std::future::Future;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsFd;

use lottery_runtime::Peer;
use smol::io::{AsyncRead, AsyncWrite};

/// Socket of one of these runtimes. Clones are the same socket.
pub trait Socket: AsyncRead + AsyncWrite + AsFd + Clone + Unpin + Send + 'static {
    /// Half-closes the write side.
    ///
    /// # Errors
    /// Returns the error of the system.
    fn half_close(&self) -> io::Result<()>;
}

/// TCP socket of one of these runtimes.
pub trait Connect: Socket {
    /// Connects to an address.
    ///
    /// # Errors
    /// Returns the error of the system.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self>> + Send;
}

/// Listener of one of these runtimes.
pub trait Listener: Send + Sync {
    /// Socket of an accepted connection.
    type Socket: Socket;

    /// Accepts a connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Socket, Peer)>> + Send;
}

/// Implements the traits for sockets of one kind; all have the same methods, but no trait in common.
macro_rules! sockets {
    ($listener:ty, $stream:ty, $peer:expr) => {
        impl Socket for $stream {
            fn half_close(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }

        impl Listener for $listener {
            type Socket = $stream;

            async fn accept(&self) -> io::Result<($stream, Peer)> {
                self.accept().await.map(|(socket, address)| (socket, $peer(address)))
            }
        }
    };
}

/// Implements the traits for all sockets of a crate.
macro_rules! sockets_of {
    ($net:path, $unix:path) => {
        const _: () = {
            use $net as net;
            use $unix as unix;

            sockets!(net::TcpListener, net::TcpStream, Peer::Ip);
            sockets!(unix::UnixListener, unix::UnixStream, |_| Peer::Local);

            impl Connect for net::TcpStream {
                async fn connect(address: SocketAddr) -> io::Result<Self> {
                    Self::connect(address).await
                }
            }
        };
    };
}

sockets_of!(smol::net, smol::net::unix);
#[cfg(feature = "async-std")]
sockets_of!(async_std::net, async_std::os::unix::net);
