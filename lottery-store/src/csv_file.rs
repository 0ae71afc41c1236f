//! `bets.csv`: the rows of all durable batches, one after another, for people and other tools to read.
//!
//! It follows the store and is never waited for: it is not synced, and if it cannot be written the commit stands and
//! the file is behind until a later commit, or the next start, finds it writable. A start compares all of it.
//!
//! People and other tools may do with it what they like. Before each write it is looked for by its name, and its length
//! is asked for: one that is gone, another one, or has another length is compared again. It is made anew as far as
//! rows are missing; if it holds any that the store lacks it is left alone, and stays behind.

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use lottery_core::store::Difference;
use redb::Database;
use tracing::{info, warn};

use super::compare::{Equal, compare};
use super::fault_tracking::is_no_room;
use super::{Disk, tables};

/// At most about so many bytes of what is missing are written at a time, while agencies wait.
const PIECE: u64 = 4 << 20;

/// What a start found in `bets.csv`, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CsvRepair {
    /// What was there and stays.
    pub kept: u64,
    /// What came after that: a torn row, or nothing but NULs.
    pub cut: u64,
    /// Rows of the store that were missing.
    pub appended: u64,
}

/// Opens `bets.csv` again, and creates it if it is missing.
pub(super) type Reopen = Box<dyn Fn() -> io::Result<Arc<dyn Disk>> + Send + Sync>;

/// The file, and how far it is.
pub(super) struct CsvFile {
    disk: Arc<dyn Disk>,
    reopen: Option<Reopen>,
    /// End of the last whole value of the store.
    len: u64,
    /// Sequence number of the value that comes there.
    next: u64,
    /// Its length, if it is as we have left it.
    size: Option<u64>,
    /// With this length it holds something that the store lacks.
    foreign: Option<u64>,
    said: Said,
}

/// What the log says of the file last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    /// That it is as it should be, or nothing.
    Equal,
    /// That it is made anew.
    Anew,
    /// That it is behind.
    Behind,
}

impl CsvFile {
    /// Makes the file equal to the store, as far as there is room.
    ///
    /// # Errors
    ///
    /// It cannot be used; or, inside, it holds what the store lacks. It has not been touched then.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        database: &Database,
    ) -> io::Result<Result<(Self, CsvRepair), Difference>> {
        let size = disk.size()?;
        let mut file =
            Self { disk, reopen: None, len: 0, next: 0, size: None, foreign: None, said: Said::Equal };
        let equal = match file.compare(database)? {
            Ok(equal) => equal,
            Err(difference) => return Ok(Err(difference)),
        };
        let written = file.take(equal).and_then(|()| file.catch_up(database, u64::MAX));
        if let Err(error) = written
            && !is_no_room(&error)
        {
            return Err(error);
        }
        let kept = equal.end;
        // Where it could not be cut its length is not known.
        let cut = file.size.map_or(0, |_| size - kept);
        let repair = CsvRepair { kept, cut, appended: file.len.saturating_sub(kept) };
        Ok(Ok((file, repair)))
    }

    /// From now on opens the file again when it is gone.
    pub(super) fn reopen_with(&mut self, reopen: Reopen) {
        self.reopen = Some(reopen);
    }

    /// Writes the values of a commit, behind which the store has `end` bytes; or what is missing, if the file is behind.
    /// After an error it ends with a whole row unless it could not even be cut.
    pub(super) fn follow(&mut self, database: &Database, values: &[String], end: u64) {
        let new: u64 = values.iter().map(|rows| rows.len() as u64).sum();
        let written = self.look(database).and_then(|()| {
            if self.len + new == end {
                values.iter().try_for_each(|rows| self.write(rows))
            } else {
                self.catch_up(database, PIECE)
            }
        });
        self.say(written.err(), end - self.len.min(end));
    }

    /// Bytes of the store's rows in the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// That it is behind was said by somebody else.
    pub(super) fn is_said_to_be_behind(&mut self) {
        self.said = Said::Behind;
    }

    /// That it is behind is said once, and again when it is not.
    fn say(&mut self, error: Option<io::Error>, behind: u64) {
        if let Some(reason) = error {
            if self.said < Said::Behind {
                warn!(action = "repair_bets_csv", result = "fail", behind, reason = %reason);
                self.said = Said::Behind;
            }
        } else if self.said > Said::Equal && behind == 0 {
            info!(action = "repair_bets_csv", result = "success", size = self.len);
            self.said = Said::Equal;
        }
    }

    /// Whether the file is where it was and as long as it was; if not it is compared again, or made anew.
    fn look(&mut self, database: &Database) -> io::Result<()> {
        let in_place = self.disk.is_in_place()?;
        let size = self.disk.size()?;
        if in_place && self.size == Some(size) {
            return Ok(());
        }
        if in_place && self.foreign == Some(size) {
            return Err(io::Error::other(FOREIGN));
        }
        let changed = self.size.is_some_and(|known| known != size);
        if (!in_place || changed) && self.said < Said::Anew {
            let reason = if in_place { "not as long as it was" } else { "moved, replaced or deleted" };
            warn!(action = "repair_bets_csv", result = "in_progress", reason);
            self.said = Said::Anew;
        }
        if !in_place && let Some(reopen) = &self.reopen {
            self.disk = reopen()?;
        }
        // As long as nothing is known of it, there is nothing in it.
        (self.len, self.next, self.size, self.foreign) = (0, 0, None, None);
        let Ok(equal) = self.compare(database)? else {
            self.foreign = self.disk.size().ok();
            return Err(io::Error::other(FOREIGN));
        };
        self.take(equal)
    }

    fn compare(&self, database: &Database) -> io::Result<Result<Equal, Difference>> {
        compare(&*self.disk, Some(database))
    }

    /// Goes on with a file that is as far as that. What is to be cut of it is.
    fn take(&mut self, equal: Equal) -> io::Result<()> {
        self.disk.restrict();
        (self.len, self.next, self.size) = (equal.len, equal.next, None);
        self.cut(equal.end)
    }

    /// Appends what the store holds and the file does not, in whole values, about so many bytes.
    fn catch_up(&mut self, database: &Database, most: u64) -> io::Result<()> {
        let (mut written, from) = (Ok(()), self.len);
        let read = tables::batches(database, self.next, |_, rows| {
            written = self.write(rows);
            if written.is_err() || self.len - from >= most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        written.and(read.map_err(io::Error::other))
    }

    fn write(&mut self, rows: &str) -> io::Result<()> {
        let end = self.len + rows.len() as u64;
        let most = self.size.unwrap_or(0).max(end);
        let written = self.disk.write(self.len, rows.as_bytes());
        if written.is_ok() {
            (self.len, self.size) = (end, Some(most));
            self.next += 1;
            return Ok(());
        }
        self.size = None;
        // What is torn is cut, unless somebody else has written meanwhile. If that fails, too, it is compared again
        // before the next write.
        if self.disk.size().is_ok_and(|size| size <= most) {
            let _ = self.cut(self.len);
        }
        written
    }

    /// Cuts what is torn.
    fn cut(&mut self, end: u64) -> io::Result<()> {
        #[cfg(feature = "planted")]
        if lottery_core::planted::is(lottery_core::planted::Mistake::KeepTornTail) {
            self.size = Some(self.disk.size()?);
            return Ok(());
        }
        if self.disk.size()? != end {
            self.disk.set_len(end)?;
        }
        self.size = Some(end);
        Ok(())
    }
}

const FOREIGN: &str = "it holds rows that the store does not have, and is left alone";

/// Without the function.
impl fmt::Debug for CsvFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvFile").field("len", &self.len).field("size", &self.size).finish_non_exhaustive()
    }
}
