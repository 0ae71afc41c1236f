//! Messages of both roles, as every dialect reads and writes them.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::ops::Range;

use super::failure::Failure;
use super::list::ListSize;
use super::reason::Reason;
use crate::bet::AgencyId;
use crate::error::DecodeError;

/// Kinds of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Start of a session.
    Hello,
    /// A single bet.
    Bet,
    /// Bets, all or none.
    Batch,
    /// No more bets.
    Finished,
    /// Winners query that is answered at once, if only with "pending".
    Winners,
    /// Winners query that is answered after the draw.
    AwaitWinners,
    /// Line to be sent back.
    Echo,
    /// Request that is not known; only a failure can answer it.
    Unknown,
}

/// Validated request. It borrows nothing: its bets are given as a range of bytes of the message.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// True if the same message asks for the winners, too.
    pub(crate) awaits_winners: bool,
    /// Agency that the message names, if it names one.
    pub(crate) agency: Option<AgencyId>,
    /// Range of its bets, or of its line.
    pub(crate) payload: Range<usize>,
    /// Number of bets.
    pub(crate) count: usize,
    /// Bytes that the reply repeats.
    pub(crate) echo: Box<[u8]>,
}

impl Request {
    /// Returns a request without bets.
    pub(crate) fn new(kind: Kind, agency: Option<AgencyId>) -> Self {
        Self { kind, awaits_winners: false, agency, payload: 0..0, count: 0, echo: Box::default() }
    }

    /// Returns a request with `count` bets in `payload`.
    pub(crate) fn with_bets(kind: Kind, agency: AgencyId, payload: Range<usize>, count: usize) -> Self {
        Self { payload, count, ..Self::new(kind, Some(agency)) }
    }
}

/// Omits the bytes that the reply repeats: they are personal data.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?}, {:?}, {} bets)", self.kind, self.agency, self.count)
    }
}

/// Request that is rejected.
#[derive(Clone, Debug)]
pub(crate) struct Rejection {
    pub(crate) error: DecodeError,
    /// Reply that is due nevertheless.
    pub(crate) due: Option<PendingReply>,
}

impl Rejection {
    /// Returns the rejection of a request of that kind.
    pub(crate) fn of(kind: Kind, agency: u32, error: DecodeError) -> Self {
        Self { error, due: Some(PendingReply::new(kind, agency)) }
    }
}

impl From<DecodeError> for Rejection {
    fn from(error: DecodeError) -> Self {
        Self { error, due: None }
    }
}

/// Request without a reply.
#[derive(Clone)]
pub(crate) struct PendingReply {
    pub(crate) kind: Kind,
    /// Agency as it was named, even if it does not exist; 0 if none was named.
    pub(crate) agency: u32,
    pub(crate) echo: Box<[u8]>,
}

impl PendingReply {
    pub(crate) fn new(kind: Kind, agency: u32) -> Self {
        Self { kind, agency, echo: Box::default() }
    }
}

/// Omits the bytes that the reply repeats: they are personal data.
impl fmt::Debug for PendingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingReply({:?}, {})", self.kind, self.agency)
    }
}

/// Reply of the server.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// The agency has a session, and this much is durable.
    Welcome { stored: u64, finished: bool, window: u32, digest: u32 },
    /// The bets, or the end of the agency's bets, are durable. Holds the number of its stored bets.
    Stored { total: u64 },
    /// The draw has not taken place.
    Pending,
    /// Documents of the agency's winners.
    Winners(&'a [String]),
    /// Size of a list of winners, which follows in parts.
    List(ListSize),
    /// The received line, behind this prefix.
    Echo(&'a str),
    /// Rejection, with its reason and the number of the agency's stored bets.
    Rejected { failure: Failure<'a>, total: u64 },
    /// Failure that ends the connection.
    Failed(Failure<'a>),
}

/// Continuation of a connection after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterReply {
    Continue,
    Close,
}

/// Error for a reply that the dialect cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Validated reply. It borrows nothing: its parts are given as ranges of bytes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Welcome {
        stored: u64,
        finished: bool,
        window: u32,
        digest: u32,
    },
    Stored {
        total: Option<u64>,
    },
    Rejected {
        total: Option<u64>,
        reason: Reason,
    },
    Pending,
    Winners {
        documents: Range<usize>,
        count: usize,
        /// True if no more documents of the list follow.
        last: bool,
    },
    /// Line that came back.
    Line(Range<usize>),
    /// Failure that ends the connection.
    Failed(Reason),
}

/// Line that a peer sent. It may hold anything, personal data included, so its `Debug` shows only the length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Line<'a>(pub &'a [u8]);

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.0.len())
    }
}
