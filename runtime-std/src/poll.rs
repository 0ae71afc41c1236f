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
