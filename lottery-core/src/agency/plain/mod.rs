//! An agency on a plain wire: one pass over its bets, then the question, on one connection or, on `fixed`, several.
//!
//! Bets are sent once: whether a batch was stored whose answer is lost cannot be known on these wires. Once the end of the
//! bets is acknowledged, all that is left is a question, which can be asked again and again: see [`asking`].

mod asking;
mod dialer;

use std::sync::Arc;
use std::time::Duration;

use lottery_proto::client::Event;
use lottery_proto::{Bet, CloseReason, Instant, SendError, WinnersFlow};
use tracing::{debug, info, warn};

use super::client_connection::ClientConnection;
use super::job::{AgencyError, Job, Left, Progress};
use super::retry::Retry;
use crate::agency_file::AgencyFile;
use crate::redact;

/// An agency at work: sends its bets, says that these were all, asks for its winners.
pub struct PlainAgency {
    job: Job,
    bets: Arc<AgencyFile>,
    connection: ClientConnection<Vec<String>>,
    phase: Phase,
    /// Nothing was sent on this connection yet.
    fresh: bool,
    /// This connection is given up.
    leaving: bool,
    sent: usize,
    /// How many bets the centre has acknowledged.
    stored: usize,
    /// Nothing but the question is left: it may be asked again.
    settled: bool,
    asking: asking::Asking,
    pause: Duration,
    retry: Retry,
    on_progress: Box<dyn FnMut(Progress) + Send>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Bets are sent.
    Sending,
    /// It sends a batch without bets, to hear what the centre says to its name.
    Naming,
    /// All are sent, and Finished after them, or the question for the winners: the centre is to answer.
    Listening,
    /// The winners are to be asked for then.
    Waiting(Instant),
    /// There is nothing more to do.
    Done,
}

impl PlainAgency {
    /// An agency with these bets. If the wire cannot carry one of them, it has ended already: none is sent.
    pub fn new(job: Job, bets: Arc<AgencyFile>) -> Self {
        let max_winners = bets.len();
        Self::with_most_winners(job, bets, max_winners)
    }

    fn with_most_winners(job: Job, bets: Arc<AgencyFile>, max_winners: usize) -> Self {
        Self {
            pause: job.poll_initial,
            connection: job.connections(&bets, max_winners),
            retry: Retry::new(job.retry_for, job.seed),
            job,
            bets,
            phase: Phase::Sending,
            fresh: true,
            leaving: false,
            sent: 0,
            stored: 0,
            settled: false,
            asking: asking::Asking::new(max_winners),
            on_progress: Box::new(|_| ()),
        }
    }

    /// Calls `on_progress` whenever it is further than before.
    #[must_use]
    pub fn with_progress(mut self, on_progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Box::new(on_progress);
        self
    }

    /// Says how much there is left to do.
    pub fn left(&self) -> Left {
        let (total, sent, stored) = (self.bets.len(), self.sent, self.stored);
        Left { total, sent, stored, finished: self.settled }
    }

    /// How it ended: the winners' documents, in the order in which the bets were stored.
    ///
    /// # Errors
    /// Why it did not get them.
    pub fn into_outcome(self) -> Result<Vec<String>, AgencyError> {
        self.connection.into_outcome()
    }

    fn winners_flow(&self) -> WinnersFlow {
        self.connection.profile().winners_flow
    }

    /// It has ended so. The first end counts.
    fn end(&mut self, now: Instant, outcome: Result<Vec<String>, AgencyError>) {
        self.phase = Phase::Done;
        self.connection.end(now, outcome);
    }

    fn progress(&self, cut_off: bool) -> Progress {
        let stored = self.settled && self.stored == self.sent;
        Progress { sent: self.sent, total: self.bets.len(), stored, cut_off }
    }

    fn report(&mut self) {
        let progress = self.progress(false);
        (self.on_progress)(progress);
        let (enviadas, total) = (progress.sent, progress.total);
        debug!(action = "batch_sent", result = "in_progress", client_id = %self.connection.id(), enviadas, total);
    }

    /// Says now and then what it waits for.
    fn remind(&mut self, now: Instant) {
        // On `framed` the end of the bets is the question.
        let asks = self.phase == Phase::Listening && self.winners_flow() == WinnersFlow::WithFinished;
        let waits_for = match self.phase {
            Phase::Done => None,
            _ if self.settled || asks => Some(("the draw", 0)),
            _ => Some(("the centre", self.sent + self.stored)),
        };
        self.connection.waits_for(now, waits_for);
    }

    /// Takes what the connection has, and does what comes next.
    fn advance(&mut self, now: Instant) {
        self.take_events(now);
        loop {
            let before = (self.phase, self.sent);
            if let Err(error) = self.step(now) {
                match error {
                    SendError::Busy | SendError::Closed => break,
                    error => self.end(now, Err(AgencyError::Send(error))),
                }
            }
            if (self.phase, self.sent) == before {
                break;
            }
        }
        self.take_events(now);
    }

    /// The next thing to send, if it is time.
    fn step(&mut self, now: Instant) -> Result<(), SendError> {
        let profile = self.connection.profile();
        let Some(client) = self.connection.client() else { return Ok(()) };
        match self.phase {
            Phase::Sending if self.sent < self.bets.len() => {
                if !client.can_send() {
                    return Err(SendError::Busy);
                }
                let most = self.job.batch_max.unwrap_or(profile.batch_bets);
                let batch: Vec<Bet<'_>> = self.bets.bets_from(self.sent).take(most).collect();
                self.sent += client.send_batch(now, &batch)?;
                self.report();
            }
            Phase::Sending => {
                client.send_finished(now)?;
                self.phase = Phase::Listening;
            }
            Phase::Naming => {
                client.send_batch(now, &[])?;
                self.phase = Phase::Listening;
            }
            Phase::Waiting(until)
                if until <= now && (self.fresh || profile.winners_flow != WinnersFlow::NewConnection) =>
            {
                client.ask_winners(now)?;
                self.phase = Phase::Listening;
            }
            Phase::Listening | Phase::Waiting(_) | Phase::Done => return Ok(()),
        }
        self.fresh = false;
        Ok(())
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Batch { stored: true, .. } => {
                    self.stored = self.sent;
                    self.retry.succeeded();
                    self.end_check(now);
                }
                Event::Batch { stored: false, reason, .. } => {
                    let reason = redact::reason(reason).into_owned();
                    self.refused(now, "a batch", reason);
                }
                Event::Finished { stored: false, reason } => {
                    let reason = redact::reason(reason).into_owned();
                    self.refused(now, "to count this agency as finished", reason);
                }
                Event::Finished { stored: true, .. } => {
                    self.log_sent();
                    self.ask_at(now, now);
                }
                Event::Pending => {
                    let client_id = self.connection.id();
                    debug!(action = "consulta_ganadores", result = "in_progress", client_id = %client_id);
                    self.answered();
                    self.ask_at(now, now.after(self.pause));
                    self.pause = self.pause.saturating_mul(2).min(self.job.poll_max);
                }
                Event::Winners(documents) => {
                    let (last, named) = (documents.is_last(), self.asking.winners.len() + documents.len());
                    if named > self.asking.max_winners {
                        let error = self.connection.too_many_winners(named, self.asking.max_winners);
                        self.end(now, Err(error));
                        continue;
                    }
                    self.asking.winners.extend(documents.map(str::to_owned));
                    if last {
                        self.have_winners(now);
                    }
                }
                Event::WinnersRefused { reason } => {
                    let reason = redact::reason(reason).into_owned();
                    self.refused(now, "to say who won", reason);
                }
                Event::Refused { reason } => {
                    let reason = redact::reason(reason).into_owned();
                    self.refused(now, "to go on", reason);
                }
                Event::Welcome { finished, .. } => self.welcome(now, finished),
                Event::Failed { code, reason } => {
                    let reason = redact::reason(reason).into_owned();
                    self.failed(now, code, reason);
                }
                Event::Closed(reason) => self.closed(now, reason),
                other => warn!(action = "event", result = "fail", event = ?other),
            }
        }
    }

    fn log_sent(&mut self) {
        (self.stored, self.settled) = (self.sent, true);
        self.answered();
        let (client_id, cantidad) = (self.connection.id(), self.sent);
        info!(action = "apuestas_enviadas", result = "success", client_id = %client_id, cantidad);
        self.report();
    }

    /// The winners are to be asked for at `when`, perhaps on another connection.
    fn ask_at(&mut self, now: Instant, when: Instant) {
        self.phase = Phase::Waiting(when);
        if self.winners_flow() == WinnersFlow::NewConnection {
            self.leaving = true;
            self.connection.hang_up(now);
        }
    }

    fn closed(&mut self, now: Instant, reason: CloseReason) {
        info!(action = "close_connection", result = "success", client_id = %self.connection.id());
        debug!(action = "event", result = "success", event = ?reason);
        if self.leaving || self.connection.has_ended() {
            return;
        }
        if self.end_check(now) {
            return;
        }
        let error = self.connection.closed(reason);
        if self.may_ask_again(reason) {
            self.lost(now, error);
        } else {
            self.end(now, Err(error));
        }
    }
}
