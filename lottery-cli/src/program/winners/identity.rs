//! Identity of files: by device and inode, so that neither links nor other spellings of a name hide it.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Maximum number of links that are followed to a file: as many as Linux follows.
const MAX_LINKS: usize = 40;

/// Device and inode.
pub(super) type Id = (u64, u64);

pub(super) fn id(metadata: &Metadata) -> Id {
    (metadata.dev(), metadata.ino())
}

/// File that the client reads.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) what: &'static str,
    file: Option<Id>,
    /// Its directory and its name there, also if it does not exist yet.
    place: Option<(Id, OsString)>,
}

impl Input {
    /// Creates the input at that path; `-` is standard input.
    pub(super) fn new(what: &'static str, path: Option<&Path>) -> Self {
        let Some(path) = path else { return Self { what, file: None, place: None } };
        if path == Path::new("-") {
            return Self { what, file: of_descriptor(io::stdin()), place: None };
        }
        Self { what, file: fs::metadata(path).ok().map(|found| id(&found)), place: place(path) }
    }

    /// True if writing to `path` would overwrite this input.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let found = fs::metadata(path).ok().map(|found| id(&found));
        (found.is_some() && found == self.file) || self.place.is_some() && self.place == place(path)
    }
}

/// True if standard output goes to this file.
pub(super) fn is_standard_output(found: &Metadata) -> bool {
    of_descriptor(io::stdout()) == Some(id(found))
}

/// Follows symbolic links to the place of a file, which may be missing.
///
/// # Errors
///
/// There are too many of them, or the operating system's error.
pub(super) fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut end = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&end) {
            Ok(found) if found.is_symlink() => end = directory_of(&end).join(fs::read_link(&end)?),
            _ => return Ok(end),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Returns the directory of a file.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn place(path: &Path) -> Option<(Id, OsString)> {
    let directory = fs::metadata(directory_of(path)).ok()?;
    Some((id(&directory), path.file_name()?.to_owned()))
}

fn of_descriptor(descriptor: impl AsFd) -> Option<Id> {
    let file = File::from(descriptor.as_fd().try_clone_to_owned().ok()?);
    file.metadata().ok().map(|found| id(&found))
}
