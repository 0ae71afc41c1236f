//! Client on a dialect without sessions: one pass over its bets, then the query, on one connection or on several, as the
//! dialect has it.
//!
//! Bets are sent once: a batch whose reply is lost may or may not be stored, and these dialects cannot tell.
//! Once the end of the bets is acknowledged, only the query is left, and that can be repeated: see
//! [`asking`].

mod asking;
mod dialer;
mod sending;

use std::sync::Arc;
use std::time::Duration;

use lottery_proto::client::{Event, Rejected};
use lottery_proto::{CloseReason, Instant, SendError, WinnersFlow};
use tracing::{debug, info, warn};

use super::connection::ClientConnection;
use super::error::ClientError;
use super::job::{Job, Left, Progress};
use super::retry::Retry;
use crate::agency_file::AgencyFile;
use crate::redact;

/// Client of an agency: sends its bets and Finished, then asks for its winners.
pub struct PlainClient {
    job: Job,
    bets: Arc<AgencyFile>,
    connection: ClientConnection<Vec<String>>,
    phase: Phase,
    attempt: Attempt,
    /// Number of bets handed to a connection, apart from those that were rejected.
    sent: usize,
    /// Number of bets that the server has acknowledged.
    stored: usize,
    /// True once only the query is left: it may be repeated.
    settled: bool,
    asking: asking::Asking,
    pause: Duration,
    retry: Retry,
    on_progress: Box<dyn FnMut(Progress) + Send>,
}

/// State of the connection of the moment.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    /// True while no message was sent on it.
    fresh: bool,
    /// True once some bytes were written on it.
    written: bool,
    /// True once it is given up.
    leaving: bool,
}

impl Attempt {
    const NEW: Self = Self { fresh: true, written: false, leaving: false };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Bets are being sent.
    Sending,
    /// An empty batch is to be sent, to learn how the server responds to the agency's number.
    Naming,
    /// Finished or the query is sent, and a reply is due.
    Listening,
    /// The winners are to be asked for at this time.
    Waiting(Instant),
    /// Nothing is left to do.
    Done,
}

impl PlainClient {
    /// Creates a client with these bets. It has ended already, and sends none, if its dialect cannot carry
    /// one of them.
    pub fn new(job: Job, bets: Arc<AgencyFile>) -> Self {
        let max_winners = bets.len();
        Self::with_max_winners(job, bets, max_winners)
    }

    fn with_max_winners(job: Job, bets: Arc<AgencyFile>, max_winners: usize) -> Self {
        Self {
            pause: job.poll_initial,
            connection: job.connections(&bets, max_winners),
            retry: Retry::new(job.retry_for, job.seed),
            job,
            bets,
            phase: Phase::Sending,
            attempt: Attempt::NEW,
            sent: 0,
            stored: 0,
            settled: false,
            asking: asking::Asking::new(max_winners),
            on_progress: Box::new(|_| ()),
        }
    }

    /// Calls `on_progress` whenever the client has made progress.
    #[must_use]
    pub fn with_progress(mut self, on_progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Box::new(on_progress);
        self
    }

    /// Tells it that the server knows its agency by a certificate.
    #[must_use]
    pub fn identified(mut self) -> Self {
        self.asking.identified = true;
        self
    }

    /// Returns the work that is left.
    pub fn left(&self) -> Left {
        let (total, sent, stored) = (self.bets.len(), self.sent, self.stored);
        Left { total, sent, stored, finished: self.settled }
    }

    /// Returns the documents of the winners, in the order in which their bets were stored.
    ///
    /// # Errors
    /// Returns the reason why the client did not get them.
    pub fn into_outcome(self) -> Result<Vec<String>, ClientError> {
        self.connection.into_outcome()
    }

    fn winners_flow(&self) -> WinnersFlow {
        self.connection.profile().winners_flow
    }

    /// Ends the client. Only the first outcome counts.
    fn end(&mut self, now: Instant, outcome: Result<Vec<String>, ClientError>) {
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

    /// Logs now and then the thing that it waits for.
    fn remind(&mut self, now: Instant) {
        // On `framed` Finished is also the query.
        let asks = self.phase == Phase::Listening && self.winners_flow() == WinnersFlow::WithFinished;
        let waits_for = match self.phase {
            Phase::Done => None,
            _ if self.settled || asks => Some(("the draw", 0)),
            _ => Some(("the server", self.sent + self.stored)),
        };
        self.connection.waits_for(now, waits_for);
    }

    /// Handles the events of the connection, and sends all that is due.
    fn advance(&mut self, now: Instant) {
        self.take_events(now);
        loop {
            let before = (self.phase, self.sent);
            if let Err(error) = self.step(now) {
                match error {
                    SendError::Busy | SendError::Closed => break,
                    error => self.end(now, Err(ClientError::Send(error))),
                }
            }
            if (self.phase, self.sent) == before {
                break;
            }
        }
        self.take_events(now);
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Batch(Ok(_)) => self.batch_stored(now),
                Event::Batch(Err(Rejected { bet, code, reason, .. })) => {
                    let reason = redact::reason(reason).into_owned();
                    self.batch_rejected(now, bet, code, reason);
                    self.sent = self.stored;
                }
                Event::Finished(Err(Rejected { code, reason, .. })) => {
                    let reason = redact::reason(reason).into_owned();
                    self.rejected(now, "to count this agency as finished", code, reason);
                }
                Event::Finished(Ok(_)) => {
                    self.log_sent();
                    match self.winners_flow() {
                        WinnersFlow::Never => self.end_without_winners(now),
                        _ => self.ask_at(now, now),
                    }
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
                Event::WinnersRejected(Rejected { code, reason, .. }) => {
                    let reason = redact::reason(reason).into_owned();
                    self.rejected(now, "to say who won", code, reason);
                }
                Event::Rejected(Rejected { code, reason, .. }) => {
                    let reason = redact::reason(reason).into_owned();
                    self.rejected(now, "to go on", code, reason);
                }
                Event::Welcome { finished, .. } => self.welcome(now, finished),
                Event::Failed(Rejected { code, reason, .. }) => {
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

    /// Schedules the query for `when`, on another connection if the dialect needs one.
    fn ask_at(&mut self, now: Instant, when: Instant) {
        self.phase = Phase::Waiting(when);
        if self.winners_flow() == WinnersFlow::NewConnection {
            self.leave(now);
        }
    }

    fn closed(&mut self, now: Instant, reason: CloseReason) {
        info!(action = "close_connection", result = "success", client_id = %self.connection.id());
        debug!(action = "event", result = "success", event = ?reason);
        if self.attempt.leaving || self.connection.has_ended() {
            return;
        }
        if self.end_check(now) || self.unacknowledged(now, reason) {
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
