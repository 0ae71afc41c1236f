//! Health of a running centre: it accepts connections at its port, and its committer takes requests.
//!
//! A centre has a local socket whose name, which is in no file system, holds the address that it listens at. So it is found by
//! its address, whatever its store is, and nobody else's listener is taken for it: only its own user, or root, can have it.
//! Whoever asks says from which port it is about to connect; the centre knows that connection when it comes, logs nothing of it
//! and counts it nowhere. Then it asks its committer.
//!
//! | asked | answered | when |
//! | --- | --- | --- |
//! | `probe 127.0.0.1:40000⏎` | `expected⏎` | at once |
//! | a connection from there | `accepted⏎` | the runtime has accepted it |
//! | | `attended⏎` | the committer has come for requests |

mod answering;
mod asking;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::linux::net::SocketAddrExt as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, os::unix::net};

pub use self::answering::{Answering, answer};
pub use self::asking::{Unhealthy, ask};

const EXPECTED: &str = "expected";
const ACCEPTED: &str = "accepted";
const ATTENDED: &str = "attended";

/// For how long a connection, or the committer, is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The name of the local socket of a centre that listens there.
fn name(address: SocketAddr) -> io::Result<net::SocketAddr> {
    net::SocketAddr::from_abstract_name(format!("lottery-centre/{address}"))
}

/// An address as both sides write it: IPv4 is so, also where the socket takes both.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Where a centre may listen that takes connections for this address, the likeliest first.
fn candidates(asked: SocketAddr) -> Vec<SocketAddr> {
    let (any4, any6) = (IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::UNSPECIFIED));
    let mut ips = vec![asked.ip(), any4, any6];
    if asked.ip().is_unspecified() {
        ips.extend([IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]);
    }
    let mut found = Vec::new();
    for ip in ips {
        let address = SocketAddr::new(ip, asked.port());
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// Connections that are to come from who asks for the centre's health.
#[derive(Debug, Default)]
pub struct Probes(Mutex<Vec<(SocketAddr, SyncSender<()>)>>);

impl Probes {
    /// Whether this connection was announced. Whoever announced it is told that it has come.
    pub(crate) fn arrived(&self, peer: SocketAddr) -> bool {
        let peer = canonical(peer);
        let mut expected = self.lock();
        let Some(index) = expected.iter().position(|(from, _)| *from == peer) else { return false };
        let (_, came) = expected.swap_remove(index);
        // There is room for one, and it comes once.
        let _ = came.try_send(());
        true
    }

    fn expect(self: &Arc<Self>, from: SocketAddr) -> Expectation {
        let (from, (sender, came)) = (canonical(from), sync_channel(1));
        self.lock().push((from, sender));
        Expectation { probes: Arc::clone(self), from, came }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(SocketAddr, SyncSender<()>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is to come. It is not expected any more when this is dropped.
struct Expectation {
    probes: Arc<Probes>,
    from: SocketAddr,
    came: Receiver<()>,
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
    fn a_centre_is_looked_for_where_it_would_take_the_connection() {
        let of = |asked: &str| -> Vec<String> {
            candidates(asked.parse().unwrap()).into_iter().map(|address| address.to_string()).collect()
        };
        assert_eq!(of("127.0.0.1:80"), ["127.0.0.1:80", "0.0.0.0:80", "[::]:80"]);
        assert_eq!(of("0.0.0.0:80"), ["0.0.0.0:80", "[::]:80", "127.0.0.1:80", "[::1]:80"]);
        assert_eq!(of("[::]:80"), ["[::]:80", "0.0.0.0:80", "127.0.0.1:80", "[::1]:80"]);
    }

    #[test]
    fn only_a_connection_that_was_announced_is_one_and_once() {
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
