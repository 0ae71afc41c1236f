//! The embedded store: redb in `DATA_DIR/lottery.redb`, followed by `DATA_DIR/bets.csv`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use lottery_core::store::{Group, Saved, Snapshots, Store, StoreError, WinnersPiece};
use redb::Database;

use super::csv_file::{CsvFile, CsvRepair};
use super::data_dir::DataDir;
use super::disk::Disk;
use super::live::Live;
use super::open::Opened;
use super::permissions::unusable_for as unusable;
use super::tables::{self, Position};

/// Interval at which the files are checked while there is nothing to commit.
const TEND_PAUSE: Duration = Duration::from_secs(1);

/// Store in two files of a directory.
#[derive(Debug)]
pub struct RedbStore {
    /// Path of the database, for messages.
    place: String,
    disk: Arc<dyn Disk>,
    /// Source of snapshots. Declared before the database, so that it is dropped first.
    live: Live,
    /// `None` only while it is opened again.
    database: Option<Opened>,
    position: Position,
    /// `None` if `bets.csv` is left alone.
    csv: Option<CsvFile>,
    csv_repair: CsvRepair,
    /// New path of a foreign `bets.csv` that was there when the store was opened.
    set_aside: Option<PathBuf>,
    /// First cause that made the store unusable; set once.
    failed: OnceLock<StoreError>,
    /// The locked directory; `None` on simulated disks. Dropped last.
    data_dir: Option<DataDir>,
}

impl RedbStore {
    /// Creates a store on two disks, for instance simulated ones. The places are for messages.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] and [`StoreError::Differs`].
    pub fn with_disks(
        place: &str,
        database: Arc<dyn Disk>,
        csv_place: &str,
        csv: Arc<dyn Disk>,
    ) -> Result<Self, StoreError> {
        let (disk, place) = (database, place.to_owned());
        let (database, position) = Opened::first(&disk).map_err(|cause| unusable(&place, &cause))?;
        let opened = CsvFile::open(csv, &database.redb).map_err(|error| unusable(&csv_place, &error))?;
        let csv = opened.map_err(|difference| StoreError::Differs {
            place: csv_place.to_owned(),
            store: place.clone(),
            difference,
        })?;
        Ok(Self::of(place, disk, (database, position), Some(csv)))
    }

    pub(super) fn of(
        place: String,
        disk: Arc<dyn Disk>,
        (database, position): (Opened, Position),
        csv: Option<(CsvFile, CsvRepair)>,
    ) -> Self {
        let (csv, csv_repair) = csv.map_or_else(Default::default, |(csv, repair)| (Some(csv), repair));
        let live = Live::new(&place);
        live.set(&database.redb);
        let mut store = Self {
            place,
            disk,
            live,
            database: Some(database),
            position,
            csv,
            csv_repair,
            set_aside: None,
            failed: OnceLock::new(),
            data_dir: None,
        };
        if store.csv_behind() > 0
            && let Some(csv) = &mut store.csv
        {
            // The caller that opens the store logs this.
            csv.mark_logged_behind();
        }
        store
    }

    /// Returns the same store with its directory.
    pub(super) fn in_directory(self, data_dir: DataDir, set_aside: Option<PathBuf>) -> Self {
        Self { set_aside, data_dir: Some(data_dir), ..self }
    }

    /// Returns the repair of `bets.csv` when the store was opened.
    pub fn csv_repair(&self) -> CsvRepair {
        self.csv_repair
    }

    /// Returns the new path of a foreign `bets.csv` that was there when the store was opened.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Returns the number of bytes of durable rows that are not in `bets.csv` yet, because it could not be
    /// written.
    pub fn csv_behind(&self) -> u64 {
        self.csv.as_ref().map_or(0, |csv| self.position.rows_len.saturating_sub(csv.len()))
    }

    /// Checks that the files are where they were opened. Otherwise acknowledged bets cannot be found there,
    /// and a second server may start in the directory.
    fn check_places(&self) -> Result<(), StoreError> {
        let Some(data_dir) = &self.data_dir else { return Ok(()) };
        let files: [(_, &dyn Disk); 2] =
            [(data_dir.lock_place(), data_dir.lock_file()), (self.place.clone(), &*self.disk)];
        for (place, file) in files {
            let cause = match file.is_in_place() {
                Ok(true) => continue,
                Ok(false) => "it was moved, replaced or deleted, or something is mounted over it".to_owned(),
                Err(error) => format!("it cannot be looked for: {error}"),
            };
            return Err(self.failed.get_or_init(|| StoreError::Failed { place, cause }).clone());
        }
        Ok(())
    }

    /// Updates `bets.csv` with the values of the last commit.
    fn follow(&mut self, values: &[Bytes]) {
        if let (Some(opened), Some(csv)) = (&self.database, &mut self.csv) {
            csv.follow(&opened.redb, values, self.position.rows_len);
        }
    }

    /// Finds out after a failed commit if the store can go on, and if the group is in it.
    fn settle(&mut self, cause: &redb::Error, after: Position) -> Result<(), StoreError> {
        self.live.retire();
        let fault = self
            .database
            .take()
            .and_then(|opened| opened.fault.get().map(|fault| (fault.no_room, fault.cause.clone())));
        let Some((true, cause)) = fault else {
            return Err(self.fail(fault.map_or(cause.to_string(), |(_, cause)| cause)));
        };
        // redb does not go on after an error; opened again, it is back at the last whole group. That needs
        // no room, as it only writes the header, in place. (A file system that copies on write may lack
        // room even for that: then nobody can tell which bets are stored.)
        let opened = Opened::again(&self.disk).map_err(|error| self.fail(error.to_string()))?;
        let found = tables::position(&opened.redb).map_err(|error| self.fail(error.to_string()))?;
        self.live.set(&opened.redb);
        self.database = Some(opened);
        if found == self.position {
            Err(StoreError::Full { place: self.place.clone(), cause })
        } else if found == after {
            // The write without room was not needed: opening has synced the group.
            Ok(())
        } else {
            Err(self.fail(format!("{cause}; then opened again, and it holds something else")))
        }
    }

    /// Returns the progress of the store.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Returns the database, unless the store has failed.
    pub(super) fn database(&self) -> Result<&Database, StoreError> {
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
        self.position = after;
        self.check_places()?;
        // The group is durable even if `bets.csv` cannot follow; `csv_behind` tells.
        self.follow(&values);
        Ok(())
    }

    fn snapshots(&self) -> Option<Arc<dyn Snapshots>> {
        Some(self.live.snapshots())
    }

    fn tend(&mut self) -> Result<Option<Duration>, StoreError> {
        self.database()?;
        self.check_places()?;
        let behind = self.csv_behind();
        self.follow(&[]);
        // Missing rows are written piece by piece, and after a pause if nothing could be written.
        let goes_on = (1..behind).contains(&self.csv_behind());
        Ok(self.data_dir.as_ref().map(|_| if goes_on { Duration::ZERO } else { TEND_PAUSE }))
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        let mut next = place;
        let read = tables::batches(self.database()?, place, |sequence, rows| {
            next = sequence + 1;
            visit(rows)
        });
        read.map(|()| next).map_err(|error| self.fail(error.to_string()))
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        let piece = tables::piece(self.database()?, agency, number);
        piece
            .map_err(|error| self.fail(error.to_string()))?
            .map(|documents| WinnersPiece { agency, number, documents })
            .ok_or_else(|| lottery_core::store::no_such_piece(&self.place, agency, number))
    }
}
