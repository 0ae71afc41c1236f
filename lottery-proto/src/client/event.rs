//! Events that the client machine hands to the application.

use core::fmt;

use crate::close_reason::CloseReason;
use crate::wire::{ClientCodec, Code, Kind, Line, Reason, Response, Window};

/// Event that a [`Client`](crate::Client) hands to the application.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Reply to Hello: there is a session.
    #[non_exhaustive]
    Welcome {
        /// Number of the agency's durable bets.
        stored: u64,
        /// True if the agency is finished.
        finished: bool,
        /// Limits of the unacknowledged batches.
        window: Window,
        /// CRC-32C of the durable bets (`docs/protocol.md#digest`).
        digest: u32,
    },
    /// Reply to a single bet: it is durable, or it is not stored.
    Bet(Result<Stored, Rejected<'a>>),
    /// Reply to a batch, in a dialect that has one: the whole batch is durable, or none of it is stored.
    Batch(Result<Stored, Rejected<'a>>),
    /// Reply to Finished: every bet is durable and the agency counts as finished, or it does not.
    Finished(Result<Stored, Rejected<'a>>),
    /// Reply to a winners query before the draw: ask again later.
    Pending,
    /// Reply to a winners query: winners of this agency.
    Winners(Documents<'a>),
    /// Failure with which the server ends the connection.
    Failed(Rejected<'a>),
    /// Rejection of a winners query.
    WinnersRejected(Rejected<'a>),
    /// Failure that answers no request: an earlier message is rejected, or the server does not go on.
    Rejected(Rejected<'a>),
    /// Line that came back, without white space at its end.
    Line(Line<'a>),
    /// End of the connection: the last event, reported once.
    Closed(CloseReason),
}

impl<'a> Event<'a> {
    /// Returns the event of a reply to a request of that kind. `bets` is the number of bets that a rejection can be
    /// about.
    pub(super) fn new(
        (kind, bets): (Kind, usize),
        response: Response,
        message: &'a [u8],
        codec: &'static dyn ClientCodec,
    ) -> Self {
        // Parts of a validated reply are UTF-8.
        let text =
            |range| message.get(range).and_then(|part| core::str::from_utf8(part).ok()).unwrap_or_default();
        let rejected = |total, Reason { code, bet, text: range }| {
            let bet = bet.filter(|bet| *bet <= bets);
            Rejected { total, code, bet, reason: text(range) }
        };
        let outcome = match response {
            Response::Stored { total } => Ok(Stored { total }),
            Response::Rejected { total, reason } => Err(rejected(total, reason)),
            Response::Welcome { stored, finished, window, digest } => {
                return Self::Welcome { stored, finished, window, digest };
            }
            Response::Failed(reason) => return Self::Failed(rejected(None, reason)),
            Response::Pending => return Self::Pending,
            Response::Line(line) => return Self::Line(Line(message.get(line).unwrap_or_default())),
            Response::Winners { documents, count, last } => {
                return Self::Winners(Documents { rest: text(documents), count, last, codec });
            }
        };
        match (kind, outcome) {
            (Kind::Bet, outcome) => Self::Bet(outcome),
            (Kind::Batch, outcome) => Self::Batch(outcome),
            (Kind::Finished, outcome) => Self::Finished(outcome),
            (Kind::Hello | Kind::Winners | Kind::AwaitWinners, outcome) => {
                Self::WinnersRejected(outcome.err().unwrap_or_default())
            }
            (Kind::Echo | Kind::Unknown, outcome) => Self::Rejected(outcome.err().unwrap_or_default()),
        }
    }
}

/// Acknowledgement of a server: what was sent is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Number of the agency's durable bets, if the dialect sends it.
    pub total: Option<u64>,
}

/// Rejection by a server: nothing of the request is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected<'a> {
    /// Number of the agency's durable bets, if the dialect sends it.
    pub total: Option<u64>,
    /// Error code, if the dialect sends one and it is known here.
    pub code: Option<Code>,
    /// Number of the bet that is wrong, counted from 1 in its batch, if the server names one. It is never greater than
    /// the number of bets in the batch, or, of a rejection that answers no batch, in the largest batch before.
    pub bet: Option<usize>,
    /// Text for people, without the code; empty if the dialect has no room for one.
    pub reason: &'a str,
}

/// Writes the code, if there is one, and the reason.
impl fmt::Display for Rejected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code}: {}", self.reason),
            None => f.write_str(self.reason),
        }
    }
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

/// Compares the documents, and if they are the last ones.
impl PartialEq for Documents<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.last == other.last && self.clone().eq(other.clone())
    }
}

impl Eq for Documents<'_> {}

impl fmt::Debug for Documents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Documents({})", self.count)
    }
}
