//! Probes: connections that check the server's health. They are announced, and are no peers.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Returns the address as both sides write it: a dual-stack socket reports IPv4 addresses as IPv6.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Probes that are announced and have not come.
#[derive(Debug, Default)]
pub struct Probes(Mutex<Vec<(SocketAddr, SyncSender<()>)>>);

impl Probes {
    /// Returns true if this connection was announced, and tells its announcer that it has come.
    pub(crate) fn arrived(&self, peer: SocketAddr) -> bool {
        let peer = canonical(peer);
        let mut expected = self.lock();
        let Some(index) = expected.iter().position(|(from, _)| *from == peer) else { return false };
        let (_, came) = expected.swap_remove(index);
        // The channel has room for one, and it comes once.
        let _ = came.try_send(());
        true
    }

    /// Announces a connection from that address.
    #[must_use]
    pub fn expect(self: &Arc<Self>, from: SocketAddr) -> Expectation {
        let (from, (sender, came)) = (canonical(from), sync_channel(1));
        self.lock().push((from, sender));
        Expectation { probes: Arc::clone(self), from, came }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(SocketAddr, SyncSender<()>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Announced connection. Dropping this withdraws the announcement.
#[derive(Debug)]
pub struct Expectation {
    probes: Arc<Probes>,
    from: SocketAddr,
    came: Receiver<()>,
}

impl Expectation {
    /// Waits until the connection has come.
    ///
    /// # Errors
    /// Fails if it has not come within `limit`.
    pub fn wait(&self, limit: Duration) -> Result<(), RecvTimeoutError> {
        self.came.recv_timeout(limit)
    }
}

impl Drop for Expectation {
    fn drop(&mut self) {
        self.probes.lock().retain(|(from, _)| *from != self.from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_announced_connection_is_a_probe_and_once() {
        let probes = Arc::new(Probes::default());
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let expected = probes.expect(address("127.0.0.1:40000"));
        assert!(!probes.arrived(address("127.0.0.1:40001")));
        assert!(expected.came.try_recv().is_err());
        assert!(probes.arrived(address("[::ffff:127.0.0.1]:40000")), "a socket for both sees it so");
        assert!(expected.came.try_recv().is_ok());
        assert!(!probes.arrived(address("127.0.0.1:40000")));
        drop(probes.expect(address("127.0.0.1:40000")));
        assert!(!probes.arrived(address("127.0.0.1:40000")));
    }
}
