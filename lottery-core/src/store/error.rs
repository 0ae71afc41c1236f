//! How a store fails: each kind asks something else of the centre.

use thiserror::Error;

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
    /// Another centre uses the data directory.
    #[error("{place}: another centre uses this data directory")]
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
