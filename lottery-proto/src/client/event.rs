//! What the client machine hands to the application.

use core::fmt;

use crate::error::CloseReason;
use crate::failure::Code;
use crate::server::Line;
use crate::wire::{Kind, Response, Wire};

/// What a [`Client`](crate::Client) hands to the application.
///
/// Where something is refused, `reason` is what the centre said, for a person; empty if the wire has no room for it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The answer to Hello: there is a session.
    Welcome {
        /// How many bets of this agency are durable.
        stored: u64,
        /// Whether the agency is finished.
        finished: bool,
        /// How many batches may be unacknowledged.
        window: u32,
        /// The CRC-32C of the bets that are durable (`docs/protocol.md#digest`).
        digest: u32,
    },
    /// The answer to a bet that was sent alone.
    Bet {
        /// Whether it is durable.
        stored: bool,
        /// Why not.
        reason: &'a str,
    },
    /// The answer to a batch, on a wire that has one.
    Batch {
        /// Whether all of it is durable. If not, none of it is.
        stored: bool,
        /// How many bets of the agency are durable, if the wire says so.
        total: Option<u64>,
        /// Why not.
        reason: &'a str,
    },
    /// The answer to Finished.
    Finished {
        /// Whether every bet is durable and the agency counts as finished.
        stored: bool,
        /// Why not.
        reason: &'a str,
    },
    /// The draw has not taken place: ask again later.
    Pending,
    /// This agency's winners.
    Winners(Documents<'a>),
    /// The centre ends the connection.
    Failed {
        /// Why, if it is a reason that is known here.
        code: Option<Code>,
        /// Why, for a person.
        reason: &'a str,
    },
    /// There is no answer to the question for the winners.
    WinnersRefused {
        /// Why not.
        reason: &'a str,
    },
    /// A failure that answers no question: what was sent before is refused, or the centre will not go on.
    Refused {
        /// Why not.
        reason: &'a str,
    },
    /// The line that came back, without white space at its end.
    Line(Line<'a>),
    /// The connection is over. The last event, and the only one of its kind.
    Closed(CloseReason),
}

impl<'a> Event<'a> {
    pub(super) fn new(kind: Kind, response: Response, message: &'a [u8], wire: &'static dyn Wire) -> Self {
        // Parts of a validated answer are UTF-8.
        let text =
            |range| message.get(range).and_then(|part| core::str::from_utf8(part).ok()).unwrap_or_default();
        let (stored, total, reason) = match response {
            Response::Stored { total } => (true, total, ""),
            Response::Refused { total, reason } => (false, total, text(reason)),
            Response::Welcome { stored, finished, window, digest } => {
                return Self::Welcome { stored, finished, window, digest };
            }
            Response::Failed { code, text: reason } => return Self::Failed { code, reason: text(reason) },
            Response::Pending => return Self::Pending,
            Response::Line(line) => return Self::Line(Line(message.get(line).unwrap_or_default())),
            Response::Winners { documents, count, last } => {
                return Self::Winners(Documents { rest: text(documents), count, last, wire });
            }
        };
        match kind {
            Kind::Bet => Self::Bet { stored, reason },
            Kind::Batch => Self::Batch { stored, total, reason },
            Kind::Finished => Self::Finished { stored, reason },
            Kind::Hello | Kind::Winners | Kind::AwaitWinners => Self::WinnersRefused { reason },
            Kind::Echo | Kind::Unknown => Self::Refused { reason },
        }
    }
}

/// An answer that waits to be handed out, in the next `len` bytes of the inbox.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) kind: Kind,
    pub(super) response: Response,
    pub(super) len: usize,
}

/// The documents of an agency's winners, in the order in which its bets were stored. All are valid.
#[derive(Clone)]
pub struct Documents<'a> {
    rest: &'a str,
    count: usize,
    last: bool,
    wire: &'static dyn Wire,
}

impl Documents<'_> {
    /// Whether these are the last ones. If not, more of the same answer follow in the next event.
    pub const fn is_last(&self) -> bool {
        self.last
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (document, rest) = self.wire.next_document(self.rest)?;
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
