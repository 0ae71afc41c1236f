//! An agency on a plain wire: one pass over its bets, then the question, on one connection or, on `fixed`, several.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use lottery_proto::client::Event;
use lottery_proto::{Bet, CloseReason, Input, Instant, Io, Machine, Question, SendError};
use tracing::{debug, info, warn};

use super::call::Call;
use super::job::{AgencyError, Job, Progress};
use crate::bet_list::BetList;
use crate::log::peers;
use crate::seam::{Caller, Step};

/// An agency at work: sends its bets, says that these were all, asks for its winners.
pub struct PlainAgency {
    job: Job,
    bets: Arc<BetList>,
    call: Call<Vec<String>>,
    phase: Phase,
    /// Nothing was sent on this connection yet.
    fresh: bool,
    sent: usize,
    pause: Duration,
    on_progress: Box<dyn FnMut(Progress) + Send>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Bets are sent.
    Sending,
    /// All are sent, and Finished after them, or the question for the winners: the centre is to answer.
    Listening,
    /// The winners are to be asked for then.
    Waiting(Instant),
    /// There is nothing more to do.
    Done,
}

impl PlainAgency {
    /// An agency with these bets. If the wire cannot carry one of them, it has ended already: none is sent.
    pub fn new(job: Job, bets: Arc<BetList>) -> Self {
        let pause = job.poll_initial;
        let call = job.call(&bets);
        let on_progress = Box::new(|_| ());
        Self { job, bets, call, phase: Phase::Sending, fresh: true, sent: 0, pause, on_progress }
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
        self.call.into_outcome()
    }

    fn question(&self) -> Question {
        self.call.manner().question
    }

    /// It has ended so. The first end counts.
    fn end(&mut self, now: Instant, outcome: Result<Vec<String>, AgencyError>) {
        self.phase = Phase::Done;
        self.call.end(now, outcome);
    }

    fn report(&mut self, stored: bool) {
        let progress = Progress { sent: self.sent, total: self.bets.len(), stored, cut_off: false };
        (self.on_progress)(progress);
        let (enviadas, total) = (progress.sent, progress.total);
        debug!(action = "batch_sent", result = "in_progress", client_id = %self.call.id(), enviadas, total);
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
        let manner = self.call.manner();
        let Some(client) = self.call.client() else { return Ok(()) };
        match self.phase {
            Phase::Sending if self.sent < self.bets.len() => {
                if !client.can_send() {
                    return Err(SendError::Busy);
                }
                let most = self.job.batch_max.unwrap_or(manner.batch_bets);
                let batch: Vec<Bet<'_>> = self.bets.bets_from(self.sent).take(most).collect();
                self.sent += client.send_batch(now, &batch)?;
                self.report(false);
            }
            Phase::Sending => {
                client.send_finished(now)?;
                self.phase = Phase::Listening;
            }
            Phase::Waiting(until)
                if until <= now && (self.fresh || manner.question != Question::Elsewhere) =>
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
        while let Some(event) = self.call.poll_event() {
            match event {
                Event::Batch { stored: true, .. } => {}
                Event::Batch { stored: false, reason, .. } => {
                    let reason = peers::reason(reason).into_owned();
                    self.refused(now, "a batch", reason);
                }
                Event::Finished { stored: false, reason } => {
                    let reason = peers::reason(reason).into_owned();
                    self.refused(now, "to count this agency as finished", reason);
                }
                Event::Finished { stored: true, .. } => {
                    self.log_sent();
                    self.ask_at(now, now);
                }
                Event::Pending => {
                    let client_id = self.call.id();
                    debug!(action = "consulta_ganadores", result = "in_progress", client_id = %client_id);
                    self.ask_at(now, now.after(self.pause));
                    self.pause = self.pause.saturating_mul(2).min(self.job.poll_max);
                }
                Event::Winners(documents) if documents.len() > self.bets.len() => {
                    let named = documents.len();
                    let error = self.call.too_many_winners(named, self.bets.len());
                    self.end(now, Err(error));
                }
                Event::Winners(documents) => {
                    let winners: Vec<String> = documents.map(str::to_owned).collect();
                    if self.question() == Question::WithFinished {
                        self.log_sent();
                    }
                    info!(action = "consulta_ganadores", result = "success", cant_ganadores = winners.len());
                    self.end(now, Ok(winners));
                }
                Event::WinnersRefused { reason } => {
                    let reason = peers::reason(reason).into_owned();
                    self.refused(now, "to say who won", reason);
                }
                Event::Refused { reason } => {
                    let reason = peers::reason(reason).into_owned();
                    self.refused(now, "to go on", reason);
                }
                Event::Closed(reason) => self.closed(now, reason),
                other => warn!(action = "event", result = "fail", event = ?other),
            }
        }
    }

    fn refused(&mut self, now: Instant, what: &'static str, reason: String) {
        self.end(now, Err(AgencyError::Refused { what, reason }));
    }

    fn log_sent(&mut self) {
        let (client_id, cantidad) = (self.call.id(), self.sent);
        info!(action = "apuestas_enviadas", result = "success", client_id = %client_id, cantidad);
        self.report(true);
    }

    /// The winners are to be asked for at `when`, perhaps on another connection.
    fn ask_at(&mut self, now: Instant, when: Instant) {
        self.phase = Phase::Waiting(when);
        if self.question() == Question::Elsewhere {
            self.call.hang_up(now);
        }
    }

    fn closed(&mut self, now: Instant, reason: CloseReason) {
        info!(action = "close_connection", result = "success", client_id = %self.call.id());
        debug!(action = "event", result = "success", event = ?reason);
        let on_purpose =
            matches!(self.phase, Phase::Waiting(_)) && self.question() == Question::Elsewhere && !self.fresh;
        if !on_purpose {
            let error = self.call.closed(reason);
            self.end(now, Err(error));
        }
    }
}

impl Machine for PlainAgency {
    type Notice = std::convert::Infallible;

    fn poll_io(&mut self) -> Option<Io<'_>> {
        let ask_at = match self.phase {
            Phase::Waiting(until) if self.question() != Question::Elsewhere => Some(until),
            _ => None,
        };
        let mut io = self.call.poll_io()?;
        io.deadline = io.deadline.into_iter().chain(ask_at).min();
        Some(io)
    }

    fn handle(&mut self, now: Instant, input: Input) {
        if input == Input::Shutdown {
            self.phase = Phase::Done;
        }
        self.call.handle(now, input);
        self.advance(now);
    }

    fn notice(&mut self, _: Instant, notice: Self::Notice) {
        match notice {}
    }
}

impl Caller for PlainAgency {
    fn next_step(&mut self, now: Instant) -> Step {
        let connect_at = if let Phase::Waiting(until) = self.phase { until } else { now };
        self.call.next_step(now, connect_at, now.after(self.job.retry_for))
    }

    fn connected(&mut self, now: Instant) {
        self.call.begin(now, |_| Ok(()));
        self.fresh = true;
        self.advance(now);
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = self.call.not_connected(error);
        self.end(now, Err(error));
    }
}

impl std::fmt::Debug for PlainAgency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { phase, sent, call, .. } = self;
        write!(f, "PlainAgency({phase:?}, {sent} sent, {call:?})")
    }
}
