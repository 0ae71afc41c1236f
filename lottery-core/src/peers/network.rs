//! Network: unit by which the addresses of peers are counted.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use lottery_runtime::Peer;

/// Host of a peer: its address without the port, that of IPv4 never in IPv6 form. Processes that reach the server by a
/// socket without addresses are all of one host, `local`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host(Option<IpAddr>);

impl Host {
    /// Returns the host of a peer.
    pub(crate) fn of(peer: Peer) -> Self {
        Self(peer.ip())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ip) => ip.fmt(f),
            None => f.write_str("local"),
        }
    }
}

/// Network of a peer: an IPv4 address, or a network of 64 bits of IPv6, because a host with one address of
/// such a network can use all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Network(Option<IpAddr>);

impl Network {
    /// Returns the network of a host.
    pub(crate) fn of(Host(ip): Host) -> Self {
        Self(ip.map(|ip| match ip {
            IpAddr::V4(ip) => IpAddr::V4(ip),
            IpAddr::V6(ip) if ip.is_loopback() => IpAddr::V6(ip),
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        }))
    }

    /// Returns true if it is of this machine or of a private network, where many peers may share an address.
    pub(crate) fn is_local(self) -> bool {
        match self.0 {
            None => true,
            Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
            Some(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn network(ip: &str) -> Network {
        Network::of(Host::of(Peer::Ip(SocketAddr::new(ip.parse().unwrap(), 7))))
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_address() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("198.51.100.1"), network("198.51.100.2"));
        assert_eq!(network("::ffff:198.51.100.1"), network("198.51.100.1"));
    }

    #[test]
    fn loopback_and_private_addresses_are_local() {
        for ip in ["127.0.0.1", "127.9.9.9", "10.1.2.3", "172.25.125.3", "192.168.0.1", "169.254.1.1"] {
            assert!(network(ip).is_local(), "{ip}");
            assert!(network(&format!("::ffff:{ip}")).is_local(), "{ip} as IPv6");
        }
        for ip in ["::1", "fd00::1", "fe80::1"] {
            assert!(network(ip).is_local(), "{ip}");
        }
        assert!(Network::of(Host::of(Peer::Local)).is_local());
        for ip in ["198.51.100.1", "172.32.0.1", "100.64.0.1", "2001:db8::1", "::2", "::ffff:198.51.100.1"] {
            assert!(!network(ip).is_local(), "{ip}");
        }
    }
}
