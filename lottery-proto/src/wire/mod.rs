//! Dialects: the trait [`Wire`] that they have in common, and a module for each.

pub mod block;
mod braces;
mod detect;
mod dialect;
mod echo;
mod failure;
mod fast_path;
mod fixed;
mod foreign;
mod framed;
mod list;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use detect::detect;
pub use dialect::{Dialect, DialectProfile, WinnersFlow};
pub(crate) use echo::MAX_LINE;
pub use failure::{Code, Failure};
pub use foreign::Foreign;
pub(crate) use foreign::foreign;
pub use list::{ListError, ListSize};
pub(crate) use list::{Listing, Part};

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::bet::{AgencyId, Bet, FieldError, ReadBet};
use crate::error::{DecodeError, SendError};

/// Encoding and decoding of a dialect. It has no state: the machines hold the state of a connection.
pub(crate) trait Wire: fmt::Debug + Sync {
    /// Returns the length of the message at the start of `bytes`; `None` if its end has not come.
    ///
    /// `scan` is the place where the last call on the same message stopped, so that a message that arrives byte by byte
    /// is searched once. `bytes` are never more than the limit; the machines reject a message that does not end within
    /// it.
    ///
    /// # Errors
    /// A mistake after which the start of the next message is unknown.
    fn frame(
        &self,
        scan: &mut FrameCursor,
        bytes: &[u8],
        side: Side,
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError>;

    /// True if the message says nothing, and is to be skipped.
    fn is_filler(&self, _message: &[u8]) -> bool {
        false
    }

    /// Server: decodes and validates a whole message.
    fn request(&self, message: &[u8]) -> Result<Request, Refusal>;

    /// Server: true if the connection goes on after a message with this mistake.
    fn goes_on_after(&self, error: &DecodeError) -> bool;

    /// Server: returns the function that reads the bets of a validated request.
    fn read_bet(&self) -> ReadBet;

    /// Server: appends the reply to a request, unless it is a list. Appends nothing if the dialect cannot carry it.
    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge>;

    /// Server: checks that a list of winners of that size can be the reply to a request.
    fn carries(&self, _owed: &PendingReply, _list: &ListSize) -> Result<(), TooLarge> {
        Ok(())
    }

    /// Server: appends documents of a list, for which [`Wire::carries`] succeeded, in reply to a request.
    fn put_winners(
        &self,
        _owed: &PendingReply,
        _part: Part,
        _documents: &mut dyn Iterator<Item = &str>,
        _out: &mut Vec<u8>,
    ) -> AfterReply {
        AfterReply::Close
    }

    /// Server: appends the last reply of a connection, which ends with this failure. `owed` is the request that failed.
    fn fail(
        &self,
        owed: &PendingReply,
        failure: Failure<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        self.answer(owed, &Answer::Refused { failure, total: 0 }, out)
    }

    /// Server: true if a rejected batch causes everything behind it on its connection to be rejected.
    fn stops_at_a_refusal(&self) -> bool {
        false
    }

    /// Client: checks that this dialect can carry the bet unchanged.
    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError>;

    /// Client: appends a batch of as many of `bets` as one message of about `limit` bytes carries, and returns their
    /// number. The dialect can carry all of `bets`.
    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, SendError>;

    /// Client: appends a single bet, which the dialect can carry, and returns the bytes that its reply repeats.
    fn put_bet(&self, agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<Box<[u8]>, SendError> {
        self.put_batch(agency, &[*bet], usize::MAX, out)?;
        Ok(Box::default())
    }

    /// Agency: appends Hello.
    fn put_hello(&self, _agency: AgencyId, _out: &mut Vec<u8>) -> Result<(), SendError> {
        Err(SendError::NotOnThisWire)
    }

    /// Agency: appends Finished.
    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Client: appends the winners query.
    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Client: returns the kind of the reply to a request of that kind; `None` if it gets none.
    fn answered_by(&self, kind: Kind) -> Option<Kind>;

    /// Client: decodes and validates a whole message, in reply to `asked`.
    fn response(&self, asked: &PendingReply, message: &[u8]) -> Result<Response, DecodeError>;

    /// Client: returns the code and the text of a failure that ends the connection, if the message is one. It may come
    /// at any time.
    fn failure(&self, _message: &[u8]) -> Option<(Option<Code>, Range<usize>)> {
        None
    }

    /// Client: returns the next document of a validated reply, at the start of `rest`, and the text behind it.
    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)>;
}

/// Role of the sender of the messages that are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Agency,
    Centre,
}

/// Limits of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Maximum length of a message, in bytes.
    pub(crate) message: usize,
    /// True if the peer has ended its side: no more bytes will come.
    pub(crate) ended: bool,
}

/// Progress of the search for the end of a message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FrameCursor {
    /// Number of bytes that were searched.
    pub(crate) bytes: usize,
    /// Number of characters among them, in a dialect that counts characters.
    pub(crate) count: usize,
}

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
pub(crate) struct Refusal {
    pub(crate) error: DecodeError,
    /// Reply that is due nevertheless.
    pub(crate) due: Option<PendingReply>,
}

impl Refusal {
    /// Returns the rejection of a request of that kind.
    pub(crate) fn of(kind: Kind, agency: u32, error: DecodeError) -> Self {
        Self { error, due: Some(PendingReply::new(kind, agency)) }
    }
}

impl From<DecodeError> for Refusal {
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
    Refused { failure: Failure<'a>, total: u64 },
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
    /// Rejection, with the text of its reason.
    Refused {
        total: Option<u64>,
        reason: Range<usize>,
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
    /// Failure that ends the connection, with its text.
    Failed {
        code: Option<Code>,
        text: Range<usize>,
    },
}
