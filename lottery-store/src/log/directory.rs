//! Directory of the log's files, as the log sees it: the few operations that can fail, so that tests can make
//! them fail.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::disk::{Disk, FileDisk, create_directory, sync_directory};

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

    /// Does work that nobody waits for: on another thread, whose handle is returned, or at once.
    fn start(&self, job: Job) -> Option<JoinHandle<()>>;
}

/// Directory of the operating system.
#[derive(Debug)]
pub struct FileDirectory {
    path: PathBuf,
}

impl FileDirectory {
    /// Opens a directory, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    pub fn create_at(path: &Path) -> io::Result<Self> {
        create_directory(path)?;
        Ok(Self::at(path))
    }

    /// Opens a directory that exists, or will exist when it is used.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
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
        Ok(Arc::new(FileDisk::open_existing(&self.path.join(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        let disk = FileDisk::open(&self.path.join(name))?;
        disk.set_len(0)?;
        Ok(Arc::new(disk))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        sync_directory(&self.path)
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut random = [0; 16];
        let filled = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        if filled == random.len() { Ok(random) } else { Err(io::Error::other("too few random bytes")) }
    }

    fn room(&self) -> io::Result<u64> {
        let found = rustix::fs::statvfs(&self.path)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Without a thread the work is not done.
    fn start(&self, job: Job) -> Option<JoinHandle<()>> {
        thread::Builder::new().name("lottery-log".to_owned()).spawn(job).ok()
    }
}
