//! The wires: what is common to them, and a module for each.

pub mod block;
mod braces;
mod detect;
mod dialect;
mod echo;
mod fast;
mod fixed;
mod foreign;
mod framed;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use detect::detect;
pub use dialect::{Dialect, DialectProfile, WinnersFlow};
pub(crate) use echo::MAX_LINE;
pub use foreign::Foreign;
pub(crate) use foreign::foreign;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::agency::AgencyId;
use crate::bet::{Bet, FieldError};
use crate::bets::ReadBet;
use crate::error::{DecodeError, SendError};
use crate::failure::{Code, Failure};
use crate::list::{ListSize, Part};

/// What a wire does. It is without state: what has to be remembered of a connection is in the machines.
pub(crate) trait Wire: fmt::Debug + Sync {
    /// Where the message at the start of `bytes` ends; `None` if that is not there yet.
    ///
    /// `scan` is where the last call on the same message left off, so that a message that arrives byte by byte
    /// is looked at once. An error means that it cannot be said where the next message begins. There are never more
    /// bytes than the limit; a message that does not end within it is refused by the machines.
    fn frame(
        &self,
        scan: &mut FrameCursor,
        bytes: &[u8],
        side: Side,
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError>;

    /// Whether this is a message that says nothing, to be passed over.
    fn is_filler(&self, _message: &[u8]) -> bool {
        false
    }

    /// Centre: what a whole message asks for. It is validated completely.
    fn request(&self, message: &[u8]) -> Result<Request, Refusal>;

    /// Centre: whether the connection goes on after a message with this mistake.
    fn goes_on_after(&self, error: &DecodeError) -> bool;

    /// Centre: how the bets of a request are read again, once it was validated.
    fn read_bet(&self) -> ReadBet;

    /// Centre: appends the answer to a request, if it is no list. If it cannot be carried, nothing is appended.
    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge>;

    /// Centre: whether a list of winners of that size can be the answer to a request.
    fn carries(&self, _owed: &PendingReply, _list: &ListSize) -> Result<(), TooLarge> {
        Ok(())
    }

    /// Centre: appends documents of a list that it [`Wire::carries`], in answer to a request.
    fn put_winners(
        &self,
        _owed: &PendingReply,
        _part: Part,
        _documents: &mut dyn Iterator<Item = &str>,
        _out: &mut Vec<u8>,
    ) -> AfterReply {
        AfterReply::Close
    }

    /// Centre: appends the last answer of a connection, which ends with this failure. `owed` is what failed.
    fn fail(
        &self,
        owed: &PendingReply,
        failure: Failure<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        self.answer(owed, &Answer::Refused { failure, total: 0 }, out)
    }

    /// Centre: whether everything that follows a refused batch on its connection is refused, too.
    fn stops_at_a_refusal(&self) -> bool {
        false
    }

    /// Agency: whether this wire can carry the bet without changing it.
    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError>;

    /// Agency: appends a batch of as many of `bets` as one message of about `limit` bytes carries, and says how
    /// many that is. All of them can be carried.
    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, SendError>;

    /// Agency: appends a single bet, and says what its answer will repeat. The bet can be carried.
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

    /// Agency: appends the question for the winners.
    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Agency: what answers a request of that kind; `None`: nothing does.
    fn answered_by(&self, kind: Kind) -> Option<Kind>;

    /// Agency: what a whole message answers, if `asked` is what it has to answer. It is validated completely.
    fn response(&self, asked: &PendingReply, message: &[u8]) -> Result<Response, DecodeError>;

    /// Agency: the code and the text of a failure that ends the connection, if this message is one. It may come at
    /// any time.
    fn failure(&self, _message: &[u8]) -> Option<(Option<Code>, Range<usize>)> {
        None
    }

    /// Agency: the next document of a validated answer, at the start of `rest`, and what follows it.
    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)>;
}

/// Who sends the messages that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Agency,
    Centre,
}

/// What bounds a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The longest message, in bytes.
    pub(crate) message: usize,
    /// The peer has ended its side: no more bytes will come.
    pub(crate) ended: bool,
}

/// How far the search for the end of a message has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FrameCursor {
    /// Bytes that were looked at.
    pub(crate) bytes: usize,
    /// Whatever the wire counts in them.
    pub(crate) count: usize,
}

/// The kinds of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The beginning of a session.
    Hello,
    /// One bet.
    Bet,
    /// Bets, all or none.
    Batch,
    /// No more bets.
    Finished,
    /// Who won? To be answered at once, if only with "not yet".
    Winners,
    /// Who won? To be answered when the draw has taken place.
    AwaitWinners,
    /// A line to be sent back.
    Echo,
    /// What was asked is not known; only a failure can answer it.
    Unknown,
}

/// A validated request. It borrows nothing: where its bets are is said in bytes from the message's start.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// Whether the same message asks for the winners, too.
    pub(crate) awaits_winners: bool,
    /// The agency that it names, if it names one.
    pub(crate) agency: Option<AgencyId>,
    /// Where its bets, or its line, are.
    pub(crate) payload: Range<usize>,
    /// How many bets there are.
    pub(crate) count: usize,
    /// What the answer will have to repeat.
    pub(crate) echo: Box<[u8]>,
}

impl Request {
    /// A request without bets.
    pub(crate) fn new(kind: Kind, agency: Option<AgencyId>) -> Self {
        Self { kind, awaits_winners: false, agency, payload: 0..0, count: 0, echo: Box::default() }
    }

    /// A request with `count` bets in `payload`.
    pub(crate) fn with_bets(kind: Kind, agency: AgencyId, payload: Range<usize>, count: usize) -> Self {
        Self { payload, count, ..Self::new(kind, Some(agency)) }
    }
}

/// Without what the answer repeats: personal data.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?}, {:?}, {} bets)", self.kind, self.agency, self.count)
    }
}

/// A request that cannot be taken.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) error: DecodeError,
    /// The answer that is due all the same.
    pub(crate) due: Option<PendingReply>,
}

impl Refusal {
    /// A refusal of a request of that kind.
    pub(crate) fn of(kind: Kind, agency: u32, error: DecodeError) -> Self {
        Self { error, due: Some(PendingReply::new(kind, agency)) }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self { error, due: None }
    }
}

/// A request that has not been answered.
#[derive(Clone)]
pub(crate) struct PendingReply {
    pub(crate) kind: Kind,
    /// The agency as it was named, even if there is none of that number; 0 if it was not named.
    pub(crate) agency: u32,
    pub(crate) echo: Box<[u8]>,
}

impl PendingReply {
    pub(crate) fn new(kind: Kind, agency: u32) -> Self {
        Self { kind, agency, echo: Box::default() }
    }
}

/// Without what is repeated: it is personal data.
impl fmt::Debug for PendingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingReply({:?}, {})", self.kind, self.agency)
    }
}

/// What the centre answers.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// The agency has a session; so much of it is durable.
    Welcome { stored: u64, finished: bool, window: u32, digest: u32 },
    /// The bets are durable, or the agency's end is; the agency has so many bets stored.
    Stored { total: u64 },
    /// The draw has not taken place.
    Pending,
    /// The documents of the agency's winners.
    Winners(&'a [String]),
    /// So many of them, which follow.
    List(ListSize),
    /// The line that was received, behind this prefix.
    Echo(&'a str),
    /// No, and why; the agency has so many bets stored.
    Refused { failure: Failure<'a>, total: u64 },
    /// The connection ends, and why.
    Failed(Failure<'a>),
}

/// What follows an answer on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterReply {
    Continue,
    Close,
}

/// An answer that the wire cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// A validated answer. It borrows nothing: where its parts are is said in bytes from the message's start.
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
    /// No, and the text that says why.
    Refused {
        total: Option<u64>,
        reason: Range<usize>,
    },
    Pending,
    Winners {
        documents: Range<usize>,
        count: usize,
        /// No more of them follow.
        last: bool,
    },
    /// The line that came back.
    Line(Range<usize>),
    /// The connection ends, and the text that says why.
    Failed {
        code: Option<Code>,
        text: Range<usize>,
    },
}
