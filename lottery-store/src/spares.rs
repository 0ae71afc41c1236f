//! Descriptors that are kept for the store: connections may take all others, and the store still has to open its
//! files.

use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

/// Number of descriptors: a segment of the writer, one of each reader, `bets.csv`, and some that others may take
/// while they change hands.
const SPARES: usize = 8;

/// Descriptors that are kept.
#[derive(Debug)]
pub(super) struct Spares {
    /// File of which they are copies.
    file: File,
    kept: Mutex<Vec<File>>,
}

impl Spares {
    /// Keeps as many descriptors as there are, copies of that of `file`.
    pub(super) fn of(file: File) -> Self {
        let spares = Self { file, kept: Mutex::default() };
        spares.refill();
        spares
    }

    /// Opens something, with a kept descriptor if no other is free.
    ///
    /// # Errors
    ///
    /// Those of `open`.
    pub(super) fn open<T>(&self, mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            let error = match open() {
                Err(error) if is_out_of_descriptors(&error) => error,
                opened => return opened,
            };
            // Another thread may be faster with the descriptor that becomes free: then the next one is given up.
            if self.kept().pop().is_none() {
                return Err(error);
            }
        }
    }

    /// Keeps descriptors that have become free in place of those that were used.
    pub(super) fn refill(&self) {
        let mut kept = self.kept();
        while kept.len() < SPARES
            && let Ok(copy) = self.file.try_clone()
        {
            kept.push(copy);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<File>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out_of_descriptors() -> io::Error {
        Errno::MFILE.into()
    }

    #[test]
    fn each_lack_of_a_descriptor_closes_one_that_was_kept() {
        let spares = Spares::of(tempfile::tempfile().unwrap());
        let mut failures = 3;
        let opened = spares.open(|| {
            failures -= 1;
            if failures > 0 { Err(out_of_descriptors()) } else { Ok(7) }
        });
        assert_eq!((opened.unwrap(), spares.kept().len()), (7, SPARES - 2));
        spares.refill();
        assert_eq!(spares.kept().len(), SPARES);
    }

    #[test]
    fn an_error_is_returned_without_a_kept_descriptor_or_for_another_failure() {
        let spares = Spares::of(tempfile::tempfile().unwrap());
        let missing = spares.open(|| -> io::Result<()> { Err(Errno::NOENT.into()) }).unwrap_err();
        assert_eq!((missing.kind(), spares.kept().len()), (io::ErrorKind::NotFound, SPARES));
        let mut calls = 0;
        let error = spares.open(|| -> io::Result<()> {
            calls += 1;
            Err(out_of_descriptors())
        });
        assert!(is_out_of_descriptors(&error.unwrap_err()));
        assert_eq!((calls, spares.kept().len()), (SPARES + 1, 0));
    }
}
