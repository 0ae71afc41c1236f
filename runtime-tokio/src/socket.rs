//! Common interface of tokio's sockets.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;

use lottery_runtime::Peer;
use tokio::io::{Interest, Ready};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Connected stream socket of tokio's.
pub trait Socket: AsFd + Send + Sync + 'static {
    /// Waits until the socket is ready. It loses nothing when it is cancelled.
    ///
    /// # Errors
    /// Returns the error of the system.
    fn ready(&self, interest: Interest) -> impl Future<Output = io::Result<Ready>> + Send;

    /// Reads what is there.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if nothing is; other errors of the system.
    fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize>;

    /// Writes what the system takes.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if it takes nothing; other errors of the system.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
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

            fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
                self.try_read(bytes)
            }

            fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
                self.try_write(bytes)
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
