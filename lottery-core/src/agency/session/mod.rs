//! An agency that has sessions: nothing lost, nothing twice, however often either side is killed (spec: *Sessions*).
//!
//! It keeps nothing on disk. Its file is one ordered list, and the centre says how much of it is durable: that much
//! is skipped, after its digest was compared, and the rest is sent.

mod caller;
mod reason;

use std::collections::VecDeque;
use std::sync::Arc;

use lottery_proto::client::{Client, Event};
use lottery_proto::{AgencyId, Bet, Code, Instant, SendError};
use tracing::{debug, info, warn};

use self::reason::{bet_in, passes};
use super::job::{AgencyError, Job, Progress};
use super::retry::Retry;
use crate::bet_list::BetList;
use crate::digest::Digest;

/// An agency at work, through as many connections as it takes.
pub struct SessionAgency {
    job: Job,
    bets: Arc<BetList>,
    client: Option<Client>,
    phase: Phase,
    /// How many bets were sent in this session, or were stored before it.
    sent: usize,
    /// How many bets the centre has acknowledged.
    stored: usize,
    /// The centre has acknowledged the end of the bets.
    finished: bool,
    /// Where the batches end that are not acknowledged.
    in_flight: VecDeque<usize>,
    winners: Vec<String>,
    retry: Retry,
    /// When to connect.
    connect_at: Instant,
    on_progress: Box<dyn FnMut(Progress) + Send>,
    outcome: Option<Result<Vec<String>, AgencyError>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is no session.
    Greeting,
    /// Bets are sent.
    Sending,
    /// All are sent, and Finished after them.
    Finishing,
    /// The question for the winners is sent.
    Asking,
    /// There is nothing more to do on this connection.
    Leaving,
}

impl SessionAgency {
    /// An agency with these bets. If the wire cannot carry one of them, it has ended already: none is sent.
    pub fn new(job: Job, bets: Arc<BetList>) -> Self {
        let outcome = bets.check_sendable(job.connection.dialect).err().map(|error| Err(error.into()));
        Self {
            retry: Retry::new(job.retry_for, job.seed),
            job,
            bets,
            client: None,
            phase: Phase::Greeting,
            sent: 0,
            stored: 0,
            finished: false,
            in_flight: VecDeque::new(),
            winners: Vec::new(),
            connect_at: Instant::default(),
            on_progress: Box::new(|_| ()),
            outcome,
        }
    }

    /// Calls `on_progress` whenever it is further than before.
    #[must_use]
    pub fn with_progress(mut self, on_progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Box::new(on_progress);
        self
    }

    /// How it ended: the winners' documents, in the order in which the bets were stored.
    ///
    /// # Errors
    /// Why it did not get them.
    pub fn into_outcome(self) -> Result<Vec<String>, AgencyError> {
        self.outcome.unwrap_or(Err(AgencyError::Stopped))
    }

    fn id(&self) -> AgencyId {
        self.job.connection.agency
    }

    /// It has ended so. The first end counts.
    fn end(&mut self, now: Instant, outcome: Result<Vec<String>, AgencyError>) {
        self.outcome.get_or_insert(outcome);
        self.leave(now);
    }

    /// Ends the connection.
    fn leave(&mut self, now: Instant) {
        self.phase = Phase::Leaving;
        if let Some(client) = &mut self.client {
            client.close(now);
        }
    }

    fn progress(&self, cut_off: bool) -> Progress {
        Progress { sent: self.stored, total: self.bets.len(), stored: self.finished, cut_off }
    }

    fn report(&mut self) {
        let progress = self.progress(false);
        (self.on_progress)(progress);
        let (enviadas, total) = (progress.sent, progress.total);
        debug!(action = "batch_sent", result = "in_progress", client_id = %self.id(), enviadas, total);
    }

    /// Takes what the connection has, and does what comes next.
    fn advance(&mut self, now: Instant) {
        self.take_events(now);
        while let Some(sent) = self.step(now).transpose() {
            match sent {
                Ok(()) => {}
                Err(SendError::Busy | SendError::Closed) => break,
                Err(error) => self.end(now, Err(AgencyError::Send(error))),
            }
        }
    }

    /// Sends the next thing; `None`: there is nothing to send.
    fn step(&mut self, now: Instant) -> Result<Option<()>, SendError> {
        let Some(client) = &mut self.client else { return Ok(None) };
        match self.phase {
            Phase::Sending if self.sent < self.bets.len() => {
                if !client.can_send() {
                    return Err(SendError::Busy);
                }
                let most = self.job.batch_max.unwrap_or(self.job.connection.dialect.manner().batch_bets);
                let batch: Vec<Bet<'_>> = self.bets.bets_from(self.sent).take(most).collect();
                self.sent += client.send_batch(now, &batch)?;
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
        while let Some(event) = self.client.as_mut().and_then(Client::poll_event) {
            match event {
                Event::Welcome { stored, finished, digest, .. } => {
                    self.welcome(now, stored, finished, digest);
                }
                Event::Batch { stored: true, total, .. } => self.acknowledged(now, total),
                Event::Finished { stored: true, .. } => {
                    let (client_id, cantidad) = (self.id(), self.stored);
                    info!(action = "apuestas_enviadas", result = "success", client_id = %client_id, cantidad);
                    self.finished = true;
                    self.retry.succeeded();
                    self.phase = Phase::Sending;
                    self.report();
                }
                Event::Batch { reason, .. } | Event::Finished { reason, .. } => {
                    let reason = reason.to_owned();
                    self.refused(now, reason);
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
                Event::Failed { code, reason } => {
                    let reason = reason.to_owned();
                    self.failed(now, code, &reason);
                }
                Event::Closed(_) if self.outcome.is_some() => {
                    info!(action = "close_connection", result = "success", client_id = %self.id());
                }
                Event::Closed(reason) => {
                    let server = self.job.server.clone();
                    self.lost(now, &AgencyError::Closed { server, reason }.to_string());
                }
                other => debug!(action = "event", result = "in_progress", event = ?other),
            }
        }
    }

    /// There is a session: goes on after what is stored, if that is the beginning of this list.
    fn welcome(&mut self, now: Instant, stored: u64, finished: bool, digest: u32) {
        let known = usize::try_from(stored).ok().filter(|stored| *stored <= self.bets.len());
        let what = match known {
            None => "the file is shorter",
            Some(known) if known < self.stored => "it had acknowledged more of them",
            #[cfg(feature = "planted")]
            Some(known)
                if crate::planted::is(crate::planted::Mistake::IgnoreDigest) && known < self.bets.len() =>
            {
                (self.stored, self.sent, self.phase) = (known, known, Phase::Sending);
                return self.report();
            }
            Some(known) if self.digest_of(known) != digest => "their digest is another one",
            Some(known) if finished && known < self.bets.len() => "it counts this agency as finished",
            Some(known) => {
                (self.stored, self.sent, self.finished) = (known, known, finished);
                #[cfg(feature = "planted")]
                self.resume_wrongly();
                // If there is nothing to send, nothing of it can fail any more.
                finished.then(|| self.retry.succeeded());
                self.phase = Phase::Sending;
                let client_id = self.id();
                info!(action = "session", result = "success", client_id = %client_id, stored, finished);
                return self.report();
            }
        };
        let (server, file) = (self.job.server.clone(), self.bets.path().display().to_string());
        self.end(now, Err(AgencyError::OtherBets { server, file, stored, what }));
    }

    #[cfg(feature = "planted")]
    fn resume_wrongly(&mut self) {
        use crate::planted::{Mistake, is};
        if is(Mistake::ResumeTooEarly) {
            self.sent = self.sent.saturating_sub(1);
        }
        if is(Mistake::ResumeTooLate) && self.sent > 0 && self.sent < self.bets.len() {
            self.sent += 1;
        }
    }

    fn digest_of(&self, bets: usize) -> u32 {
        let mut digest = Digest::default();
        self.bets.bets_from(0).take(bets).for_each(|bet| digest.push(&bet));
        digest.state()
    }

    /// The oldest batch in flight is durable.
    fn acknowledged(&mut self, now: Instant, total: Option<u64>) {
        let Some(end) = self.in_flight.pop_front() else { return };
        self.stored = end;
        self.retry.succeeded();
        if let Some(stored) = total.filter(|total| u64::try_from(end) != Ok(*total)) {
            let (server, file) = (self.job.server.clone(), self.bets.path().display().to_string());
            let what = "others were stored meanwhile";
            return self.end(now, Err(AgencyError::OtherBets { server, file, stored, what }));
        }
        self.report();
    }

    /// A batch or the end of the bets was refused. Whether to try again is said by the first word.
    fn refused(&mut self, now: Instant, reason: String) {
        if self.phase == Phase::Leaving {
            // It was in flight behind the first that was refused: that one's reason counts.
            return;
        }
        let code = Code::ALL.iter().find(|code| reason.split(':').next() == Some(code.as_str()));
        if code.copied().is_some_and(passes) {
            return self.lost(now, &reason);
        }
        if code == Some(&Code::Superseded) {
            // Nothing is wrong with the bets.
            return self.end(now, Err(AgencyError::Refused { what: "the session", reason }));
        }
        let end = self.in_flight.front().copied().unwrap_or(self.sent);
        let error = self.bets.place_of(self.stored, end, bet_in(&reason));
        self.end(now, Err(AgencyError::Rejected { error, reason }));
    }

    /// The centre has ended the session.
    fn failed(&mut self, now: Instant, code: Option<Code>, reason: &str) {
        let reason = code.map_or_else(|| reason.to_owned(), |code| format!("{}: {reason}", code.as_str()));
        if code.is_some_and(passes) {
            self.lost(now, &reason);
        } else {
            self.end(now, Err(AgencyError::Refused { what: "the session", reason }));
        }
    }

    /// There is no connection any more: tries again, or gives up.
    fn lost(&mut self, now: Instant, reason: &str) {
        if self.phase == Phase::Leaving && self.client.is_some() {
            return;
        }
        self.leave(now);
        self.in_flight.clear();
        self.winners.clear();
        match self.retry.failed(now) {
            Ok(at) => {
                self.connect_at = at;
                let progress = self.progress(true);
                (self.on_progress)(progress);
                let (client_id, pause) = (self.id(), at.duration_since(now));
                warn!(action = "reconnect", result = "in_progress", client_id = %client_id, reason, pause = ?pause);
            }
            Err(tried) => {
                let (stored, total, finished) = (self.stored, self.bets.len(), self.finished);
                let reason = reason.to_owned();
                self.end(now, Err(AgencyError::GivenUp { tried, reason, stored, total, finished }));
            }
        }
    }
}
