//! Errors of bringing bets into a store or out of it.

use std::io;

use lottery_core::store::StoreError;
use thiserror::Error;

use super::{Damage, LineProblem};

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
    Refused(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
