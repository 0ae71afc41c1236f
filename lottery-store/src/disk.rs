//! A file as the store sees it: the few operations that can fail, so that tests can make them fail.

use std::fmt;
use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Stat, StatxFlags, fstat, makedev, openat, statat, statx,
};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

/// A file, or a stand-in for one. A lock on it lasts as long as the value.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Returns the length in bytes.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn size(&self) -> io::Result<u64>;

    /// Fills `out` from the bytes at `offset`.
    ///
    /// # Errors
    ///
    /// The operating system's error, or one that says that there are fewer bytes.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes all of `data` at `offset`. Only [`Disk::sync`] makes it durable.
    ///
    /// # Errors
    ///
    /// The operating system's error; a part may have been written.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Cuts the file, or extends it with zeros.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes everything written durable, and the length.
    ///
    /// # Errors
    ///
    /// The operating system's error. Data written since the last success may then be lost, even if a second
    /// call succeeds.
    fn sync(&self) -> io::Result<()>;

    /// True if the path that the file was opened by still leads to it: false if it was moved, replaced or
    /// deleted, or if something is mounted over it.
    ///
    /// # Errors
    ///
    /// The operating system's error, except that nothing is there.
    fn is_in_place(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Denies everybody but the owner access. The caller knows that the file is the server's own.
    fn restrict(&self) {}
}

/// A file of the operating system.
#[derive(Debug)]
pub struct FileDisk {
    file: File,
    /// Absolute path, so that a mount over the working directory is noticed.
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

/// Mode of new files: only the owner may read and write them, since they hold personal data.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

impl FileDisk {
    /// Opens a file for reading and writing. Creates it if it is missing, readable by its owner only.
    ///
    /// # Errors
    ///
    /// The operating system's error; [`ErrorKind::Unsupported`] if it is not a regular file with a single
    /// name. It follows no symbolic link, and opens no file that has another name, which may be somebody
    /// else's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        Self::open_in(CWD, &path, path.clone(), true)
    }

    /// Opens a file as [`FileDisk::open`] does, but does not create it.
    ///
    /// # Errors
    ///
    /// The same, and [`ErrorKind::NotFound`].
    pub fn open_existing(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        Self::open_in(CWD, &path, path.clone(), false)
    }

    /// Opens a file in an open directory, wherever that is by now, as [`FileDisk::open`] or, unless `creates`,
    /// [`FileDisk::open_existing`] does. `path` is the absolute path of the file.
    ///
    /// # Errors
    ///
    /// The same.
    pub(super) fn open_in(
        directory: impl AsFd,
        name: &Path,
        path: PathBuf,
        creates: bool,
    ) -> io::Result<Self> {
        // The flags keep `open` from following a link, or waiting at a pipe, that appeared after the check.
        let find = || statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW).ok();
        let found = find();
        if let Some(found) = &found {
            check_kind(found)?;
        }
        let created = if creates { OFlags::CREATE } else { OFlags::empty() };
        let safely = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let mode = Mode::from_bits_truncate(FILE_MODE);
        let opened = retry_on_intr(|| openat(&directory, name, OFlags::RDWR | safely | created, mode));
        let file = File::from(opened.map_err(|error| {
            // An object that appeared in between is reported like one that was there before.
            find().and_then(|now| check_kind(&now).err()).unwrap_or(error.into())
        })?);
        check_kind(&fstat(&file)?)?;
        if found.is_none() && geteuid().is_root() {
            give_to_owner_of_directory(&file, &path);
        }
        let identity = Seen::by_descriptor(&file)?.identity;
        Ok(Self { file, path, identity })
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

/// Gives a file or directory that root creates to the owner of the directory above it, as whom the server may run. The server could
/// not open it otherwise.
fn give_to_owner_of_directory(file: &File, path: &Path) {
    if let Some(directory) = path.parent().and_then(|parent| std::fs::metadata(parent).ok()) {
        let _ = fchown(file, Some(directory.uid()), Some(directory.gid()));
    }
}

/// Properties of a file that change neither with its times nor by being looked at.
///
/// Times are not asked for: since Linux 6.13 a file whose times were seen gets new ones with its next write, however soon
/// that is, and a sync on ext4 without a journal writes them each time, after the data.
struct Seen {
    /// Device and inode.
    identity: (u64, u64),
    size: u64,
}

impl Seen {
    fn by_descriptor(file: &File) -> io::Result<Self> {
        Self::at(file, Path::new(""), AtFlags::EMPTY_PATH)
    }

    fn by_path(path: &Path) -> io::Result<Self> {
        Self::at(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn at(directory: impl AsFd, path: &Path, flags: AtFlags) -> io::Result<Self> {
        match statx(&directory, path, flags, StatxFlags::INO | StatxFlags::SIZE) {
            Ok(found) => {
                let device = makedev(found.stx_dev_major, found.stx_dev_minor);
                Ok(Self { identity: (device, found.stx_ino), size: found.stx_size })
            }
            // Forbidden by a container of an old version.
            Err(Errno::NOSYS) => {
                let found = statat(&directory, path, flags)?;
                let size = u64::try_from(found.st_size).map_err(io::Error::other)?;
                Ok(Self { identity: (found.st_dev, found.st_ino), size })
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn check_kind(found: &Stat) -> io::Result<()> {
    let kind = FileType::from_raw_mode(found.st_mode);
    let problem = if kind.is_symlink() {
        "a symbolic link, expected a regular file".to_owned()
    } else if !kind.is_file() {
        "not a regular file".to_owned()
    } else if found.st_nlink > 1 {
        format!("a file with {} names (hard links), expected one of its own", found.st_nlink)
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::Unsupported, problem))
}

impl Drop for FileDisk {
    fn drop(&mut self) {
        // Closing is not enough while a process that is being started has a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

impl Disk for FileDisk {
    fn size(&self) -> io::Result<u64> {
        Ok(Seen::by_descriptor(&self.file)?.size)
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
        match Seen::by_path(&self.path) {
            Ok(found) => Ok(found.identity == self.identity),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn restrict(&self) {
        if self.file.metadata().is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
            // The mode stays as it is if this process may write the file but does not own it.
            let _ = self.file.set_permissions(Permissions::from_mode(FILE_MODE));
        }
    }
}

/// Creates a directory and those above it, and makes their names durable. New ones are open to their owner
/// only; an existing one keeps its mode.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let existing = path.ancestors().find(|above| above.is_dir());
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&path)?;
    if existing.is_some_and(|existing| existing != path) && geteuid().is_root() {
        give_to_owner_of_directory(&File::open(&path)?, &path);
    }
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

/// True if an error of a write says that the disk, the quota or the largest file size is used up.
pub(super) fn is_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// Makes the names of the files in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_disk_is_unlocked_though_its_descriptor_was_copied() {
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
    fn syncing_a_missing_directory_fails() {
        let dir = tempfile::tempdir().unwrap();
        let missing = sync_directory(&dir.path().join("missing")).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        sync_directory(dir.path()).unwrap();
    }
}
