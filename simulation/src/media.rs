//! Media that a server stores on, fast or real, and their faults.

use std::ops::ControlFlow;
use std::sync::Arc;

use lottery_core::store::{Group, Saved, Store, StoreError, WinnersPiece};
use lottery_store::log::Directory;
use lottery_store::{Disk, LogStore};
use lottery_testkit::Rng;
use lottery_testkit::disk::{BLOCK, Faults, SimDirectory, SimDisk};
use lottery_testkit::store::SMALL;

use crate::fast_store::{FastStore, Groups};
use crate::mistakes::{EarlyDraw, Mistake, MistakenFiles, Uncut};
use crate::tally::{Mark, Tally};

/// Storage that outlives the server's process.
#[derive(Debug)]
pub(crate) enum Media {
    /// Groups in memory.
    Fast(Groups),
    /// Disks for the real store.
    Real { log: SimDirectory, csv: SimDisk },
}

impl Media {
    pub(crate) fn new(real: bool) -> Self {
        if real {
            Self::Real { log: SimDirectory::new(), csv: SimDisk::new() }
        } else {
            Self::Fast(Groups::default())
        }
    }

    /// Opens the store for a process, with a mistake if there is one to plant.
    pub(crate) fn open(&self, mistake: Option<Mistake>, tally: &mut Tally) -> Result<AnyStore, StoreError> {
        let store = match self {
            Self::Fast(groups) => {
                AnyStore::Fast(groups.open(mistake != Some(Mistake::AcknowledgeBeforeCommit)))
            }
            Self::Real { log, csv } => {
                let csv: Arc<dyn Disk> = match mistake {
                    Some(Mistake::KeepTornTail) => Arc::new(Uncut(csv.open())),
                    _ => csv.open(),
                };
                let files: Arc<dyn Directory> = log.open();
                let files =
                    mistake.map_or(Arc::clone(&files), |mistake| Arc::new(MistakenFiles(files, mistake)));
                let store = LogStore::with_disks(files, SMALL, "csv", csv)?;
                if store.csv_repair().cut > 0 {
                    tally.mark(Mark::CsvCut);
                }
                if store.csv_repair().appended > 0 {
                    tally.mark(Mark::CsvAppended);
                }
                AnyStore::Real(Box::new(store))
            }
        };
        Ok(match mistake {
            Some(Mistake::DrawTooEarly) => AnyStore::Early(Box::new(EarlyDraw(store))),
            _ => store,
        })
    }

    /// Ends the process.
    pub(crate) fn kill(&self) {
        match self {
            Self::Fast(groups) => groups.kill(),
            Self::Real { log, csv } => {
                log.kill();
                csv.kill();
            }
        }
    }

    /// Cuts the power of the machine, after the process has ended.
    pub(crate) fn power_cut(&self, rng: &mut Rng, tally: &mut Tally) {
        match self {
            Self::Fast(groups) => {
                let lost = rng.one_in(2);
                if groups.unsynced() > 0 {
                    tally.mark(if lost { Mark::GroupLost } else { Mark::GroupKept });
                }
                groups.power_cut(lost);
            }
            Self::Real { log, csv } => {
                let max = *rng.pick(&[0, 1, 1, 2]);
                log.power_cut(|_| rng.index(2) < max);
                let max = *rng.pick(&[0, 1, 1, 2]);
                csv.power_cut(|_| rng.index(2) < max);
                if rng.one_in(3) {
                    csv.lengthen(1 + rng.index(2 * BLOCK));
                }
            }
        }
    }

    pub(crate) fn fail_next_sync(&self) {
        match self {
            Self::Fast(groups) => groups.fail_next_sync(),
            Self::Real { log, .. } => {
                log.fail(Faults { sync: Some(0), ..log.faults() });
            }
        }
    }

    /// Plans to kill the process within the next commit.
    pub(crate) fn kill_in_commit(&self, rng: &mut Rng) {
        match self {
            Self::Fast(groups) => groups.kill_in_commit(rng.one_in(2)),
            Self::Real { log, csv } => {
                if rng.one_in(2) {
                    csv.fail(Faults { kill: Some(rng.below(2)), ..csv.faults() });
                } else {
                    log.fail(Faults { kill: Some(rng.below(6)), ..log.faults() });
                }
            }
        }
    }

    /// Returns true if the planned kill has taken place.
    pub(crate) fn was_killed(&self) -> bool {
        match self {
            Self::Fast(groups) => groups.was_killed(),
            Self::Real { log, csv } => log.was_killed() || csv.was_killed(),
        }
    }

    pub(crate) fn fill(&self, rng: &mut Rng) {
        match self {
            Self::Fast(groups) => groups.fill(rng.below(4)),
            Self::Real { log, csv } => {
                let blocks = rng.index(3);
                if rng.one_in(3) {
                    csv.room(Some(0));
                } else {
                    log.room(Some(blocks));
                }
            }
        }
    }

    /// Cancels all planned faults.
    pub(crate) fn heal(&self) {
        match self {
            Self::Fast(groups) => groups.heal(),
            Self::Real { log, csv } => {
                log.fail(Faults::default());
                log.room(None);
                csv.fail(Faults::default());
                csv.room(None);
            }
        }
    }
}

/// Either store, or one with a mistake.
#[derive(Debug)]
pub(crate) enum AnyStore {
    Fast(FastStore),
    Real(Box<LogStore>),
    Early(Box<EarlyDraw<Self>>),
}

impl AnyStore {
    /// Returns the number of bytes of durable rows that `bets.csv` does not hold yet.
    pub(crate) fn csv_behind(&self) -> u64 {
        match self {
            Self::Fast(_) => 0,
            Self::Real(store) => store.csv_behind(),
            Self::Early(store) => store.0.csv_behind(),
        }
    }
}

impl Store for AnyStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        match self {
            Self::Fast(store) => store.load(),
            Self::Real(store) => store.load(),
            Self::Early(store) => store.load(),
        }
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        match self {
            Self::Fast(store) => store.commit(group),
            Self::Real(store) => store.commit(group),
            Self::Early(store) => store.commit(group),
        }
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        match self {
            Self::Fast(store) => store.read_from(place, visit),
            Self::Real(store) => store.read_from(place, visit),
            Self::Early(store) => store.read_from(place, visit),
        }
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        match self {
            Self::Fast(store) => store.winners(agency, number),
            Self::Real(store) => store.winners(agency, number),
            Self::Early(store) => store.winners(agency, number),
        }
    }
}
