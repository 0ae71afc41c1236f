//! Disk in memory that fails as it is told to, and loses what was not synced.

mod directory;
mod faults;
mod machine;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_store::Disk;

pub use self::directory::{OpenDirectory, SimDirectory};
pub use self::faults::{Counts, Faults};
pub use self::machine::Machine;
use crate::Rng;

/// Unit of what a power cut loses or keeps, in bytes.
const SECTOR: usize = 512;

/// Unit of the room that a file takes up, in bytes.
pub const BLOCK: usize = 4096;

/// File in memory, which outlives the processes that use it. Durable data is kept apart from the data that a
/// reader sees. The files of a directory share faults and room.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    machine: Machine,
}

#[derive(Clone, Default)]
struct State {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
    /// Blocks that take up room.
    allocated: BTreeSet<usize>,
}

/// Part of what is not synced, which a power cut loses or keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// New length. The bytes that it adds are zeros.
    Length,
    /// One of the sectors written.
    Sector,
    /// File that a name in a directory leads to.
    Name,
}

/// Faults, room and the process are those of the machine.
impl Deref for SimDisk {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl SimDisk {
    /// Returns an empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a disk with durable content.
    pub fn with_content(content: &[u8]) -> Self {
        let (live, durable) = (content.to_vec(), content.to_vec());
        Self::of(State { live, durable, ..State::default() }, Machine::default())
    }

    fn of(state: State, machine: Machine) -> Self {
        Self { state: Arc::new(Mutex::new(state)), machine }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the disk for a process, from now on the only one that can use it.
    pub fn open(&self) -> Arc<OpenDisk> {
        Arc::new(OpenDisk { disk: self.clone(), process: self.machine.start() })
    }

    /// Cuts the power, after the process has ended: loses or keeps each part that is not synced.
    pub fn power_cut(&self, mut keeps: impl FnMut(Unsynced) -> bool) {
        let mut state = self.state();
        let State { live, durable, dirty, .. } = &mut *state;
        if live.len() != durable.len() && keeps(Unsynced::Length) {
            durable.resize(live.len(), 0);
        }
        for sector in std::mem::take(dirty) {
            let start = sector * SECTOR;
            let end = (start + SECTOR).min(live.len()).min(durable.len());
            if start < end && keeps(Unsynced::Sector) {
                durable[start..end].copy_from_slice(&live[start..end]);
            }
        }
        live.clone_from(durable);
    }

    /// Returns another disk, as this one is after a power cut, which a seed decides. With seed 0 it keeps the new
    /// length, and none of the sectors.
    #[must_use]
    pub fn after_power_cut(&self, seed: u64) -> Self {
        let after = self.after_kill();
        let mut rng = Rng::new(seed);
        after.power_cut(|part| kept(&mut rng, seed, part));
        after
    }

    /// Returns another disk with the same data, durable or not, for another process after the first was killed.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let state = self.state();
        Self::of(state.clone(), self.machine.replaced())
    }

    /// Makes the file longer than its writes by so many bytes: the file system has made room ahead, and the
    /// machine went down.
    pub fn lengthen(&self, by: usize) {
        let mut state = self.state();
        let len = state.live.len() + by;
        state.live.resize(len, 0);
        state.durable.resize(len, 0);
    }

    /// Changes the content as another program would, which syncs nothing.
    pub fn edit(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let before = state.live.len();
        change(&mut state.live);
        let end = state.live.len().max(before).div_ceil(SECTOR);
        state.dirty.extend(0..end);
    }

    /// Returns the content that a reader sees.
    pub fn content(&self) -> Vec<u8> {
        self.state().live.clone()
    }
}

/// Returns true if a power cut that a seed decides keeps a part.
fn kept(rng: &mut Rng, seed: u64, part: Unsynced) -> bool {
    match part {
        Unsynced::Length => seed == 0 || rng.one_in(2),
        Unsynced::Sector | Unsynced::Name => seed != 0 && rng.one_in(2),
    }
}

/// Omits the content, which may be long.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("len", &self.live.len()).finish_non_exhaustive()
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

    /// Takes room for the blocks of a range, as far as there is some.
    fn allocate(&mut self, machine: &Machine, start: usize, end: usize) -> io::Result<()> {
        for block in start / BLOCK..end.div_ceil(BLOCK) {
            if !self.allocated.contains(&block) {
                machine.take_block()?;
                self.allocated.insert(block);
            }
        }
        Ok(())
    }

    /// Gives back the room of all blocks from `len` bytes on.
    fn free(&mut self, machine: &Machine, len: usize) {
        machine.give_blocks(self.allocated.split_off(&len.div_ceil(BLOCK)).len());
    }
}

/// Disk as one process has it open.
#[derive(Debug)]
pub struct OpenDisk {
    disk: SimDisk,
    process: u64,
}

impl OpenDisk {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        self.disk.machine.check(self.process)?;
        Ok(self.disk.state())
    }
}

impl Disk for OpenDisk {
    fn size(&self) -> io::Result<u64> {
        let state = self.state()?;
        self.disk.machine.size()?;
        Ok(state.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        self.disk.machine.read()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let found = state.live.get(offset..offset + out.len());
        out.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    /// Writes half of the data if it fails or the process is killed, and a part if there is no room.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        if let Err(error) = self.disk.machine.begin_write() {
            state.put(offset, &data[..data.len() / 2]);
            return Err(error);
        }
        for (at, part) in data.chunks(BLOCK).enumerate() {
            let start = offset + at * BLOCK;
            let within = self.disk.machine.within_limit(start, part.len());
            state.allocate(&self.disk.machine, start, start + within)?;
            state.put(start, &part[..within]);
            if within < part.len() {
                return Err(ErrorKind::FileTooLarge.into());
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state()?;
        self.disk.machine.begin_write()?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        state.live.resize(len, 0);
        state.free(&self.disk.machine, len);
        Ok(())
    }

    /// Loses the writes if it fails, as Linux does: they count as clean, and can still be read.
    fn sync(&self) -> io::Result<()> {
        let mut state = self.state()?;
        if let Err(error) = self.disk.machine.begin_sync()? {
            state.dirty.clear();
            return Err(error);
        }
        let State { live, durable, dirty, .. } = &mut *state;
        durable.resize(live.len(), 0);
        for sector in std::mem::take(dirty) {
            let start = (sector * SECTOR).min(live.len());
            let end = (start + SECTOR).min(live.len());
            durable[start..end].copy_from_slice(&live[start..end]);
        }
        Ok(())
    }
}
