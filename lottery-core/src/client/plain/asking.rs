//! Query for the winners once nothing else is left, repeated on as many connections as it takes
//! (`docs/protocol.md#winners`).

use std::sync::Arc;
use std::time::Duration;

use lottery_proto::{CloseReason, Code, Instant, Violation, WinnersFlow};
use tracing::{info, warn};

use super::{ClientError, Job, Phase, PlainClient};
use crate::agency_file::AgencyFile;
use crate::client::reason::passes;

/// Number of connections in a row closed without a reply after which the list is taken to be longer than a
/// block.
const UNANSWERED: u32 = 2;

/// Longest wait for a reply to an empty batch: a server that does not understand one may stay silent.
const CHECK: Duration = Duration::from_secs(5);

/// Maximum number of winners for a client that only asks: the number of its bets is not known.
const MAX_WINNERS: usize = 1_000_000;

/// State that only the query needs.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// Maximum number of winners that is accepted.
    pub(super) max_winners: usize,
    /// Winners listed so far.
    pub(super) winners: Vec<String>,
    /// True if there are no bets to send: the client only asks.
    alone: bool,
    /// True if the server knows the agency by its certificate, so that it need not name itself.
    pub(super) identified: bool,
    /// Number of connections in a row that were closed without a reply.
    unanswered: u32,
    /// True if it asks in a session, where a list of winners may be longer than a block.
    in_session: bool,
    /// Deadline for a reply to the agency's number; set after an anonymous query has found no winners.
    checks_until: Option<Instant>,
}

impl Asking {
    pub(super) fn new(max_winners: usize) -> Self {
        Self { max_winners, ..Self::default() }
    }
}

impl PlainClient {
    /// Creates a client that only asks for its winners and changes nothing at the server.
    ///
    /// On `session` it asks in `block`: a session would take over from the client that is sending. It opens a
    /// session only for a list that is longer than a block, which exists once nobody sends any more. A
    /// client on a dialect without such a query has ended already.
    pub fn asking(mut job: Job) -> Self {
        let dialect = job.connection.dialect();
        let without = job.connection.to_builder().dialect(dialect.without_sessions()).build();
        let invalid = without.map(|connection| job.connection = connection).err();
        let mut client = Self::with_max_winners(job, Arc::new(AgencyFile::empty()), MAX_WINNERS);
        client.phase = Phase::Waiting(Instant::default());
        (client.settled, client.asking.alone) = (true, true);
        if let Some(error) = invalid {
            client.end(Instant::default(), Err(error.into()));
        }
        let reason = match client.winners_flow() {
            WinnersFlow::WithFinished => Some("it asks by saying that the agency is finished"),
            WinnersFlow::Never => Some("it carries bets only"),
            WinnersFlow::SameConnection | WinnersFlow::NewConnection => None,
        };
        if let Some(reason) = reason.map(str::to_owned) {
            client.end(Instant::default(), Err(ClientError::CannotAsk { dialect, reason }));
        }
        client
    }

    /// Begins a connection.
    pub(super) fn begin(&mut self, now: Instant) {
        self.asking.winners.clear();
        if self.asking.in_session {
            self.phase = Phase::Listening;
            return self.connection.begin(now, |_| Ok(()));
        }
        if self.asking.checks_until.is_some() {
            self.phase = Phase::Naming;
        }
        self.connection.begin(now, |_| Ok(()));
    }

    /// Handles the end of the list of winners.
    ///
    /// On a dialect in which only batches carry the agency's number, an agency without bets is anonymous: it
    /// has learned that an *unknown* agency without bets has no winners. That is wrong if it has finished
    /// under its number with the bets of another file. So it sends its number in an empty batch, to learn if
    /// the server knows it as finished. With a certificate it is not anonymous.
    pub(super) fn have_winners(&mut self, now: Instant) {
        let with_finished = self.winners_flow() == WinnersFlow::WithFinished;
        let anonymous = with_finished && self.bets.is_empty() && !self.asking.identified;
        if anonymous && self.asking.checks_until.is_none() {
            self.asking.checks_until = Some(now.after(CHECK.min(self.job.connection.answer_timeout())));
            self.phase = Phase::Waiting(now);
            return self.leave(now);
        }
        let winners = std::mem::take(&mut self.asking.winners);
        if with_finished {
            self.log_sent();
        }
        info!(action = "consulta_ganadores", result = "success", cant_ganadores = winners.len());
        self.end(now, Ok(winners));
    }

    /// Returns the end of the wait for a reply to its number.
    pub(super) fn checks_until(&self) -> Option<Instant> {
        self.asking.checks_until.filter(|_| !self.connection.has_ended())
    }

    /// Ends the check of the number, and returns true if there was one: the server does not know the agency
    /// as finished, so the list counts.
    pub(super) fn end_check(&mut self, now: Instant) -> bool {
        let checks = self.checks_until().is_some();
        if checks {
            self.asking.winners.clear();
            self.have_winners(now);
        }
        checks
    }

    /// Notes a reply.
    pub(super) fn answered(&mut self) {
        self.asking.unanswered = 0;
        self.retry.succeeded();
    }

    /// Handles Welcome. A session changes nothing for an agency that is finished; one that is not has no
    /// winners.
    pub(super) fn welcome(&mut self, now: Instant, finished: bool) {
        self.phase = Phase::Waiting(now);
        if !finished {
            self.end(now, Err(ClientError::NotFinished));
        }
    }

    /// Returns true if the query may be repeated after a connection that ended for this reason.
    pub(super) fn may_ask_again(&mut self, reason: CloseReason) -> bool {
        let unanswered = matches!(reason, CloseReason::Peer(Violation::Unanswered));
        if unanswered && self.phase == Phase::Listening {
            self.asking.unanswered += 1;
        }
        if self.asking.in_session && reason == CloseReason::NoSession {
            // It was no long list that the server closed for.
            (self.asking.in_session, self.asking.unanswered) = (false, 0);
            self.connection.speak(self.job.connection.dialect());
        }
        let sessions = self.job.connection.dialect().counterpart();
        if let Some(sessions) = sessions
            && self.asking.alone
            && self.asking.unanswered >= UNANSWERED
        {
            self.asking.in_session = true;
            self.connection.speak(sessions);
        }
        self.settled && !matches!(reason, CloseReason::Peer(Violation::Malformed(_)))
    }

    /// Handles the rejection of the batch that waits for its reply, because of its bet with that number if the
    /// server names one.
    pub(super) fn batch_rejected(
        &mut self,
        now: Instant,
        bet: Option<usize>,
        code: Option<Code>,
        reason: String,
    ) {
        let is_alone = self.connection.profile().one_message;
        if (bet.is_none() && !is_alone) || self.checks_until().is_some() {
            return self.rejected(now, "a batch", code, reason);
        }
        let error = self.place(bet);
        self.end(now, Err(ClientError::BatchRejected { error, code, reason }));
    }

    /// Handles a rejection, for a reason that may or may not pass.
    pub(super) fn rejected(&mut self, now: Instant, what: &'static str, code: Option<Code>, reason: String) {
        if self.checks_until().is_some() && code == Some(Code::Finished) {
            let dialect = self.job.connection.dialect();
            return self.end(now, Err(ClientError::CannotAsk { dialect, reason }));
        }
        if self.end_check(now) {
            return;
        }
        let passes = self.settled && code.is_some_and(passes);
        let error = ClientError::Rejected { what, reason };
        if passes {
            self.lost(now, error);
        } else if !self.attempt.leaving {
            self.end(now, Err(error));
        }
    }

    /// Handles a failure of the session.
    pub(super) fn failed(&mut self, now: Instant, code: Option<Code>, reason: String) {
        let error = ClientError::Rejected { what: "the session", reason };
        // Another client that only asks, or the one that sends, took over: it is soon done.
        if code.is_some_and(|code| passes(code) || code == Code::Superseded) {
            self.lost(now, error);
        } else {
            self.end(now, Err(error));
        }
    }

    /// Handles the loss of the connection: retries on another, or gives up.
    pub(super) fn lost(&mut self, now: Instant, error: ClientError) {
        if (self.attempt.leaving && self.connection.client().is_some()) || self.end_check(now) {
            return;
        }
        self.leave(now);
        match self.retry.failed(now, false) {
            Ok(at) => {
                self.phase = Phase::Waiting(at);
                let progress = self.progress(true);
                (self.on_progress)(progress);
                let (client_id, pause) = (self.connection.id(), at.duration_since(now));
                warn!(action = "reconnect", result = "in_progress", client_id = %client_id, reason = %error, pause = ?pause);
            }
            // Retrying is turned off.
            Err(Duration::ZERO) => self.end(now, Err(error)),
            Err(tried) => {
                let (reason, stored, total) = (error.to_string(), self.stored, self.bets.len());
                self.end(now, Err(ClientError::GivenUp { tried, reason, stored, total, finished: true }));
            }
        }
    }
}
