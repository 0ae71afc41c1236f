//! The open database, of which other threads can take snapshots.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_core::store::{Saved, Snapshot, Snapshots, StoreError};
use redb::{Database, ReadTransaction, ReadableDatabase};

use super::tables;

/// Handle to the database of a store for as long as it is open.
#[derive(Debug)]
pub(super) struct Live(Arc<Shared>);

struct Shared {
    /// Path, for messages.
    place: String,
    open: Mutex<Option<Open>>,
}

#[derive(Clone)]
struct Open {
    database: Arc<Database>,
    /// False once pages that a snapshot reads may be overwritten.
    valid: Arc<AtomicBool>,
}

impl Live {
    pub(super) fn new(place: &str) -> Self {
        Self(Arc::new(Shared { place: place.to_owned(), open: Mutex::default() }))
    }

    /// Makes later snapshots show this database.
    pub(super) fn set(&self, database: &Arc<Database>) {
        let open = Open { database: Arc::clone(database), valid: Arc::new(AtomicBool::new(true)) };
        *self.0.lock() = Some(open);
    }

    /// Ends all snapshots: no new one begins, and those being read fail. The caller then owns the database
    /// alone.
    pub(super) fn retire(&self) {
        if let Some(open) = self.0.lock().take() {
            open.valid.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn snapshots(&self) -> Arc<dyn Snapshots> {
        let shared: Arc<Shared> = Arc::clone(&self.0);
        shared
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.retire();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, cause: &str) -> StoreError {
        StoreError::Failed { place: self.place.clone(), cause: cause.to_owned() }
    }
}

impl Snapshots for Shared {
    fn take(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        // The lock is held here so that no other owner of the database outlives it.
        let open = self.lock();
        let Some(Open { database, valid }) = &*open else { return Err(self.failed("closed")) };
        let transaction = database.begin_read().map_err(|error| self.failed(&error.to_string()))?;
        Ok(Box::new(OneState { place: self.place.clone(), transaction, valid: Arc::clone(valid) }))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Snapshot of one state of the database.
struct OneState {
    place: String,
    transaction: ReadTransaction,
    valid: Arc<AtomicBool>,
}

impl OneState {
    fn failed(&self, cause: &dyn fmt::Display) -> StoreError {
        StoreError::Failed { place: self.place.clone(), cause: cause.to_string() }
    }

    /// Fails unless everything read so far came from a database that was still open.
    fn check(&self) -> Result<(), StoreError> {
        if self.valid.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err(self.failed(&"closed, or opened again, while it was read"))
        }
    }
}

impl Snapshot for OneState {
    fn saved(&self) -> Result<Saved, StoreError> {
        let saved = tables::saved_at(&self.transaction).map_err(|error| self.failed(&error));
        self.check()?;
        saved
    }

    fn read(&self, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), StoreError> {
        let mut valid = Ok(());
        let read = tables::batches_at(&self.transaction, 0, |_, rows| {
            valid = self.check();
            if valid.is_ok() { visit(rows) } else { ControlFlow::Break(()) }
        });
        valid?;
        self.check()?;
        read.map_err(|error| self.failed(&error))
    }
}

impl fmt::Debug for OneState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneState").field("place", &self.place).finish_non_exhaustive()
    }
}
