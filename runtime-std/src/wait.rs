//! Waiting for descriptors.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use lottery_proto::Input;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Waits until one of the descriptors is ready, or for so long: then it is [`Input::Timeout`].
pub(crate) fn wait(wanted: &[(BorrowedFd<'_>, PollFlags)], limit: Option<Duration>) -> Option<Input> {
    // A lost peer is reported even where nothing is wanted, and would be again and again: those are left out.
    let wanted = wanted.iter().filter(|(_, flags)| !flags.is_empty());
    let mut fds: Vec<_> = wanted.map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
    // So long that it does not fit is for ever.
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    (poll(&mut fds, limit.as_ref()) == Ok(0)).then_some(Input::Timeout)
}
