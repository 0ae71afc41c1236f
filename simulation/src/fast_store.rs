//! Store as simple as can be, which shows at any time which of its groups are durable.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_core::store::{Group, Saved, Store, StoreError, WinnersPiece};

/// Groups that outlive the process, in order, and the number of those that are synced.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(Arc<Mutex<State>>);

/// Pieces of the winners, by agency and number.
pub(crate) type Pieces = BTreeMap<(u32, u64), WinnersPiece>;

#[derive(Debug, Default)]
struct State {
    groups: Vec<Group>,
    durable: usize,
    /// Number of groups that there is room for.
    room: Option<u64>,
    sync_fails: bool,
    /// Kill within the next commit: after its sync if `true`, before it if `false`.
    kill: Option<bool>,
    killed: bool,
    process: u64,
    /// Version, which grows with every change.
    version: u64,
}

impl Groups {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the store. Groups that may not be synced are, before anything is built on them. Later syncs are
    /// ignored unless `syncs`.
    pub(crate) fn open(&self, syncs: bool) -> FastStore {
        let mut state = self.state();
        state.process += 1;
        state.killed = false;
        state.durable = state.groups.len();
        state.version += 1;
        FastStore { groups: self.clone(), process: state.process, failed: false, syncs }
    }

    pub(crate) fn kill(&self) {
        self.state().process += 1;
    }

    /// Loses the groups that are not synced, or keeps them.
    pub(crate) fn power_cut(&self, lost: bool) {
        let mut state = self.state();
        let durable = state.durable;
        if lost {
            state.groups.truncate(durable);
        }
        state.version += 1;
    }

    /// Returns the number of groups that are not durable.
    pub(crate) fn unsynced(&self) -> usize {
        let state = self.state();
        state.groups.len() - state.durable
    }

    pub(crate) fn fail_next_sync(&self) {
        self.state().sync_fails = true;
    }

    pub(crate) fn kill_in_commit(&self, synced: bool) {
        self.state().kill = Some(synced);
    }

    pub(crate) fn was_killed(&self) -> bool {
        self.state().killed
    }

    pub(crate) fn fill(&self, room: u64) {
        self.state().room = Some(room);
    }

    pub(crate) fn heal(&self) {
        let mut state = self.state();
        (state.room, state.sync_fails, state.kill) = (None, false, None);
    }

    pub(crate) fn version(&self) -> u64 {
        self.state().version
    }

    /// Returns all that is durable.
    pub(crate) fn durable(&self) -> (Saved, Vec<String>, Pieces) {
        let state = self.state();
        let groups = &state.groups[..state.durable];
        let rows = groups.iter().flat_map(|group| &group.batches).map(|batch| batch.rows().to_owned());
        (saved(groups), rows.collect(), pieces(groups))
    }
}

fn pieces(groups: &[Group]) -> Pieces {
    let mut pieces = BTreeMap::new();
    for winners in groups.iter().filter_map(|group| group.winners.as_ref()) {
        if winners.begins {
            pieces.clear();
        }
        for piece in &winners.pieces {
            pieces.insert((piece.agency, piece.number), piece.clone());
        }
    }
    pieces
}

fn saved(groups: &[Group]) -> Saved {
    let mut saved = Saved::default();
    for group in groups {
        saved.agencies.extend(&group.agencies);
        saved.rules = group.rules.or(saved.rules);
        if group.draw.is_some() {
            saved.draw.clone_from(&group.draw);
        }
    }
    saved
}

/// Store as one process has it open.
#[derive(Debug)]
pub(crate) struct FastStore {
    groups: Groups,
    process: u64,
    failed: bool,
    /// False if it says that groups are durable, and they are not.
    syncs: bool,
}

impl FastStore {
    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.groups.state();
        if self.failed || state.process != self.process || state.killed {
            return Err(failure());
        }
        Ok(state)
    }
}

fn failure() -> StoreError {
    StoreError::Failed { place: "simulated".to_owned(), cause: "injected".to_owned() }
}

impl Store for FastStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(saved(&self.state()?.groups))
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        let mut state = self.state()?;
        if state.room == Some(0) {
            let (place, cause) = ("simulated".to_owned(), "full".to_owned());
            return Err(StoreError::Full { place, cause });
        }
        state.room = state.room.map(|room| room - 1);
        state.groups.push(group.clone());
        state.version += 1;
        let kill = state.kill.take();
        if self.syncs && (kill == Some(true) || (kill.is_none() && !state.sync_fails)) {
            state.durable = state.groups.len();
        }
        state.killed = kill.is_some();
        let failed = std::mem::take(&mut state.sync_fails);
        if kill.is_none() && !failed {
            return Ok(());
        }
        drop(state);
        self.failed = true;
        Err(failure())
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        let state = self.state()?;
        let mut next = place;
        let batches = state.groups.iter().flat_map(|group| &group.batches);
        for batch in batches.skip(usize::try_from(place).unwrap_or(usize::MAX)) {
            next += 1;
            if visit(batch.rows()).is_break() {
                break;
            }
        }
        Ok(next)
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        pieces(&self.state()?.groups).remove(&(agency, number)).ok_or_else(failure)
    }
}
