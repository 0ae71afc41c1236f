//! Server that a client connects to.

use std::path::Path;
use std::time::Duration;

use lottery_proto::Instant;

/// Minimum time of the last attempt, unless its timeout is shorter: the whole may take this much longer.
const LAST_TRY: Duration = Duration::from_secs(1);

/// Server to connect to, with time limits. A [`Dialer`](crate::Dialer) names it, and a runtime connects to it with
/// [`Attempts`](crate::connect::Attempts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Address of the server: `HOST:PORT`, or `unix:PATH`, a socket in the file system, with a `/` in its path. The host is a name or an address;
    /// that of IPv6 is in brackets.
    pub server: String,
    /// Time limit for each address, and for looking the name up.
    pub timeout: Duration,
    /// Time by which the last attempt has to end.
    pub until: Instant,
}

impl Target {
    /// Creates a target that is tried from `now` until `until`, but for a second at least, or for `timeout` if
    /// that is shorter.
    pub fn new(server: &str, timeout: Duration, now: Instant, until: Instant) -> Self {
        Self { server: server.to_owned(), timeout, until: until.max(now.after(timeout.min(LAST_TRY))) }
    }

    /// Returns the path of the server's socket, if it has one in the file system. A runtime connects to it with
    /// [`connect_local`](crate::sockets::connect_local), at once, and without the addresses of a name.
    pub fn local_path(&self) -> Option<&Path> {
        // A host may have that name.
        self.server.strip_prefix("unix:").filter(|path| path.contains('/')).map(Path::new)
    }

    /// Returns the time limit of the first of `left` steps, such that each of the others has as much.
    pub(crate) fn step_timeout(&self, now: Instant, left: usize) -> Duration {
        let left = u32::try_from(left).unwrap_or(u32::MAX).max(1);
        self.timeout.min(self.until.duration_since(now) / left)
    }

    /// Returns the time limit for looking the name up, such that an address has as much.
    pub fn lookup_timeout(&self, now: Instant) -> Duration {
        self.step_timeout(now, 2)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn at(seconds: u64) -> Instant {
        Instant::from_epoch(Duration::from_secs(seconds))
    }

    pub(crate) fn target(timeout: u64, until: u64) -> Target {
        Target::new("server:1", Duration::from_secs(timeout), at(100), at(until))
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
    fn a_path_has_a_slash_and_a_host_has_none() {
        let path =
            |server| Target::new(server, Duration::ZERO, at(0), at(0)).local_path().map(Path::to_owned);
        assert_eq!(path("unix:/run/lottery").as_deref(), Some(Path::new("/run/lottery")));
        assert_eq!(path("unix:./s").as_deref(), Some(Path::new("./s")));
        assert_eq!((path("unix:80"), path("server:80")), (None, None));
    }

    #[test]
    fn the_last_attempt_has_a_second_or_its_timeout() {
        assert_eq!(target(5, 100).until, at(101));
        assert_eq!(target(0, 50).until, at(100));
        assert_eq!(target(5, 103).until, at(103));
    }
}
