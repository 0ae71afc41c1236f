//! Mistakes in messages, and requests that cannot be sent (`docs/protocol.md#errors`).

use core::fmt;

use crate::bet::{Field, FieldError};

/// Mistake in a message, and its place. Small and `Copy`: it holds no part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// Offset of the mistake from the start of the message, in bytes.
    pub offset: usize,
    /// Number of the bet in its batch, counted from 1, if the mistake is in a bet.
    pub bet: Option<usize>,
    /// Kind of mistake.
    pub problem: Problem,
}

impl DecodeError {
    /// Returns a mistake at that offset from the start of the message, in bytes.
    pub const fn new(offset: usize, problem: Problem) -> Self {
        Self { offset, bet: None, problem }
    }

    /// Returns a mistake in a bet, whose number in its batch counts from 1, at that offset from the start of the message,
    /// in bytes.
    pub const fn in_bet(bet: usize, offset: usize, problem: Problem) -> Self {
        Self { offset, bet: Some(bet), problem }
    }

    /// True if the mistake is within the fields of a bet. In `block` and `session` such a mistake rejects only the bets
    /// of its message; any other closes the connection, because nothing that follows could be trusted.
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

/// Kinds of mistake in a message (`docs/protocol.md#errors`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Size out of the range that the dialect allows.
    #[error("size {size}, expected {min} to {max}")]
    Size {
        /// Size that the message states, in bytes.
        size: usize,
        /// Minimum size.
        min: usize,
        /// Maximum size.
        max: usize,
    },
    /// Size that does not agree with the payload.
    #[error("size {size}, but the payload ends at {needed}")]
    SizeMismatch {
        /// Size that the message states, in bytes.
        size: usize,
        /// Size that the payload needs, in bytes.
        needed: usize,
    },
    /// Packet type that does not exist.
    #[error("unknown packet type {0}")]
    UnknownType(u8),
    /// Packet type that only the other side may send.
    #[error("packet type {0} is not for this side to receive")]
    WrongDirection(u8),
    /// Packet in a place where another type is expected.
    #[error("packet type {found}, expected {expected}")]
    TypeMismatch {
        /// Type of the packet.
        found: u8,
        /// Type that is expected.
        expected: u8,
    },
    /// Payload that this packet cannot have. Holds a description of the expected one.
    #[error("expected {0}")]
    Expected(&'static str),
    /// Batch whose count does not agree with its bets.
    #[error("{said} bets announced, {found} found")]
    BetCount {
        /// Number of bets that the batch announces.
        said: usize,
        /// Number of bets found; the minimum, if there are more than announced.
        found: usize,
    },
    /// Agency that differs from the one of the packet or the connection.
    #[error("agency {found}, expected {expected}")]
    AgencyMismatch {
        /// Agency that the message names.
        found: u32,
        /// Agency of the packet or the connection.
        expected: u32,
    },
    /// Agency number that no agency has.
    #[error("unknown agency {agency}, expected 1 to {max}")]
    UnknownAgency {
        /// Number that the message names.
        agency: u32,
        /// Number of agencies.
        max: u32,
    },
    /// Bet with more or fewer than five fields.
    #[error("{found} fields, expected 5")]
    FieldCount {
        /// Number of its fields.
        found: usize,
    },
    /// Field of a bet that is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Version of sessions that is not spoken here.
    #[error("unsupported version, expected 3")]
    UnsupportedVersion,
    /// Reply without a request.
    #[error("an answer to no question")]
    Unasked,
    /// Message that is longer than this side takes.
    #[error("a message of {size} bytes, at most {max} are taken")]
    TooLong {
        /// Length of the message, or a lower bound of it, in bytes.
        size: usize,
        /// Maximum length, in bytes.
        max: usize,
    },
}

impl Problem {
    /// Returns the field of a bet that the mistake is in, if it is in one.
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Field(error) => Some(error.field),
            _ => None,
        }
    }
}

/// Reasons for which the client machine rejects a message of the application. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Not possible now: drive the connection, and try again when [`Client::can_send`] is true. In a session nothing
    /// can be sent before Welcome, which has a deadline.
    ///
    /// [`Client::can_send`]: crate::Client::can_send
    #[error("not now")]
    Busy,
    /// The connection is closing or closed.
    #[error("the connection is closed")]
    Closed,
    /// The dialect takes nothing more on this connection, as its last message was sent: it needs another connection.
    #[error("the last message of this connection was sent")]
    AfterLast,
    /// A bet that the dialect cannot carry.
    #[error("bet {bet}: {error}")]
    Unsendable {
        /// Index of the bet among those given, counted from 0.
        bet: usize,
        /// Field that cannot be carried, and its problem.
        error: FieldError,
    },
    /// A message that would be longer than its dialect allows.
    #[error("longer than a message may be")]
    TooLong,
    /// A message, or a content, that the dialect does not have.
    #[error("this dialect has no such message")]
    NotInDialect,
    /// An agency number that the dialect cannot carry.
    #[error("agency {agency}: this dialect goes up to {max}")]
    Agency {
        /// Number of the agency.
        agency: u32,
        /// Greatest number that the dialect can carry.
        max: u32,
    },
}
