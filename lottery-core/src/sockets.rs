//! How sockets are set up, the same for every runtime.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// After how long without a byte the system asks whether a peer is still there …
const KEEPALIVE: Duration = Duration::from_secs(60);
/// … how long it waits until it asks again …
const KEEPALIVE_PAUSE: Duration = Duration::from_secs(10);
/// … and how often it asks a peer that does not answer, before the connection is lost.
const KEEPALIVE_TRIES: u32 = 3;

/// Listens at `address`. Accepted connections inherit what [`set_up`] sets.
///
/// # Errors
/// What the system says.
pub fn listen(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    let socket = set_up(Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog.into())?;
    Ok(socket.into())
}

/// Sets up a client's socket, once it is connected: what is written leaves at once, and a centre whose machine is
/// gone is noticed within a minute and a half, also while nothing is to be sent.
///
/// # Errors
/// What the system says.
pub fn set_up<S: AsFd>(socket: S) -> io::Result<S> {
    let options = SockRef::from(&socket);
    options.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    options.set_tcp_keepalive(&keepalive.with_interval(KEEPALIVE_PAUSE).with_retries(KEEPALIVE_TRIES))?;
    Ok(socket)
}
