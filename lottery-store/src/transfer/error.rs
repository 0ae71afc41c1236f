//! Errors of bringing bets into a store or out of it.

use std::io;

use lottery_core::store::StoreError;
use lottery_proto::FieldError;
use thiserror::Error;

use crate::csv_row::MAX_ROW;

/// First line of a backup.
pub(super) const HEAD: &str = "lottery-backup 1\n";

/// Error with its place, in one line.
#[derive(Debug, Error)]
pub enum TransferError {
    /// A file cannot be read.
    #[error("{file}: cannot be read: {error}")]
    Unreadable {
        /// Name of the file as given.
        file: String,
        /// The system's error.
        error: io::Error,
    },
    /// A line is no bet.
    #[error("{file}: line {line}: {problem}")]
    Line {
        /// Name of the file as given.
        file: String,
        /// Number of the line, from 1.
        line: u64,
        /// Problem of the line.
        problem: LineProblem,
    },
    /// A backup cannot be used.
    #[error("{file}: {damage}")]
    Damaged {
        /// Name of the file as given.
        file: String,
        /// Damage of the backup.
        damage: Damage,
    },
    /// The output of a store's content cannot be written.
    #[error("cannot be written: {0}")]
    Unwritable(io::Error),
    /// A running server was asked, and gave this reason for a failure.
    #[error("the server says: {0}")]
    Rejected(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Problem of a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// The line has no end.
    #[error("no line end: it may be torn")]
    Torn,
    /// The line is longer than a row can be.
    #[error("over {MAX_ROW} bytes")]
    TooLong,
    /// The line does not have six fields.
    #[error("{0} fields, expected 6: agency,first_name,last_name,document,birthdate,number")]
    FieldCount(usize),
    /// A field is not UTF-8.
    #[error("{0}: not UTF-8")]
    NotUtf8(&'static str),
    /// A quote is misplaced or missing.
    #[error("{0}: a quote that is not as RFC 4180 has it")]
    Quote(&'static str),
    /// The agency does not take part.
    #[error("agency: expected a whole number from 1 to {0}, without leading zeros")]
    Agency(u32),
    /// The number is not a `u32` in decimal digits.
    #[error("number: expected decimal digits, up to 4294967295")]
    Number,
    /// Another field is wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Reason that a backup cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file is something else.
    #[error("no backup of a lottery, or of a later version: expected {:?}", HEAD.trim_end())]
    NoBackup,
    /// The file ends too early.
    #[error("it ends too early: cut off, or not written to its end")]
    Cut,
    /// Bytes follow the end.
    #[error("it goes on behind its end")]
    TooLong,
    /// A line is of no known kind.
    #[error("line {0}: expected rules, agency, draw, rows or end")]
    Line(u64),
    /// The checksum of the whole backup is wrong.
    #[error("its checksum is wrong: it was changed")]
    Checksum,
    /// The number of bets, or their digest, does not match the agencies' lines.
    #[error("it does not hold the bets that it says it does: {0}")]
    Counts(String),
}
