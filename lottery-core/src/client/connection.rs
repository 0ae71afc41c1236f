//! Common part of every client: one connection at a time to one server, and one outcome.

use std::time::Duration;
use std::{fmt, io};

use lottery_proto::client::{Client, Event};
use lottery_proto::{
    AgencyId, ClientConfig, ClientConfigBuilder, CloseReason, Dialect, DialectProfile, Input, Instant, Io,
    SendError,
};

use lottery_runtime::{Step, Target};
use tracing::info;

use super::error::ClientError;
use super::reminder::Reminder;

/// Connection of a client, and its outcome: a `T` or an error.
pub(super) struct ClientConnection<T> {
    connection: ClientConfig,
    server: String,
    /// Time limit for connecting to each address of the server.
    connect_timeout: Duration,
    client: Option<Client>,
    outcome: Option<Result<T, ClientError>>,
    reminder: Reminder,
}

impl<T> ClientConnection<T> {
    /// Creates a client that speaks this dialect. It accepts no reply longer than an agency with `bets` bets can need,
    /// and has ended already if the dialect cannot carry the agency's number.
    pub(super) fn new(
        connection: ClientConfig,
        dialect: Dialect,
        server: String,
        connect_timeout: Duration,
        bets: usize,
    ) -> Self {
        let max_answer = connection.max_answer().min(dialect.longest_answer(bets));
        let reminder = Reminder::default();
        let mut client = Self { connection, server, connect_timeout, client: None, outcome: None, reminder };
        client.change(|settings| settings.dialect(dialect).max_answer(max_answer));
        client
    }

    /// Sets the dialect of the connections to come. Ends the client if it cannot carry the agency's number.
    pub(super) fn speak(&mut self, dialect: Dialect) {
        self.change(|settings| settings.dialect(dialect));
    }

    /// Changes settings of the connections to come. Settings that are not valid end the client.
    pub(super) fn change(&mut self, change: impl FnOnce(ClientConfigBuilder) -> ClientConfigBuilder) {
        match change(self.connection.to_builder()).build() {
            Ok(connection) => self.connection = connection,
            Err(error) => {
                self.outcome.get_or_insert(Err(error.into()));
            }
        }
    }

    /// Starts a client on a new connection; `greet` sends its first request.
    pub(super) fn begin(&mut self, now: Instant, greet: impl FnOnce(&mut Client) -> Result<(), SendError>) {
        let client = self.client.insert(Client::new(self.connection.clone(), now));
        if let Err(error) = greet(client) {
            self.end(now, Err(ClientError::Send(error)));
        }
    }

    /// Ends the client and closes the connection. Only the first outcome counts.
    pub(super) fn end(&mut self, now: Instant, outcome: Result<T, ClientError>) {
        self.outcome.get_or_insert(outcome);
        self.hang_up(now);
    }

    /// Closes the connection.
    pub(super) fn hang_up(&mut self, now: Instant) {
        if let Some(client) = &mut self.client {
            client.close(now);
        }
    }

    /// Returns the error of a connection that could not be made.
    pub(super) fn not_connected(&self, error: &io::Error) -> ClientError {
        let error = io::Error::new(error.kind(), error.to_string());
        ClientError::Connect { server: self.server.clone(), error }
    }

    /// Returns the error of a server that lists more winners than there are bets.
    pub(super) fn too_many_winners(&self, named: usize, bets: usize) -> ClientError {
        ClientError::TooManyWinners { server: self.server.clone(), named, bets }
    }

    /// Returns the error of a connection that ended too early.
    pub(super) fn closed(&self, reason: CloseReason) -> ClientError {
        ClientError::Closed { server: self.server.clone(), reason }
    }

    /// Passes an input to the machine of the connection. A shutdown ends the client as stopped, unless it has
    /// ended.
    pub(super) fn handle(&mut self, now: Instant, input: Input) {
        if input == Input::Shutdown {
            self.outcome.get_or_insert(Err(ClientError::Stopped));
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

    /// Notes the thing that the client waits for and its progress; the reminder logs it now and then.
    pub(super) fn waits_for(&mut self, now: Instant, waits_for: Option<(&'static str, usize)>) {
        let waits_for = waits_for.filter(|_| !self.has_ended());
        self.reminder.look(now, self.id(), waits_for);
    }

    pub(super) fn poll_event(&mut self) -> Option<Event<'_>> {
        self.client.as_mut()?.poll_event()
    }

    /// Returns the next step without a connection: done, wait until `connect_at`, or connect, trying until
    /// about `until`.
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
        self.connection.agency()
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    pub(super) fn profile(&self) -> DialectProfile {
        self.connection.dialect().profile()
    }

    /// Returns the outcome. A client that has not ended counts as stopped.
    pub(super) fn into_outcome(self) -> Result<T, ClientError> {
        self.outcome.unwrap_or(Err(ClientError::Stopped))
    }
}

/// Omits the outcome: it holds documents, which are personal data.
impl<T> fmt::Debug for ClientConnection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, client, .. } = self;
        write!(f, "Call(agency {} to {server}, ended: {}, {client:?})", self.id(), self.has_ended())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_that_cannot_carry_the_agency_ends_the_client_before_it_connects() {
        let agency = AgencyId::new(256).unwrap();
        let connection = |dialect| {
            let settings = ClientConfig::new(agency, Dialect::FRAMED).unwrap();
            ClientConnection::<()>::new(settings, dialect, "server:1".to_owned(), Duration::from_secs(1), 0)
        };
        assert!(!connection(Dialect::BRACES).has_ended());
        let mut speaks = connection(Dialect::FRAMED);
        speaks.speak(Dialect::SHORT);
        for ended in [connection(Dialect::BLOCK), speaks] {
            assert!(ended.has_ended());
            let error = ended.into_outcome().unwrap_err();
            assert_eq!(error.to_string(), "agency: 256, expected 1 to 255");
        }
    }
}
