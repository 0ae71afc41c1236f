//! The embedded store: redb in `DATA_DIR/lottery.redb`, and `DATA_DIR/bets.csv` after it.

use std::fs::TryLockError;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use redb::Database;

use super::csv_file::{CsvFile, CsvRepair};
use super::disk::{create_directory, sync_directory};
use super::opening::Opened;
use super::tables::{self, Position};
use super::{Disk, FileDisk, Group, Saved, Store, StoreError};

/// A store in two files of a directory.
#[derive(Debug)]
pub struct RedbStore {
    /// For messages.
    place: String,
    disk: Arc<dyn Disk>,
    /// `None` only while it is opened again.
    database: Option<Opened>,
    position: Position,
    csv: CsvFile,
    csv_repair: CsvRepair,
    /// Set once, by whatever made the store unusable.
    failed: OnceLock<StoreError>,
}

impl RedbStore {
    /// Opens `DATA_DIR/lottery.redb` and `DATA_DIR/bets.csv`, and creates what is missing. The lock on the first
    /// keeps other centres out until the store is dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`].
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        create_directory(data_dir).map_err(|error| unusable(&data_dir.display(), &error))?;

        let path = data_dir.join("lottery.redb");
        let place = path.display().to_string();
        let database = FileDisk::open(&path).map_err(|error| unusable(&place, &error))?;
        match database.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { place }),
            Err(TryLockError::Error(error)) => return Err(unusable(&place, &error)),
            Ok(()) => {}
        }
        let path = data_dir.join("bets.csv");
        let csv_place = path.display().to_string();
        let csv = FileDisk::open(&path).map_err(|error| unusable(&csv_place, &error))?;
        sync_directory(data_dir).map_err(|error| unusable(&data_dir.display(), &error))?;

        Self::with_disks(&place, Arc::new(database), &csv_place, Arc::new(csv))
    }

    /// A store on two disks, for instance simulated ones. The places are for messages.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`].
    pub fn with_disks(
        place: &str,
        database: Arc<dyn Disk>,
        csv_place: &str,
        csv: Arc<dyn Disk>,
    ) -> Result<Self, StoreError> {
        let (disk, place) = (database, place.to_owned());
        let (database, position) = Opened::first(&disk).map_err(|cause| unusable(&place, &cause))?;
        let (csv, csv_repair) =
            CsvFile::open(csv, &database.redb).map_err(|error| unusable(&csv_place, &error))?;
        let failed = OnceLock::new();
        Ok(Self { place, disk, database: Some(database), position, csv, csv_repair, failed })
    }

    /// What was done to `bets.csv` when the store was opened.
    pub fn csv_repair(&self) -> CsvRepair {
        self.csv_repair
    }

    /// How many bytes of durable rows are not in `bets.csv` yet, because it could not be written.
    pub fn csv_behind(&self) -> u64 {
        self.position.rows_len.saturating_sub(self.csv.len())
    }

    /// After a commit went wrong: finds out whether the store can go on, and whether the group is in it.
    fn settle(&mut self, cause: &redb::Error, after: Position) -> Result<(), StoreError> {
        let fault = self
            .database
            .take()
            .and_then(|opened| opened.fault.get().map(|fault| (fault.no_room, fault.cause.clone())));
        let Some((true, cause)) = fault else {
            return Err(self.fail(fault.map_or(cause.to_string(), |(_, cause)| cause)));
        };
        // redb does not go on after an error; opened again, it is back at the last whole group. That needs no room, as
        // it only writes the header, in place. (A file system that copies on write may have none even for that: then
        // nobody can say what is stored.)
        let opened = Opened::again(&self.disk).map_err(|error| self.fail(error.to_string()))?;
        let found = tables::position(&opened.redb).map_err(|error| self.fail(error.to_string()))?;
        self.database = Some(opened);
        if found == self.position {
            Err(StoreError::Full { place: self.place.clone(), cause })
        } else if found == after {
            // What had no room was not needed: the opening has synced the group.
            Ok(())
        } else {
            Err(self.fail(format!("{cause}; then opened again, and it holds something else")))
        }
    }

    /// The database, unless the store has failed.
    fn database(&self) -> Result<&Database, StoreError> {
        match (self.failed.get(), &self.database) {
            (None, Some(opened)) => Ok(&opened.redb),
            (Some(error), _) => Err(error.clone()),
            (None, None) => Err(self.fail("closed".to_owned())),
        }
    }

    /// Makes every later call fail; the first cause stays.
    fn fail(&self, cause: String) -> StoreError {
        let place = self.place.clone();
        self.failed.get_or_init(|| StoreError::Failed { place, cause }).clone()
    }
}

impl Store for RedbStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        tables::saved(self.database()?).map_err(|error| self.fail(error.to_string()))
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        let after = self.position.after(group);
        let values = tables::values(&group.batches);
        if let Err(error) = tables::put(self.database()?, group, &values, after) {
            self.settle(&error, after)?;
        }
        let behind = self.csv_behind() > 0;
        self.position = after;
        // The group is durable, whatever becomes of the file: `csv_behind` says so.
        let _ = match &self.database {
            Some(opened) if behind => self.csv.catch_up(&opened.redb),
            _ => self.csv.append(&values),
        };
        Ok(())
    }

    fn read(&self, visit: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        tables::batches(self.database()?, 0, |_, rows| {
            visit(rows);
            ControlFlow::Continue(())
        })
        .map_err(|error| self.fail(error.to_string()))
    }
}

fn unusable(place: &dyn std::fmt::Display, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unusable { place: place.to_string(), cause: error.to_string() }
}
