//! Committer: the only owner of the store. It takes requests in groups, commits each group in one
//! transaction, and only then replies.

mod agencies;
mod drawing;
mod opening;
mod outcome;
mod plan;
mod room;
mod run;
mod sessions;
mod waiting;

use std::time::Duration;

use lottery_proto::Code;
use tracing::{error, info};

use self::agencies::Agencies;
pub use self::drawing::hold_draw;
pub use self::opening::{OpenError, Opening};
pub use self::outcome::{Durable, HelloOutcome, Outcome};
use self::plan::Plan;
use self::room::Room;
pub use self::run::MAX_GROUP;
use lottery_runtime::Mailbox;

pub use self::run::{run, step};
use self::sessions::{SessionStatus, Sessions};
use self::waiting::{Waiter, Waiting};
use crate::commit_queue::{Command, Notice, Request, Won};
pub use crate::store::Rules;
use crate::store::{AgencyRecord, Draw, Group, Saved, Store, StoreError};

/// Commits groups of requests. It is passive: [`run`] feeds it from a
/// [`CommitQueue`](crate::commit_queue::CommitQueue), and a simulation can step it.
#[derive(Debug)]
pub struct Committer<S> {
    store: S,
    rules: Rules,
    rules_are_stored: bool,
    /// Number of bytes of winners held in memory before they are stored, about.
    gathered: usize,
    agencies: Agencies,
    draw: Option<Draw>,
    waiting: Waiting,
    sessions: Sessions,
    /// Pause without requests after which the store wants [`Store::tend`]; `None`: never.
    tend_after: Option<Duration>,
    room: Room,
}

impl<S: Store> Committer<S> {
    /// Opens the lottery in `store` with the rules that it was begun with.
    ///
    /// # Errors
    /// Fails if the store cannot be read, or holds a lottery that was begun with other rules.
    pub fn open(mut store: S, opening: impl Into<Opening>) -> Result<Self, OpenError> {
        let opening = opening.into();
        let saved = store.load()?;
        let stores_rules = opening.check(&saved)?;
        let Saved { agencies, rules: found, draw } = saved;
        let rules = opening.rules;
        let mut committer = Self {
            store,
            rules,
            rules_are_stored: found == Some(rules),
            gathered: opening.gathered,
            agencies: Agencies::new(agencies, rules.agencies),
            draw,
            waiting: Waiting::default(),
            sessions: Sessions::default(),
            tend_after: Some(Duration::ZERO),
            room: Room::default(),
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
        self.room.pause()
    }

    /// Ends that pause: the next [`Committer::commit`] tries the store again, also for a draw that lacked
    /// room.
    pub fn try_again(&mut self) {
        self.room.try_again();
    }

    /// Returns the store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Commits the requests as one group, holds the draw if it is due, and replies to all.
    ///
    /// # Errors
    /// Fails if the store failed and must not be used again. All requests have got their replies.
    pub fn commit(&mut self, requests: Vec<Request>) -> Result<(), StoreError> {
        let mut group = Group::default();
        let (mut planned, mut pieces) = (Vec::new(), Vec::new());
        for request in requests {
            match request.command {
                // Gets its reply at the end, if the draw has taken place by then.
                Command::AnonymousWaiter(ticket) => {
                    self.waiting.add(request.from, Waiter::Anonymous(ticket));
                }
                Command::Winners { ticket, wait: true } => {
                    self.waiting.add(request.from, Waiter::Agency(ticket));
                }
                Command::Ended(conn) => self.waiting.ended(conn),
                Command::Piece { agency, number, .. } => pieces.push((request.from, agency, number)),
                command => {
                    let request = Request { command, ..request };
                    planned.push((self.plan(&mut group, &request), request));
                }
            }
        }
        let is_shut = self.room.pause().is_some();
        let stored = if group == Group::default() { self.tend() } else { self.commit_group(&mut group) };
        if stored.is_ok() {
            let finished = self.agencies.finished();
            self.agencies.update(group.agencies);
            if self.agencies.finished() != finished {
                self.log_finished();
            }
        }
        let drawn = if stored.is_ok() && !is_shut { self.draw_if_due() } else { Ok(()) };
        for (plan, request) in planned {
            self.answer(request, plan, &stored);
        }
        match &self.draw {
            Some(draw) => self.waiting.tell(draw),
            None => self.waiting.turn_away(usize::try_from(self.rules.agencies).unwrap_or(usize::MAX)),
        }
        let read = self.hand_out(pieces);
        // The lack of room was logged when the store reported it.
        let stored = if is_shut && matches!(stored, Err(StoreError::Full { .. })) { Ok(()) } else { stored };
        for result in [stored, drawn, read] {
            self.note(result)?;
        }
        Ok(())
    }

    /// Logs a lack of room and tries again after a pause: it is no reason to end.
    fn note(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Err(error @ StoreError::Full { .. }) = &result {
            self.room.shut(error);
            let pause = self.room.pause().unwrap_or_default().as_millis();
            error!(action = "store", result = "fail", reason = %error, again_in = format!("{pause}ms"));
            return Ok(());
        }
        result
    }

    fn tend(&mut self) -> Result<(), StoreError> {
        self.tend_after = self.store.tend()?;
        Ok(())
    }

    /// Stores a group, the first one with the rules.
    fn commit_group(&mut self, group: &mut Group) -> Result<(), StoreError> {
        self.room.check()?;
        group.rules = (!self.rules_are_stored).then_some(self.rules);
        self.store.commit(group)?;
        self.rules_are_stored = true;
        self.room.opened();
        Ok(())
    }

    /// Reads pieces of the winners and sends them to the connections that asked.
    fn hand_out(&self, pieces: Vec<(Mailbox<Notice>, u32, u64)>) -> Result<(), StoreError> {
        for (from, agency, number) in pieces {
            from.deliver(Notice::Piece(self.store.winners(agency, number)?));
        }
        Ok(())
    }

    /// Decides about a request, and adds its changes to the group.
    fn plan(&mut self, group: &mut Group, request: &Request) -> Plan {
        let (agency, conn, bets) = match &request.command {
            Command::Hello(ticket) => {
                let agency = ticket.agency().get();
                let older = self.sessions.begin(agency, ticket.conn(), request.from.clone());
                return Plan::Greet { record: self.planned(group, agency), older };
            }
            Command::Gone(conn) => {
                self.waiting.leave(*conn);
                self.sessions.leave(*conn);
                return Plan::ReadOnly;
            }
            Command::Winners { .. }
            | Command::AnonymousWaiter(_)
            | Command::Ended(_)
            | Command::Piece { .. } => {
                return Plan::ReadOnly;
            }
            Command::Bet(ticket, bets) => (ticket.agency().get(), ticket.conn(), Some(bets)),
            Command::Batch(ticket, bets) => (ticket.agency().get(), ticket.conn(), Some(bets)),
            Command::Finished(ticket) => (ticket.agency().get(), ticket.conn(), None),
        };
        if request.in_session {
            match self.sessions.standing(agency, conn) {
                SessionStatus::Good => {}
                SessionStatus::Broken => {
                    return Plan::refuse(Code::Malformed, "bets that were sent before were refused");
                }
                SessionStatus::Superseded => {
                    return Plan::refuse(Code::Superseded, "a newer session of this agency took over");
                }
            }
        }
        let mut record = self.planned(group, agency);
        match bets {
            Some(_) if record.finished => {
                self.sessions.refuse(agency, conn);
                return Plan::refuse(Code::Finished, "the agency is finished");
            }
            // An anonymous client has stood in for this agency: its bets can no longer win.
            Some(_) if self.draw.is_some() => {
                self.sessions.refuse(agency, conn);
                return Plan::refuse(Code::Finished, "the draw has taken place");
            }
            Some(bets) => {
                record.stored += u64::from(bets.count());
                record.digest = bets.digest_after(record.digest);
                group.batches.push(bets.to_rows(agency));
            }
            None if record.finished => return Plan::Store { total: record.stored },
            None => record.finished = true,
        }
        group.agencies.insert(agency, record);
        Plan::Store { total: record.stored }
    }

    /// Returns the record of an agency as it will be once the group is durable.
    fn planned(&self, group: &Group, agency: u32) -> AgencyRecord {
        group.agencies.get(&agency).copied().unwrap_or_else(|| self.agency(agency))
    }

    /// Replies to a request, once the result of the commit is known.
    fn answer(
        &mut self,
        Request { from, command, .. }: Request,
        plan: Plan,
        stored: &Result<(), StoreError>,
    ) {
        let outcome = match (&plan, stored) {
            // Comes first: an agency that this group would have finished is not finished.
            (Plan::Store { .. } | Plan::Refuse { .. }, Err(error)) => {
                Outcome::Refused { code: Code::Storage, reason: error.to_string() }
            }
            (Plan::Refuse { code, reason }, Ok(())) => {
                Outcome::Refused { code: *code, reason: (*reason).to_owned() }
            }
            (Plan::Store { total }, Ok(())) => Outcome::Stored(Durable::new(*total)),
            (Plan::ReadOnly | Plan::Greet { .. }, _) => return self.look(&from, command, plan, stored),
        };
        let refused = matches!(outcome, Outcome::Refused { .. });
        let (agency, conn, notice) = match command {
            Command::Bet(ticket, bets) => {
                (ticket.agency(), ticket.conn(), Notice::Bet(ticket, bets, outcome))
            }
            Command::Batch(ticket, bets) => {
                (ticket.agency(), ticket.conn(), Notice::Batch(ticket, bets, outcome))
            }
            Command::Finished(ticket) => (ticket.agency(), ticket.conn(), Notice::Finished(ticket, outcome)),
            Command::Hello(_)
            | Command::Winners { .. }
            | Command::Piece { .. }
            | Command::AnonymousWaiter(_)
            | Command::Ended(_)
            | Command::Gone(_) => return,
        };
        if refused {
            self.sessions.refuse(agency.get(), conn);
        }
        from.deliver(notice);
    }

    /// Replies to a request that changes nothing in the store.
    fn look(
        &mut self,
        from: &Mailbox<Notice>,
        command: Command,
        plan: Plan,
        stored: &Result<(), StoreError>,
    ) {
        match (command, plan) {
            (Command::Hello(ticket), Plan::Greet { record, older }) => {
                if let Some(older) = older {
                    older.deliver(Notice::Superseded);
                }
                let agency = ticket.agency().get();
                let greeting = match (self.sessions.standing(agency, ticket.conn()), stored) {
                    (_, Err(error)) if !matches!(error, StoreError::Full { .. }) => {
                        HelloOutcome::Refused { code: Code::Storage, reason: error.to_string() }
                    }
                    (SessionStatus::Superseded, _) => HelloOutcome::Refused {
                        code: Code::Superseded,
                        reason: "a newer session of this agency took over".to_owned(),
                    },
                    // Bets that follow Hello in the group get their own acknowledgment.
                    (_, Ok(())) => HelloOutcome::Welcome(record),
                    (_, Err(_)) => HelloOutcome::Welcome(self.agency(agency)),
                };
                from.deliver(Notice::Hello(ticket, greeting));
            }
            (Command::Winners { ticket, .. }, _) => {
                let won = self.draw.as_ref().map(|draw| Won::of(draw, ticket.agency()));
                from.deliver(Notice::Winners(ticket, won));
            }
            _ => {}
        }
    }

    /// Logs the number of agencies that are finished.
    fn log_finished(&self) {
        let (finished, all) = (self.agencies.finished(), self.rules.agencies);
        let result = if finished < all { "in_progress" } else { "success" };
        let msg = format!("{finished} of {all} agencies finished");
        info!(action = "agencies_finished", result, msg);
    }

    /// Returns true if all agencies are finished. Anonymous clients stand in for absent agencies once there
    /// is a bet: alone they cause no draw.
    fn is_draw_due(&self) -> bool {
        let unheard_of = usize::try_from(self.agencies.unheard_of()).unwrap_or(usize::MAX);
        let strangers = if self.agencies.has_bets() { self.waiting.strangers() } else { 0 };
        self.agencies.unfinished() == 0 && unheard_of <= strangers
    }

    /// Draws if the draw is due and has not taken place: from durable bets, and durably.
    fn draw_if_due(&mut self) -> Result<(), StoreError> {
        if self.draw.is_some() || !self.is_draw_due() {
            return Ok(());
        }
        let rules = (!self.rules_are_stored).then_some(self.rules);
        let rest = Group { rules, ..Group::default() };
        let draw = drawing::hold(&mut self.store, self.rules, self.gathered, rest)?;
        self.rules_are_stored = true;
        self.draw = Some(draw);
        self.room.opened();
        info!(action = "sorteo", result = "success");
        Ok(())
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
