//! Committer: the only owner of the store. It takes requests in groups, commits each group in one
//! transaction, and only then replies.

mod agencies;
mod draw;
mod fencing;
mod full_store;
mod opening;
mod pending;
mod plan;
mod replies;
mod run;
mod waiters;

use std::mem;
use std::time::Duration;

use lottery_runtime::Mailbox;
use tracing::{error, info};

use self::agencies::Agencies;
pub use self::draw::hold_draw;
use self::fencing::Sessions;
use self::full_store::FullStore;
pub use self::opening::{OpenError, Opening};
use self::pending::Pending;
pub use self::run::{MAX_GROUP, run, step};
use self::waiters::{Waiter, Waiters};
use crate::messages::{Command, Notice, Request};
pub use crate::store::Rules;
use crate::store::{AgencyRecord, Draw, Durable, Group, Saved, Store, StoreError};

/// Commits groups of requests. It is passive: [`run`] feeds it from a
/// [`CommitQueue`](crate::commit_queue::CommitQueue), and a simulation can step it.
#[derive(Debug)]
pub struct Committer<S> {
    store: S,
    /// Proof of the durable state, for a request that changes nothing of it.
    durable: Durable,
    rules: Rules,
    rules_are_stored: bool,
    /// Number of bytes of winners held in memory before they are stored, about.
    gathered: usize,
    agencies: Agencies,
    draw: Option<Draw>,
    waiters: Waiters,
    sessions: Sessions,
    /// Pause without requests after which the store wants [`Store::tend`]; `None`: never.
    tend_after: Option<Duration>,
    full: FullStore,
}

impl<S: Store> Committer<S> {
    /// Opens the lottery in `store` with the rules that it was begun with.
    ///
    /// # Errors
    /// Fails if the store cannot be read, or holds a lottery that was begun with other rules.
    pub fn open(mut store: S, opening: impl Into<Opening>) -> Result<Self, OpenError> {
        let opening = opening.into();
        let (saved, durable) = Durable::load(&mut store)?;
        let stores_rules = opening.check(&saved)?;
        let Saved { agencies, rules: found, draw } = saved;
        let rules = opening.rules;
        let mut committer = Self {
            store,
            durable,
            rules,
            rules_are_stored: found == Some(rules),
            gathered: opening.gathered,
            agencies: Agencies::new(agencies, rules.agencies),
            draw,
            waiters: Waiters::default(),
            sessions: Sessions::default(),
            tend_after: Some(Duration::ZERO),
            full: FullStore::default(),
        };
        committer.log_found();
        let stored = if stores_rules { committer.store_rules() } else { Ok(()) };
        let stored = stored.and_then(|()| committer.draw_if_due());
        committer.note(stored)?;
        Ok(committer)
    }

    /// Returns the durable record of an agency.
    pub fn agency(&self, agency: u32) -> AgencyRecord {
        self.agencies.record(agency)
    }

    /// Returns the draw, once it has taken place.
    pub fn draw(&self) -> Option<&Draw> {
        self.draw.as_ref()
    }

    /// Returns true if the draw is due and has not taken place, for want of room.
    pub fn owes_draw(&self) -> bool {
        self.draw.is_none() && self.is_draw_due()
    }

    /// Returns the pause without requests after which [`Committer::commit`] is to be called with none;
    /// `None`: never.
    pub fn pause(&self) -> Option<Duration> {
        self.tend_after
    }

    /// Returns the pause of a store that had no room at the last attempt. Until [`Committer::try_again`]
    /// every request to store is rejected at once, and no draw is attempted.
    pub fn no_room(&self) -> Option<Duration> {
        self.full.pause()
    }

    /// Ends that pause: the next [`Committer::commit`] tries the store again, also for a draw that lacked
    /// room.
    pub fn try_again(&mut self) {
        self.full.try_again();
    }

    /// Returns the store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Returns the store, which is not used any more.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Commits the requests as one group, holds the draw if it is due, and replies to all.
    ///
    /// # Errors
    /// Fails if the store failed and must not be used again. All requests have got their replies.
    pub fn commit(&mut self, requests: Vec<Request>) -> Result<(), StoreError> {
        let mut group = Group::default();
        let (mut planned, mut pieces) = (Vec::new(), Vec::new());
        let taken: Vec<Pending> = requests.into_iter().map(Pending::new).collect();
        for mut pending in taken {
            if let Some(request) = pending.get().filter(|request| is_planned(&request.command)) {
                planned.push((self.plan(&mut group, request), pending));
                continue;
            }
            let Some(request) = pending.take() else { continue };
            match request.command {
                // Gets its reply at the end, if the draw has taken place by then.
                Command::Winners { ticket, agency, wait: true } => {
                    self.waiters.add(Waiter::new(request.from, ticket, agency));
                }
                Command::Ended(conn) => self.waiters.ended(conn),
                Command::Piece { agency, number, .. } => pieces.push((request.from, agency, number)),
                _ => {}
            }
        }
        let is_shut = self.full.pause().is_some();
        let stored = if group == Group::default() { self.tend() } else { self.commit_group(&mut group) };
        // Only the requests hold their batches from here on, as the room of a batch is free with its request.
        drop(mem::take(&mut group.batches));
        if stored.is_ok() {
            let finished = self.agencies.finished();
            self.agencies.update(group.agencies);
            if self.agencies.finished() != finished {
                self.log_finished();
            }
        }
        let drawn = if stored.is_ok() && !is_shut { self.draw_if_due() } else { Ok(()) };
        for (plan, mut pending) in planned {
            if let Some(request) = pending.take() {
                self.answer(request, plan, &stored);
            }
        }
        match &self.draw {
            Some(draw) => self.waiters.tell(draw),
            None => self.waiters.turn_away(usize::try_from(self.rules.agencies).unwrap_or(usize::MAX)),
        }
        let read = self.send_pieces(pieces);
        let stored = match stored {
            // The lack of room was logged when the store reported it.
            Err(StoreError::Full { .. }) if is_shut => Ok(()),
            stored => stored.map(|_| ()),
        };
        for result in [stored, drawn, read] {
            self.note(result)?;
        }
        Ok(())
    }

    /// Logs a lack of room and tries again after a pause: it is no reason to end.
    fn note(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Err(error @ StoreError::Full { .. }) = &result {
            self.full.shut(error);
            let pause = self.full.pause().unwrap_or_default().as_millis();
            error!(action = "store", result = "fail", reason = %error, again_in = format!("{pause}ms"));
            return Ok(());
        }
        result
    }

    fn tend(&mut self) -> Result<Durable, StoreError> {
        self.tend_after = self.store.tend()?;
        Ok(self.durable)
    }

    /// Stores a group, the first one with the rules.
    fn commit_group(&mut self, group: &mut Group) -> Result<Durable, StoreError> {
        self.full.check()?;
        group.rules = (!self.rules_are_stored).then_some(self.rules);
        let durable = Durable::commit(&mut self.store, group)?;
        self.rules_are_stored = true;
        self.full.opened();
        Ok(durable)
    }

    /// Reads pieces of the winners and sends them to the connections that asked.
    fn send_pieces(&self, pieces: Vec<(Mailbox<Notice>, u32, u64)>) -> Result<(), StoreError> {
        for (from, agency, number) in pieces {
            from.deliver(Notice::Piece(self.store.winners(agency, number)?));
        }
        Ok(())
    }

    /// Logs the number of agencies that are finished.
    fn log_finished(&self) {
        let (finished, all) = (self.agencies.finished(), self.rules.agencies);
        let result = if finished < all { "in_progress" } else { "success" };
        let msg = format!("{finished} of {all} agencies finished");
        info!(action = "agencies_finished", result, msg);
    }

    /// Stores the rules of a lottery that has begun without them or with others.
    fn store_rules(&mut self) -> Result<(), StoreError> {
        self.store.commit(&Group { rules: Some(self.rules), ..Group::default() })?;
        self.rules_are_stored = true;
        Ok(())
    }

    /// Logs the state of the store when it is opened.
    fn log_found(&self) {
        let Rules { agencies, winning_number } = self.rules;
        let (bets, finished) = (self.agencies.stored(), self.agencies.finished());
        let drawn = if self.draw.is_some() { "yes" } else { "no" };
        info!(action = "open_lottery", result = "success", agencies, winning_number, bets, finished, drawn);
    }
}

/// Returns true if a command is planned before the group is committed; others wait, or read.
const fn is_planned(command: &Command) -> bool {
    !matches!(command, Command::Winners { wait: true, .. } | Command::Ended(_) | Command::Piece { .. })
}
