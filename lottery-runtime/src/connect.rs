//! Connecting, the same for every runtime: looks the server's name up, then tries its addresses one after the
//! other. Each step has a time limit, so that a host that drops packets delays nobody for long.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use lottery_proto::Instant;

/// Maximum number of addresses of a name that are tried.
pub const MAX_ADDRESSES: usize = 16;

/// Minimum time of the last attempt, unless its timeout is shorter: the whole may take this much longer.
const LAST_TRY: Duration = Duration::from_secs(1);

/// Server to connect to, with time limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Address of the server: `HOST:PORT`.
    pub server: String,
    /// Time limit for each address, and for looking the name up.
    pub timeout: Duration,
    /// End of the whole.
    pub until: Instant,
}

impl Target {
    /// Creates a target that is tried from `now` until about `until`.
    pub fn new(server: &str, timeout: Duration, now: Instant, until: Instant) -> Self {
        Self { server: server.to_owned(), timeout, until: until.max(now.after(timeout.min(LAST_TRY))) }
    }

    /// Returns the time limit of the first of `left` steps, such that each of the others has as much.
    pub fn step_timeout(&self, now: Instant, left: usize) -> Duration {
        let left = u32::try_from(left).unwrap_or(u32::MAX).max(1);
        self.timeout.min(self.until.duration_since(now) / left)
    }

    /// Returns the time limit for looking the name up, such that an address has as much.
    pub fn lookup_timeout(&self, now: Instant) -> Duration {
        self.step_timeout(now, 2)
    }
}

/// Returns the error of a name that was not found within this time.
pub fn lookup_timed_out(timeout: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("the name was not found within {timeout:.1?}"))
}

/// Returns the error of an address that did not answer within this time.
pub fn connect_timed_out(timeout: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("no answer within {timeout:.1?}"))
}

/// Addresses that could not be reached, with their errors.
#[derive(Debug, Default)]
pub struct Failures(Vec<(SocketAddr, io::Error)>);

impl Failures {
    /// Adds an address and its error.
    pub fn add(&mut self, address: SocketAddr, error: io::Error) {
        self.0.push((address, error));
    }

    /// Returns the error of the only address, or one that names each address; its kind is that of the last.
    pub fn into_error(mut self) -> io::Error {
        let Some((address, last)) = self.0.pop() else {
            return io::Error::new(ErrorKind::NotFound, "the name has no address");
        };
        if self.0.is_empty() {
            return last;
        }
        let kind = last.kind();
        self.0.push((address, last));
        let each: Vec<_> = self.0.iter().map(|(address, error)| format!("{address}: {error}")).collect();
        io::Error::new(kind, each.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_epoch(Duration::from_secs(seconds))
    }

    fn target(timeout: u64, until: u64) -> Target {
        Target::new("centre:1", Duration::from_secs(timeout), at(100), at(until))
    }

    #[test]
    fn every_address_has_its_share_of_the_time() {
        let target = target(5, 120);
        assert_eq!(target.lookup_timeout(at(100)).as_secs(), 5);
        assert_eq!(target.step_timeout(at(100), 10).as_secs(), 2);
        assert_eq!(target.step_timeout(at(116), 2).as_secs(), 2);
        assert_eq!(target.step_timeout(at(116), 1).as_secs(), 4);
        assert_eq!(target.step_timeout(at(116), 0).as_secs(), 4);
        assert_eq!(target.step_timeout(at(120), 1), Duration::ZERO);
    }

    #[test]
    fn the_last_try_has_a_second_or_its_timeout() {
        assert_eq!(target(5, 100).until, at(101));
        assert_eq!(target(0, 50).until, at(100));
        assert_eq!(target(5, 103).until, at(103));
    }

    #[test]
    fn an_error_names_the_addresses_if_there_are_several() {
        let refused = || io::Error::new(ErrorKind::ConnectionRefused, "refused");
        let [first, second] = [([127, 0, 0, 1], 7), ([127, 0, 0, 2], 7)].map(SocketAddr::from);
        let none = Failures::default().into_error();
        assert_eq!((none.kind(), &none.to_string()[..]), (ErrorKind::NotFound, "the name has no address"));
        let mut failures = Failures::default();
        failures.add(first, refused());
        assert_eq!(failures.into_error().to_string(), "refused");
        let mut failures = Failures::default();
        failures.add(first, refused());
        failures.add(second, connect_timed_out(Duration::from_secs(5)));
        let error = failures.into_error();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "127.0.0.1:7: refused; 127.0.0.2:7: no answer within 5.0s");
    }
}
