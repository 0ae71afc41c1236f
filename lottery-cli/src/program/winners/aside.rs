//! File that is written beside its place and renamed when it is whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::WinnersError;
use super::identity::{directory_of, id};

/// Maximum number of clients that may be about to write to one place: one that takes over from another, and
/// some more.
const CLIENTS: u32 = 9;

/// Returns the possible names of a file while it is written, of which the first free one is used:
/// `FILE.part`, `FILE.2.part` and so on.
pub(super) fn names_beside(target: &Path) -> io::Result<Vec<PathBuf>> {
    let name = target.file_name().ok_or_else(|| io::Error::other("expected the name of a file"))?;
    let beside = |nth| {
        let mut part = name.to_owned();
        part.push(if nth == 1 { ".part".to_owned() } else { format!(".{nth}.part") });
        target.with_file_name(part)
    };
    Ok((1..=CLIENTS).map(beside).collect())
}

/// File that is being written. It is removed if it is not finished.
#[derive(Debug)]
pub(super) struct Aside {
    target: PathBuf,
    part: PathBuf,
    file: File,
    force: bool,
    keep: bool,
}

impl Aside {
    /// Creates the first of `parts` that no other client has. A file left behind by a killed client is used
    /// again.
    ///
    /// # Errors
    ///
    /// Other clients have all of them, the file is not empty and may not be replaced, or it cannot be
    /// written.
    pub(super) fn open(target: PathBuf, parts: Vec<PathBuf>, force: bool) -> Result<Self, WinnersError> {
        for part in parts {
            if let Some(file) = take(&part)? {
                let found = file.metadata().map_err(WinnersError::unwritable(&part))?;
                if found.len() > 0 && !force {
                    return Err(WinnersError::NotEmpty { path: part });
                }
                return Ok(Self { target, part, file, force, keep: false });
            }
        }
        Err(WinnersError::Busy { path: target })
    }

    /// Writes the file, and moves it to its place.
    ///
    /// # Errors
    ///
    /// The file could not be written, or it is whole but stays beside its place.
    pub(super) fn finish(mut self, bytes: &[u8]) -> Result<(), WinnersError> {
        let written = self.file.set_len(0).and_then(|()| self.file.write_all(bytes));
        written.and_then(|()| self.file.sync_all()).map_err(WinnersError::unwritable(&self.target))?;
        self.keep = true;
        self.put_in_place().map_err(|why| {
            let (path, part) = (self.target.clone(), self.part.clone());
            WinnersError::LeftAside { path, part, why }
        })
    }

    fn put_in_place(&self) -> Result<(), String> {
        if let Ok(found) = fs::metadata(&self.target) {
            if found.len() > 0 && !self.force {
                return Err("it is not empty any more".to_owned());
            }
            // The file replaced keeps its permissions: its creator decided them.
            let _ = self.file.set_permissions(found.permissions());
        }
        fs::rename(&self.part, &self.target).map_err(|error| error.to_string())?;
        if let Ok(directory) = File::open(directory_of(&self.target)) {
            // It is in its place; only a power cut could still undo that.
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// Takes a file for this client alone; `None` if another client has it.
fn take(part: &Path) -> Result<Option<File>, WinnersError> {
    loop {
        let Some(file) = create(part).map_err(WinnersError::unwritable(part))? else { continue };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            // Some file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let found = file.metadata().map_err(WinnersError::unwritable(part))?;
        if fs::symlink_metadata(part).is_ok_and(|there| id(&there) == id(&found)) {
            return Ok(Some(file));
        }
        // The other client renamed or removed the file before it could be locked.
    }
}

/// Opens a regular file, or creates one that only its owner can read: documents are personal data. Returns
/// `None` if it was removed meanwhile.
fn create(part: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.write(true).mode(0o600);
    match options.clone().create_new(true).open(part) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        result => return result.map(Some),
    }
    let opened = fs::symlink_metadata(part).and_then(|there| {
        // Writing through a link would write another file.
        if there.is_file() { options.open(part) } else { Err(io::Error::other("it exists and is no file")) }
    });
    match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}
