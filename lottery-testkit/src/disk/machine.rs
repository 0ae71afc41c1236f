//! Faults and room that the files of one machine share, and the process that may use them.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::faults::{Counts, Faults};

/// Machine whose files share faults and room, and that one process uses at a time. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Machine(Arc<Mutex<Parts>>);

#[derive(Clone, Debug, Default)]
struct Parts {
    /// Number of blocks that there is room for.
    capacity: Option<usize>,
    /// Number of blocks that are taken.
    taken: usize,
    /// Largest size of a file, in bytes.
    largest: Option<usize>,
    faults: Faults,
    counts: Counts,
    /// Number of the process that may use the files.
    process: u64,
    /// True if that process was killed in an operation.
    killed: bool,
}

impl Machine {
    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a process, from now on the only one. Returns its number.
    pub(super) fn start(&self) -> u64 {
        let mut parts = self.parts();
        parts.process += 1;
        parts.killed = false;
        parts.faults.kill = None;
        parts.process
    }

    /// Ends the process that uses its files: its further operations have no effect.
    pub fn kill(&self) {
        self.parts().process += 1;
    }

    /// Returns true if a process was killed in an operation, as [`Faults::kill`] said.
    pub fn was_killed(&self) -> bool {
        self.parts().killed
    }

    /// Returns another machine in the same state, without faults.
    pub(super) fn replaced(&self) -> Self {
        let (faults, counts) = (Faults::default(), Counts::default());
        Self(Arc::new(Mutex::new(Parts { faults, counts, ..self.parts().clone() })))
    }

    /// Sets the failures to come, instead of all earlier ones. All files are counted together, and names.
    pub fn fail(&self, faults: Faults) {
        self.parts().faults = faults;
    }

    /// Returns the failures that are still to come.
    pub fn faults(&self) -> Faults {
        self.parts().faults
    }

    /// Returns the numbers of operations so far.
    pub fn counts(&self) -> Counts {
        self.parts().counts
    }

    /// Leaves room for `blocks` more of [`BLOCK`](super::BLOCK) bytes than are taken now; `None` for any number.
    pub fn room(&self, blocks: Option<usize>) {
        let mut parts = self.parts();
        parts.capacity = blocks.map(|blocks| parts.taken + blocks);
    }

    /// Lets no write reach beyond so many bytes of a file; `None`: any.
    pub fn limit_file_sizes(&self, largest: Option<usize>) {
        self.parts().largest = largest;
    }

    /// Returns how much of `len` bytes at an offset is within the limit of file sizes.
    pub(super) fn within_limit(&self, offset: usize, len: usize) -> usize {
        self.parts().largest.map_or(len, |largest| largest.saturating_sub(offset).min(len))
    }

    /// Returns the number of blocks that there is room for; `None` for any number.
    pub(super) fn left(&self) -> Option<usize> {
        let parts = self.parts();
        parts.capacity.map(|all| all.saturating_sub(parts.taken))
    }

    pub(super) fn take_block(&self) -> io::Result<()> {
        let mut parts = self.parts();
        if parts.capacity.is_some_and(|all| parts.taken >= all) {
            return Err(ErrorKind::StorageFull.into());
        }
        parts.taken += 1;
        Ok(())
    }

    pub(super) fn give_blocks(&self, blocks: usize) {
        self.parts().taken -= blocks;
    }

    /// Fails unless that process may use the files.
    pub(super) fn check(&self, process: u64) -> io::Result<()> {
        let parts = self.parts();
        if parts.process == process && !parts.killed {
            Ok(())
        } else {
            Err(io::Error::other("the process was killed"))
        }
    }

    pub(super) fn count_open(&self) {
        self.parts().counts.opens += 1;
    }

    pub(super) fn size(&self) -> io::Result<()> {
        self.parts().faults.size()
    }

    pub(super) fn read(&self) -> io::Result<()> {
        self.parts().faults.read()
    }

    /// Begins a write, or a change of a length or a name.
    pub(super) fn begin_write(&self) -> io::Result<()> {
        let mut parts = self.parts();
        parts.counts.writes += 1;
        parts.change()?;
        parts.faults.write()
    }

    /// Begins a sync. The inner error is one after which the process goes on.
    pub(super) fn begin_sync(&self) -> io::Result<io::Result<()>> {
        let mut parts = self.parts();
        parts.counts.syncs += 1;
        parts.change()?;
        Ok(parts.faults.sync())
    }
}

impl Parts {
    /// Begins an operation that changes something.
    fn change(&mut self) -> io::Result<()> {
        self.killed = self.faults.kills();
        if self.killed { Err(io::Error::other("killed")) } else { Ok(()) }
    }
}
