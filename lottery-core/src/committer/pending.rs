//! Requests that the committer has taken: none is dropped without a word to its connection.

use lottery_proto::{Failure, Ticket};

use crate::messages::{Command, Notice, Request};

/// Request that was taken and has no reply yet. If it is dropped, as by a panic, its connection is told
/// ([`Notice::Lost`]).
#[derive(Debug)]
pub(super) struct Pending(Option<Request>);

impl Pending {
    pub(super) const fn new(request: Request) -> Self {
        Self(Some(request))
    }

    /// Returns the request, until it is taken.
    pub(super) const fn get(&self) -> Option<&Request> {
        self.0.as_ref()
    }

    /// Takes the request, to reply to it.
    pub(super) const fn take(&mut self) -> Option<Request> {
        self.0.take()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(Request { from, command, .. }) = self.0.take()
            && let Some(ticket) = ticket_of(command)
        {
            from.deliver(Notice::Lost(ticket));
        }
    }
}

/// Returns the ticket of a command that has one.
fn ticket_of(command: Command) -> Option<Ticket<Failure<'static>>> {
    match command {
        Command::Hello(ticket, _) => Some(ticket.failed()),
        Command::Store(submission, _) => Some(submission.ticket.failed()),
        Command::Winners { ticket, .. } => Some(ticket.failed()),
        Command::Piece { .. } | Command::Ended(_) | Command::Gone(_) => None,
    }
}
