//! The listening socket, the same for every runtime.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

/// After how long without a byte the system asks whether a peer is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Listens at `address`. Accepted connections inherit `TCP_NODELAY` and keep-alive.
///
/// # Errors
/// What the system says.
pub fn listen(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    socket.bind(&address.into())?;
    socket.listen(backlog.into())?;
    Ok(socket.into())
}
