//! The agency: the machine behind a client's connection, and what it does between connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use lottery_proto::client::{Client, Event};
use lottery_proto::{AgencyId, Bet, ClientConfig, CloseReason, Input, Instant, Io, Machine, SendError};
use tracing::{debug, info, warn};

use crate::bet_list::{BetList, BetListError};
use crate::seam::{Caller, Step};

/// The most bets that are offered to the wire for one batch, if nothing else is said.
const DEFAULT_BATCH: usize = 255;

/// What an agency is to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its connections.
    pub connection: ClientConfig,
    /// The centre: `HOST:PORT`.
    pub server: String,
    /// The most bets in a batch; without it, as many as the wire carries.
    pub batch_max: Option<usize>,
    /// How long to wait before the winners are asked for again, at first; then twice as long each time …
    pub poll_initial: Duration,
    /// … up to this.
    pub poll_max: Duration,
}

/// How far an agency is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bets that were handed to the connection.
    pub sent: usize,
    /// Bets that there are.
    pub total: usize,
    /// The centre has acknowledged all of them.
    pub stored: bool,
}

/// Why an agency did not get its winners.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgencyError {
    /// There is no connection to be had.
    #[error("cannot connect to {server}: {error}")]
    Connect {
        /// The centre.
        server: String,
        /// Why not.
        error: io::Error,
    },
    /// A bet cannot be sent.
    #[error(transparent)]
    Bets(#[from] BetListError),
    /// The agency's number cannot be sent.
    #[error(transparent)]
    Send(SendError),
    /// The centre has not stored the bets.
    #[error("the centre refused bets: this agency is not finished")]
    Refused,
    /// The connection ended too early.
    #[error("the connection to {server} ended: {reason}")]
    Closed {
        /// The centre.
        server: String,
        /// How it ended.
        reason: CloseReason,
    },
    /// It was told to stop before it was done.
    #[error("stopped before it was done")]
    Stopped,
}

/// An agency at work: sends its bets, says that these were all, asks for its winners.
pub struct Agency {
    job: Job,
    bets: Arc<BetList>,
    client: Option<Client>,
    phase: Phase,
    sent: usize,
    pause: Duration,
    stopping: bool,
    on_progress: Box<dyn FnMut(Progress) + Send>,
    outcome: Option<Result<Vec<String>, AgencyError>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Bets are sent.
    Sending,
    /// All are sent, and Finished after them.
    Finishing,
    /// The question for the winners is sent.
    Asking,
    /// The draw has not taken place: to be asked again then.
    Waiting(Instant),
    /// There is nothing more to do.
    Done,
}

impl Agency {
    /// An agency with these bets. If the wire cannot carry one of them, it has ended already: none is sent.
    pub fn new(job: Job, bets: Arc<BetList>) -> Self {
        let pause = job.poll_initial;
        let outcome = check(&job, &bets).err().map(Err);
        Self {
            job,
            bets,
            client: None,
            phase: Phase::Sending,
            sent: 0,
            pause,
            stopping: false,
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
        self.phase = Phase::Done;
        self.outcome.get_or_insert(outcome);
        if let Some(client) = &mut self.client {
            client.close(now);
        }
    }

    fn report(&mut self, stored: bool) {
        let progress = Progress { sent: self.sent, total: self.bets.len(), stored };
        (self.on_progress)(progress);
        let (enviadas, total) = (progress.sent, progress.total);
        debug!(action = "batch_sent", result = "in_progress", client_id = %self.id(), enviadas, total);
    }

    /// Takes what the connection has, and does what comes next.
    fn advance(&mut self, now: Instant) {
        self.take_events(now);
        loop {
            let before = (self.phase, self.sent);
            if let Err(error) = self.step(now) {
                match error {
                    SendError::Busy | SendError::Closed => break,
                    SendError::Unsendable { bet, error } => {
                        let error = self.bets.error(self.sent + bet, error);
                        self.end(now, Err(error.into()));
                    }
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
        let Some(client) = &mut self.client else { return Ok(()) };
        match self.phase {
            Phase::Sending if self.sent < self.bets.len() => {
                if !client.can_send() {
                    return Err(SendError::Busy);
                }
                let most = self.job.batch_max.unwrap_or(DEFAULT_BATCH);
                let batch: Vec<Bet<'_>> = self.bets.bets_from(self.sent).take(most).collect();
                self.sent += client.send_batch(now, &batch)?;
                self.report(false);
            }
            Phase::Sending => {
                client.send_finished(now)?;
                self.phase = Phase::Finishing;
            }
            Phase::Waiting(until) if until <= now => {
                client.ask_winners(now)?;
                self.phase = Phase::Asking;
            }
            Phase::Finishing | Phase::Asking | Phase::Waiting(_) | Phase::Done => {}
        }
        Ok(())
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.client.as_mut().and_then(Client::poll_event) {
            match event {
                Event::Finished { stored: true } => {
                    let cantidad = self.sent;
                    info!(action = "apuestas_enviadas", result = "success", client_id = %self.job.connection.agency, cantidad);
                    self.phase = Phase::Waiting(now);
                    self.report(true);
                }
                Event::Finished { stored: false } => self.end(now, Err(AgencyError::Refused)),
                Event::Pending => {
                    debug!(action = "consulta_ganadores", result = "in_progress", client_id = %self.job.connection.agency);
                    self.phase = Phase::Waiting(now.after(self.pause));
                    self.pause = self.pause.saturating_mul(2).min(self.job.poll_max);
                }
                Event::Winners(documents) => {
                    let winners: Vec<String> = documents.map(str::to_owned).collect();
                    info!(action = "consulta_ganadores", result = "success", cant_ganadores = winners.len());
                    self.end(now, Ok(winners));
                }
                Event::Closed(reason) => {
                    if self.stopping {
                        self.outcome.get_or_insert(Err(AgencyError::Stopped));
                    }
                    let server = self.job.server.clone();
                    self.end(now, Err(AgencyError::Closed { server, reason }));
                    debug!(action = "close_connection", result = "success", reason = %reason);
                }
                other => warn!(action = "event", result = "fail", event = ?other),
            }
        }
    }
}

/// Whether the wire can carry every bet, found out by sending them nowhere.
fn check(job: &Job, bets: &BetList) -> Result<(), AgencyError> {
    let mut checked = 0;
    while checked < bets.len() {
        let mut client = Client::new(job.connection.clone(), Instant::default());
        let batch: Vec<Bet<'_>> = bets.bets_from(checked).take(DEFAULT_BATCH).collect();
        match client.send_batch(Instant::default(), &batch) {
            Ok(sent) => checked += sent,
            Err(SendError::Unsendable { bet, error }) => return Err(bets.error(checked + bet, error).into()),
            Err(error) => return Err(AgencyError::Send(error)),
        }
    }
    Ok(())
}

impl Machine for Agency {
    type Notice = std::convert::Infallible;

    fn poll_io(&mut self) -> Option<Io<'_>> {
        let ask_at = match self.phase {
            Phase::Waiting(until) => Some(until),
            _ => None,
        };
        let mut io = self.client.as_mut()?.poll_io()?;
        io.deadline = io.deadline.into_iter().chain(ask_at).min();
        Some(io)
    }

    fn handle(&mut self, now: Instant, input: Input) {
        if input == Input::Shutdown {
            self.stopping = true;
            self.outcome.get_or_insert(Err(AgencyError::Stopped));
            self.phase = Phase::Done;
        }
        if let Some(client) = &mut self.client {
            client.handle(now, input);
        }
        self.advance(now);
    }

    fn notice(&mut self, _: Instant, notice: Self::Notice) {
        match notice {}
    }
}

impl Caller for Agency {
    fn next_step(&mut self, _: Instant) -> Step {
        self.client = None;
        if self.outcome.is_some() { Step::Done } else { Step::Connect(self.job.server.clone()) }
    }

    fn connected(&mut self, now: Instant) {
        self.client = Some(Client::new(self.job.connection.clone(), now));
        self.advance(now);
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let server = self.job.server.clone();
        let error = io::Error::new(error.kind(), error.to_string());
        self.end(now, Err(AgencyError::Connect { server, error }));
    }
}

impl std::fmt::Debug for Agency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { phase, sent, client, .. } = self;
        write!(f, "Agency({}, {phase:?}, {sent} sent, {client:?})", self.id())
    }
}
