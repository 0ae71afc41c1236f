//! Common interface of tokio's sockets.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;

use lottery_runtime::Peer;
use tokio::io::{AsyncRead, AsyncWrite, Interest, Ready};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Connected stream socket of tokio's.
pub trait Socket: AsyncRead + AsyncWrite + AsFd + Unpin + Send + Sync + 'static {
    /// Waits until the socket is ready. It loses nothing when it is cancelled.
    ///
    /// # Errors
    /// Returns the error of the system.
    fn ready(&self, interest: Interest) -> impl Future<Output = io::Result<Ready>> + Send;
}

/// Listening socket of tokio's.
pub trait Listener: Send + Sync {
    /// Socket of an accepted connection.
    type Socket: Socket;

    /// Accepts a connection. It loses nothing when it is cancelled.
    ///
    /// # Errors
    /// Returns the error of the system.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Socket, Peer)>> + Send;
}

/// Implements the traits for sockets of one kind: all have the same methods, but no trait in common.
macro_rules! sockets {
    ($listener:ty, $stream:ty, $peer:expr) => {
        impl Socket for $stream {
            async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                self.ready(interest).await
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

sockets!(TcpListener, TcpStream, Peer::Ip);
sockets!(UnixListener, UnixStream, |_| Peer::Local);
