//! The health check: lines that come back, a connection for each.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use lottery_proto::client::{Client, Event};
use lottery_proto::{ClientConfig, Dialect, Input, Instant, Io, Machine};
use tracing::{debug, info};

use super::job::AgencyError;
use crate::seam::{Caller, Step};

/// What a health check is to do.
#[derive(Clone, Debug)]
pub struct EchoJob {
    /// Its connections. The wire is always `echo`.
    pub connection: ClientConfig,
    /// The centre: `HOST:PORT`.
    pub server: String,
    /// How many lines are sent.
    pub amount: u32,
    /// The pause between two of them.
    pub period: Duration,
}

/// Sends `[CLIENT n] Message N°k`, from k = 1, and checks that each comes back.
#[derive(Debug)]
pub struct Echoes {
    job: EchoJob,
    client: Option<Client>,
    /// Lines that came back.
    done: u32,
    /// A line was sent and has not come back.
    waiting: bool,
    /// When the next line is to be sent.
    next: Instant,
    outcome: Option<Result<(), AgencyError>>,
}

impl Echoes {
    /// A health check.
    pub fn new(job: EchoJob) -> Self {
        let connection = ClientConfig { dialect: Dialect::Echo, ..job.connection };
        let job = EchoJob { connection, ..job };
        Self { job, client: None, done: 0, waiting: false, next: Instant::default(), outcome: None }
    }

    /// How it ended.
    ///
    /// # Errors
    /// A line did not come back, or another did.
    pub fn into_outcome(self) -> Result<(), AgencyError> {
        self.outcome.unwrap_or(Err(AgencyError::Stopped))
    }

    fn line(&self) -> String {
        format!("[CLIENT {}] Message N°{}", self.job.connection.agency, self.done + 1)
    }

    fn end(&mut self, now: Instant, outcome: Result<(), AgencyError>) {
        self.outcome.get_or_insert(outcome);
        if let Some(client) = &mut self.client {
            client.close(now);
        }
    }

    fn advance(&mut self, now: Instant) {
        while let Some(event) = self.client.as_mut().and_then(Client::poll_event) {
            match event {
                Event::Line(line) => {
                    let msg = String::from_utf8_lossy(line.0).into_owned();
                    self.received(now, msg);
                }
                Event::Closed(reason) if self.waiting => {
                    let server = self.job.server.clone();
                    self.end(now, Err(AgencyError::Closed { server, reason }));
                }
                Event::Closed(_) => {
                    let client_id = self.job.connection.agency;
                    info!(action = "close_connection", result = "success", client_id = %client_id);
                }
                other => debug!(action = "event", result = "in_progress", event = ?other),
            }
        }
    }

    /// A line came back. A centre may put its prefix before it.
    fn received(&mut self, now: Instant, msg: String) {
        let client_id = self.job.connection.agency;
        let expected = self.line();
        self.waiting = false;
        if !msg.ends_with(&expected) {
            return self.end(now, Err(AgencyError::WrongEcho { expected, received: msg }));
        }
        info!(action = "receive_message", result = "success", client_id = %client_id, msg);
        self.done += 1;
        self.next = now.after(self.job.period);
        if let Some(client) = &mut self.client {
            client.close(now);
        }
    }
}

impl Machine for Echoes {
    type Notice = Infallible;

    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.client.as_mut()?.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        if input == Input::Shutdown {
            self.outcome.get_or_insert(Err(AgencyError::Stopped));
        }
        if let Some(client) = &mut self.client {
            client.handle(now, input);
        }
        self.advance(now);
    }

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

impl Caller for Echoes {
    fn next_step(&mut self, now: Instant) -> Step {
        self.client = None;
        if self.outcome.is_none() && self.done >= self.job.amount {
            info!(action = "loop_finished", result = "success", client_id = %self.job.connection.agency);
            self.end(now, Ok(()));
        }
        match self.outcome {
            Some(_) => Step::Done,
            None if self.next > now => Step::Wait(self.next),
            None => Step::Connect(self.job.server.clone()),
        }
    }

    fn connected(&mut self, now: Instant) {
        let mut client = Client::new(self.job.connection.clone(), now);
        let sent = client.send_line(now, &self.line());
        self.client = Some(client);
        self.waiting = true;
        if let Err(error) = sent {
            self.end(now, Err(AgencyError::Send(error)));
        }
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = AgencyError::connect(&self.job.server, error);
        self.end(now, Err(error));
    }
}
