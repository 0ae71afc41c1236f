//! A single bet: sent, acknowledged, done.

use std::convert::Infallible;
use std::io;

use lottery_proto::client::{Client, Event};
use lottery_proto::{Bet, ClientConfig, FieldError, Input, Instant, Io, Machine};
use tracing::{debug, info};

use super::job::AgencyError;
use crate::seam::{Caller, Step};

/// Sends one bet, and waits until it is stored. On a wire that does not answer a bet, until it is sent.
#[derive(Debug)]
pub struct SingleBet {
    connection: ClientConfig,
    server: String,
    /// First name, last name, document, birth date and number.
    fields: [String; 5],
    client: Option<Client>,
    outcome: Option<Result<(), AgencyError>>,
}

impl SingleBet {
    /// A bet of these fields: first name, last name, document, birth date, number.
    ///
    /// # Errors
    /// The first field that is wrong, or that the wire cannot carry.
    pub fn new(connection: ClientConfig, server: String, fields: [String; 5]) -> Result<Self, FieldError> {
        let single = Self { connection, server, fields, client: None, outcome: None };
        single.connection.dialect.check_sendable(&single.bet()?)?;
        Ok(single)
    }

    /// How it ended.
    ///
    /// # Errors
    /// Why the bet is not stored.
    pub fn into_outcome(self) -> Result<(), AgencyError> {
        self.outcome.unwrap_or(Err(AgencyError::Stopped))
    }

    fn bet(&self) -> Result<Bet<'_>, FieldError> {
        let [first_name, last_name, document, birthdate, number] = &self.fields;
        Bet::new(first_name, last_name, document, birthdate, number)
    }

    fn end(&mut self, now: Instant, outcome: Result<(), AgencyError>) {
        self.outcome.get_or_insert(outcome);
        if let Some(client) = &mut self.client {
            client.close(now);
        }
    }

    fn stored(&mut self, now: Instant) {
        if let (Ok(bet), None) = (self.bet(), &self.outcome) {
            let (dni, numero) = (bet.document(), bet.number());
            info!(action = "apuesta_enviada", result = "success", dni, numero);
        }
        self.end(now, Ok(()));
    }

    fn advance(&mut self, now: Instant) {
        while let Some(event) = self.client.as_mut().and_then(Client::poll_event) {
            match event {
                Event::Bet { stored: true, .. } => self.stored(now),
                Event::Bet { stored: false, reason } => {
                    let reason = reason.to_owned();
                    self.end(now, Err(AgencyError::Refused { what: "the bet", reason }));
                }
                Event::Closed(reason) => {
                    let server = self.server.clone();
                    self.end(now, Err(AgencyError::Closed { server, reason }));
                }
                other => debug!(action = "event", result = "fail", event = ?other),
            }
        }
        let answered = self.connection.dialect.manner().answers_bets;
        if !answered
            && self.outcome.is_none()
            && self.client.as_ref().is_some_and(|client| client.unsent() == 0)
        {
            self.stored(now);
        }
    }
}

impl Machine for SingleBet {
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

impl Caller for SingleBet {
    fn next_step(&mut self, _: Instant) -> Step {
        if self.outcome.is_some() { Step::Done } else { Step::Connect(self.server.clone()) }
    }

    fn connected(&mut self, now: Instant) {
        let mut client = Client::new(self.connection.clone(), now);
        let sent = self.bet().map(|bet| client.send_bet(now, &bet));
        self.client = Some(client);
        if let Ok(Err(error)) = sent {
            self.end(now, Err(AgencyError::Send(error)));
        }
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = AgencyError::connect(&self.server, error);
        self.end(now, Err(error));
    }
}
