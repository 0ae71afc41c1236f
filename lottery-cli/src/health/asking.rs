//! The client's side of the health check.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use socket2::{Domain, Socket, Type};
use thiserror::Error;

use super::{ACCEPTED, ATTENDED, EXPECTED, PATIENCE, candidates, canonical, name};
use crate::local_socket::set_patience;

/// Time that the client waits longer than the server.
const MARGIN: Duration = Duration::from_millis(500);

/// Reason that a server is not known to be healthy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unhealthy {
    /// No server listens; something else may.
    #[error("no server listens at {0}")]
    Nobody(SocketAddr),
    /// Port 0 does not name a server.
    #[error("port 0 is whichever the system picked: name the one that the server listens at")]
    NoPort,
    /// Another user has the name of the server's socket.
    #[error("what answers for {address} is of user {user}")]
    OtherUser {
        /// Address at which that socket says it listens.
        address: SocketAddr,
        /// Owner of that socket.
        user: u32,
    },
    /// The check failed.
    #[error("cannot look whether a server listens at {address}: {cause}")]
    CannotLook {
        /// Address of the server.
        address: SocketAddr,
        /// The system's error.
        cause: io::Error,
    },
    /// The server does not answer.
    #[error("the server at {0} does not answer")]
    Silent(SocketAddr),
    /// The server does not accept connections.
    #[error("the server at {0} does not accept connections")]
    AcceptsNobody(SocketAddr),
    /// The committer does not answer, so nothing would be stored.
    #[error("the server at {0} accepts connections, but its committer does not answer")]
    NoCommitter(SocketAddr),
}

/// Checks the health of the server that takes connections at this address.
///
/// # Errors
///
/// The reason that it is not healthy, or is not known to be.
pub fn ask(address: SocketAddr) -> Result<(), Unhealthy> {
    if address.port() == 0 {
        return Err(Unhealthy::NoPort);
    }
    let address = canonical(address);
    let cannot_look = |cause| Unhealthy::CannotLook { address, cause };
    let (stream, listens) = find(address).map_err(cannot_look)?.ok_or(Unhealthy::Nobody(address))?;
    let user = socket_peercred(&stream).map_err(|error| cannot_look(error.into()))?.uid;
    if user != geteuid() && !user.is_root() && !geteuid().is_root() {
        return Err(Unhealthy::OtherUser { address: listens, user: user.as_raw() });
    }
    set_patience(&stream, PATIENCE + MARGIN).map_err(cannot_look)?;
    let target = target(address, listens);
    let socket = bound(target).map_err(cannot_look)?;
    let from = socket.local_addr().map_err(cannot_look)?.as_socket();
    let from = from.ok_or_else(|| cannot_look(io::ErrorKind::Unsupported.into()))?;
    let mut words = BufReader::new(&stream);
    let mut hears = |word: &str| {
        let mut line = String::new();
        words.read_line(&mut line).is_ok() && line.trim_end() == word
    };
    let asked = (&stream).write_all(format!("probe {from}\n").as_bytes());
    if asked.is_err() || !hears(EXPECTED) {
        return Err(Unhealthy::Silent(listens));
    }
    let connected = socket.connect_timeout(&target.into(), PATIENCE);
    if connected.is_err() || !hears(ACCEPTED) {
        return Err(Unhealthy::AcceptsNobody(listens));
    }
    if hears(ATTENDED) { Ok(()) } else { Err(Unhealthy::NoCommitter(listens)) }
}

/// Finds the local socket of the server, and the address at which it listens.
fn find(address: SocketAddr) -> io::Result<Option<(UnixStream, SocketAddr)>> {
    for candidate in candidates(address) {
        match UnixStream::connect_addr(&name(candidate)?) {
            Ok(stream) => return Ok(Some((stream, candidate))),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Returns the address to connect to: the one asked for, or the loopback where any address will do.
fn target(asked: SocketAddr, listens: SocketAddr) -> SocketAddr {
    let ip = match (asked.ip(), listens.ip()) {
        (asked, _) if !asked.is_unspecified() => asked,
        (_, listens) if !listens.is_unspecified() => listens,
        (_, IpAddr::V4(_)) => Ipv4Addr::LOCALHOST.into(),
        (_, IpAddr::V6(_)) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, asked.port())
}

/// Returns a socket with a port of its own that is not connected yet.
fn bound(target: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(target.ip(), 0).into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_connects_to_the_address_that_was_asked_for_or_the_loopback() {
        for (asked, listens, to) in [
            ("127.0.0.2:80", "0.0.0.0:80", "127.0.0.2:80"),
            ("0.0.0.0:80", "127.0.0.1:80", "127.0.0.1:80"),
            ("0.0.0.0:80", "0.0.0.0:80", "127.0.0.1:80"),
            ("0.0.0.0:80", "[::]:80", "[::1]:80"),
        ] {
            let [asked, listens] = [asked, listens].map(|text| text.parse().unwrap());
            assert_eq!(target(asked, listens).to_string(), to);
        }
    }

    #[test]
    fn port_0_is_not_probed() {
        assert!(matches!(ask("127.0.0.1:0".parse().unwrap()), Err(Unhealthy::NoPort)));
    }

    #[test]
    fn an_address_of_another_machine_has_no_server() {
        // TEST-NET-1 has no hosts.
        let address = "192.0.2.1:1".parse().unwrap();
        assert!(matches!(ask(address), Err(Unhealthy::Nobody(_) | Unhealthy::CannotLook { .. })));
    }
}
