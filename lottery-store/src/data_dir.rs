//! The data directory, and the lock that keeps a second server out of it.
//!
//! The lock is a file of its own, `lottery.lock`, so that the store's files can be replaced as a whole
//! while it is held. Every commit checks its path: if the directory was moved, the file deleted, or
//! something mounted over it, a second server may start there, and the first must not acknowledge anything
//! any more.

use std::fs::{self, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use lottery_core::store::StoreError;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::disk::{Disk, FileDisk, create_directory, sync_directory};
use super::permissions;

const LOCK: &str = "lottery.lock";

/// Data directory that this process has locked, until it is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    /// Path as the caller gave it.
    path: PathBuf,
    lock: FileDisk,
}

impl DataDir {
    /// Creates the directory if it is missing, and locks it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] and [`StoreError::Unusable`].
    pub(crate) fn create(path: &Path) -> Result<Self, StoreError> {
        create_directory(path).map_err(|error| permissions::unusable(path, &error))?;
        Self::lock(path)
    }

    /// Locks a directory that must exist.
    ///
    /// # Errors
    ///
    /// The same as [`DataDir::create`].
    pub(crate) fn existing(path: &Path) -> Result<Self, StoreError> {
        fs::metadata(path).map_err(|error| permissions::unusable(path, &error))?;
        Self::lock(path)
    }

    fn lock(path: &Path) -> Result<Self, StoreError> {
        let file = path.join(LOCK);
        let unusable = |error| permissions::unusable(&file, &error);
        let lock = FileDisk::open(&file).map_err(unusable)?;
        let busy = || StoreError::Busy { place: file.display().to_string() };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Ok(()) => {}
        }
        // A file replaced between the two calls means that another process may hold the new one.
        if !lock.is_in_place().map_err(unusable)? {
            return Err(busy());
        }
        Ok(Self { path: path.to_owned(), lock })
    }

    /// True if a process has locked the directory. Nothing is created, and no lock is held then.
    pub(crate) fn is_locked(path: &Path) -> bool {
        let lock = FileDisk::open_existing(&path.join(LOCK));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Returns the path of a file in the directory.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Returns the path of the lock file, for messages.
    pub(crate) fn lock_place(&self) -> String {
        self.join(LOCK).display().to_string()
    }

    /// Returns the lock file. The directory is in its place if and only if this file is.
    pub(crate) fn lock_file(&self) -> &FileDisk {
        &self.lock
    }

    /// Opens a file in the directory, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`], also for a link and for anything else that is not a regular file with one
    /// name.
    pub(crate) fn open(&self, name: &str) -> Result<FileDisk, StoreError> {
        let path = self.join(name);
        FileDisk::open(&path).map_err(|error| permissions::unusable(&path, &error))
    }

    /// Opens a file in the directory; `None` if it is missing.
    ///
    /// # Errors
    ///
    /// The same as [`DataDir::open`].
    pub(crate) fn open_existing(&self, name: &str) -> Result<Option<FileDisk>, StoreError> {
        let path = self.join(name);
        match FileDisk::open_existing(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(permissions::unusable(&path, &error)),
        }
    }

    /// Makes the names of the directory's files durable.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`].
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        sync_directory(&self.path).map_err(|error| permissions::unusable(&self.path, &error))
    }

    /// Renames a file or directory, durably.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`].
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let to = self.join(to);
        fs::rename(self.join(from), &to).map_err(|error| permissions::unusable(&to, &error))?;
        self.sync()
    }

    /// Renames a file to `NAME.STAMP`, or if that exists to `NAME.STAMP.2` and so on, durably. Returns the
    /// new path.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`].
    pub(crate) fn set_aside(&self, name: &str, stamp: &str) -> Result<PathBuf, StoreError> {
        let from = self.join(name);
        let mut to = self.join(&format!("{name}.{stamp}"));
        for nth in 2.. {
            match rename_to_new(&from, &to) {
                Err(Errno::EXIST) => to = self.join(&format!("{name}.{stamp}.{nth}")),
                Err(error) => return Err(permissions::unusable(&from, &error.into())),
                Ok(()) => break,
            }
        }
        self.sync()?;
        Ok(to)
    }
}

/// Renames a file, unless the new name exists.
fn rename_to_new(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems do not support the flag. A hard link and an unlink do the same in two steps.
        Err(Errno::INVAL | Errno::NOSYS) => {
            rustix::fs::link(from, to)?;
            rustix::fs::unlink(from)
        }
        result => result,
    }
}
