//! Connecting, the same for every runtime: looks the server's name up, then tries its addresses one after the
//! other. Each step has a time limit, so that a host that drops packets delays nobody for long.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;
use std::vec;

use lottery_proto::Instant;

use crate::Target;

/// Maximum number of addresses of a name that are tried.
const MAX_ADDRESSES: usize = 16;

/// Returns the error of a name that was not found within [`Target::lookup_timeout`].
pub fn lookup_timed_out(timeout: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("the name was not found within {timeout:.1?}"))
}

/// Returns the error of an address that did not answer within the time limit of its attempt.
pub fn connect_timed_out(timeout: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("no answer within {timeout:.1?}"))
}

/// Attempts to connect: the addresses of a name, one after the other, until one answers.
///
/// ```
/// use std::net::{TcpListener, TcpStream, ToSocketAddrs};
/// use std::time::Duration;
///
/// use lottery_runtime::connect::Attempts;
/// use lottery_runtime::{Clock, Target, sockets};
///
/// # let listener = TcpListener::bind("127.0.0.1:0")?;
/// # let (server, clock) = (listener.local_addr()?.to_string(), Clock::start());
/// # let until = clock.now().after(Duration::from_secs(20));
/// let target = Target::new(&server, Duration::from_secs(5), clock.now(), until);
/// // An asynchronous runtime looks the name up within `target.lookup_timeout(clock.now())`.
/// let mut attempts = Attempts::new(&target, target.server.to_socket_addrs()?);
/// let socket = loop {
///     let (address, limit) = attempts.next(clock.now())?;
///     match TcpStream::connect_timeout(&address, limit) {
///         Ok(socket) => break sockets::set_options(socket)?,
///         Err(error) => attempts.failed(address, error),
///     }
/// };
/// # drop(socket);
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Attempts<'a> {
    target: &'a Target,
    addresses: vec::IntoIter<SocketAddr>,
    failures: Vec<(SocketAddr, io::Error)>,
}

impl<'a> Attempts<'a> {
    /// Begins with the addresses that were found for the name of the target. The first 16 are tried.
    pub fn new(target: &'a Target, found: impl IntoIterator<Item = SocketAddr>) -> Self {
        let addresses: Vec<_> = found.into_iter().take(MAX_ADDRESSES).collect();
        Self { target, addresses: addresses.into_iter(), failures: Vec::new() }
    }

    /// Returns the next address to connect to, and the time limit for it, such that each of the others has as
    /// much.
    ///
    /// # Errors
    /// Returns the reported errors once no address is left: that of the only address as it is, else one that
    /// names each address, with the kind of the last. It is [`ErrorKind::NotFound`] if there was no address.
    pub fn next(&mut self, now: Instant) -> io::Result<(SocketAddr, Duration)> {
        let limit = self.target.step_timeout(now, self.addresses.len());
        let Some(address) = self.addresses.next() else {
            return Err(joined(std::mem::take(&mut self.failures)));
        };
        Ok((address, limit))
    }

    /// Reports that the address could not be reached, before the next is asked for; [`connect_timed_out`] is the
    /// error of a time limit.
    pub fn failed(&mut self, address: SocketAddr, error: io::Error) {
        self.failures.push((address, error));
    }
}

/// Returns the error of the only address, or one that names each address.
fn joined(mut failures: Vec<(SocketAddr, io::Error)>) -> io::Error {
    let Some((address, last)) = failures.pop() else {
        return io::Error::new(ErrorKind::NotFound, "the name has no address");
    };
    if failures.is_empty() {
        return last;
    }
    let kind = last.kind();
    failures.push((address, last));
    let each: Vec<_> = failures.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    io::Error::new(kind, each.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::{at, target};

    #[test]
    fn addresses_are_tried_in_order_each_with_its_time_limit() {
        let target = target(5, 112);
        let addresses: Vec<_> = (1..=20).map(|last| SocketAddr::from(([127, 0, 0, last], 7))).collect();
        let mut attempts = Attempts::new(&target, addresses[..3].to_vec());
        assert_eq!(attempts.next(at(100)).unwrap(), (addresses[0], Duration::from_secs(4)));
        assert_eq!(attempts.next(at(104)).unwrap(), (addresses[1], Duration::from_secs(4)));
        // This one gets the time that the second left.
        assert_eq!(attempts.next(at(105)).unwrap(), (addresses[2], Duration::from_secs(5)));
        attempts.next(at(110)).unwrap_err();
        let mut attempts = Attempts::new(&target, addresses);
        let tried = std::iter::from_fn(|| attempts.next(at(100)).ok()).count();
        assert_eq!(tried, MAX_ADDRESSES);
    }

    #[test]
    fn an_error_names_the_addresses_if_there_are_several() {
        let target = target(5, 120);
        let rejected = || io::Error::new(ErrorKind::ConnectionRefused, "refused");
        let [first, second] = [([127, 0, 0, 1], 7), ([127, 0, 0, 2], 7)].map(SocketAddr::from);
        let none = Attempts::new(&target, []).next(at(100)).unwrap_err();
        assert_eq!((none.kind(), &none.to_string()[..]), (ErrorKind::NotFound, "the name has no address"));
        let mut attempts = Attempts::new(&target, []);
        attempts.failed(first, rejected());
        assert_eq!(attempts.next(at(100)).unwrap_err().to_string(), "refused");
        let mut attempts = Attempts::new(&target, []);
        attempts.failed(first, rejected());
        attempts.failed(second, connect_timed_out(Duration::from_secs(5)));
        let error = attempts.next(at(100)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "127.0.0.1:7: refused; 127.0.0.2:7: no answer within 5.0s");
    }
}
