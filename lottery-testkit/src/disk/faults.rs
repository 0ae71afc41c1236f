//! Failures of a simulated disk.

use std::io::{self, ErrorKind};

/// Failures to come, counted from now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Number of writes and changes of length that succeed before one fails, and its error.
    pub write: Option<(u64, ErrorKind)>,
    /// True if all later ones fail too.
    pub write_for_good: bool,
    /// Number of syncs that succeed before one fails and loses the data written; later ones succeed.
    pub sync: Option<u64>,
    /// Number of reads that succeed before all fail.
    pub read: Option<u64>,
    /// Number of times that the length is read before it fails once.
    pub size: Option<u64>,
    /// Number of writes, changes of length and syncs that succeed before the process is killed in one.
    pub kill: Option<u64>,
}

/// Numbers of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Writes and changes of length, also those that failed.
    pub writes: u64,
    /// Syncs, also those that failed.
    pub syncs: u64,
    /// Files of a directory that were opened.
    pub opens: u64,
}

/// Counts down to a failure. Returns true once there is none left before it.
fn is_due(left: &mut Option<u64>) -> bool {
    let Some(more) = left else { return false };
    let due = *more == 0;
    *more = more.saturating_sub(1);
    due
}

impl Faults {
    /// Counts an operation that changes the disk. Returns true if the process is killed in it.
    pub(super) fn kills(&mut self) -> bool {
        is_due(&mut self.kill)
    }

    /// Counts a write.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let Some((left, kind)) = self.write else { return Ok(()) };
        if left > 0 {
            self.write = Some((left - 1, kind));
            return Ok(());
        }
        self.write = self.write.filter(|_| self.write_for_good);
        Err(kind.into())
    }

    /// Counts a sync.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        Self::once(&mut self.sync)
    }

    /// Counts a read.
    pub(super) fn read(&mut self) -> io::Result<()> {
        if is_due(&mut self.read) { Err(io::Error::other("injected")) } else { Ok(()) }
    }

    /// Counts a reading of the length.
    pub(super) fn size(&mut self) -> io::Result<()> {
        Self::once(&mut self.size)
    }

    fn once(left: &mut Option<u64>) -> io::Result<()> {
        if is_due(left) {
            *left = None;
            return Err(io::Error::other("injected"));
        }
        Ok(())
    }
}
