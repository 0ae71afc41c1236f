//! Store of the tests, which does as it is told.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use lottery_core::committer::{Committer, Rules};
use lottery_core::store::{Group, MemoryStore, Saved, Store, StoreError, WinnersPiece};

use crate::support::{Diary, Seen};

/// Result of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Good,
    Full,
    Failed,
    Panic,
}

/// Store in memory that outlives its owner, as a disk does, and fails on demand.
#[derive(Debug, Clone)]
pub(crate) struct TestStore {
    memory: Arc<Mutex<MemoryStore>>,
    fates: Arc<Mutex<VecDeque<Fate>>>,
    failed: bool,
    diary: Diary,
    asked: Arc<Mutex<Asked>>,
}

/// Number of calls of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Commits of a group.
    pub(crate) commits: u32,
    /// Readings of its rows, from the first on.
    pub(crate) passes: u32,
}

impl Default for TestStore {
    fn default() -> Self {
        let diary = Diary::default();
        Self {
            memory: Arc::clone(&diary.store),
            fates: Arc::default(),
            failed: false,
            diary,
            asked: Arc::default(),
        }
    }
}

impl TestStore {
    /// Sets the results of the next commits; those after them are good.
    pub(crate) fn next(&self, fates: &[Fate]) {
        self.fates.lock().unwrap().extend(fates);
    }

    pub(crate) fn asked(&self) -> Asked {
        *self.asked.lock().unwrap()
    }

    pub(crate) fn diary(&self) -> Diary {
        self.diary.clone()
    }

    pub(crate) fn rows(&self) -> String {
        let mut all = String::new();
        self.memory.lock().unwrap().read(&mut |rows| all.push_str(rows)).unwrap();
        all
    }

    pub(crate) fn saved(&self) -> Saved {
        self.memory.lock().unwrap().load().unwrap()
    }

    pub(crate) fn committer(&self, agencies: u32) -> Committer<Self> {
        Committer::open(self.clone(), Rules { agencies, winning_number: 7574 }).unwrap()
    }

    fn failure() -> StoreError {
        StoreError::Failed { place: "test".to_owned(), cause: "told to".to_owned() }
    }
}

impl Store for TestStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(self.saved())
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        self.asked.lock().unwrap().commits += 1;
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Good);
        assert!(fate != Fate::Panic, "told to");
        self.failed |= fate == Fate::Failed;
        if self.failed {
            return Err(Self::failure());
        }
        if fate == Fate::Full {
            return Err(StoreError::Full { place: "test".to_owned(), cause: "told to".to_owned() });
        }
        self.diary.note(Seen::Committed(group.batches.len(), group.draw.is_some()));
        self.memory.lock().unwrap().commit(group)
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        self.asked.lock().unwrap().passes += u32::from(place == 0);
        if self.failed { Err(Self::failure()) } else { self.memory.lock().unwrap().read_from(place, visit) }
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        if self.failed { Err(Self::failure()) } else { self.memory.lock().unwrap().winners(agency, number) }
    }
}
