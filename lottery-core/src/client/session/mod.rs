//! Client with sessions: no bet is lost and none stored twice, however often either side is killed
//! (`docs/protocol.md#sessions`).
//!
//! It keeps nothing on disk. Its file is one ordered list, and the server says how many bets of it are
//! durable: the client compares their digest, skips them, and sends the rest.

mod dialer;
mod no_session;
mod resume;

use std::collections::VecDeque;
use std::sync::Arc;

use lottery_proto::client::{Event, Rejected};
use lottery_proto::{Code, Instant, SendError};
use tracing::{debug, info, warn};

use super::connection::ClientConnection;
use super::error::ClientError;
use super::job::{Job, Left, Progress};
use super::reason::{logged, passes};
use super::retry::Retry;
use crate::agency_file::AgencyFile;
use no_session::means_no_session;

/// Client at work, through as many connections as it takes.
pub struct SessionClient {
    job: Job,
    bets: Arc<AgencyFile>,
    connection: ClientConnection<Vec<String>>,
    phase: Phase,
    /// Number of bets that were sent in this session or stored before it.
    sent: usize,
    /// Number of bets that the server has acknowledged.
    stored: usize,
    /// True once the server has acknowledged the end of the bets.
    finished: bool,
    /// Ends of the batches that are not acknowledged, oldest first.
    in_flight: VecDeque<usize>,
    winners: Vec<String>,
    retry: Retry,
    /// True once the server has shown that it has sessions.
    has_sessions: bool,
    /// Time at which Hello was sent on this connection.
    greeted: Instant,
    /// Time since which no Hello was answered, and the number of those, in a row of connections.
    unanswered: Option<(Instant, u32)>,
    /// Time of the next attempt to connect.
    connect_at: Instant,
    on_progress: Box<dyn FnMut(Progress) + Send>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is no session.
    Greeting,
    /// Bets are being sent; after the last, Finished or the query for the winners.
    Sending,
    /// Finished is sent.
    Finishing,
    /// The query for the winners is sent.
    Asking,
    /// Nothing is left to do on this connection.
    Leaving,
}

impl SessionClient {
    /// Creates a client with these bets. It has ended already, and sends none, if its dialect cannot carry
    /// one of them.
    pub fn new(job: Job, bets: Arc<AgencyFile>) -> Self {
        let mut connection = job.connections(&bets, bets.len());
        connection.change(|settings| settings.total(u64::try_from(bets.len()).unwrap_or(u64::MAX)));
        Self {
            retry: Retry::new(job.retry_for, job.seed),
            connection,
            job,
            bets,
            phase: Phase::Greeting,
            sent: 0,
            stored: 0,
            finished: false,
            in_flight: VecDeque::new(),
            winners: Vec::new(),
            has_sessions: false,
            greeted: Instant::default(),
            unanswered: None,
            connect_at: Instant::default(),
            on_progress: Box::new(|_| ()),
        }
    }

    /// Calls `on_progress` whenever the client has made progress.
    #[must_use]
    pub fn with_progress(mut self, on_progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Box::new(on_progress);
        self
    }

    /// Returns the work that is left.
    pub fn left(&self) -> Left {
        let (total, sent, stored) = (self.bets.len(), self.sent.max(self.stored), self.stored);
        Left { total, sent, stored, finished: self.finished }
    }

    /// Returns the documents of the winners, in the order in which their bets were stored.
    ///
    /// # Errors
    /// Returns the reason why the client did not get them.
    pub fn into_outcome(self) -> Result<Vec<String>, ClientError> {
        self.connection.into_outcome()
    }

    /// Ends the client. Only the first outcome counts.
    fn end(&mut self, now: Instant, outcome: Result<Vec<String>, ClientError>) {
        self.phase = Phase::Leaving;
        self.connection.end(now, outcome);
    }

    fn progress(&self, cut_off: bool) -> Progress {
        Progress { sent: self.stored, total: self.bets.len(), stored: self.finished, cut_off }
    }

    fn report(&mut self) {
        let progress = self.progress(false);
        (self.on_progress)(progress);
        let (enviadas, total) = (progress.sent, progress.total);
        debug!(action = "batch_sent", result = "in_progress", client_id = %self.connection.id(), enviadas, total);
    }

    /// Logs now and then the thing that it waits for.
    fn remind(&mut self, now: Instant) {
        let waits_for = if self.finished { ("the draw", 0) } else { ("the server", self.stored) };
        self.connection.waits_for(now, Some(waits_for));
    }

    /// Handles the events of the connection, and sends all that is due.
    fn advance(&mut self, now: Instant) {
        self.take_events(now);
        while let Some(sent) = self.step(now).transpose() {
            match sent {
                Ok(()) => {}
                Err(SendError::Busy | SendError::Closed) => break,
                Err(error) => self.end(now, Err(ClientError::Send(error))),
            }
        }
    }

    /// Sends the next message; `None`: there is nothing to send.
    fn step(&mut self, now: Instant) -> Result<Option<()>, SendError> {
        let profile = self.connection.profile();
        let Some(client) = self.connection.client() else { return Ok(None) };
        match self.phase {
            Phase::Sending if self.sent < self.bets.len() => {
                if !client.can_send() {
                    return Err(SendError::Busy);
                }
                let max = self.job.batch_max.unwrap_or(profile.batch_bets);
                self.sent += client.send_batch_of(now, self.bets.slice(self.sent, max))?;
                self.in_flight.push_back(self.sent);
            }
            Phase::Sending if self.finished => {
                client.ask_winners(now)?;
                self.phase = Phase::Asking;
            }
            Phase::Sending => {
                client.send_finished(now)?;
                self.phase = Phase::Finishing;
            }
            Phase::Greeting | Phase::Finishing | Phase::Asking | Phase::Leaving => return Ok(None),
        }
        Ok(Some(()))
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Welcome { stored, finished, digest, .. } => {
                    self.welcome(now, stored, finished, digest);
                }
                Event::Batch(Ok(stored)) => self.acknowledged(now, stored.total),
                Event::Finished(Ok(_)) => {
                    let (client_id, cantidad) = (self.connection.id(), self.stored);
                    info!(action = "apuestas_enviadas", result = "success", client_id = %client_id, cantidad);
                    self.finished = true;
                    self.retry.succeeded();
                    self.phase = Phase::Sending;
                    self.report();
                }
                Event::Batch(Err(rejected)) | Event::Finished(Err(rejected)) => {
                    let Rejected { code, bet, .. } = rejected;
                    let reason = logged(rejected);
                    self.rejected(now, code, bet, reason);
                }
                Event::Winners(documents) if documents.len() > self.bets.len() - self.winners.len() => {
                    let named = self.winners.len() + documents.len();
                    let error = self.connection.too_many_winners(named, self.bets.len());
                    self.end(now, Err(error));
                }
                Event::Winners(documents) => {
                    let last = documents.is_last();
                    self.winners.extend(documents.map(str::to_owned));
                    if last {
                        let winners = std::mem::take(&mut self.winners);
                        info!(
                            action = "consulta_ganadores",
                            result = "success",
                            cant_ganadores = winners.len()
                        );
                        self.end(now, Ok(winners));
                    }
                }
                Event::Failed(rejected) => {
                    let (code, reason) = (rejected.code, logged(rejected));
                    self.failed(now, code, reason);
                }
                Event::Closed(reason) => {
                    if self.connection.has_ended() {
                        info!(action = "close_connection", result = "success", client_id = %self.connection.id());
                    } else {
                        self.closed(now, reason);
                    }
                }
                other => debug!(action = "event", result = "in_progress", event = ?other),
            }
        }
    }

    /// Handles the acknowledgment of the oldest batch in flight.
    fn acknowledged(&mut self, now: Instant, total: Option<u64>) {
        let Some(end) = self.in_flight.pop_front() else { return };
        self.stored = end;
        self.retry.succeeded();
        if let Some(stored) = total.filter(|total| u64::try_from(end) != Ok(*total)) {
            return self.end_with_other_bets(now, stored, "others were stored meanwhile");
        }
        self.report();
    }

    /// Handles the rejection of a batch, of its bet with that number or of all of it, or of Finished. The code
    /// says if a retry may help.
    fn rejected(&mut self, now: Instant, code: Option<Code>, bet: Option<usize>, reason: String) {
        if self.phase == Phase::Leaving {
            // This batch was in flight behind the first rejected one, whose reason counts.
            return;
        }
        if code.is_some_and(passes) {
            return self.lost(now, code, &reason);
        }
        if code == Some(Code::Superseded) {
            // The bets are right: another session took over.
            return self.end(now, Err(ClientError::Rejected { what: "the session", reason }));
        }
        let end = self.in_flight.front().copied().unwrap_or(self.sent);
        let error = self.bets.place_of(self.stored, end, bet);
        self.end(now, Err(ClientError::BatchRejected { error, code, reason }));
    }

    /// Handles a failure of the session.
    fn failed(&mut self, now: Instant, code: Option<Code>, reason: String) {
        if self.phase == Phase::Greeting && code.is_some_and(means_no_session) {
            return self.end_without_session(now, reason);
        }
        (self.has_sessions, self.unanswered) = (true, None);
        if code.is_some_and(passes) {
            self.lost(now, code, &reason);
        } else {
            self.end(now, Err(ClientError::Rejected { what: "the session", reason }));
        }
    }

    /// Handles the loss of the connection: retries, or gives up.
    fn lost(&mut self, now: Instant, code: Option<Code>, reason: &str) {
        if self.phase == Phase::Leaving && self.connection.client().is_some() {
            return;
        }
        self.phase = Phase::Leaving;
        self.connection.hang_up(now);
        self.in_flight.clear();
        self.winners.clear();
        match self.retry.failed(now, code == Some(Code::Timeout)) {
            Ok(at) => {
                self.connect_at = at;
                let progress = self.progress(true);
                (self.on_progress)(progress);
                let (client_id, pause) = (self.connection.id(), at.duration_since(now));
                warn!(action = "reconnect", result = "in_progress", client_id = %client_id, reason, pause = ?pause);
            }
            Err(tried) => {
                let (stored, total, finished) = (self.stored, self.bets.len(), self.finished);
                let reason = reason.to_owned();
                self.end(now, Err(ClientError::GivenUp { tried, reason, stored, total, finished }));
            }
        }
    }
}
