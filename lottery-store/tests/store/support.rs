//! Helpers of the store's tests: a disk in memory that can fail and lose data that was not synced, and
//! groups.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use lottery_core::store::{
    AgencyRecord, Draw, Group, Rows, Rules, Saved, Store, StoreError, Winners, WinnersList, WinnersPiece,
    rows,
};
use lottery_proto::ListSize;
use lottery_store::{Disk, RedbStore};

const SECTOR: usize = 512;
const BLOCK: usize = 4096;

/// Disk in memory that keeps durable data apart from the data that a reader sees.
#[derive(Debug, Default)]
pub(crate) struct SimDisk {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
    /// Blocks that take up room.
    allocated: BTreeSet<usize>,
    /// Number of blocks for which there is room.
    capacity: Option<usize>,
    faults: Faults,
    counts: Counts,
}

/// Failures to come, counted from now.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// Number of writes and changes of length that succeed before one fails, and its error.
    pub(crate) write: Option<(u64, ErrorKind)>,
    /// True if all later ones fail too.
    pub(crate) write_for_good: bool,
    /// Number of syncs that succeed before one fails and loses the data written; later ones succeed.
    pub(crate) sync: Option<u64>,
    /// Number of reads that succeed before one fails.
    pub(crate) read: Option<u64>,
    /// Number of times that the length is read before it fails once.
    pub(crate) size: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) writes: u64,
    pub(crate) written: u64,
    pub(crate) syncs: u64,
}

impl SimDisk {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn with_content(content: &[u8]) -> Arc<Self> {
        let disk = Self::new();
        disk.state().live = content.to_vec();
        disk.state().durable = content.to_vec();
        disk
    }

    /// Returns a disk after a power cut: each sector not synced is there or not, as `seed` decides.
    pub(crate) fn after_crash(&self, seed: u64) -> Arc<Self> {
        let state = self.state();
        let mut random = Random(seed | 1);
        let mut content = state.durable.clone();
        // The new length is kept or not.
        if state.live.len() != content.len() && random.below(2) == 0 {
            content.resize(state.live.len(), 0);
        }
        // Seed 0 keeps none of the sectors.
        for sector in state.dirty.iter().filter(|_| seed != 0 && random.below(2) == 0) {
            let start = sector * SECTOR;
            let end = (start + SECTOR).min(state.live.len()).min(content.len());
            if start < end {
                content[start..end].copy_from_slice(&state.live[start..end]);
            }
        }
        drop(state);
        Self::with_content(&content)
    }

    /// Returns the same disk, durable data or not, for another process after the first was killed.
    pub(crate) fn after_kill(&self) -> Arc<Self> {
        let state = self.state();
        let copy = Self::new();
        *copy.state() = State {
            live: state.live.clone(),
            durable: state.durable.clone(),
            dirty: state.dirty.clone(),
            allocated: state.allocated.clone(),
            capacity: state.capacity,
            ..State::default()
        };
        copy
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        self.state().live.clone()
    }

    pub(crate) fn fail(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Returns the failures of [`SimDisk::fail`] that are still to come.
    pub(crate) fn faults(&self) -> Faults {
        self.state().faults
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Leaves room for `blocks` more blocks than are taken now; `None` for any number.
    pub(crate) fn room(&self, blocks: Option<usize>) {
        let mut state = self.state();
        state.capacity = blocks.map(|blocks| state.allocated.len() + blocks);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn may_write(&mut self) -> io::Result<()> {
        self.counts.writes += 1;
        if let Some((left, kind)) = &mut self.faults.write {
            let kind = *kind;
            if let Some(fewer) = left.checked_sub(1) {
                *left = fewer;
            } else {
                if !self.faults.write_for_good {
                    self.faults.write = None;
                }
                return Err(kind.into());
            }
        }
        Ok(())
    }

    fn put(&mut self, offset: usize, data: &[u8]) {
        if self.live.len() < offset + data.len() {
            self.live.resize(offset + data.len(), 0);
        }
        self.live[offset..offset + data.len()].copy_from_slice(data);
        self.dirty.extend(offset / SECTOR..(offset + data.len()).div_ceil(SECTOR));
    }
}

impl Disk for SimDisk {
    fn size(&self) -> io::Result<u64> {
        let mut state = self.state();
        match state.faults.size {
            Some(0) => {
                state.faults.size = None;
                return Err(io::Error::other("told to"));
            }
            Some(more) => state.faults.size = Some(more - 1),
            None => {}
        }
        Ok(state.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        match state.faults.read {
            Some(0) => return Err(io::Error::other("injected")),
            Some(left) => state.faults.read = Some(left - 1),
            None => {}
        }
        let offset = usize::try_from(offset).unwrap();
        let found = state.live.get(offset..offset + out.len());
        out.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    /// Writes half of the data if it fails.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let offset = usize::try_from(offset).unwrap();
        if let Err(error) = state.may_write() {
            state.put(offset, &data[..data.len() / 2]);
            return Err(error);
        }
        state.counts.written += data.len() as u64;
        for (at, part) in data.chunks(SECTOR).enumerate() {
            let start = offset + at * SECTOR;
            for block in start / BLOCK..(start + part.len()).div_ceil(BLOCK) {
                if state.capacity.is_some_and(|all| state.allocated.len() >= all)
                    && !state.allocated.contains(&block)
                {
                    return Err(ErrorKind::StorageFull.into());
                }
                state.allocated.insert(block);
            }
            state.put(start, part);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.may_write()?;
        let len = usize::try_from(len).unwrap();
        state.live.resize(len, 0);
        state.allocated.split_off(&len.div_ceil(BLOCK));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        state.counts.syncs += 1;
        match state.faults.sync {
            Some(0) => {
                state.faults.sync = None;
                // As on Linux, pages that were not written back are clean now, and can still be read.
                state.dirty.clear();
                return Err(io::Error::other("injected"));
            }
            Some(left) => state.faults.sync = Some(left - 1),
            None => {}
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

/// Random numbers of xorshift64, the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }
}

/// Returns the nth group of a history: `batches` batches with `bets` rows each, and the agencies' new
/// state.
pub(crate) fn group(nth: u64, batches: u32, bets: u32) -> Group {
    let mut group = Group::default();
    for batch in 0..batches {
        let agency = 1 + batch % 5;
        let mut text = String::new();
        for bet in 0..bets {
            let document = format!("{}", 20_000_000 + nth * 1_000_000 + u64::from(batch * bets + bet));
            rows::push_row(&mut text, agency, "Santiago \"S\"", "Lorca, Ñ", &document, "1999-03-17", bet);
        }
        group.batches.push(Rows { agency, bets, text });
        let digest = u32::try_from(nth).unwrap();
        group.agencies.insert(agency, AgencyRecord { stored: nth + 1, digest, finished: nth % 2 == 1 });
    }
    group
}

/// Returns the same group with the draw and some winners.
pub(crate) fn drawn(group: Group) -> Group {
    let pieces = [(1, 0, "30904465\n2\n"), (1, 1, "20000007\n"), (4, 0, "1\n")];
    let piece = |(agency, number, documents): (u32, u64, &str)| WinnersPiece {
        agency,
        number,
        documents: documents.to_owned(),
    };
    let list =
        |documents, bytes, pieces| WinnersList { size: ListSize { documents, bytes, longest: 8 }, pieces };
    let winners = [(1, list(3, 17, 2)), (4, list(1, 1, 1))].into();
    Group {
        rules: Some(Rules { agencies: 2, winning_number: 7574 }),
        winners: Some(Winners { begins: true, pieces: pieces.map(piece).into() }),
        draw: Some(Draw { winning_number: 7574, agencies: 2, winners }),
        ..group
    }
}

/// Content that a store must have after some groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) saved: Saved,
    pub(crate) rows: String,
    /// Pieces of the draw's winners lists, by agency and number.
    pub(crate) winners: BTreeMap<(u32, u64), String>,
}

impl Model {
    pub(crate) fn apply(&mut self, group: &Group) {
        self.saved.agencies.extend(&group.agencies);
        self.saved.rules = group.rules.or(self.saved.rules);
        if group.draw.is_some() {
            self.saved.draw.clone_from(&group.draw);
            let pieces = group.winners.iter().flat_map(|winners| &winners.pieces);
            let piece = |piece: &WinnersPiece| ((piece.agency, piece.number), piece.documents.clone());
            self.winners = pieces.map(piece).collect();
        }
        self.rows.extend(group.batches.iter().map(|batch| batch.text.as_str()));
    }

    pub(crate) fn of(store: &mut dyn Store) -> Self {
        let mut all = String::new();
        let saved = store.load().unwrap();
        store.read(&mut |rows| all.push_str(rows)).unwrap();
        let mut winners = BTreeMap::new();
        for (agency, list) in saved.draw.iter().flat_map(|draw| &draw.winners) {
            let piece = |number| ((*agency, number), store.winners(*agency, number).unwrap().documents);
            winners.extend((0..list.pieces).map(piece));
        }
        Self { saved, rows: all, winners }
    }

    pub(crate) fn csv(&self) -> Vec<u8> {
        self.rows.clone().into_bytes()
    }
}

/// Opens a store on simulated disks.
pub(crate) fn open(database: &Arc<SimDisk>, csv: &Arc<SimDisk>) -> Result<RedbStore, StoreError> {
    RedbStore::with_disks("sim/lottery.redb", database.clone(), "sim/bets.csv", csv.clone())
}
