//! What the client machine hands to the application.

use core::fmt;

use crate::error::CloseReason;
use crate::wire::{Kind, Response, Wire};

/// What a [`Client`](crate::Client) hands to the application.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The answer to a bet that was sent alone.
    Bet {
        /// Whether it is durable.
        stored: bool,
    },
    /// The answer to a batch, on a wire that has one.
    Batch {
        /// Whether all of it is durable. If not, none of it is.
        stored: bool,
    },
    /// The answer to Finished.
    Finished {
        /// Whether every bet is durable and the agency counts as finished.
        stored: bool,
    },
    /// The draw has not taken place: ask again later.
    Pending,
    /// This agency's winners.
    Winners(Documents<'a>),
    /// The connection is over. The last event, and the only one of its kind.
    Closed(CloseReason),
}

impl<'a> Event<'a> {
    pub(super) fn new(kind: Kind, response: Response, message: &'a [u8], wire: &'static dyn Wire) -> Self {
        let stored = response == Response::Stored;
        match (response, kind) {
            (Response::Pending, _) => Self::Pending,
            (Response::Winners { documents, count }, _) => {
                let documents = message.get(documents).unwrap_or_default();
                let rest = core::str::from_utf8(documents).unwrap_or_default();
                Self::Winners(Documents { rest, count, wire })
            }
            (Response::Stored | Response::Refused, Kind::Bet) => Self::Bet { stored },
            (Response::Stored | Response::Refused, Kind::Batch) => Self::Batch { stored },
            (Response::Stored | Response::Refused, _) => Self::Finished { stored },
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
    wire: &'static dyn Wire,
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
