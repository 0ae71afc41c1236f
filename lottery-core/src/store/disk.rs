//! A file as the store sees it: the few operations that can fail, so that tests can make them fail.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A file, or what stands in for one. It is locked, if at all, for as long as it lives.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn size(&self) -> io::Result<u64>;

    /// Fills `out` from the bytes at `offset`.
    ///
    /// # Errors
    ///
    /// What the system says, and if there are fewer bytes.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes all of `data` at `offset`. Only [`Disk::sync`] makes it durable.
    ///
    /// # Errors
    ///
    /// What the system says; a part may have been written.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Cuts the file, or makes it longer with zeros.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes durable whatever was written, and the length.
    ///
    /// # Errors
    ///
    /// What the system says. What was written since the last success is then lost or not, and a second call that
    /// succeeds means nothing.
    fn sync(&self) -> io::Result<()>;
}

/// A file of the operating system.
#[derive(Debug)]
pub struct FileDisk {
    file: File,
}

impl FileDisk {
    /// Opens a file for reading and writing, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self { file })
    }

    /// Keeps every other process, and every other `FileDisk`, from locking the same file until this one is dropped.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it is locked already.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.file.try_lock()
    }
}

impl Drop for FileDisk {
    fn drop(&mut self) {
        // Closing would do, if no process that is just being started had a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

impl Disk for FileDisk {
    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, offset)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Creates a directory and those above it, durably: the names too.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let existing = path.ancestors().find(|above| above.is_dir());
    std::fs::create_dir_all(&path)?;
    for above in path.ancestors().skip(1) {
        if existing == Some(path.as_path()) {
            break;
        }
        sync_directory(above)?;
        if existing == Some(above) {
            break;
        }
    }
    Ok(())
}

/// Makes the names of the files in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_goes_with_the_disk_though_somebody_has_a_copy_of_the_descriptor() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("locked");
        let first = FileDisk::open(&path).unwrap();
        first.try_lock().unwrap();
        let _copy = first.file.try_clone().unwrap();
        let second = FileDisk::open(&path).unwrap();
        assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        second.try_lock().unwrap();
    }

    #[test]
    fn names_in_no_directory_are_not_made_durable() {
        let dir = tempfile::tempdir().unwrap();
        let missing = sync_directory(&dir.path().join("missing")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        sync_directory(dir.path()).unwrap();
    }
}
