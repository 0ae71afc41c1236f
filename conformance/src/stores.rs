//! Stores for tests: one whose commits wait, one without room for a while, and one that fails.

use std::mem;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use lottery_core::store::{Group, MemoryStore, Saved, Store, StoreError, WinnersPiece};

/// Gate that lets commits pass, or holds them. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<Passing>, Condvar)>);

#[derive(Debug, Default)]
struct Passing {
    arrived: usize,
    allowed: usize,
}

impl Gate {
    /// Lets the next `commits` pass, in addition to those of earlier calls.
    pub fn let_pass(&self, commits: usize) {
        let (passing, changed) = &*self.0;
        let mut passing = passing.lock().unwrap_or_else(PoisonError::into_inner);
        passing.allowed = passing.allowed.saturating_add(commits);
        changed.notify_all();
    }

    /// Lets all commits pass from now on.
    pub fn open(&self) {
        self.let_pass(usize::MAX);
    }

    /// Lets no commit pass that has not arrived yet.
    pub fn close(&self) {
        let mut passing = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        passing.allowed = passing.arrived;
    }

    /// Returns the number of commits that have arrived at the gate.
    pub fn arrived(&self) -> usize {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).arrived
    }

    fn pass(&self) {
        let (passing, changed) = &*self.0;
        let mut passing = passing.lock().unwrap_or_else(PoisonError::into_inner);
        passing.arrived += 1;
        let number = passing.arrived;
        while passing.allowed < number {
            passing = changed.wait(passing).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Store in memory that calls a function before each commit, which fails if that does.
#[derive(Debug)]
struct CheckedStore<F> {
    inner: MemoryStore,
    check: F,
}

impl<F> CheckedStore<F> {
    fn new(check: F) -> Self {
        Self { inner: MemoryStore::default(), check }
    }
}

/// Returns an empty store whose commits wait at a gate, which is closed, and the gate.
pub fn gated() -> (impl Store, Gate) {
    let gate = Gate::default();
    let store = CheckedStore::new({
        let gate = gate.clone();
        move || {
            gate.pass();
            Ok(())
        }
    });
    (store, gate)
}

/// Returns an empty store that has no room for its first commit.
pub fn full_once() -> impl Store {
    let mut full = true;
    CheckedStore::new(move || {
        if mem::take(&mut full) {
            return Err(StoreError::Full { place: "a test".to_owned(), cause: "it is full".to_owned() });
        }
        Ok(())
    })
}

impl<F: FnMut() -> Result<(), StoreError> + Send> Store for CheckedStore<F> {
    fn load(&mut self) -> Result<Saved, StoreError> {
        self.inner.load()
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        (self.check)()?;
        self.inner.commit(group)
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        self.inner.read_from(place, visit)
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        self.inner.winners(agency, number)
    }
}

/// Store that fails at the first commit.
#[derive(Debug, Default)]
pub struct BrokenStore;

impl Store for BrokenStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(Saved::default())
    }

    fn commit(&mut self, _: &Group) -> Result<(), StoreError> {
        Err(StoreError::Failed { place: "a test".to_owned(), cause: "it is broken".to_owned() })
    }

    fn read_from(&self, place: u64, _: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<u64, StoreError> {
        Ok(place)
    }

    fn winners(&self, _: u32, _: u64) -> Result<WinnersPiece, StoreError> {
        Err(StoreError::Failed { place: "a test".to_owned(), cause: "it is broken".to_owned() })
    }
}
