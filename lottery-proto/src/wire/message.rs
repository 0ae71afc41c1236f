//! Messages of both roles, as every dialect reads and writes them.

use alloc::boxed::Box;
use core::fmt;
use core::ops::Range;

use super::failure::Failure;
use super::list::ListSize;
use super::reason::Reason;
use crate::bet::AgencyId;
use crate::error::DecodeError;

/// Kinds of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
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
pub struct Request {
    pub(crate) kind: Kind,
    /// True if the same message asks for the winners, too.
    pub(crate) awaits_winners: bool,
    /// Agency that the message names, if it names one.
    pub(crate) agency: Option<AgencyId>,
    /// Range of its bets, or of its line.
    pub(crate) payload: Range<usize>,
    /// Number of bets.
    pub(crate) count: usize,
    /// Number of bets in the agency's list, if a Hello names it.
    pub(crate) total: Option<u64>,
    /// Bytes that the reply repeats.
    pub(crate) echo: Box<[u8]>,
}

impl Request {
    /// Returns a request without bets.
    pub fn new(kind: Kind, agency: Option<AgencyId>) -> Self {
        Self {
            kind,
            awaits_winners: false,
            agency,
            payload: 0..0,
            count: 0,
            total: None,
            echo: Box::default(),
        }
    }

    /// Returns a request with `count` bets in `payload`.
    pub fn with_bets(kind: Kind, agency: AgencyId, payload: Range<usize>, count: usize) -> Self {
        Self { payload, count, ..Self::new(kind, Some(agency)) }
    }

    /// Returns the line in `payload`, to be sent back.
    pub fn with_line(payload: Range<usize>) -> Self {
        Self { payload, ..Self::new(Kind::Echo, None) }
    }

    /// Adds the bytes that the reply repeats. They are kept until it is sent.
    #[must_use]
    pub fn repeating(self, echo: impl Into<Box<[u8]>>) -> Self {
        Self { echo: echo.into(), ..self }
    }

    /// Adds the number of bets in the agency's list, to a Hello.
    #[must_use]
    pub fn with_total(self, total: u64) -> Self {
        Self { total: Some(total), ..self }
    }

    /// Adds a query for the winners in the same message, which is answered after the draw.
    #[must_use]
    pub fn awaiting_winners(self) -> Self {
        Self { awaits_winners: true, ..self }
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
pub struct Rejection {
    pub(crate) error: DecodeError,
    /// Reply that is due nevertheless.
    pub(crate) due: Option<PendingReply>,
}

impl Rejection {
    /// Returns the rejection of a request of that kind, to which a reply is due. `agency` is 0 if none was named.
    pub fn of(kind: Kind, agency: u32, error: DecodeError) -> Self {
        Self { error, due: Some(PendingReply::new(kind, agency)) }
    }

    /// Returns the rejection of a request to which that reply is due.
    pub fn with_due(error: DecodeError, due: PendingReply) -> Self {
        Self { error, due: Some(due) }
    }
}

/// Makes the rejection of a message that was not understood: no reply of a known kind is due.
impl From<DecodeError> for Rejection {
    fn from(error: DecodeError) -> Self {
        Self { error, due: None }
    }
}

/// Request without a reply.
#[derive(Clone)]
#[non_exhaustive]
pub struct PendingReply {
    /// Kind of the request.
    pub kind: Kind,
    /// Agency as it was named, even if it does not exist; 0 if none was named.
    pub agency: u32,
    /// Bytes that the reply repeats.
    pub echo: Box<[u8]>,
}

impl PendingReply {
    /// Returns a reply to a request of that kind. `agency` is 0 if none was named.
    pub fn new(kind: Kind, agency: u32) -> Self {
        Self { kind, agency, echo: Box::default() }
    }

    /// Adds the bytes that the reply repeats.
    #[must_use]
    pub fn repeating(self, echo: impl Into<Box<[u8]>>) -> Self {
        Self { echo: echo.into(), ..self }
    }
}

/// Omits the bytes that the reply repeats: they are personal data.
impl fmt::Debug for PendingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingReply({:?}, {})", self.kind, self.agency)
    }
}

/// Content of a request that was written, as far as its reply has to do with it.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Written {
    /// Number of its bets.
    pub bets: usize,
    /// Bytes that the reply repeats.
    pub echo: Box<[u8]>,
}

impl Written {
    /// Returns a request with that many bets.
    pub fn with_bets(bets: usize) -> Self {
        Self { bets, echo: Box::default() }
    }

    /// Adds the bytes that the reply repeats. They are kept until it has come.
    #[must_use]
    pub fn repeating(self, echo: impl Into<Box<[u8]>>) -> Self {
        Self { echo: echo.into(), ..self }
    }
}

/// Omits the bytes that the reply repeats: they are personal data.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Written({} bets)", self.bets)
    }
}

/// Limits of the batches that a client may have without an acknowledgement in a session. It sends one only while it is
/// below both (`docs/protocol.md#sessions`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Number of batches, at least 1.
    pub batches: u32,
    /// Sum of their sizes, in bytes, at least 1.
    pub bytes: u32,
}

/// Reply of the server.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The agency has a session, and this much is durable.
    Welcome {
        /// Number of the agency's durable bets.
        stored: u64,
        /// True if the agency is finished.
        finished: bool,
        /// Limits of the unacknowledged batches.
        window: Window,
        /// Digest of the durable bets.
        digest: u32,
    },
    /// The bets, or the end of the agency's bets, are durable.
    Stored {
        /// Number of the agency's stored bets.
        total: u64,
    },
    /// The draw has not taken place.
    Pending,
    /// Size of a list of winners, which follows in parts. A codec is given these by [`ServerCodec::put_winners`].
    ///
    /// [`ServerCodec::put_winners`]: super::ServerCodec::put_winners
    #[doc(hidden)]
    List(ListSize),
    /// The received line, behind this prefix.
    Echo(&'a str),
    /// Rejection.
    Rejected {
        /// Reason of the rejection.
        failure: Failure<'a>,
        /// Number of the agency's stored bets.
        total: u64,
    },
    /// Failure that ends the connection. A codec is given it by [`ServerCodec::fail`].
    ///
    /// [`ServerCodec::fail`]: super::ServerCodec::fail
    #[doc(hidden)]
    Failed(Failure<'a>),
}

/// Names the kind of reply only: documents and lines are personal data.
impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Welcome { .. } => "Welcome",
            Self::Stored { .. } => "Stored",
            Self::Pending => "Pending",
            Self::List(_) => "List",
            Self::Echo(_) => "Echo",
            Self::Rejected { .. } => "Rejected",
            Self::Failed(_) => "Failed",
        })
    }
}

/// Continuation of a connection after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterReply {
    /// The connection goes on.
    Continue,
    /// The server ends its side.
    Close,
}

/// Error for a reply that the dialect cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the dialect cannot carry the reply")]
#[non_exhaustive]
pub struct TooLarge;

/// Validated reply. It borrows nothing: its parts are given as ranges of bytes of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// Reply to Hello: there is a session.
    Welcome {
        /// Number of the agency's durable bets.
        stored: u64,
        /// True if the agency is finished.
        finished: bool,
        /// Limits of the unacknowledged batches.
        window: Window,
        /// Digest of the durable bets.
        digest: u32,
    },
    /// The request is durable.
    Stored {
        /// Number of the agency's durable bets, if the dialect sends it.
        total: Option<u64>,
    },
    /// Nothing of the request is stored.
    Rejected {
        /// Number of the agency's durable bets, if the dialect sends it.
        total: Option<u64>,
        /// Reason of the rejection.
        reason: Reason,
    },
    /// The draw has not taken place.
    Pending,
    /// Documents of the agency's winners.
    Winners {
        /// Range of the documents, which [`ClientCodec::next_document`] reads. It is UTF-8.
        ///
        /// [`ClientCodec::next_document`]: super::ClientCodec::next_document
        documents: Range<usize>,
        /// Number of the documents.
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
