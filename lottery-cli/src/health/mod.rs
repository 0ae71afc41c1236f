//! Health of a running server: it accepts connections at its port, and its committer takes requests.
//!
//! A server has a local socket whose name, which is in no file system, holds the address at which it
//! listens. So it is found by its address, with any store. A client trusts only a socket of its own user or
//! of root, so that no other user's listener is taken for the server; a client of root trusts all. The
//! client says from which port it is about to connect; the server recognizes that connection when it comes,
//! and neither logs nor counts it. Then the server checks its committer.
//!
//! | request | reply | when |
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

/// Timeout of a connection, and of the committer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Returns the name of the local socket of a server that listens at `address`.
fn name(address: SocketAddr) -> io::Result<net::SocketAddr> {
    net::SocketAddr::from_abstract_name(format!("lottery-server/{address}"))
}

/// Returns an address as both sides write it: IPv4 as such, also where the socket takes both versions.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Returns the addresses at which a server that takes connections for this one may listen, the likeliest
/// first.
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
    fn a_server_is_looked_for_where_it_would_take_the_connection() {
        let of = |asked: &str| -> Vec<String> {
            candidates(asked.parse().unwrap()).into_iter().map(|address| address.to_string()).collect()
        };
        assert_eq!(of("127.0.0.1:80"), ["127.0.0.1:80", "0.0.0.0:80", "[::]:80"]);
        assert_eq!(of("0.0.0.0:80"), ["0.0.0.0:80", "[::]:80", "127.0.0.1:80", "[::1]:80"]);
        assert_eq!(of("[::]:80"), ["[::]:80", "0.0.0.0:80", "127.0.0.1:80", "[::1]:80"]);
    }
}
