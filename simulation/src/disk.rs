//! Disk in memory: its durable content, and apart from it the content that a reader sees.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_store::Disk;
use lottery_testkit::Rng;

const SECTOR: usize = 512;
const BLOCK: usize = 4096;

/// File that outlives the processes that use it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors that differ, or may.
    dirty: BTreeSet<usize>,
    /// Blocks that take up room.
    allocated: BTreeSet<usize>,
    /// Number of blocks that there is room for.
    capacity: Option<usize>,
    /// True if the next sync fails.
    sync_fails: bool,
    /// Number of operations after which the process is killed.
    kill_after: Option<u64>,
    killed: bool,
    /// Number of the process that may use it.
    process: u64,
}

impl SimDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the disk for a process, from now on the only one that can use it.
    pub(crate) fn handle(&self) -> Arc<Handle> {
        let mut state = self.state();
        state.process += 1;
        state.killed = false;
        state.kill_after = None;
        Arc::new(Handle { disk: self.clone(), process: state.process })
    }

    /// Ends the process that uses it: its further operations have no effect.
    pub(crate) fn kill(&self) {
        self.state().process += 1;
    }

    /// Loses or keeps each sector that is not synced.
    pub(crate) fn power_cut(&self, rng: &mut Rng) {
        let mut state = self.state();
        let state = &mut *state;
        let most = *rng.pick(&[0, 1, 1, 2]);
        let mut content = state.durable.clone();
        if state.live.len() != content.len() && rng.index(2) < most {
            content.resize(state.live.len(), 0);
        }
        for sector in &state.dirty {
            let start = sector * SECTOR;
            let end = (start + SECTOR).min(state.live.len()).min(content.len());
            if start < end && rng.index(2) < most {
                content[start..end].copy_from_slice(&state.live[start..end]);
            }
        }
        state.live.clone_from(&content);
        state.durable = content;
        state.dirty.clear();
    }

    /// Makes the file longer than its writes: the file system has made room ahead, and the machine went down.
    pub(crate) fn lengthen(&self, rng: &mut Rng) {
        let mut state = self.state();
        let len = state.live.len() + 1 + rng.index(2 * BLOCK);
        state.live.resize(len, 0);
        state.durable.resize(len, 0);
    }

    pub(crate) fn fail_next_sync(&self) {
        self.state().sync_fails = true;
    }

    pub(crate) fn kill_after(&self, operations: u64) {
        self.state().kill_after = Some(operations);
    }

    pub(crate) fn was_killed(&self) -> bool {
        self.state().killed
    }

    /// Leaves room for `blocks` more than are taken now; `None` for no limit.
    pub(crate) fn room(&self, blocks: Option<usize>) {
        let mut state = self.state();
        state.capacity = blocks.map(|blocks| state.allocated.len() + blocks);
    }

    /// Cancels all planned faults.
    pub(crate) fn heal(&self) {
        let mut state = self.state();
        (state.sync_fails, state.kill_after, state.capacity) = (false, None, None);
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        self.state().live.clone()
    }
}

impl State {
    fn put(&mut self, offset: usize, data: &[u8]) {
        if self.live.len() < offset + data.len() {
            self.live.resize(offset + data.len(), 0);
        }
        self.live[offset..offset + data.len()].copy_from_slice(data);
        self.dirty.extend(offset / SECTOR..(offset + data.len()).div_ceil(SECTOR));
    }
}

/// Disk as one process has it open.
#[derive(Debug)]
pub(crate) struct Handle {
    disk: SimDisk,
    process: u64,
}

impl Handle {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.process != self.process || state.killed {
            return Err(io::Error::other("the process was killed"));
        }
        Ok(state)
    }

    /// Returns the state for an operation that changes it, and true if the process is killed in it.
    fn change(&self) -> io::Result<(MutexGuard<'_, State>, bool)> {
        let mut state = self.state()?;
        state.killed = match &mut state.kill_after {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        let killed = state.killed;
        Ok((state, killed))
    }
}

impl Disk for Handle {
    fn size(&self) -> io::Result<u64> {
        Ok(self.state()?.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let found = state.live.get(offset..offset + out.len());
        out.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    /// Writes only a part if there is no room, or if the process is killed meanwhile.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (mut state, killed) = self.change()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        if killed {
            state.put(offset, &data[..data.len() / 2]);
            return Err(io::Error::other("killed"));
        }
        for (at, part) in data.chunks(BLOCK).enumerate() {
            let start = offset + at * BLOCK;
            for block in start / BLOCK..(start + part.len()).div_ceil(BLOCK) {
                let full = state.capacity.is_some_and(|all| state.allocated.len() >= all);
                if full && !state.allocated.contains(&block) {
                    return Err(ErrorKind::StorageFull.into());
                }
                state.allocated.insert(block);
            }
            state.put(start, part);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let (mut state, killed) = self.change()?;
        if killed {
            return Err(io::Error::other("killed"));
        }
        let len = usize::try_from(len).map_err(io::Error::other)?;
        state.live.resize(len, 0);
        state.allocated.split_off(&len.div_ceil(BLOCK));
        Ok(())
    }

    /// Loses the writes if it fails, as Linux does: they count as clean, and can still be read.
    fn sync(&self) -> io::Result<()> {
        let (mut state, killed) = self.change()?;
        if killed {
            return Err(io::Error::other("killed"));
        }
        let State { live, durable, dirty, sync_fails, .. } = &mut *state;
        if std::mem::take(sync_fails) {
            dirty.clear();
            return Err(io::Error::other("injected"));
        }
        durable.resize(live.len(), 0);
        for sector in std::mem::take(dirty) {
            let start = (sector * SECTOR).min(live.len());
            let end = (start + SECTOR).min(live.len());
            durable[start..end].copy_from_slice(&live[start..end]);
        }
        Ok(())
    }
}
