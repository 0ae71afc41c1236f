//! Opening of the log in a data directory, and building of a new one from known contents.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lottery_core::store::{Difference, Saved, Store, StoreError};

use super::ahead::Sizes;
use super::directory::{Directory as _, FileDirectory};
use super::rows::LogRows;
use super::segment;
use super::store::LogStore;
use crate::compare::{Rows, Spot, compare};
use crate::csv_file::{CsvFile, CsvRepair};
use crate::data_dir::DataDir;
use crate::permissions::{self, unusable_for};

/// Name of the directory of the log in a data directory.
pub(super) const LOG: &str = "log";
/// Name of a new log until it is complete.
const PART: &str = "log.part";
/// Name of the file with the same bets for people and other tools.
pub(super) const CSV: &str = "bets.csv";
/// Name of the database of earlier versions.
const DATABASE: &str = "lottery.redb";

impl LogStore {
    /// Opens `DATA_DIR/log/` and `DATA_DIR/bets.csv`, and creates what is missing. A lock keeps other servers
    /// out until the store is dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`]; [`StoreError::Differs`] if `bets.csv` holds rows
    /// that the store lacks: then nothing was changed.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        Self::open_in(DataDir::create(data_dir)?, None)
    }

    /// Opens the store as [`LogStore::open`] does, but renames a `bets.csv` with other rows to
    /// `bets.csv.STAMP`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`].
    pub fn open_setting_aside(data_dir: &Path, stamp: &str) -> Result<Self, StoreError> {
        Self::open_in(DataDir::create(data_dir)?, Some(stamp))
    }

    fn open_in(data_dir: DataDir, stamp: Option<&str>) -> Result<Self, StoreError> {
        let csv_place = data_dir.join(CSV).display().to_string();
        let unusable = |error: io::Error| unusable_for(&csv_place, &error);
        let mut set_aside = None;
        // This check precedes the log's creation, so that nothing is created beside a foreign file.
        if !exists(&data_dir)? {
            reject_database(&data_dir)?;
            if let Some(csv) = data_dir.open_existing(CSV)?
                && let Err(difference) = compare(&csv, None, Spot::default()).map_err(unusable)?
            {
                set_aside = Some(set_aside_or_reject(&data_dir, stamp, difference)?);
            }
        }
        let store = Self::open_log(directory(&data_dir, LOG)?, Sizes::default())?;
        let open_csv = || -> Result<Result<(CsvFile, CsvRepair), Difference>, StoreError> {
            let rows = &mut LogRows::new(store.published());
            CsvFile::open(Arc::new(data_dir.open(CSV)?), rows, Sizes::default().compared).map_err(unusable)
        };
        let (mut csv, repair) = match open_csv()? {
            Ok(opened) => opened,
            Err(difference) => {
                set_aside = Some(set_aside_or_reject(&data_dir, stamp, difference)?);
                open_csv()?.map_err(|_| unusable_for(&csv_place, &"it is being written"))?
            }
        };
        data_dir.sync()?;
        let files = FileDirectory::open_at(&data_dir.join("")).map_err(unusable)?;
        csv.reopen_with(Box::new(move || files.open_or_create(CSV)));
        Ok(store.in_directory(data_dir, Some((csv, repair)), set_aside))
    }

    /// Builds a new store of everything that `fill` commits, or none at all, and `bets.csv` with it. It
    /// replaces no data: an existing store must be empty, and `bets.csv` is treated as by [`LogStore::open`],
    /// or with a stamp as by [`LogStore::open_setting_aside`].
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
        check_empty(&data_dir)?;
        // An earlier part that was not completed can go: its source still exists.
        remove(&data_dir, PART)?;
        let built = build_part(&data_dir, stamp, fill);
        if built.is_err() {
            remove(&data_dir, PART)?;
        }
        built?;
        // It holds nothing.
        remove(&data_dir, LOG)?;
        data_dir.rename(PART, LOG)?;
        Ok(Self::open_in(data_dir, stamp)?)
    }

    /// Opens a store for reading, while no server has it. Changes nothing, and leaves `bets.csv` alone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`].
    pub fn open_to_read(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join(LOG);
        fs::symlink_metadata(&path).map_err(|error| permissions::unusable(&path, &error))?;
        let data_dir = DataDir::existing(data_dir)?;
        let store = Self::open_to_look(directory(&data_dir, LOG)?)?;
        let store = store.ok_or_else(|| unusable_for(&path.display(), &"it holds no segment"))?;
        Ok(store.in_directory(data_dir, None, None))
    }
}

/// Opens a directory of segments. A link is not followed.
fn directory(data_dir: &DataDir, name: &str) -> Result<Arc<FileDirectory>, StoreError> {
    let path = data_dir.join(name);
    let unusable = |error: io::Error| permissions::unusable(&path, &error);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.file_type().is_symlink() => {
            return Err(unusable_for(&path.display(), &"a symbolic link, expected a directory"));
        }
        Ok(found) if !found.is_dir() => {
            return Err(unusable_for(&path.display(), &"not a directory"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    Ok(Arc::new(FileDirectory::create_at(&path).map_err(unusable)?))
}

/// True if there is a log.
fn exists(data_dir: &DataDir) -> Result<bool, StoreError> {
    let path = data_dir.join(LOG);
    match FileDirectory::open_at(&path).and_then(|directory| directory.names()) {
        Ok(names) => Ok(names.iter().any(|name| segment::number(name).is_some())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        // An object in the way is named when it is opened.
        Err(_) => directory(data_dir, LOG).map(|_| true),
    }
}

/// Rejects a directory that has the database of an earlier version, and no log.
fn reject_database(data_dir: &DataDir) -> Result<(), StoreError> {
    let path = data_dir.join(DATABASE);
    if fs::symlink_metadata(&path).is_err() {
        return Ok(());
    }
    let cause = "the store of an earlier version, which this one does not read: with the earlier version `backup FILE`, \
                 with this one `--data-dir NEW-DIR restore FILE`";
    Err(unusable_for(&path.display(), &cause))
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
            store: data_dir.join(LOG).display().to_string(),
            difference,
        }),
    }
}

/// Checks that there is no log, or an empty one.
fn check_empty(data_dir: &DataDir) -> Result<(), StoreError> {
    if !exists(data_dir)? {
        return reject_database(data_dir);
    }
    let Some(mut store) = LogStore::open_to_look(directory(data_dir, LOG)?)? else { return Ok(()) };
    let saved = store.load()?;
    if saved == Saved::default() && store.rows_len() == 0 {
        return Ok(());
    }
    let bets = saved.agencies.values().map(|record| record.stored).sum();
    Err(StoreError::NotEmpty { place: store.place().to_owned(), bets, agencies: saved.agencies.len() })
}

fn build_part<E: From<StoreError>>(
    data_dir: &DataDir,
    stamp: Option<&str>,
    fill: impl FnOnce(&mut dyn Store) -> Result<(), E>,
) -> Result<(), E> {
    let mut store = LogStore::open_log(directory(data_dir, PART)?, Sizes::default())?;
    fill(&mut store)?;
    if let (Some(csv), None) = (data_dir.open_existing(CSV)?, stamp) {
        let rows: &mut dyn Rows = &mut LogRows::new(store.published());
        let place = data_dir.join(CSV).display().to_string();
        if let Err(difference) =
            compare(&csv, Some(rows), Spot::default()).map_err(|error| unusable_for(&place, &error))?
        {
            set_aside_or_reject(data_dir, None, difference)?;
        }
    }
    Ok(())
}

/// Removes a directory of segments, if it exists.
fn remove(data_dir: &DataDir, name: &str) -> Result<(), StoreError> {
    let path = data_dir.join(name);
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(permissions::unusable(&path, &error)),
        _ => Ok(()),
    }
}
