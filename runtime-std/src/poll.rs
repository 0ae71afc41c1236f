//! Waiting for descriptors, with `poll(2)`.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

/// Waits until one of the descriptors is ready, or for `limit`, and returns the events of the first. A dead
/// one is always ready, also without any wanted event.
pub(crate) fn poll(wanted: &[(BorrowedFd<'_>, PollFlags)], limit: Option<Duration>) -> PollFlags {
    let mut fds: Vec<_> = wanted.iter().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
    // A limit too long for the system means no limit.
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    let found = rustix::event::poll(&mut fds, limit.as_ref());
    let first = fds.first().filter(|_| found.is_ok());
    first.map_or(PollFlags::empty(), PollFd::revents)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::*;

    const IN: PollFlags = PollFlags::IN;

    #[test]
    fn the_events_are_those_of_the_first_descriptor() {
        let (socket, mut peer) = UnixStream::pair().unwrap();
        let (idle, _other) = UnixStream::pair().unwrap();
        peer.write_all(b"x").unwrap();
        assert_eq!(poll(&[(socket.as_fd(), IN), (idle.as_fd(), IN)], None), IN);
        assert_eq!(poll(&[(idle.as_fd(), IN), (socket.as_fd(), IN)], None), PollFlags::empty());
    }

    #[test]
    fn a_wait_ends_after_its_limit() {
        let (socket, _peer) = UnixStream::pair().unwrap();
        let (start, limit) = (Instant::now(), Duration::from_millis(20));
        assert_eq!(poll(&[(socket.as_fd(), IN)], Some(limit)), PollFlags::empty());
        assert!(start.elapsed() >= limit);
    }

    #[test]
    fn a_dead_descriptor_is_ready_though_nothing_is_wanted_of_it() {
        let (socket, peer) = UnixStream::pair().unwrap();
        drop(peer);
        assert!(poll(&[(socket.as_fd(), PollFlags::empty())], None).contains(PollFlags::HUP));
    }
}
