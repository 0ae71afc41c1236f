//! Listening sockets of any kind, and what they accept.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};

/// Listening socket of a server: anything that it can be made from.
///
/// ```
/// use std::net::TcpListener;
///
/// use lottery_runtime::Listener;
///
/// let listener = Listener::from(TcpListener::bind("127.0.0.1:0")?);
/// assert!(listener.to_string().starts_with("127.0.0.1:"));
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// Stream socket in the file system. Its file is not removed when it is dropped.
    Unix(UnixListener),
}

impl Listener {
    /// Makes [`Listener::accept`] fail with [`WouldBlock`](io::ErrorKind::WouldBlock) while there is no connection, or
    /// wait for one.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => listener.set_nonblocking(nonblocking),
            Self::Unix(listener) => listener.set_nonblocking(nonblocking),
        }
    }

    /// Returns the error of a runtime that cannot serve a listener of this kind, which may be newer than the runtime.
    pub fn unsupported(&self) -> io::Error {
        io::Error::new(io::ErrorKind::Unsupported, format!("this runtime cannot listen at {self}"))
    }

    /// Accepts a connection.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn accept(&self) -> io::Result<(Socket, Peer)> {
        match self {
            Self::Tcp(listener) => listener.accept().map(|(socket, peer)| (socket.into(), peer.into())),
            Self::Unix(listener) => listener.accept().map(|(socket, _)| (socket.into(), Peer::Local)),
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

/// Shows the address and port, or the path.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = "an unknown address";
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(_) => f.write_str(unknown),
            },
            Self::Unix(listener) => match listener.local_addr() {
                Ok(address) => match address.as_pathname() {
                    Some(path) => path.display().fmt(f),
                    None => f.write_str("a socket without a path"),
                },
                Err(_) => f.write_str(unknown),
            },
        }
    }
}

/// Other side of an accepted connection, for limits and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// Address and port.
    Ip(SocketAddr),
    /// A process of this machine, without an address.
    Local,
}

impl Peer {
    /// Returns the address without the port, that of IPv4 never in IPv6 form; `None` if it has none.
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(address.ip().to_canonical()),
            Self::Local => None,
        }
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

/// Takes what an address and port are written as.
impl<I: Into<IpAddr>> From<(I, u16)> for Peer {
    fn from(address: (I, u16)) -> Self {
        Self::Ip(address.into())
    }
}

/// Shows the address and port, or `local`.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Local => f.write_str("local"),
        }
    }
}

/// Connected stream socket of any kind: TCP, in the file system, or one of a pair in memory.
#[derive(Debug)]
pub struct Socket(socket2::Socket);

impl Socket {
    /// Makes reads and writes fail with [`WouldBlock`](io::ErrorKind::WouldBlock) where they would wait, or wait.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Takes the error that the socket has, if it is dead for example.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    /// Half-closes the write side.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub fn half_close(&self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }
}

impl From<TcpStream> for Socket {
    fn from(socket: TcpStream) -> Self {
        Self(socket.into())
    }
}

impl From<UnixStream> for Socket {
    fn from(socket: UnixStream) -> Self {
        Self(socket.into())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for &Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(bytes)
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn every_kind_of_socket_accepts_reads_writes_and_half_closes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let (tcp, unix) = (TcpListener::bind("127.0.0.1:0").unwrap(), UnixListener::bind(&path).unwrap());
        let address = tcp.local_addr().unwrap();
        let of_tcp = || Socket::from(TcpStream::connect(address).unwrap());
        let of_unix = || Socket::from(UnixStream::connect(&path).unwrap());
        let kinds: [(Listener, &dyn Fn() -> Socket, String, bool); 2] = [
            (tcp.into(), &of_tcp, address.to_string(), true),
            (unix.into(), &of_unix, path.display().to_string(), false),
        ];
        for (listener, connect, name, has_address) in kinds {
            assert_eq!(listener.to_string(), name);
            listener.set_nonblocking(true).unwrap();
            assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
            let peer = connect();
            listener.set_nonblocking(false).unwrap();
            let (socket, from) = listener.accept().unwrap();
            assert_eq!((from.ip().is_some(), from == Peer::Local), (has_address, !has_address));
            (&socket).write_all(b"good luck").unwrap();
            socket.half_close().unwrap();
            let mut all = String::new();
            (&peer).read_to_string(&mut all).unwrap();
            assert_eq!(all, "good luck");
            socket.set_nonblocking(true).unwrap();
            assert_eq!((&socket).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        }
    }

    #[test]
    fn an_ipv4_address_is_never_in_ipv6_form() {
        let peer = Peer::from("[::ffff:127.0.0.1]:7".parse::<SocketAddr>().unwrap());
        assert_eq!(peer.ip().unwrap().to_string(), "127.0.0.1");
        assert_eq!((Peer::Local.ip(), Peer::Local.to_string()), (None, "local".to_owned()));
    }
}
