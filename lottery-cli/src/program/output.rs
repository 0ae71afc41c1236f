//! File that a command writes: whole or not at all, and over an existing one only by force.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::config::Output;

/// Destination of the output.
#[derive(Debug)]
pub(super) enum Target {
    StandardOutput(io::Stdout),
    /// A file that is written beside its place, readable by its owner only, and renamed at the end.
    File {
        part: NamedTempFile,
        path: PathBuf,
        force: bool,
    },
}

impl Target {
    /// Creates the destination; `-` is standard output. It must not be in the data directory, whose files
    /// are the store's.
    ///
    /// # Errors
    ///
    /// A file exists there and may not be replaced, or none can be created.
    pub(super) fn new(output: &Output, data_dir: &Path) -> io::Result<Self> {
        let path = &output.path;
        if path == Path::new("-") {
            return Ok(Self::StandardOutput(io::stdout()));
        }
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        if path.file_name().is_none() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "expected the name of a file"));
        }
        let is_inside = |data_dir: PathBuf| {
            fs::canonicalize(directory).is_ok_and(|directory| directory.starts_with(data_dir))
        };
        if fs::canonicalize(data_dir).is_ok_and(is_inside) {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "in the data directory, expected a place outside",
            ));
        }
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() => {
                return Err(io::Error::new(ErrorKind::AlreadyExists, "it exists and is no regular file"));
            }
            Ok(_) if !output.force => {
                return Err(io::Error::new(ErrorKind::AlreadyExists, "it exists; --force replaces it"));
            }
            _ => {}
        }
        let part = tempfile::Builder::new().prefix(".lottery-").suffix(".part").tempfile_in(directory)?;
        Ok(Self::File { part, path: path.clone(), force: output.force })
    }

    /// Moves the complete file to its place, durably.
    ///
    /// # Errors
    ///
    /// The operating system's error; or a file has appeared there meanwhile.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::StandardOutput(mut output) => output.flush(),
            Self::File { part, path, force } => {
                part.as_file().sync_all()?;
                let persisted = if force { part.persist(&path) } else { part.persist_noclobber(&path) };
                persisted.map_err(|error| error.error)?;
                let directory = path.parent().filter(|parent| *parent != Path::new(""));
                File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::StandardOutput(output) => output.write(bytes),
            Self::File { part, .. } => part.as_file_mut().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::StandardOutput(output) => output.flush(),
            Self::File { part, .. } => part.as_file_mut().flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn output(path: &Path, force: bool) -> Output {
        Output { path: path.to_owned(), force }
    }

    #[test]
    fn an_output_file_is_whole_or_absent_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b");
        let mut target = Target::new(&output(&path, false), Path::new("/nowhere")).unwrap();
        target.write_all(b"first").unwrap();
        assert!(!path.exists());
        drop(target);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
        let mut target = Target::new(&output(&path, false), Path::new("/nowhere")).unwrap();
        target.write_all(b"first").unwrap();
        target.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_existing_file_is_replaced_only_by_force() {
        let dir = tempfile::tempdir().unwrap();
        let (path, data_dir) = (dir.path().join("b"), dir.path().join("data"));
        fs::create_dir(&data_dir).unwrap();
        // Another program creates the file meanwhile.
        let late = Target::new(&output(&path, false), &data_dir).unwrap();
        fs::write(&path, "mine").unwrap();
        assert_eq!(late.finish().unwrap_err().kind(), ErrorKind::AlreadyExists);
        let rejected = |path: &Path, force, says: &str| {
            let error = Target::new(&output(path, force), &data_dir).unwrap_err().to_string();
            assert_eq!(error, says);
        };
        rejected(&path, false, "it exists; --force replaces it");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        let mut target = Target::new(&output(&path, true), &data_dir).unwrap();
        target.write_all(b"new").unwrap();
        target.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        symlink(&path, dir.path().join("link")).unwrap();
        rejected(&dir.path().join("link"), true, "it exists and is no regular file");
        symlink(&data_dir, dir.path().join("other")).unwrap();
        fs::create_dir(data_dir.join("log")).unwrap();
        for inside in ["other/bets.csv", "other/log/00000001.log"] {
            rejected(&dir.path().join(inside), true, "in the data directory, expected a place outside");
        }
        rejected(Path::new("/"), true, "expected the name of a file");
    }
}
