//! A file as the store sees it: the few operations that can fail, so that tests can make them fail.

use std::fmt;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

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

    /// Whether the path that it was opened by still leads to it: it may have been moved, replaced or deleted, or
    /// something be mounted over it.
    ///
    /// # Errors
    ///
    /// What the system says, unless that nothing is there.
    fn is_in_place(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// It is known to be ours: from now on nobody but its owner may read it.
    fn restrict(&self) {}
}

/// A file of the operating system.
#[derive(Debug)]
pub struct FileDisk {
    file: File,
    /// Absolute, so that what is mounted over the working directory is seen.
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

/// Who may read and write what we create: its owner. It holds personal data.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

impl FileDisk {
    /// Opens a file for reading and writing, and creates it if it is missing: then nobody but its owner may read it.
    ///
    /// # Errors
    ///
    /// What the system says; [`ErrorKind::Unsupported`] if it is no regular file with a single name. A symbolic link is
    /// not followed, and a file that belongs to somebody else by another name is not opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, OpenOptions::new().create(true).truncate(false))
    }

    /// As [`FileDisk::open`], if it is there.
    ///
    /// # Errors
    ///
    /// As there, and [`ErrorKind::NotFound`].
    pub fn open_existing(path: &Path) -> io::Result<Self> {
        Self::open_with(path, &mut OpenOptions::new())
    }

    fn open_with(path: &Path, options: &mut OpenOptions) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        // The flags keep `open` from following a link or waiting at a pipe that came between.
        let found = std::fs::symlink_metadata(&path).ok();
        if let Some(found) = &found {
            check_kind(found)?;
        }
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).expect("flags of open fit");
        let opened = options.read(true).write(true).mode(FILE_MODE).custom_flags(flags).open(&path);
        let file = opened.map_err(|error| {
            // What came between is named as what was there before.
            let now = std::fs::symlink_metadata(&path).ok();
            now.and_then(|now| check_kind(&now).err()).unwrap_or(error)
        })?;
        let metadata = file.metadata()?;
        check_kind(&metadata)?;
        if found.is_none() && geteuid().is_root() {
            give_to_owner_of_directory(&file, &path);
        }
        Ok(Self { file, path, identity: identity(&metadata) })
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

/// What root creates for a centre that runs as somebody else must be that one's: it could not be opened any more.
fn give_to_owner_of_directory(file: &File, path: &Path) {
    if let Some(directory) = path.parent().and_then(|parent| std::fs::metadata(parent).ok()) {
        let _ = fchown(file, Some(directory.uid()), Some(directory.gid()));
    }
}

/// Device and inode.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn check_kind(metadata: &Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    let problem = if kind.is_symlink() {
        "a symbolic link, expected a regular file".to_owned()
    } else if !kind.is_file() {
        "not a regular file".to_owned()
    } else if metadata.nlink() > 1 {
        format!("a file with {} names (hard links), expected one of its own", metadata.nlink())
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::Unsupported, problem))
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

    fn is_in_place(&self) -> io::Result<bool> {
        match std::fs::symlink_metadata(&self.path) {
            Ok(found) => Ok(identity(&found) == self.identity),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn restrict(&self) {
        if self.file.metadata().is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
            // Who may write it but is not its owner leaves it as it is.
            let _ = self.file.set_permissions(Permissions::from_mode(FILE_MODE));
        }
    }
}

/// Creates a directory and those above it, durably: the names too. Nobody but its owner may look into it; one that is
/// there is left as it is.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let existing = path.ancestors().find(|above| above.is_dir());
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&path)?;
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
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        sync_directory(dir.path()).unwrap();
    }
}
