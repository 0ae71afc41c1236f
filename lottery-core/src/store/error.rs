//! Errors of a store: each kind asks for another reaction of the server.

use thiserror::Error;

use super::Difference;

/// Error of a store, with its place, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room. Nothing of the group is stored, and a later commit may succeed.
    #[error("{place}: no room, nothing of the group is stored: {cause}")]
    Full {
        /// File.
        place: String,
        /// Error of the system.
        cause: String,
    },
    /// The outcome is unknown. The store must not be used any more: every later call fails the same way.
    #[error("{place}: failed, the last group may be stored or not: {cause}")]
    Failed {
        /// File.
        place: String,
        /// Error of the system.
        cause: String,
    },
    /// `bets.csv` holds bets that the store lacks. It may be the only copy: nothing was changed.
    #[error(
        "{place}: holds {} rows, {} bytes, and {store} holds {} bets, {} bytes; the first {} are the same, what follows is \
         not in the store: nothing was changed",
        difference.rows, difference.size, difference.stored, difference.stored_size, difference.same
    )]
    Differs {
        /// Path of `bets.csv`.
        place: String,
        /// File of the store.
        store: String,
        /// Sizes of both.
        difference: Difference,
    },
    /// A store that is not empty is where a new one was to be made.
    #[error(
        "{place}: holds {bets} bets of {agencies} agencies, expected a data directory without a store: nothing was changed"
    )]
    NotEmpty {
        /// File of the store.
        place: String,
        /// Number of bets stored.
        bets: u64,
        /// Number of agencies of which something is stored.
        agencies: usize,
    },
    /// Another server uses the data directory, or a command such as `backup` that runs without one.
    #[error("{place}: another server, or a command such as backup, uses this data directory")]
    Busy {
        /// File that the other process has locked.
        place: String,
    },
    /// The data directory cannot be used: it cannot be created or written, or is foreign, damaged or of
    /// another version.
    #[error("{place}: cannot be used: {cause}")]
    Unusable {
        /// File or directory.
        place: String,
        /// Reason.
        cause: String,
    },
}
