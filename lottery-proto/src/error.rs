//! What can be wrong with what a peer sends, and how a connection ends.

use core::fmt;

use crate::bet::{Field, FieldError};
use crate::wire::{Dialect, Foreign};

/// Where a message is wrong, and how. Small and `Copy`: it holds nothing of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Bytes from the start of the message to where it is wrong.
    pub offset: usize,
    /// Which bet of a batch it is about, counted from 1.
    pub bet: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

impl DecodeError {
    pub(crate) const fn new(offset: usize, problem: Problem) -> Self {
        Self { offset, bet: None, problem }
    }

    pub(crate) const fn in_bet(bet: usize, offset: usize, problem: Problem) -> Self {
        Self { offset, bet: Some(bet), problem }
    }

    /// Whether only the bets of the message are refused. If not, the connection is closed: nothing that follows
    /// could be trusted.
    pub const fn is_about_a_bet(&self) -> bool {
        matches!(self.problem, Problem::Field(_) | Problem::FieldCount { .. })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(bet) = self.bet {
            write!(f, "bet {bet}: ")?;
        }
        write!(f, "{} (at byte {})", self.problem, self.offset)
    }
}

impl core::error::Error for DecodeError {}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A size outside what the wire allows.
    #[error("size {size}, expected {min} to {max}")]
    Size {
        /// What it says.
        size: usize,
        /// The least that is allowed.
        min: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// A size that is not what the payload needs.
    #[error("size {size}, but the payload ends at {needed}")]
    SizeMismatch {
        /// What it says.
        size: usize,
        /// What it should say.
        needed: usize,
    },
    /// No packet has this type.
    #[error("unknown packet type {0}")]
    UnknownType(u8),
    /// Only the other side may send this.
    #[error("packet type {0} is not for this side to receive")]
    WrongDirection(u8),
    /// This packet stands where another is expected.
    #[error("packet type {found}, expected {expected}")]
    TypeMismatch {
        /// What it is.
        found: u8,
        /// What it should be.
        expected: u8,
    },
    /// The payload is none that this packet can have.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A batch holds more or fewer bets than it says.
    #[error("{said} bets announced, {found} found")]
    BetCount {
        /// How many it announces.
        said: usize,
        /// How many there are; at least so many, if there are more.
        found: usize,
    },
    /// It names another agency than what surrounds it.
    #[error("agency {found}, expected {expected}")]
    AgencyMismatch {
        /// The agency that is named.
        found: u32,
        /// The agency of the packet, or of the connection.
        expected: u32,
    },
    /// No agency has this number.
    #[error("unknown agency {agency}, expected 1 to {max}")]
    UnknownAgency {
        /// What it says.
        agency: u32,
        /// How many agencies there are.
        max: u32,
    },
    /// A bet has more or fewer than five fields.
    #[error("{found} fields, expected 5")]
    FieldCount {
        /// How many it has.
        found: usize,
    },
    /// A field of a bet is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A session of a version that is not spoken here.
    #[error("unsupported version, expected 2")]
    UnsupportedVersion,
    /// It is not something that was asked for.
    #[error("an answer to no question")]
    Unasked,
    /// A message is longer than this side takes.
    #[error("a message of {size} bytes, at most {max} are taken")]
    TooLong {
        /// How long it is, or at least how long.
        size: usize,
        /// The limit.
        max: usize,
    },
}

impl Problem {
    /// The field of a bet that it is about.
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Field(error) => Some(error.field),
            _ => None,
        }
    }
}

/// How a peer broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// It sent what cannot be understood.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// It ended in the middle of a message.
    #[error("cut off after {received} bytes of a message")]
    Truncated {
        /// How many bytes of the last message arrived.
        received: usize,
    },
    /// It ended before it had answered.
    #[error("ended without the answer that it owes")]
    Unanswered,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// Both sides had said all they had to say.
    #[error("done")]
    Done,
    /// This side was told to shut down.
    #[error("shut down")]
    Shutdown,
    /// The peer broke the protocol.
    #[error("protocol error: {0}")]
    Peer(#[from] Violation),
    /// The application refused to go on.
    #[error("refused")]
    Refused,
    /// A newer session of the same agency took over.
    #[error("superseded by a newer session of this agency")]
    Superseded,
    /// The peer speaks a wire that is not spoken here.
    #[error("the peer speaks {0}, which is not spoken here")]
    NotSpoken(Dialect),
    /// The peer speaks none of the wires, but a protocol that is known.
    #[error("the peer speaks {0}, which is not spoken here")]
    Foreign(Foreign),
    /// The peer owed a message and sent nothing.
    #[error("timeout: the peer was silent")]
    Idle,
    /// The peer began a message and did not complete it in time.
    #[error("timeout: a message was begun and not completed")]
    Incomplete,
    /// The peer did not read what was sent to it.
    #[error("timeout: the peer does not read")]
    Stalled,
    /// The peer did not answer in time.
    #[error("timeout: the peer did not answer")]
    NoAnswer,
    /// The socket failed, or the peer is gone.
    #[error("connection lost")]
    Lost,
}

impl CloseReason {
    /// Whether the connection ended as it should.
    pub const fn is_clean(&self) -> bool {
        matches!(self, Self::Done | Self::Shutdown)
    }
}

/// Why the client machine did not take what it was to send. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Not now: drive the connection, and try again when it can send.
    #[error("not now")]
    Busy,
    /// The connection is closing or closed.
    #[error("the connection is closed")]
    Closed,
    /// The wire cannot carry this bet.
    #[error("bet {bet}: {error}")]
    Unsendable {
        /// Which of the given bets, counted from 0.
        bet: usize,
        /// The field, and what is wrong with it.
        error: FieldError,
    },
    /// It is longer than a message of this wire may be.
    #[error("longer than a message may be")]
    TooLong,
    /// This wire has no such message.
    #[error("this wire has no such message")]
    NotOnThisWire,
    /// The wire cannot carry this agency's number.
    #[error("agency {agency}: this wire goes up to {max}")]
    Agency {
        /// The agency.
        agency: u32,
        /// The greatest number that it can carry.
        max: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_ends_as_it_should_when_all_is_said_or_it_is_told_to() {
        assert!(CloseReason::Done.is_clean() && CloseReason::Shutdown.is_clean());
        for reason in [CloseReason::Refused, CloseReason::Superseded, CloseReason::Idle, CloseReason::Lost] {
            assert!(!reason.is_clean(), "{reason}");
        }
    }
}
