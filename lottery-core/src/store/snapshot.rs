//! Snapshots: a store as it is at one moment, to be read by another thread while the committer goes on.

use std::fmt;
use std::ops::ControlFlow;

use super::{Saved, StoreError};

/// A store as it was when the snapshot was taken. To read it holds up nobody; the store may need more room meanwhile.
pub trait Snapshot: fmt::Debug + Send {
    /// What was durable, apart from the bets.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if it cannot be read.
    fn saved(&self) -> Result<Saved, StoreError>;

    /// Shows the rows of all batches that were durable in commit order, piece by piece, until `visit` breaks off: whole
    /// batches, one or more in each piece.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if they cannot be read; some may have been shown by then.
    fn read(&self, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), StoreError>;
}

/// Takes snapshots of a store that the committer owns, from any thread.
pub trait Snapshots: fmt::Debug + Send + Sync {
    /// All that is durable now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if the store has failed or is closed.
    fn take(&self) -> Result<Box<dyn Snapshot>, StoreError>;
}
