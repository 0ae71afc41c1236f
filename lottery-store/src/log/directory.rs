//! Directory of the log's files, as the log sees it: the few operations that can fail, so that tests can make
//! them fail.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::fs::{AtFlags, renameat, unlinkat};
use rustix::io::Errno;

use crate::disk::{Disk, FileDisk, create_directory};
use crate::spares::Spares;

/// Work for another thread.
pub type Job = Box<dyn FnOnce() + Send>;

/// Directory, or a stand-in for one. Only [`Directory::sync`] makes a change of names durable.
pub trait Directory: fmt::Debug + Send + Sync {
    /// Returns the path of a file, for messages.
    fn place(&self, name: &str) -> String;

    /// Returns the names of all files, in any order.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// The operating system's error, [`io::ErrorKind::NotFound`] if there is none.
    fn open(&self, name: &str) -> io::Result<Arc<dyn Disk>>;

    /// Opens a file that is empty: a new one, or one whose content is lost.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn create(&self, name: &str) -> io::Result<Arc<dyn Disk>>;

    /// Renames a file. The one that had the new name is gone.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file, if it exists.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names of the files durable.
    ///
    /// # Errors
    ///
    /// The operating system's error. It is unknown which names are durable then.
    fn sync(&self) -> io::Result<()>;

    /// Returns a new random number, the id of a lottery.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn random(&self) -> io::Result<[u8; 16]>;

    /// Returns the number of bytes that there is room for.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    fn room(&self) -> io::Result<u64>;

    /// Keeps descriptors of files that were just closed, for those that will be opened.
    fn keep_descriptors(&self) {}

    /// Does work that nobody waits for: on another thread, whose handle is returned, or at once.
    fn start(&self, job: Job) -> Option<JoinHandle<()>>;
}

/// Directory of the operating system. It stays the same one if it is moved: nothing is done to another that takes its
/// place.
#[derive(Debug)]
pub struct FileDirectory {
    /// Path as the caller gave it.
    path: PathBuf,
    absolute: PathBuf,
    directory: File,
    spares: Spares,
}

impl FileDirectory {
    /// Opens a directory, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    pub fn create_at(path: &Path) -> io::Result<Self> {
        create_directory(path)?;
        Self::open_at(path)
    }

    /// Opens a directory that exists.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    pub fn open_at(path: &Path) -> io::Result<Self> {
        let absolute = std::path::absolute(path)?;
        let directory = File::open(&absolute)?;
        Ok(Self { path: path.to_owned(), absolute, spares: Spares::of(directory.try_clone()?), directory })
    }

    /// Opens a file, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    pub(super) fn open_or_create(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(self.open_file(name, true)?))
    }

    fn open_file(&self, name: &str, creates: bool) -> io::Result<FileDisk> {
        let path = self.absolute.join(name);
        self.spares.refill();
        self.spares.open(|| FileDisk::open_in(&self.directory, Path::new(name), path.clone(), creates))
    }
}

impl Directory for FileDirectory {
    fn place(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not UTF-8 is none of a segment.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(self.open_file(name, false)?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        let disk = self.open_file(name, true)?;
        disk.set_len(0)?;
        Ok(Arc::new(disk))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.directory, from, &self.directory, to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.directory, name, AtFlags::empty()) {
            Err(error) if error != Errno::NOENT => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.directory.sync_all()
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut random = [0; 16];
        let filled = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        if filled == random.len() { Ok(random) } else { Err(io::Error::other("too few random bytes")) }
    }

    fn room(&self) -> io::Result<u64> {
        let found = rustix::fs::fstatvfs(&self.directory)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn keep_descriptors(&self) {
        self.spares.refill();
    }

    /// Without a thread the work is not done.
    fn start(&self, job: Job) -> Option<JoinHandle<()>> {
        thread::Builder::new().name("lottery-log".to_owned()).spawn(job).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_to_a_directory_that_takes_the_place_of_the_opened_one() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("log"), dir.path().join("moved"));
        let directory = FileDirectory::create_at(&path).unwrap();
        let file = directory.create("first").unwrap();
        assert!(file.is_in_place().unwrap());
        fs::rename(&path, &moved).unwrap();
        fs::create_dir(&path).unwrap();
        for name in ["first", "second", "third"] {
            fs::write(path.join(name), "not ours").unwrap();
        }
        assert!(!file.is_in_place().unwrap());
        assert!(!directory.create("second").unwrap().is_in_place().unwrap());
        directory.rename("second", "third").unwrap();
        directory.remove("first").unwrap();
        directory.sync().unwrap();
        assert_eq!(directory.open("second").unwrap_err().kind(), io::ErrorKind::NotFound);
        let names: Vec<_> = fs::read_dir(&moved).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["third"]);
        for name in ["first", "second", "third"] {
            assert_eq!(fs::read_to_string(path.join(name)).unwrap(), "not ours");
        }
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let directory = FileDirectory::create_at(&dir.path().join("log")).unwrap();
        fs::write(dir.path().join("elsewhere"), "not ours").unwrap();
        std::os::unix::fs::symlink("../elsewhere", dir.path().join("log/link")).unwrap();
        for opened in [directory.open("link"), directory.create("link")] {
            assert_eq!(opened.unwrap_err().to_string(), "a symbolic link, expected a regular file");
        }
        assert_eq!(fs::read_to_string(dir.path().join("elsewhere")).unwrap(), "not ours");
    }
}
