//! `bets.csv`: the rows of all durable batches, one after another, for people and other tools to read.
//!
//! It follows the store and is never waited for: it is not synced, and if it cannot be written the commit stands and
//! the file is behind until a later commit, or the next start, finds it writable. A start compares all of it.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use redb::Database;

use super::watched::is_no_room;
use super::{Disk, tables};

/// What a start found in `bets.csv`, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CsvRepair {
    /// What was there and is what the store holds.
    pub kept: u64,
    /// What came after them and was not what the store holds: a torn row, or another hand's.
    pub cut: u64,
    /// Rows of the store that were missing.
    pub appended: u64,
}

/// The file, and how far it is.
#[derive(Debug)]
pub(super) struct CsvFile {
    disk: Arc<dyn Disk>,
    /// End of the last whole value of the store.
    len: u64,
    /// Sequence number of the value that comes there.
    next: u64,
    /// There may be something after `len`.
    torn: bool,
}

impl CsvFile {
    /// Makes the file equal to the store, as far as there is room.
    pub(super) fn open(disk: Arc<dyn Disk>, database: &Database) -> io::Result<(Self, CsvRepair)> {
        let size = disk.size()?;
        let mut file = Self { disk, len: 0, next: 0, torn: false };
        file.skip_equal(size, database)?;
        let kept = file.len;
        file.torn = size > kept;
        match file.catch_up(database) {
            Err(error) if !is_no_room(&error) => Err(error),
            _ => {
                let cut = if file.torn { 0 } else { size - kept };
                let repair = CsvRepair { kept, cut, appended: file.len - kept };
                Ok((file, repair))
            }
        }
    }

    /// Appends values that come next in the store. After an error the file is behind, and ends with a whole row unless
    /// it could not even be cut.
    pub(super) fn append(&mut self, values: &[String]) -> io::Result<()> {
        self.cut_torn()?;
        let written = values.iter().try_for_each(|rows| self.write(rows));
        // If this fails too, the next call tries again before it writes.
        let _ = self.cut_torn();
        written
    }

    /// Appends what the store holds and the file does not. Errors are as those of [`CsvFile::append`].
    pub(super) fn catch_up(&mut self, database: &Database) -> io::Result<()> {
        self.cut_torn()?;
        let mut written = Ok(());
        let read = tables::batches(database, self.next, |_, rows| {
            written = self.write(rows);
            if written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let _ = self.cut_torn();
        written.and(read.map_err(io::Error::other))
    }

    /// Bytes of the store's rows in the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    fn write(&mut self, rows: &str) -> io::Result<()> {
        let written = self.disk.write(self.len, rows.as_bytes());
        if written.is_ok() {
            self.len += rows.len() as u64;
            self.next += 1;
        } else {
            self.torn = true;
        }
        written
    }

    fn cut_torn(&mut self) -> io::Result<()> {
        #[cfg(feature = "planted")]
        if crate::planted::is(crate::planted::Mistake::KeepTornTail) {
            return Ok(());
        }
        if self.torn {
            self.disk.set_len(self.len)?;
            self.torn = false;
        }
        Ok(())
    }

    /// Goes past the values that the file holds already.
    fn skip_equal(&mut self, size: u64, database: &Database) -> io::Result<()> {
        let mut found = Vec::new();
        let mut looked = Ok(());
        tables::batches(database, 0, |sequence, rows| {
            let end = self.len + rows.len() as u64;
            if end > size {
                return ControlFlow::Break(());
            }
            found.resize(rows.len(), 0);
            looked = self.disk.read(self.len, &mut found);
            if looked.is_err() || found != rows.as_bytes() {
                return ControlFlow::Break(());
            }
            self.len = end;
            self.next = sequence + 1;
            ControlFlow::Continue(())
        })
        .map_err(io::Error::other)?;
        looked
    }
}
