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
}
