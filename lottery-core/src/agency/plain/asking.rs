//! The question for the winners, once it is all that is left: asked until there is an answer, through as many connections
//! as it takes.

use std::sync::Arc;
use std::time::Duration;

use lottery_proto::{CloseReason, Code, Dialect, Instant, Violation, WinnersFlow};
use tracing::{info, warn};

use super::{AgencyError, Job, Phase, PlainAgency};
use crate::agency::reason::{passes, passes_in_words};
use crate::agency_file::AgencyFile;

/// So many connections in a row that were closed instead of an answer mean that the wire has no room for it.
const UNANSWERED: u32 = 2;

/// What a centre of ours says to bets of an agency that has finished.
const IS_FINISHED: &str = "the agency is finished";

/// How long an answer to its name is waited for, at most: a centre that does not understand an empty batch may say nothing.
const CHECK: Duration = Duration::from_secs(5);

/// So many winners are taken by who only asks, and does not know how many bets there are.
const MOST_WINNERS: usize = 1_000_000;

/// What only the question needs.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// So many winners there may be at most.
    pub(super) max_winners: usize,
    /// The winners that were told so far.
    pub(super) winners: Vec<String>,
    /// There are no bets to send: it was started to ask.
    alone: bool,
    /// How many connections in a row were closed instead of an answer.
    unanswered: u32,
    /// It asks in a session, where a list of winners may be longer than a block.
    in_session: bool,
    /// It was told without its name that there are no winners, and waits for an answer to its name until then.
    checks_until: Option<Instant>,
}

impl Asking {
    pub(super) fn new(max_winners: usize) -> Self {
        Self { max_winners, ..Self::default() }
    }
}

impl PlainAgency {
    /// An agency that only asks for its winners, and changes nothing at the centre.
    ///
    /// Where a wire has sessions it asks without one, as one would take over from whoever sends; only a list that is longer than
    /// a block, which there is when nobody sends any more, is asked for in a session. A wire that asks by saying that the agency is
    /// finished is not used: it has ended already.
    pub fn asking(mut job: Job) -> Self {
        let dialect = job.connection.dialect;
        if dialect == Dialect::Session {
            job.connection.dialect = Dialect::Block;
        }
        let mut agency = Self::with_most_winners(job, Arc::new(AgencyFile::empty()), MOST_WINNERS);
        agency.phase = Phase::Waiting(Instant::default());
        (agency.settled, agency.asking.alone) = (true, true);
        if agency.winners_flow() == WinnersFlow::WithFinished {
            let reason = "it asks by saying that the agency is finished".to_owned();
            agency.end(Instant::default(), Err(AgencyError::CannotAsk { dialect, reason }));
        }
        agency
    }

    /// Begins a connection.
    pub(super) fn begin(&mut self, now: Instant) {
        self.asking.winners.clear();
        if self.asking.in_session {
            self.phase = Phase::Listening;
            return self.connection.begin(now, |client| client.hello(now));
        }
        if self.asking.checks_until.is_some() {
            self.phase = Phase::Naming;
        }
        self.connection.begin(now, |_| Ok(()));
    }

    /// All winners were told.
    ///
    /// An agency without bets has no name on a wire where only batches have one: it was told that *somebody* without bets has no
    /// winners. If it has finished under its name, with bets of another file, that is wrong: so it says its name to hear whether
    /// the centre knows it.
    pub(super) fn have_winners(&mut self, now: Instant) {
        let with_finished = self.winners_flow() == WinnersFlow::WithFinished;
        if with_finished && self.bets.is_empty() && self.asking.checks_until.is_none() {
            self.asking.checks_until = Some(now.after(CHECK.min(self.job.connection.answer_timeout)));
            (self.phase, self.leaving) = (Phase::Waiting(now), true);
            return self.connection.hang_up(now);
        }
        let winners = std::mem::take(&mut self.asking.winners);
        if with_finished {
            self.log_sent();
        }
        info!(action = "consulta_ganadores", result = "success", cant_ganadores = winners.len());
        self.end(now, Ok(winners));
    }

    /// Until when an answer to its name is waited for.
    pub(super) fn checks_until(&self) -> Option<Instant> {
        self.asking.checks_until.filter(|_| !self.connection.has_ended())
    }

    /// Whether it has said its name: then the centre does not know it as one that is finished, and what was told counts.
    pub(super) fn end_check(&mut self, now: Instant) -> bool {
        let checks = self.checks_until().is_some();
        if checks {
            self.asking.winners.clear();
            self.have_winners(now);
        }
        checks
    }

    /// There was an answer.
    pub(super) fn answered(&mut self) {
        self.asking.unanswered = 0;
        self.retry.succeeded();
    }

    /// There is a session, which changes nothing for an agency that is finished.
    pub(super) fn welcome(&mut self, now: Instant, finished: bool) {
        self.phase = Phase::Waiting(now);
        if !finished {
            self.end(now, Err(AgencyError::NotFinished));
        }
    }

    /// Whether to ask again after a connection that ended so.
    pub(super) fn may_ask_again(&mut self, reason: CloseReason) -> bool {
        let unanswered = matches!(reason, CloseReason::Peer(Violation::Unanswered));
        if unanswered && self.phase == Phase::Listening {
            self.asking.unanswered += 1;
        }
        let is_block = self.job.connection.dialect == Dialect::Block;
        if self.asking.alone && is_block && self.asking.unanswered >= UNANSWERED {
            self.asking.in_session = true;
            self.connection.speak(Dialect::Session);
        }
        self.settled && !matches!(reason, CloseReason::Peer(Violation::Malformed(_)))
    }

    /// Something was refused, for a reason that may pass or not.
    pub(super) fn refused(&mut self, now: Instant, what: &'static str, reason: String) {
        if self.checks_until().is_some() && reason == IS_FINISHED {
            let dialect = self.job.connection.dialect;
            return self.end(now, Err(AgencyError::CannotAsk { dialect, reason }));
        }
        if self.end_check(now) {
            return;
        }
        let passes = self.settled && passes_in_words(&reason);
        let error = AgencyError::Refused { what, reason };
        if passes {
            self.lost(now, error);
        } else if !self.leaving {
            self.end(now, Err(error));
        }
    }

    /// The centre has ended the session.
    pub(super) fn failed(&mut self, now: Instant, code: Option<Code>, reason: String) {
        let error = AgencyError::Refused { what: "the session", reason };
        // Another that only asks took over, or the agency itself: it is soon done.
        if code.is_some_and(|code| passes(code) || code == Code::Superseded) {
            self.lost(now, error);
        } else {
            self.end(now, Err(error));
        }
    }

    /// There is no connection any more: asks again on another, or gives up.
    pub(super) fn lost(&mut self, now: Instant, error: AgencyError) {
        if (self.leaving && self.connection.client().is_some()) || self.end_check(now) {
            return;
        }
        self.leaving = true;
        self.connection.hang_up(now);
        match self.retry.failed(now, false) {
            Ok(at) => {
                self.phase = Phase::Waiting(at);
                let progress = self.progress(true);
                (self.on_progress)(progress);
                let (client_id, pause) = (self.connection.id(), at.duration_since(now));
                warn!(action = "reconnect", result = "in_progress", client_id = %client_id, reason = %error, pause = ?pause);
            }
            // It was not to be tried again at all.
            Err(Duration::ZERO) => self.end(now, Err(error)),
            Err(tried) => {
                let (reason, stored, total) = (error.to_string(), self.stored, self.bets.len());
                self.end(now, Err(AgencyError::GivenUp { tried, reason, stored, total, finished: true }));
            }
        }
    }
}
