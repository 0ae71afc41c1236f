//! Socket options, the same for every runtime.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, TcpKeepalive, Type};

/// Time without a byte after which the system sends a keepalive probe.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// Interval between further probes.
const KEEPALIVE_PAUSE: Duration = Duration::from_secs(10);
/// Number of probes without an answer after which the connection is lost.
const KEEPALIVE_TRIES: u32 = 3;

/// Maximum number of unsent bytes in the system, about. With more, a writer would not notice for a long time
/// that a slow line makes progress. Bytes in flight are not counted, so that a line with a long delay stays
/// full.
const NOT_SENT: u32 = 16 * 1024;

/// Listens at `address`, for a server: with port 0, at a port that is free. At most `backlog` connections wait to be
/// accepted. Those that are accepted inherit the options of [`set_options`]; the listener is in blocking mode.
///
/// # Errors
/// Returns the error of the system.
pub fn listen(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    let socket = set_options(Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog.into())?;
    Ok(socket.into())
}

/// Sets the options of a socket, and returns it: written bytes leave at once, about 16 KiB of them wait in the
/// system, and a peer whose computer is gone is noticed within 90 seconds, also while nothing is to be sent. For each
/// socket that a client has connected.
///
/// # Errors
/// Returns the error of the system.
pub fn set_options<S: AsFd>(socket: S) -> io::Result<S> {
    let options = SockRef::from(&socket);
    // A socket in the file system has none of these, and its peer no computer of its own.
    if options.domain().is_ok_and(|domain| domain == Domain::UNIX) {
        return Ok(socket);
    }
    options.set_tcp_nodelay(true)?;
    // Systems without this option buffer more, and still work.
    let _ = options.set_tcp_notsent_lowat(NOT_SENT);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    options.set_tcp_keepalive(&keepalive.with_interval(KEEPALIVE_PAUSE).with_retries(KEEPALIVE_TRIES))?;
    Ok(socket)
}

/// Connects to a socket in the file system, without waiting. The connection is in non-blocking mode.
///
/// # Errors
/// Returns the error of the system: [`WouldBlock`](io::ErrorKind::WouldBlock) if as many wait to be accepted as may.
pub fn connect_local(path: &Path) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(io::Error::new(error.kind(), "too many connections wait to be accepted"))
        }
        connected => connected.map(|()| socket.into()),
    }
}

/// Half-closes the write side of a socket of any kind.
///
/// # Errors
/// Returns the error of the system.
pub fn half_close(socket: &impl AsFd) -> io::Result<()> {
    SockRef::from(socket).shutdown(Shutdown::Write)
}

/// Returns the number of bytes that have arrived at a socket and are not read; 0 if the system does not
/// report it.
pub fn received(socket: &impl AsFd) -> usize {
    let bytes = rustix::io::ioctl_fionread(socket).unwrap_or_default();
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Lets the peer see a reset and not an end when the socket is dropped. Bytes that are not sent are dropped, too.
pub fn reset_when_dropped(socket: &impl AsFd) {
    // A system that has no such option ends the connection.
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}

/// Tables of the TCP sockets in this network namespace.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// Returns the number of bytes written to a TCP socket that the peer's system has not acknowledged; `None` if
/// the local system does not report it. It reads a table of all sockets: call it rarely.
pub fn unacked(socket: &impl AsFd) -> Option<usize> {
    // The system call for it (`SIOCOUTQ`) takes `unsafe`.
    let descriptor = format!("/proc/self/fd/{}", socket.as_fd().as_raw_fd());
    let inode = fs::metadata(descriptor).ok()?.ino();
    let tables = TABLES.iter().filter_map(|path| File::open(path).ok());
    tables.map(BufReader::new).find_map(|table| unacked_in(table, inode))
}

/// Finds the socket with this inode in a table, and returns the number of bytes in its send queue.
fn unacked_in(table: impl io::BufRead, inode: u64) -> Option<usize> {
    table.lines().map_while(Result::ok).find_map(|line| {
        // Number, both addresses, state, both queues in hexadecimal, timer, retries, user, timeout, inode
        let mut fields = line.split_ascii_whitespace();
        let queues = fields.nth(4)?;
        (fields.nth(4)?.parse() == Ok(inode)).then_some(())?;
        usize::from_str_radix(queues.split_once(':')?.0, 16).ok()
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    const TABLE: &str = "  \
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:3039 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:3039 01 0001E240:000000FF 00:00000000 00000000     0        0 18 1 0 20 4 30 10 -1
";

    #[test]
    fn a_socket_is_found_in_the_table_by_its_inode() {
        assert_eq!(unacked_in(TABLE.as_bytes(), 18), Some(123_456));
        assert_eq!(unacked_in(TABLE.as_bytes(), 17), Some(0));
        assert_eq!(unacked_in(TABLE.as_bytes(), 1), None);
    }

    #[test]
    fn accepted_sockets_inherit_the_options_of_the_listener() {
        for address in [SocketAddr::from(([127, 0, 0, 1], 0)), "[::1]:0".parse().unwrap()] {
            let Ok(listener) = listen(address, 1) else { continue };
            let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (socket, _) = listener.accept().unwrap();
            assert_eq!(SockRef::from(&socket).tcp_notsent_lowat().unwrap(), NOT_SENT);
            assert!(SockRef::from(&socket).keepalive().unwrap());
            assert_eq!(unacked(&socket), Some(0));
            drop(peer);
        }
    }
}
