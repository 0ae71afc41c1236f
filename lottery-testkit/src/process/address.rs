//! Addresses of servers that come back.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Returns an address that nobody listens at, for a server that comes back. Its port is below those that the
/// system gives to connecting sockets: one of them would take it while the server is away.
///
/// # Panics
/// If no port is free.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() * 50 % 20_000).expect("a number below 20,000");
    loop {
        let port = first.checked_add(NEXT.fetch_add(1, Ordering::Relaxed)).expect("a free port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return SocketAddr::from(([127, 0, 0, 1], port));
        }
    }
}
