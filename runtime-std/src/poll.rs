//! Waiting for descriptors, with `poll(2)`.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

/// Waits until one of the descriptors is ready, or for `limit`, and returns the events of each. A dead one is always
/// ready, also without any wanted event.
pub(crate) fn poll<const N: usize>(
    wanted: [(BorrowedFd<'_>, PollFlags); N],
    limit: Option<Duration>,
) -> [PollFlags; N] {
    let mut fds = wanted.map(|(fd, flags)| PollFd::from_borrowed_fd(fd, flags));
    // A limit too long for the system means no limit.
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    let found = rustix::event::poll(&mut fds, limit.as_ref());
    fds.map(|fd| if found.is_ok() { fd.revents() } else { PollFlags::empty() })
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
    fn each_descriptor_has_its_events() {
        let (socket, mut peer) = UnixStream::pair().unwrap();
        let (idle, _other) = UnixStream::pair().unwrap();
        peer.write_all(b"x").unwrap();
        let found = poll([(socket.as_fd(), IN), (idle.as_fd(), IN)], None);
        assert_eq!(found, [IN, PollFlags::empty()]);
    }

    #[test]
    fn a_wait_ends_after_its_limit() {
        let (socket, _peer) = UnixStream::pair().unwrap();
        let (start, limit) = (Instant::now(), Duration::from_millis(20));
        assert_eq!(poll([(socket.as_fd(), IN)], Some(limit)), [PollFlags::empty()]);
        assert!(start.elapsed() >= limit);
    }

    #[test]
    fn a_dead_descriptor_is_ready_though_nothing_is_wanted_of_it() {
        let (socket, peer) = UnixStream::pair().unwrap();
        drop(peer);
        assert!(poll([(socket.as_fd(), PollFlags::empty())], None)[0].contains(PollFlags::HUP));
    }
}
