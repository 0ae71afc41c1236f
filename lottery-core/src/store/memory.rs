//! The store that forgets when the process ends.

use super::{Group, Saved, Store, StoreError};

/// Keeps groups in memory: for tests, and `--store memory`.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    saved: Saved,
    batches: Vec<super::Rows>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(self.saved.clone())
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        self.batches.extend_from_slice(&group.batches);
        self.saved.agencies.extend(&group.agencies);
        if group.draw.is_some() {
            self.saved.draw.clone_from(&group.draw);
        }
        Ok(())
    }

    fn read(&self, visit: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        self.batches.iter().for_each(|batch| visit(&batch.text));
        Ok(())
    }
}
