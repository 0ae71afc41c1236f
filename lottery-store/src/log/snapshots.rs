//! States of the log for other threads. A log only grows, so a state is known by its end.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use lottery_core::store::{Saved, Snapshot, Snapshots, StoreError};

use super::broken::Broken;
use super::directory::Directory;
use super::frame::LotteryId;
use super::place::Place;
use super::reader::Reader;
use super::recovery;
use super::state::State;

/// Durable state of a log, which its owner keeps up to date.
#[derive(Clone, Debug)]
pub(super) struct Published(Arc<Shared>);

struct Shared {
    directory: Arc<dyn Directory>,
    id: LotteryId,
    /// `None` once the store has failed or is closed.
    state: Mutex<Option<State>>,
    /// Bytes of the rows in `bets.csv`; `u64::MAX` if it is left alone.
    csv_len: AtomicU64,
    /// Damage that the thread of `bets.csv` has found in the log.
    damage: OnceLock<Broken>,
}

impl Published {
    pub(super) fn new(directory: &Arc<dyn Directory>, id: LotteryId, state: State) -> Self {
        let (directory, state) = (Arc::clone(directory), Mutex::new(Some(state)));
        Self(Arc::new(Shared {
            directory,
            id,
            state,
            csv_len: AtomicU64::new(u64::MAX),
            damage: OnceLock::new(),
        }))
    }

    /// Changes the state.
    pub(super) fn update(&self, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.0.lock().as_mut() {
            change(state);
        }
    }

    /// Takes the state away: no snapshot begins any more.
    pub(super) fn end(&self) {
        *self.0.lock() = None;
    }

    /// Returns the length of all durable rows in bytes; `None` once the store has ended.
    pub(super) fn rows_len(&self) -> Option<u64> {
        self.0.lock().as_ref().map(|state| state.rows_len)
    }

    /// Notes the length of the rows in `bets.csv`, in bytes.
    pub(super) fn followed(&self, len: u64) {
        self.0.csv_len.store(len, Ordering::Relaxed);
    }

    /// Returns the number of bytes of `rows_len` that are not in `bets.csv`; 0 if that is left alone.
    pub(super) fn csv_behind(&self, rows_len: u64) -> u64 {
        rows_len.saturating_sub(self.0.csv_len.load(Ordering::Relaxed))
    }

    /// Notes an error of a thread that reads the log, if it is damage: the owner has to learn of it.
    pub(super) fn read_failed(&self, error: Broken) -> Broken {
        if error.is_damage {
            self.0.damage.get_or_init(|| error.clone());
        }
        error
    }

    /// Returns damage that a thread has found.
    pub(super) fn damage(&self) -> Option<Broken> {
        self.0.damage.get().cloned()
    }

    /// Returns the bytes of the rows before a segment.
    pub(super) fn rows_before(&self, segment: u64) -> Result<u64, Broken> {
        recovery::rows_before(&*self.0.directory, segment)
    }

    /// Returns the place behind the last durable frame; `None` once the store has ended.
    pub(super) fn end_place(&self) -> Option<Place> {
        self.0.lock().as_ref().map(|state| state.end)
    }

    /// Returns a reader of the durable frames from one place to another.
    pub(super) fn reader(&self, from: Place, end: Place) -> Reader {
        Reader::new(&self.0.directory, self.0.id, from, end)
    }

    pub(super) fn snapshots(&self) -> Arc<dyn Snapshots> {
        let shared: Arc<Shared> = Arc::clone(&self.0);
        shared
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshots for Shared {
    fn take(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let Some(state) = self.lock().clone() else {
            return Err(StoreError::Failed { place: self.directory.place(""), cause: "closed".to_owned() });
        };
        Ok(Box::new(OneState { directory: Arc::clone(&self.directory), id: self.id, state }))
    }

    fn csv_behind(&self) -> u64 {
        let len = self.lock().as_ref().map_or(0, |state| state.rows_len);
        len.saturating_sub(self.csv_len.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// Snapshot of one state.
#[derive(Debug)]
struct OneState {
    directory: Arc<dyn Directory>,
    id: LotteryId,
    state: State,
}

impl Snapshot for OneState {
    fn saved(&self) -> Result<Saved, StoreError> {
        Ok(self.state.saved.clone())
    }

    fn read(&self, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), StoreError> {
        let mut reader = Reader::new(&self.directory, self.id, Place::default(), self.state.end);
        reader.rows(&mut |_, rows| visit(rows)).map_err(Broken::failed)
    }
}
