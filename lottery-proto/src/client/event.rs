//! Events that the client machine hands to the application.

use core::fmt;

use crate::error::CloseReason;
use crate::wire::{ClientCodec, Code, Kind, Line, Response};

/// Event that a [`Client`](crate::Client) hands to the application.
///
/// In a rejection, `reason` is the server's text for people, empty if the dialect has no room for it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Reply to Hello: there is a session.
    Welcome {
        /// Number of the agency's durable bets.
        stored: u64,
        /// True if the agency is finished.
        finished: bool,
        /// Maximum number of unacknowledged batches.
        window: u32,
        /// CRC-32C of the durable bets (`docs/protocol.md#digest`).
        digest: u32,
    },
    /// Reply to a single bet.
    Bet {
        /// True if the bet is durable.
        stored: bool,
        /// Reason of a rejection.
        reason: &'a str,
    },
    /// Reply to a batch, in a dialect that has one.
    Batch {
        /// True if the whole batch is durable. Otherwise none of it is.
        stored: bool,
        /// Number of the agency's durable bets, if the dialect sends it.
        total: Option<u64>,
        /// Reason of a rejection.
        reason: &'a str,
    },
    /// Reply to Finished.
    Finished {
        /// True if every bet is durable and the agency counts as finished.
        stored: bool,
        /// Reason of a rejection.
        reason: &'a str,
    },
    /// Reply to a winners query before the draw: ask again later.
    Pending,
    /// Reply to a winners query: winners of this agency.
    Winners(Documents<'a>),
    /// Failure with which the server ends the connection.
    Failed {
        /// Error code, if it is known here.
        code: Option<Code>,
        /// Reason, for people.
        reason: &'a str,
    },
    /// Rejection of a winners query.
    WinnersRejected {
        /// Reason of the rejection.
        reason: &'a str,
    },
    /// Failure that answers no request: an earlier message is rejected, or the server does not go on.
    Rejected {
        /// Reason of the rejection.
        reason: &'a str,
    },
    /// Line that came back, without white space at its end.
    Line(Line<'a>),
    /// End of the connection: the last event, reported once.
    Closed(CloseReason),
}

impl<'a> Event<'a> {
    pub(super) fn new(
        kind: Kind,
        response: Response,
        message: &'a [u8],
        codec: &'static dyn ClientCodec,
    ) -> Self {
        // Parts of a validated reply are UTF-8.
        let text =
            |range| message.get(range).and_then(|part| core::str::from_utf8(part).ok()).unwrap_or_default();
        let (stored, total, reason) = match response {
            Response::Stored { total } => (true, total, ""),
            Response::Rejected { total, reason } => (false, total, text(reason)),
            Response::Welcome { stored, finished, window, digest } => {
                return Self::Welcome { stored, finished, window, digest };
            }
            Response::Failed { code, text: reason } => return Self::Failed { code, reason: text(reason) },
            Response::Pending => return Self::Pending,
            Response::Line(line) => return Self::Line(Line(message.get(line).unwrap_or_default())),
            Response::Winners { documents, count, last } => {
                return Self::Winners(Documents { rest: text(documents), count, last, codec });
            }
        };
        match kind {
            Kind::Bet => Self::Bet { stored, reason },
            Kind::Batch => Self::Batch { stored, total, reason },
            Kind::Finished => Self::Finished { stored, reason },
            Kind::Hello | Kind::Winners | Kind::AwaitWinners => Self::WinnersRejected { reason },
            Kind::Echo | Kind::Unknown => Self::Rejected { reason },
        }
    }
}

/// Reply that waits to be handed out, in the next `len` bytes of the receive buffer.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) kind: Kind,
    pub(super) response: Response,
    pub(super) len: usize,
}

/// Documents of an agency's winners, all valid, in the order in which its bets were stored.
#[derive(Clone)]
pub struct Documents<'a> {
    rest: &'a str,
    count: usize,
    last: bool,
    codec: &'static dyn ClientCodec,
}

impl Documents<'_> {
    /// True if these are the last documents. Otherwise more of the same reply follow in the next event.
    pub const fn is_last(&self) -> bool {
        self.last
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (document, rest) = self.codec.next_document(self.rest)?;
        self.rest = rest;
        self.count = self.count.saturating_sub(1);
        Some(document)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Documents<'_> {}

impl fmt::Debug for Documents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Documents({})", self.count)
    }
}
