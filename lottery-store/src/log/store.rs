//! The store on a log.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lottery_core::store::{Group, Saved, Snapshots, Store, StoreError, WinnersPiece, no_such_piece};

use super::ahead::Sizes;
use super::broken::Broken;
use super::directory::Directory;
use super::follower::Follower;
use super::frame::LotteryId;
use super::place::Place;
use super::reader::Reader;
use super::recovery;
use super::rows::LogRows;
use super::snapshots::Published;
use super::state::State;
use super::writer::{Writer, remove_unfinished};
use crate::csv_file::{CsvFile, CsvRepair};
use crate::data_dir::DataDir;
use crate::disk::Disk;
use crate::permissions::unusable_for as unusable;

/// Interval at which the files are checked while there is nothing to commit.
const TEND_PAUSE: Duration = Duration::from_secs(1);

/// Store in a log, followed by `bets.csv`.
#[derive(Debug)]
pub struct LogStore {
    /// Path of the log, for messages.
    place: String,
    /// Declared first, so that it is complete before anything else ends. `None` if `bets.csv` is left alone.
    csv: Option<Follower>,
    directory: Arc<dyn Directory>,
    id: LotteryId,
    state: State,
    /// The same state for other threads.
    published: Published,
    /// `None` if the store was opened to be read.
    writer: Option<Writer>,
    csv_repair: CsvRepair,
    /// New path of a foreign `bets.csv` that was there when the store was opened.
    set_aside: Option<PathBuf>,
    /// Number and frame of the piece that was last read of each agency: whoever reads a list goes on from there.
    last_pieces: RefCell<BTreeMap<u32, (u64, Place)>>,
    /// First cause that made the store unusable; set once.
    failed: OnceLock<StoreError>,
    /// The locked directory; `None` on simulated disks. Dropped last.
    data_dir: Option<DataDir>,
}

impl LogStore {
    /// Opens a log, and begins it if there is none, in any directory, for instance a simulated one, and on one
    /// thread: `bets.csv` is written within each commit. The place is for messages.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] and [`StoreError::Differs`].
    pub fn with_disks(
        directory: Arc<dyn Directory>,
        sizes: Sizes,
        csv_place: &str,
        csv: Arc<dyn Disk>,
    ) -> Result<Self, StoreError> {
        let mut store = Self::open_log(directory, sizes)?;
        let mut rows = LogRows::new(&store.published);
        let opened =
            CsvFile::open(csv, &mut rows, sizes.compared).map_err(|error| unusable(&csv_place, &error))?;
        let (mut file, repair) = opened.map_err(|difference| StoreError::Differs {
            place: csv_place.to_owned(),
            store: store.place.clone(),
            difference,
        })?;
        store.repaired(&mut file, repair);
        store.csv = Some(Follower::inline(file, rows));
        Ok(store)
    }

    /// Opens a log, or begins one, and leaves `bets.csv` alone.
    pub(super) fn open_log(directory: Arc<dyn Directory>, sizes: Sizes) -> Result<Self, StoreError> {
        let unusable = |error: StoreError| match error {
            StoreError::Failed { place, cause } | StoreError::Full { place, cause } => {
                StoreError::Unusable { place, cause }
            }
            error => error,
        };
        let found = recovery::find(&*directory).map_err(Broken::unusable)?;
        let removed = remove_unfinished(&*directory);
        removed.map_err(|error| Broken::at(&*directory, "", &error).unusable())?;
        let (writer, state) = match found {
            None => Writer::begin(&directory, sizes).map_err(unusable)?,
            Some(found) => {
                found.settle(&*directory).map_err(Broken::unusable)?;
                (Writer::resume(&directory, sizes, &found), found.state)
            }
        };
        writer.last().restrict();
        let id = writer.id();
        Ok(Self::of(directory, id, state, Some(writer)))
    }

    /// Opens a log to read it, and changes nothing. Returns `None` if there is none.
    pub(super) fn open_to_look(directory: Arc<dyn Directory>) -> Result<Option<Self>, StoreError> {
        let found = recovery::find(&*directory).map_err(Broken::unusable)?;
        Ok(found.map(|found| Self::of(directory, found.head.id, found.state, None)))
    }

    fn of(directory: Arc<dyn Directory>, id: LotteryId, state: State, writer: Option<Writer>) -> Self {
        Self {
            place: directory.place("").trim_end_matches('/').to_owned(),
            csv: None,
            published: Published::new(&directory, id, state.clone()),
            directory,
            id,
            state,
            writer,
            csv_repair: CsvRepair::default(),
            set_aside: None,
            last_pieces: RefCell::default(),
            failed: OnceLock::new(),
            data_dir: None,
        }
    }

    fn repaired(&mut self, file: &mut CsvFile, repair: CsvRepair) {
        self.csv_repair = repair;
        if file.len() < self.state.rows_len {
            // The caller that opens the store logs this.
            file.mark_logged_behind();
        }
    }

    /// Returns the same store with its directory, and with `bets.csv` on a thread of its own.
    pub(super) fn in_directory(
        mut self,
        data_dir: DataDir,
        csv: Option<(CsvFile, CsvRepair)>,
        set_aside: Option<PathBuf>,
    ) -> Self {
        if let Some((mut file, repair)) = csv {
            self.repaired(&mut file, repair);
            self.csv = Some(Follower::start(file, LogRows::new(&self.published)));
        }
        (self.set_aside, self.data_dir) = (set_aside, Some(data_dir));
        self
    }

    /// Returns the repair of `bets.csv` when the store was opened.
    pub fn csv_repair(&self) -> CsvRepair {
        self.csv_repair
    }

    /// Returns the new path of a foreign `bets.csv` that was there when the store was opened.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Returns the number of bytes of durable rows that are not in `bets.csv` yet.
    pub fn csv_behind(&self) -> u64 {
        self.published.csv_behind(self.state.rows_len)
    }

    /// Returns the length of all rows, in bytes.
    pub(super) fn rows_len(&self) -> u64 {
        self.state.rows_len
    }

    pub(super) fn published(&self) -> &Published {
        &self.published
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.published.damage() {
            Some(damage) => Err(self.fail(damage.failed())),
            None => self.failed.get().map_or(Ok(()), |error| Err(error.clone())),
        }
    }

    /// Makes every later call fail; the first cause stays.
    fn fail(&self, error: StoreError) -> StoreError {
        self.published.end();
        self.failed.get_or_init(|| error).clone()
    }

    /// Checks that the files are where they were opened. Otherwise acknowledged bets cannot be found there,
    /// and a second server may start in the directory.
    fn check_places(&self) -> Result<(), StoreError> {
        let (Some(data_dir), Some(writer)) = (&self.data_dir, &self.writer) else { return Ok(()) };
        // Their places are put into words only for an error: this runs for each group.
        let files: [(&dyn Disk, &dyn Fn() -> String); 2] =
            [(data_dir.lock_file(), &|| data_dir.lock_place()), (writer.last(), &|| writer.last_place())];
        for (file, place) in files {
            let cause = match file.is_in_place() {
                Ok(true) => continue,
                Ok(false) => "it was moved, replaced or deleted, or something is mounted over it".to_owned(),
                Err(error) => format!("it cannot be looked for: {error}"),
            };
            return Err(self.fail(StoreError::Failed { place: place(), cause }));
        }
        Ok(())
    }

    fn reader(&self, from: Place) -> Reader {
        Reader::new(&self.directory, self.id, from, self.state.end)
    }
}

impl Store for LogStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        self.check()?;
        Ok(self.state.saved.clone())
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        self.check()?;
        let Some(writer) = &mut self.writer else {
            let (place, cause) = (self.place.clone(), "opened to be read".to_owned());
            return Err(self.fail(StoreError::Failed { place, cause }));
        };
        let (at, end) = match writer.append(&self.state, group) {
            Ok(written) => written,
            Err(error @ StoreError::Failed { .. }) => return Err(self.fail(error)),
            Err(error) => return Err(error),
        };
        self.state.wrote(group, at, end);
        self.published.update(|state| state.wrote(group, at, end));
        if group.winners.as_ref().is_some_and(|winners| winners.begins) {
            self.last_pieces.borrow_mut().clear();
        }
        self.check_places()?;
        // The group is durable even if `bets.csv` cannot follow; `csv_behind` tells.
        if let Some(csv) = &mut self.csv {
            csv.follow();
            if group.draw.is_some() {
                csv.complete();
            }
        }
        Ok(())
    }

    fn snapshots(&self) -> Option<Arc<dyn Snapshots>> {
        Some(self.published.snapshots())
    }

    fn tend(&mut self) -> Result<Option<Duration>, StoreError> {
        self.check()?;
        self.check_places()?;
        if let Some(csv) = &mut self.csv {
            csv.tend();
        }
        Ok(self.data_dir.as_ref().map(|_| TEND_PAUSE))
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        self.check()?;
        let mut last = place;
        let read = self.reader(Place::unpack(place)).rows(&mut |next, rows| {
            last = next.pack();
            visit(rows)
        });
        read.map(|()| last).map_err(|broken| self.fail(broken.failed()))
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        self.check()?;
        let mut last_pieces = self.last_pieces.borrow_mut();
        let last = last_pieces.get(&agency).filter(|(last, _)| *last <= number);
        let from = last.map_or(self.state.winners_at, |(_, place)| *place);
        let found = self.reader(from).piece(agency, number).map_err(|broken| self.fail(broken.failed()))?;
        let Some((place, piece)) = found.filter(|_| self.state.saved.draw.is_some()) else {
            return Err(no_such_piece(&self.place, agency, number));
        };
        last_pieces.insert(agency, (number, place));
        Ok(piece)
    }
}

impl Drop for LogStore {
    fn drop(&mut self) {
        // The last rows are written while the state can still be read.
        self.csv = None;
        self.published.end();
    }
}
