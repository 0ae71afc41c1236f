//! The wires: what is common to them, and a module for each.

pub mod block;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::agency::AgencyId;
use crate::bet::Bet;
use crate::bets::ReadBet;
use crate::error::{DecodeError, Failure, SendError};

/// A wire: one of the protocols that carry the same job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Packets in blocks of 8192 bytes (spec: *`block`*).
    Block,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: &[Self] = &[Self::Block];

    /// Its name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
        }
    }

    pub(crate) fn wire(self) -> &'static dyn Wire {
        match self {
            Self::Block => &block::Block,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a wire does. It is without state: what has to be remembered of a connection is in the machines.
pub(crate) trait Wire: fmt::Debug + Sync {
    /// Where the message at the start of `bytes` ends; `None` if that is not there yet.
    ///
    /// `scan` is where the last call on the same message left off, so that a message that arrives byte by byte
    /// is looked at once.
    fn frame(&self, scan: &mut Scan, bytes: &[u8]) -> Result<Option<usize>, DecodeError>;

    /// Centre: what a whole message asks for. It is validated completely.
    fn request(&self, message: &[u8]) -> Result<Request, Refusal>;

    /// Centre: how the bets of a request are read again, once it was validated.
    fn read_bet(&self) -> ReadBet;

    /// Centre: appends the answer to a request. If it cannot be carried, nothing is appended.
    fn answer(&self, owed: &Owed, answer: &Answer<'_>, out: &mut Vec<u8>) -> Result<Then, TooLarge>;

    /// Agency: appends a batch of as many of `bets` as one message carries, and says how many that is.
    fn put_batch(&self, agency: AgencyId, bets: &[Bet<'_>], out: &mut Vec<u8>) -> Result<usize, SendError>;

    /// Agency: appends a single bet.
    fn put_bet(&self, agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Agency: appends Finished.
    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Agency: appends the question for the winners.
    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Agency: whether a request of that kind is answered.
    fn is_answered(&self, kind: Kind) -> bool;

    /// What the answer to a single bet repeats of it.
    fn echo(&self, bet: &Bet<'_>) -> Box<str>;

    /// Agency: what a whole message answers, if `asked` is what it has to answer. It is validated completely.
    fn response(&self, asked: &Owed, message: &[u8]) -> Result<Response, DecodeError>;

    /// Agency: the next document of a validated answer, at the start of `rest`, and what follows it.
    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)>;
}

/// How far the search for the end of a message has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scan {}

/// The kinds of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bet,
    Batch,
    Finished,
    Winners,
    /// What was asked is not known; only a failure can answer it.
    Unknown,
}

/// A validated request. It borrows nothing: where its bets are is said in bytes from the message's start.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) agency: AgencyId,
    pub(crate) bets: Range<usize>,
    pub(crate) count: usize,
    /// What the answer will have to repeat.
    pub(crate) echo: Box<str>,
}

/// Without what the answer repeats: personal data.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?}, {}, {} bets)", self.kind, self.agency, self.count)
    }
}

/// A request that cannot be taken.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) error: DecodeError,
    /// The answer that is due all the same.
    pub(crate) due: Option<Owed>,
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self { error, due: None }
    }
}

/// A request that has not been answered.
#[derive(Clone)]
pub(crate) struct Owed {
    pub(crate) kind: Kind,
    /// The agency as it was named, even if there is none of that number.
    pub(crate) agency: u32,
    pub(crate) echo: Box<str>,
}

/// Without what the answer repeats: personal data.
impl fmt::Debug for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owed({:?}, {})", self.kind, self.agency)
    }
}

/// What the centre answers.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// The bets are durable, or the agency's end is; the agency has so many bets stored.
    Stored { total: u64 },
    /// The draw has not taken place.
    Pending,
    /// The documents of the agency's winners.
    Winners(&'a [String]),
    /// No, and why.
    Refused(Failure<'a>),
}

/// What follows an answer on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Continue,
    Close,
}

/// An answer that the wire cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// A validated answer. It borrows nothing: where the documents are is said in bytes from the message's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Stored,
    Refused,
    Pending,
    Winners { documents: Range<usize>, count: usize },
}
