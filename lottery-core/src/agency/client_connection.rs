//! What every agency does alike: one connection at a time to one centre, and one end of it all.

use std::time::Duration;
use std::{fmt, io};

use lottery_proto::client::{Client, Event};
use lottery_proto::{
    AgencyId, ClientConfig, CloseReason, Dialect, DialectProfile, Input, Instant, Io, SendError,
};

use lottery_runtime::Step;
use lottery_runtime::dial::Target;
use tracing::info;

use super::job::AgencyError;
use super::reminder::Reminder;

/// An agency's connection, and how the agency ended, with a `T` or without.
pub(super) struct ClientConnection<T> {
    connection: ClientConfig,
    server: String,
    /// How long each address of the server may take to answer.
    connect_timeout: Duration,
    client: Option<Client>,
    outcome: Option<Result<T, AgencyError>>,
    reminder: Reminder,
}

impl<T> ClientConnection<T> {
    /// `bets`: so many winners there may be at most. No more than their answer needs is taken from the centre.
    pub(super) fn new(
        mut connection: ClientConfig,
        server: String,
        connect_timeout: Duration,
        bets: usize,
    ) -> Self {
        connection.max_answer = connection.max_answer.min(connection.dialect.longest_answer(bets));
        let (agency, most) = (connection.agency.get(), connection.dialect.max_agency());
        // Nobody has to be connected to for that.
        let outcome =
            (agency > most).then_some(Err(AgencyError::Send(SendError::Agency { agency, max: most })));
        Self { connection, server, connect_timeout, client: None, outcome, reminder: Reminder::default() }
    }

    /// Speaks that wire on the connections to come.
    pub(super) fn speak(&mut self, dialect: Dialect) {
        self.connection.dialect = dialect;
    }

    /// There is a connection: begins with what `greet` sends.
    pub(super) fn begin(&mut self, now: Instant, greet: impl FnOnce(&mut Client) -> Result<(), SendError>) {
        let client = self.client.insert(Client::new(self.connection.clone(), now));
        if let Err(error) = greet(client) {
            self.end(now, Err(AgencyError::Send(error)));
        }
    }

    /// The agency has ended so. The first end counts.
    pub(super) fn end(&mut self, now: Instant, outcome: Result<T, AgencyError>) {
        self.outcome.get_or_insert(outcome);
        self.hang_up(now);
    }

    /// Closes the connection.
    pub(super) fn hang_up(&mut self, now: Instant) {
        if let Some(client) = &mut self.client {
            client.close(now);
        }
    }

    /// There was no connection to be had.
    pub(super) fn not_connected(&self, error: &io::Error) -> AgencyError {
        let error = io::Error::new(error.kind(), error.to_string());
        AgencyError::Connect { server: self.server.clone(), error }
    }

    /// The centre names more winners than there are bets.
    pub(super) fn too_many_winners(&self, named: usize, bets: usize) -> AgencyError {
        AgencyError::TooManyWinners { server: self.server.clone(), named, bets }
    }

    /// The connection ended too early.
    pub(super) fn closed(&self, reason: CloseReason) -> AgencyError {
        AgencyError::Closed { server: self.server.clone(), reason }
    }

    /// What the machine behind the connection is told; and a stop is an end, if there was none.
    pub(super) fn handle(&mut self, now: Instant, input: Input) {
        if input == Input::Shutdown {
            self.outcome.get_or_insert(Err(AgencyError::Stopped));
        }
        if let Some(client) = &mut self.client {
            client.handle(now, input);
        }
    }

    pub(super) fn poll_io(&mut self) -> Option<Io<'_>> {
        let remind_at = self.reminder.deadline();
        let mut io = self.client.as_mut()?.poll_io()?;
        io.deadline = io.deadline.into_iter().chain(remind_at).min();
        Some(io)
    }

    /// Takes note of what is waited for, by who has come so far: it is said now and then.
    pub(super) fn waits_for(&mut self, now: Instant, waits_for: Option<(&'static str, usize)>) {
        let waits_for = waits_for.filter(|_| !self.has_ended());
        self.reminder.look(now, self.id(), waits_for);
    }

    pub(super) fn poll_event(&mut self) -> Option<Event<'_>> {
        self.client.as_mut()?.poll_event()
    }

    /// What to do without a connection: done, wait until then, or connect, which may take until about `until`.
    pub(super) fn next_step(&mut self, now: Instant, connect_at: Instant, until: Instant) -> Step {
        self.client = None;
        match self.outcome {
            Some(_) => Step::Done,
            None if connect_at > now => {
                Step::Wait(self.reminder.deadline().map_or(connect_at, |next| next.min(connect_at)))
            }
            None => {
                let (client_id, server) = (self.id(), &self.server);
                info!(action = "connect", result = "in_progress", client_id = %client_id, server);
                Step::Connect(Target::new(server, self.connect_timeout, now, until))
            }
        }
    }

    pub(super) fn client(&mut self) -> Option<&mut Client> {
        self.client.as_mut()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.outcome.is_some()
    }

    pub(super) fn id(&self) -> AgencyId {
        self.connection.agency
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    pub(super) fn profile(&self) -> DialectProfile {
        self.connection.dialect.profile()
    }

    /// How it ended. Who drops an agency in the middle has stopped it.
    pub(super) fn into_outcome(self) -> Result<T, AgencyError> {
        self.outcome.unwrap_or(Err(AgencyError::Stopped))
    }
}

/// The outcome shows nothing: it holds documents.
impl<T> fmt::Debug for ClientConnection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, client, .. } = self;
        write!(f, "Call(agency {} to {server}, ended: {}, {client:?})", self.id(), self.has_ended())
    }
}
