//! Why bets could not be brought into a store or out of it.

use std::io;

use lottery_core::store::StoreError;
use thiserror::Error;

use super::{Damage, LineProblem};

/// What went wrong, and where: one line.
#[derive(Debug, Error)]
pub enum TransferError {
    /// A file cannot be read.
    #[error("{file}: cannot be read: {error}")]
    Unreadable {
        /// The file as it was named.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// A line is no bet.
    #[error("{file}: line {line}: {problem}")]
    Line {
        /// The file as it was named.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// A backup cannot be used.
    #[error("{file}: {damage}")]
    Damaged {
        /// The file as it was named.
        file: String,
        /// What is wrong with it.
        damage: Damage,
    },
    /// What is read of a store cannot be written to where it was to go.
    #[error("cannot be written: {0}")]
    Unwritable(io::Error),
    /// A running centre was asked, and says why not.
    #[error("the centre says: {0}")]
    Refused(String),
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
}
