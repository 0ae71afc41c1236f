//! Opening of the embedded store in its directory, and building of a new one from known contents.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lottery_core::store::Difference;
use lottery_core::store::{Saved, Store, StoreError};

use super::compare::compare;
use super::csv_file::CsvFile;
use super::data_dir::DataDir;
use super::disk::{Disk, FileDisk};
use super::open::Opened;
use super::permissions::{self, unusable_for as unusable};
use super::redb_store::RedbStore;

/// Name of the database in a data directory.
const DATABASE: &str = "lottery.redb";
/// Name of a new database until it is complete.
const PART: &str = "lottery.redb.part";
/// Name of the file with the same bets for people and other tools.
const CSV: &str = "bets.csv";

impl RedbStore {
    /// Opens `DATA_DIR/lottery.redb` and `DATA_DIR/bets.csv`, and creates what is missing. A lock keeps
    /// other servers out until the store is dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`]; [`StoreError::Differs`] if `bets.csv` holds rows
    /// that the store lacks: then nothing was changed.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        Self::open_in(DataDir::create(data_dir)?, None)
    }

    /// Opens the store as [`RedbStore::open`] does, but renames a `bets.csv` with other rows to
    /// `bets.csv.STAMP`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`].
    pub fn open_setting_aside(data_dir: &Path, stamp: &str) -> Result<Self, StoreError> {
        Self::open_in(DataDir::create(data_dir)?, Some(stamp))
    }

    fn open_in(data_dir: DataDir, stamp: Option<&str>) -> Result<Self, StoreError> {
        let place = data_dir.join(DATABASE).display().to_string();
        let csv_place = data_dir.join(CSV).display().to_string();
        let mut set_aside = None;
        // This check precedes the store's creation, so that nothing is created beside a foreign file.
        if data_dir.open_existing(DATABASE)?.is_none()
            && let Some(csv) = data_dir.open_existing(CSV)?
        {
            let compared = compare(&csv, None).map_err(|error| unusable(&csv_place, &error))?;
            if let Err(difference) = compared {
                set_aside = Some(Self::set_aside_or_reject(&data_dir, stamp, difference)?);
            }
        }
        let database = data_dir.open(DATABASE)?;
        lock(&database, &place)?;
        let disk: Arc<dyn Disk> = Arc::new(database);
        let (database, position) = Opened::first(&disk).map_err(|cause| unusable(&place, &cause))?;
        let open_csv = |csv: FileDisk| {
            CsvFile::open(Arc::new(csv), &database.redb).map_err(|error| unusable(&csv_place, &error))
        };
        let (mut csv, csv_repair) = match open_csv(data_dir.open(CSV)?)? {
            Ok(opened) => opened,
            Err(difference) => {
                set_aside = Some(Self::set_aside_or_reject(&data_dir, stamp, difference)?);
                open_csv(data_dir.open(CSV)?)?.map_err(|_| unusable(&csv_place, &"it is being written"))?
            }
        };
        data_dir.sync()?;
        let path = std::path::absolute(data_dir.join(CSV)).map_err(|error| unusable(&csv_place, &error))?;
        csv.reopen_with(Box::new(move || Ok(Arc::new(FileDisk::open(&path)?))));
        let store = Self::of(place, disk, (database, position), Some((csv, csv_repair)));
        Ok(store.in_directory(data_dir, set_aside))
    }

    /// Renames a `bets.csv` with other rows if there is a stamp; else returns [`StoreError::Differs`].
    fn set_aside_or_reject(
        data_dir: &DataDir,
        stamp: Option<&str>,
        difference: Difference,
    ) -> Result<PathBuf, StoreError> {
        match stamp {
            Some(stamp) => data_dir.set_aside(CSV, stamp),
            None => Err(StoreError::Differs {
                place: data_dir.join(CSV).display().to_string(),
                store: data_dir.join(DATABASE).display().to_string(),
                difference,
            }),
        }
    }

    /// Builds a new store of everything that `fill` commits, or none at all, and `bets.csv` with it. It
    /// replaces no data: an existing store must be empty, and `bets.csv` is treated as by
    /// [`RedbStore::open`], or with a stamp as by [`RedbStore::open_setting_aside`].
    ///
    /// # Errors
    ///
    /// The errors of `fill`, and those of opening a store; [`StoreError::NotEmpty`].
    pub fn build<E: From<StoreError>>(
        data_dir: &Path,
        stamp: Option<&str>,
        fill: impl FnOnce(&mut dyn Store) -> Result<(), E>,
    ) -> Result<Self, E> {
        let data_dir = DataDir::create(data_dir)?;
        Self::check_empty(&data_dir)?;
        // An earlier part that was not completed can go: its source still exists.
        data_dir.remove(PART)?;
        let built = Self::build_part(&data_dir, stamp, fill);
        if built.is_err() {
            data_dir.remove(PART)?;
        }
        built?;
        data_dir.rename(PART, DATABASE)?;
        Ok(Self::open_in(data_dir, stamp)?)
    }

    fn build_part<E: From<StoreError>>(
        data_dir: &DataDir,
        stamp: Option<&str>,
        fill: impl FnOnce(&mut dyn Store) -> Result<(), E>,
    ) -> Result<(), E> {
        let place = data_dir.join(PART).display().to_string();
        let disk: Arc<dyn Disk> = Arc::new(data_dir.open(PART)?);
        let opened = Opened::first(&disk).map_err(|cause| unusable(&place, &cause))?;
        let mut store = Self::of(place, disk, opened, None);
        fill(&mut store)?;
        if let (Some(csv), None) = (data_dir.open_existing(CSV)?, stamp) {
            let compared = compare(&csv, Some(store.database()?));
            let place = data_dir.join(CSV).display().to_string();
            if let Err(difference) = compared.map_err(|error| unusable(&place, &error))? {
                Self::set_aside_or_reject(data_dir, None, difference)?;
            }
        }
        Ok(())
    }

    /// Checks that there is no store, or an empty one.
    fn check_empty(data_dir: &DataDir) -> Result<(), StoreError> {
        let Some(mut store) = Self::open_alone(data_dir)? else { return Ok(()) };
        let saved = store.load()?;
        if saved == Saved::default() && store.position().rows_len == 0 {
            return Ok(());
        }
        let bets = saved.agencies.values().map(|record| record.stored).sum();
        let place = data_dir.join(DATABASE).display().to_string();
        Err(StoreError::NotEmpty { place, bets, agencies: saved.agencies.len() })
    }

    /// Opens a store for reading, while no server has it. Creates nothing, and leaves `bets.csv` alone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`].
    pub fn open_to_read(data_dir: &Path) -> Result<Self, StoreError> {
        let database = data_dir.join(DATABASE);
        std::fs::symlink_metadata(&database).map_err(|error| permissions::unusable(&database, &error))?;
        let data_dir = DataDir::existing(data_dir)?;
        let store = Self::open_alone(&data_dir)?;
        let store = store.ok_or_else(|| unusable(&database.display(), &"it is gone"))?;
        Ok(store.in_directory(data_dir, None))
    }

    /// Opens the database of a directory, if there is one, and leaves `bets.csv` alone.
    pub(super) fn open_alone(data_dir: &DataDir) -> Result<Option<Self>, StoreError> {
        let Some(disk) = data_dir.open_existing(DATABASE)? else { return Ok(None) };
        let place = data_dir.join(DATABASE).display().to_string();
        lock(&disk, &place)?;
        let disk: Arc<dyn Disk> = Arc::new(disk);
        let opened = Opened::first(&disk).map_err(|cause| unusable(&place, &cause))?;
        Ok(Some(Self::of(place, disk, opened, None)))
    }
}

/// Locks the database file too: servers of older versions have no other lock.
fn lock(database: &FileDisk, place: &str) -> Result<(), StoreError> {
    database.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::Busy { place: place.to_owned() },
        TryLockError::Error(error) => unusable(&place, &error),
    })
}
