//! Health check: sends lines and expects them back, on a connection for each (`docs/protocol.md#echo`).

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use lottery_proto::client::Event;
use lottery_proto::{ClientConfig, Dialect, Endpoint, Input, Instant, Io};
use lottery_runtime::{Dialer, Machine, Step};
use tracing::{debug, info};

use super::connection::ClientConnection;
use super::error::ClientError;
use crate::redact;

/// Settings of a health check.
#[derive(Clone, Debug)]
pub struct EchoJob {
    /// Settings of its connections. The dialect is always `echo`.
    pub connection: ClientConfig,
    /// Address of the server: `HOST:PORT`.
    pub server: String,
    /// Time limit for connecting to each address of the server.
    pub connect_timeout: Duration,
    /// Time limit for connecting in all.
    pub retry_for: Duration,
    /// Number of lines to send.
    pub amount: u32,
    /// Pause between two lines.
    pub period: Duration,
}

/// Sends `[CLIENT n] Message N°k`, from k = 1, and checks that each comes back.
#[derive(Debug)]
pub struct EchoClient {
    amount: u32,
    period: Duration,
    retry_for: Duration,
    connection: ClientConnection<()>,
    /// Number of lines that came back.
    done: u32,
    /// True while a line was sent and has not come back.
    waiting: bool,
    /// Time to send the next line.
    next: Instant,
}

impl EchoClient {
    /// Creates a health check.
    pub fn new(job: EchoJob) -> Self {
        let EchoJob { connection, server, connect_timeout, retry_for, amount, period } = job;
        let connection = ClientConnection::new(connection, Dialect::ECHO, server, connect_timeout, 0);
        Self { amount, period, retry_for, connection, done: 0, waiting: false, next: Instant::default() }
    }

    /// Returns the number of lines left to send.
    pub fn left(&self) -> u32 {
        self.amount.saturating_sub(self.done)
    }

    /// Returns the outcome.
    ///
    /// # Errors
    /// Fails if a line did not come back, or a different one did.
    pub fn into_outcome(self) -> Result<(), ClientError> {
        self.connection.into_outcome()
    }

    fn line(&self) -> String {
        format!("[CLIENT {}] Message N°{}", self.connection.id(), self.done + 1)
    }

    /// Logs now and then the thing that it waits for.
    fn remind(&mut self, now: Instant) {
        let what = if self.waiting { "the server" } else { "the next message" };
        self.connection.waits_for(now, Some((what, self.done as usize)));
    }

    fn advance(&mut self, now: Instant) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Line(line) => {
                    let msg = String::from_utf8_lossy(line.0).into_owned();
                    self.received(now, &msg);
                }
                Event::Closed(reason) if self.waiting => {
                    let error = self.connection.closed(reason);
                    self.connection.end(now, Err(error));
                }
                Event::Closed(_) => {
                    let client_id = self.connection.id();
                    info!(action = "close_connection", result = "success", client_id = %client_id);
                }
                other => debug!(action = "event", result = "in_progress", event = ?other),
            }
        }
    }

    /// Checks a line that came back. The server may put its prefix before it.
    fn received(&mut self, now: Instant, msg: &str) {
        let client_id = self.connection.id();
        let expected = self.line();
        self.waiting = false;
        let Some(prefix) = msg.strip_suffix(&expected) else {
            let received = redact::line(msg).into_owned();
            return self.connection.end(now, Err(ClientError::WrongEcho { expected, received }));
        };
        // The expected line was written here and needs no redaction; the prefix is the server's.
        let msg = format!("{}{expected}", redact::line(prefix));
        info!(action = "receive_message", result = "success", client_id = %client_id, msg);
        self.done += 1;
        self.next = now.after(self.period);
        self.connection.hang_up(now);
    }
}

impl Endpoint for EchoClient {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.connection.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.connection.handle(now, input);
        self.advance(now);
        self.remind(now);
    }
}

impl Machine for EchoClient {
    type Notice = Infallible;

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

impl Dialer for EchoClient {
    fn next_step(&mut self, now: Instant) -> Step {
        if !self.connection.has_ended() && self.done >= self.amount {
            info!(action = "loop_finished", result = "success", client_id = %self.connection.id());
            self.connection.end(now, Ok(()));
        }
        self.remind(now);
        self.connection.next_step(now, self.next, now.after(self.retry_for))
    }

    fn connected(&mut self, now: Instant) {
        let line = self.line();
        self.waiting = true;
        self.connection.begin(now, |client| client.send_line(now, &line));
        self.remind(now);
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = self.connection.not_connected(error);
        self.connection.end(now, Err(error));
    }
}
