//! State of the log after its last frame.

use lottery_core::store::{Group, Saved};

use super::frame::Frame;
use super::place::Place;

/// Everything that a store knows of its log, apart from the bets and the winners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) saved: Saved,
    /// Number of groups.
    pub(super) groups: u64,
    /// Bytes of all rows.
    pub(super) rows_len: u64,
    /// Place of the next frame in the last segment.
    pub(super) end: Place,
    /// Place of the first frame with winners of the draw, if there was one.
    pub(super) winners_at: Place,
    /// Place of the first frame with winners of the draw that is being held.
    pub(super) attempt: Option<Place>,
}

impl State {
    /// Adds a frame that was read at a place.
    pub(super) fn read(&mut self, frame: Frame<'_>, at: Place, end: Place) {
        if frame.checkpoint {
            self.saved = frame.saved;
        } else {
            self.saved.agencies.extend(frame.saved.agencies);
            self.saved.rules = frame.saved.rules.or(self.saved.rules);
            self.saved.draw = frame.saved.draw.or_else(|| self.saved.draw.take());
        }
        self.winners_at = frame.winners_at.unwrap_or(self.winners_at);
        if frame.begins {
            self.attempt = Some(at);
        }
        self.groups = frame.group;
        self.rows_len = frame.rows_before.saturating_add(frame.rows.len() as u64);
        self.end = end;
    }

    /// Returns the place of the first winners of a group's draw that is written at `at`.
    pub(super) fn winners_after(&self, group: &Group, at: Place) -> Place {
        if group.draw.is_none() {
            return self.winners_at;
        }
        let begins = group.winners.as_ref().is_some_and(|winners| winners.begins);
        if begins { at } else { self.attempt.unwrap_or(at) }
    }

    /// Returns what is saved after a group: the first frame of a segment holds all of it.
    pub(super) fn saved_after(&self, group: &Group) -> Saved {
        let mut saved = self.saved.clone();
        add(&mut saved, group);
        saved
    }

    /// Adds a group that was written.
    pub(super) fn wrote(&mut self, group: &Group, at: Place, end: Place) {
        self.winners_at = self.winners_after(group, at);
        if group.winners.as_ref().is_some_and(|winners| winners.begins) {
            self.attempt = Some(at);
        }
        add(&mut self.saved, group);
        self.groups += 1;
        self.rows_len += rows_len(group);
        self.end = end;
    }
}

/// Returns the length of a group's rows, in bytes.
pub(super) fn rows_len(group: &Group) -> u64 {
    group.batches.iter().map(|batch| batch.rows().len() as u64).sum()
}

fn add(saved: &mut Saved, group: &Group) {
    saved.agencies.extend(&group.agencies);
    saved.rules = group.rules.or(saved.rules);
    if group.draw.is_some() {
        saved.draw.clone_from(&group.draw);
    }
}
