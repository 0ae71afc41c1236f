//! `bets.csv`: the rows of all durable batches, one after another, for people and other tools to read.
//!
//! The file follows the store, and nothing waits for it: it is not synced. If it cannot be written, the commit
//! stands and the file is behind until a later commit, or the next start, can write it.
//!
//! A start compares the end of it, which alone can be longer than the store, or torn. What is before that is
//! compared piece by piece afterwards: it may hold NULs after a power cut, and what others have written over it.
//!
//! People and other tools may change it freely. Each write first checks its path and its length: a file
//! that is gone, was replaced, or has another length is compared again. Missing rows are written anew. A
//! file with rows that the store lacks is left alone, and stays behind.

use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::sync::Arc;

use lottery_core::store::Difference;
use tracing::{info, warn};

use super::compare::{Equal, Rows, Spot, compare, compare_value};
use super::disk::{Disk, is_no_room};

/// Approximate bound of missing bytes written at a time, since clients wait meanwhile.
const PIECE: u64 = 4 << 20;

/// Result of the comparison of `bets.csv` at a start, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CsvRepair {
    /// Bytes that were there and stay.
    pub kept: u64,
    /// Bytes cut behind those: a torn row, or NULs only.
    pub cut: u64,
    /// Bytes of missing rows that were appended.
    pub appended: u64,
}

/// Function that opens `bets.csv` again, and creates it if it is missing.
pub(super) type Reopen = Box<dyn Fn() -> io::Result<Arc<dyn Disk>> + Send + Sync>;

/// The file `bets.csv` and its progress.
pub(super) struct CsvFile {
    disk: Arc<dyn Disk>,
    reopen: Option<Reopen>,
    /// End of the last whole value of the store, in bytes.
    len: u64,
    /// Place of the value that follows there.
    next: u64,
    /// Bytes from the beginning that are still to be compared since the start: the next value, and their end.
    unchecked: Option<(Spot, u64)>,
    /// Length of the file after our last write; `None` if it is not known.
    size: Option<u64>,
    /// Length with which the file held rows that the store lacks.
    foreign: Option<u64>,
    logged: Logged,
}

/// State of the file that was last logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Logged {
    /// In step with the store, or nothing was logged.
    Equal,
    /// Being made anew.
    Rebuilding,
    /// Behind the store.
    Behind,
}

impl CsvFile {
    /// Makes the file equal to the store, as far as there is room.
    ///
    /// # Errors
    ///
    /// The file cannot be used. The inner error means that it holds rows that the store lacks; then it was
    /// not touched.
    ///
    /// The last `compared` bytes are compared, and what is before them in the same segment of the store. The rest is
    /// left for [`CsvFile::follow`].
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        rows: &mut dyn Rows,
        compared: u64,
    ) -> io::Result<Result<(Self, CsvRepair), Difference>> {
        let size = disk.size()?;
        let from = rows.before(size.saturating_sub(compared))?;
        let mut file = Self {
            disk,
            reopen: None,
            len: 0,
            next: 0,
            unchecked: (from.len > 0).then_some((Spot::default(), from.len)),
            size: None,
            foreign: None,
            logged: Logged::Equal,
        };
        let equal = match compare(&*file.disk, Some(rows), from)? {
            Ok(equal) => equal,
            Err(difference) => return Ok(Err(difference)),
        };
        let written = file.resume(equal).and_then(|()| file.catch_up(rows, u64::MAX));
        if let Err(error) = written
            && !is_no_room(&error)
        {
            return Err(error);
        }
        let kept = equal.end;
        // The length of a file that could not be cut is not known.
        let cut = file.size.map_or(0, |_| size - kept);
        let repair = CsvRepair { kept, cut, appended: file.len.saturating_sub(kept) };
        Ok(Ok((file, repair)))
    }

    /// Sets the function that opens the file again when it is gone.
    pub(super) fn reopen_with(&mut self, reopen: Reopen) {
        self.reopen = Some(reopen);
    }

    /// Writes some of the missing rows of a store with `end` bytes of rows, and compares some of what the start
    /// has left. After an error the file ends with a
    /// whole row, unless it could not be cut either.
    pub(super) fn follow(&mut self, rows: &mut dyn Rows, end: u64) {
        let written = self
            .check_file(rows)
            .and_then(|()| if self.len < end { self.catch_up(rows, PIECE) } else { Ok(()) })
            .and_then(|()| self.compare_more(rows));
        self.log_state(written.err(), end - self.len.min(end));
    }

    /// Returns the number of bytes of the store's rows in the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Returns the number of bytes that are still to be compared.
    pub(super) fn unchecked(&self) -> u64 {
        self.unchecked.map_or(0, |(at, end)| end - at.len)
    }

    /// True if it was logged that the file is behind, and why.
    pub(super) fn has_said_why(&self) -> bool {
        self.logged > Logged::Equal
    }

    /// Notes that the caller has logged that the file is behind.
    pub(super) fn mark_logged_behind(&mut self) {
        self.logged = Logged::Behind;
    }

    /// Logs once that the file is behind, and once more when it has caught up.
    fn log_state(&mut self, error: Option<io::Error>, behind: u64) {
        if let Some(reason) = error {
            if self.logged < Logged::Behind {
                warn!(action = "repair_bets_csv", result = "fail", behind, reason = %reason);
                self.logged = Logged::Behind;
            }
        } else if self.logged > Logged::Equal && behind == 0 {
            info!(action = "repair_bets_csv", result = "success", size = self.len);
            self.logged = Logged::Equal;
        }
    }

    /// Checks that the file is in its place and has its known length; if not, compares it again or makes it
    /// anew.
    fn check_file(&mut self, rows: &mut dyn Rows) -> io::Result<()> {
        let in_place = self.disk.is_in_place()?;
        let size = self.disk.size()?;
        if in_place && self.size == Some(size) {
            return Ok(());
        }
        if in_place && self.foreign == Some(size) {
            return Err(io::Error::other(FOREIGN));
        }
        let changed = self.size.is_some_and(|known| known != size);
        if (!in_place || changed) && self.logged < Logged::Rebuilding {
            let reason = if in_place { "not as long as it was" } else { "moved, replaced or deleted" };
            warn!(action = "repair_bets_csv", result = "in_progress", reason);
            self.logged = Logged::Rebuilding;
        }
        if !in_place && let Some(reopen) = &self.reopen {
            self.disk = reopen()?;
        }
        // The file counts as empty until it is compared.
        self.count_as_empty();
        let Ok(equal) = compare(&*self.disk, Some(rows), Spot::default())? else {
            return self.leave_alone();
        };
        self.resume(equal)
    }

    fn count_as_empty(&mut self) {
        (self.len, self.next, self.size, self.foreign, self.unchecked) = (0, 0, None, None, None);
    }

    /// Notes that the file holds rows that the store lacks.
    fn leave_alone(&mut self) -> io::Result<()> {
        self.count_as_empty();
        self.foreign = self.disk.size().ok();
        Err(io::Error::other(FOREIGN))
    }

    /// Compares some of what the start has left, and fills NULs there.
    fn compare_more(&mut self, rows: &mut dyn Rows) -> io::Result<()> {
        let Some((mut at, end)) = self.unchecked else { return Ok(()) };
        let (mut same, enough) = (Ok(true), end.min(at.len + PIECE));
        let read = rows.visit(at.next, &mut |next, value| {
            same = compare_value(&*self.disk, at.len, value);
            if !matches!(same, Ok(true)) {
                return ControlFlow::Break(());
            }
            at = Spot { next, len: at.len + value.len() as u64 };
            if at.len < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        self.unchecked = Some((at, end)).filter(|_| at.len < end);
        match same {
            Ok(true) => read,
            Ok(false) => self.leave_alone(),
            // Somebody has cut it meanwhile, which the next call notices.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Goes on with a compared file, and cuts its tail.
    fn resume(&mut self, equal: Equal) -> io::Result<()> {
        self.disk.restrict();
        (self.len, self.next, self.size) = (equal.len, equal.next, None);
        self.cut(equal.end)
    }

    /// Appends rows that the file lacks, in whole values, until at least `enough` bytes were written.
    fn catch_up(&mut self, rows: &mut dyn Rows, enough: u64) -> io::Result<()> {
        let (mut written, from) = (Ok(()), self.len);
        let read = rows.visit(self.next, &mut |next, rows| {
            written = self.write(rows, next);
            if written.is_err() || self.len - from >= enough {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        written.and(read)
    }

    fn write(&mut self, rows: &[u8], next: u64) -> io::Result<()> {
        let end = self.len + rows.len() as u64;
        let size_after = self.size.unwrap_or(0).max(end);
        let written = self.disk.write(self.len, rows);
        if written.is_ok() {
            (self.len, self.next, self.size) = (end, next, Some(size_after));
            return Ok(());
        }
        self.size = None;
        // A torn write is cut, unless the file has grown behind it. If the cut fails too, the file is
        // compared again before the next write.
        if self.disk.size().is_ok_and(|size| size <= size_after) {
            let _ = self.cut(self.len);
        }
        written
    }

    /// Cuts the file to `end` bytes.
    fn cut(&mut self, end: u64) -> io::Result<()> {
        if self.disk.size()? != end {
            self.disk.set_len(end)?;
        }
        self.size = Some(end);
        Ok(())
    }
}

const FOREIGN: &str = "it holds rows that the store does not have, and is left alone";

/// Omits the reopening function.
impl fmt::Debug for CsvFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvFile").field("len", &self.len).field("size", &self.size).finish_non_exhaustive()
    }
}
