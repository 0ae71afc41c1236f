//! Snapshots: the state of a store at one moment, for another thread to read while the committer goes on.

use std::fmt;
use std::ops::ControlFlow;

use super::{Saved, StoreError};

/// Store as it was when the snapshot was taken. Reading it delays no commit; meanwhile the store may need
/// more room.
pub trait Snapshot: fmt::Debug + Send {
    /// Returns the durable state, apart from the bets.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if it cannot be read.
    fn saved(&self) -> Result<Saved, StoreError>;

    /// Passes the rows of all durable batches to `visit` in commit order, until it breaks: whole batches, one
    /// or more in each call.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if they cannot be read; some may have been passed by then.
    fn read(&self, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), StoreError>;
}

/// Source of snapshots of a store that the committer owns, for any thread.
pub trait Snapshots: fmt::Debug + Send + Sync {
    /// Takes a snapshot of the durable state.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if the store has failed or is closed.
    fn take(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// Returns the number of bytes of durable rows that `bets.csv` lacks now: 0 when it is in step, or is not
    /// written.
    fn csv_behind(&self) -> u64 {
        0
    }
}
