//! Store that is lost when the process ends.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use super::{Group, Saved, Store, StoreError, WinnersPiece};

/// Store in memory: for tests, and for `--store memory`.
#[derive(Clone, Default)]
pub struct MemoryStore {
    saved: Saved,
    /// Rows of each batch.
    batches: Vec<String>,
    winners: BTreeMap<(u32, u64), WinnersPiece>,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(self.saved.clone())
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        self.batches.extend(group.batches.iter().map(|batch| batch.rows().to_owned()));
        self.saved.agencies.extend(&group.agencies);
        self.saved.rules = group.rules.or(self.saved.rules);
        if let Some(winners) = &group.winners {
            if winners.begins {
                self.winners.clear();
            }
            let piece = |piece: &WinnersPiece| ((piece.agency, piece.number), piece.clone());
            self.winners.extend(winners.pieces.iter().map(piece));
        }
        if group.draw.is_some() {
            self.saved.draw.clone_from(&group.draw);
        }
        Ok(())
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        let mut next = place;
        for rows in self.batches.iter().skip(usize::try_from(place).unwrap_or(usize::MAX)) {
            next += 1;
            if visit(rows).is_break() {
                break;
            }
        }
        Ok(next)
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        self.winners
            .get(&(agency, number))
            .cloned()
            .ok_or_else(|| super::no_such_piece("memory", agency, number))
    }
}

/// Omits the rows: they are personal data.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { saved, batches, winners } = self;
        write!(f, "MemoryStore({saved:?}, {} batches, {} pieces of winners)", batches.len(), winners.len())
    }
}
