//! How a store fails: each kind asks something else of the centre.

use thiserror::Error;

use super::Difference;

/// Why a store did not do what it was asked to, and where: one line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// No room. Nothing of the group is stored, and a later commit may succeed.
    #[error("{place}: no room, nothing of the group is stored: {cause}")]
    Full {
        /// The file.
        place: String,
        /// What the system said.
        cause: String,
    },
    /// The outcome is unknown. The store must not be used any more: every later call fails the same way.
    #[error("{place}: failed, the last group may be stored or not: {cause}")]
    Failed {
        /// The file.
        place: String,
        /// What the system said.
        cause: String,
    },
    /// `bets.csv` holds something that the store does not. It may be the only copy: nothing was changed.
    #[error(
        "{place}: holds {} rows, {} bytes, and {store} holds {} bets, {} bytes; the first {} are the same, what follows is \
         not in the store: nothing was changed",
        difference.rows, difference.size, difference.stored, difference.stored_size, difference.same
    )]
    Differs {
        /// `bets.csv`.
        place: String,
        /// The store's own file.
        store: String,
        /// What each holds.
        difference: Difference,
    },
    /// There is a store that holds something, where a new one was to be made.
    #[error(
        "{place}: holds {bets} bets of {agencies} agencies, expected a data directory without a store: nothing was changed"
    )]
    NotEmpty {
        /// The store's own file.
        place: String,
        /// Bets stored.
        bets: u64,
        /// Agencies of which something is stored.
        agencies: usize,
    },
    /// Another centre, or a command such as `backup` while there is none, uses the data directory.
    #[error("{place}: another centre, or a command such as backup, uses this data directory")]
    Busy {
        /// The file that the other centre has locked.
        place: String,
    },
    /// The data directory cannot be used: not to be created or written, foreign, damaged, of another version.
    #[error("{place}: cannot be used: {cause}")]
    Unusable {
        /// The file or directory.
        place: String,
        /// Why not.
        cause: String,
    },
}
