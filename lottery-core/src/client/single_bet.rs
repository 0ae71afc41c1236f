//! Single bet: sent, acknowledged, done.

use std::convert::Infallible;
use std::time::Duration;
use std::{fmt, io};

use lottery_proto::client::Event;
use lottery_proto::{Bet, ClientConfig, Endpoint, FieldError, Input, Instant, Io, WinnersFlow};
use lottery_runtime::{Dialer, Machine, Step};
use tracing::{debug, info, warn};

use super::connection::ClientConnection;
use super::error::ClientError;
use super::reason;
use crate::redact;

/// Maximum number of winners in the reply that confirms the bet, on a dialect that sends them with it.
const MAX_WINNERS: usize = 100_000;

/// Sends one bet, and waits until it is stored.
///
/// On a dialect that does not reply to a bet, the query for the winners follows on the same connection.
/// Replies come in the order of the requests, and a rejected bet is reported first: any reply to the query
/// confirms that the bet is stored.
pub struct SingleBet {
    /// First name, last name, document, birth date and number.
    fields: [String; 5],
    /// True once some bytes of the bet were sent.
    sent: bool,
    retry_for: Duration,
    connection: ClientConnection<()>,
}

impl SingleBet {
    /// Creates a client for a bet of these fields: first name, last name, document, birth date, number.
    /// Connecting may take `connect_timeout` for each address of the server, and `retry_for` in all.
    ///
    /// # Errors
    /// Returns the first field that is not valid, or that the dialect cannot carry.
    pub fn new(
        connection: ClientConfig,
        server: String,
        (connect_timeout, retry_for): (Duration, Duration),
        fields: [String; 5],
    ) -> Result<Self, FieldError> {
        // A single bet is no part of an agency's list, and so needs no session.
        let dialect = connection.dialect().without_sessions();
        let max_winners = if dialect.profile().answers_bets { 0 } else { MAX_WINNERS };
        let mut connection = ClientConnection::new(connection, dialect, server, connect_timeout, max_winners);
        let profile = dialect.profile();
        if !profile.answers_bets && profile.winners_flow == WinnersFlow::Never {
            connection.end(Instant::default(), Err(ClientError::CannotConfirm { dialect }));
        }
        let single = Self { fields, sent: false, retry_for, connection };
        dialect.check_sendable(&bet(&single.fields)?)?;
        Ok(single)
    }

    /// Returns the outcome.
    ///
    /// # Errors
    /// Returns the reason why the bet is not stored, or not known to be.
    pub fn into_outcome(self) -> Result<(), ClientError> {
        self.connection.into_outcome()
    }

    fn stored(&mut self, now: Instant) {
        if let (Ok(bet), false) = (bet(&self.fields), self.connection.has_ended()) {
            let (dni, numero) = (bet.document(), bet.number());
            info!(action = "apuesta_enviada", result = "success", dni, numero);
        }
        self.connection.end(now, Ok(()));
    }

    fn advance(&mut self, now: Instant) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Bet(Ok(_)) | Event::Pending => self.stored(now),
                Event::Winners(documents) if documents.is_last() => self.stored(now),
                Event::Bet(Err(rejected)) | Event::WinnersRejected(rejected) | Event::Rejected(rejected) => {
                    let reason = redact::reason(rejected.reason).into_owned();
                    self.connection.end(now, Err(ClientError::Rejected { what: "the bet", reason }));
                }
                Event::Closed(reason) => {
                    let rejected = reason::of_end(self.connection.profile().rejection, reason);
                    match rejected.filter(|_| self.sent) {
                        Some(reason) => {
                            let error = ClientError::Rejected { what: "the bet", reason };
                            self.connection.end(now, Err(error));
                        }
                        None => self.lost(now, self.connection.closed(reason)),
                    }
                }
                other => debug!(action = "event", result = "fail", event = ?other),
            }
        }
    }

    /// Handles the loss of the connection. A bet of which some bytes were sent may be stored or not.
    fn lost(&mut self, now: Instant, error: ClientError) {
        if !self.sent || self.connection.has_ended() {
            return self.connection.end(now, Err(error));
        }
        let error = ClientError::Unconfirmed { what: "the bet".to_owned(), reason: error.to_string() };
        if let Ok(bet) = bet(&self.fields) {
            let (dni, numero) = (bet.document(), bet.number());
            warn!(action = "apuesta_enviada", result = "fail", dni, numero, reason = %error);
        }
        self.connection.end(now, Err(error));
    }
}

fn bet(fields: &[String; 5]) -> Result<Bet<'_>, FieldError> {
    let [first_name, last_name, document, birthdate, number] = fields;
    Bet::new([first_name, last_name, document, birthdate, number])
}

impl Endpoint for SingleBet {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.connection.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Sent(1..) => self.sent = true,
            Input::Shutdown => self.lost(now, ClientError::Stopped),
            _ => {}
        }
        self.connection.handle(now, input);
        self.advance(now);
        self.connection.waits_for(now, Some(("the server", 0)));
    }
}

impl Machine for SingleBet {
    type Notice = Infallible;

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

impl Dialer for SingleBet {
    fn next_step(&mut self, now: Instant) -> Step {
        self.connection.waits_for(now, Some(("the server", 0)));
        self.connection.next_step(now, now, now.after(self.retry_for))
    }

    fn connected(&mut self, now: Instant) {
        if let Ok(bet) = bet(&self.fields) {
            let asks = !self.connection.profile().answers_bets;
            self.connection.begin(now, |client| {
                client.send_bet(now, &bet)?;
                if asks { client.ask_winners(now) } else { Ok(()) }
            });
            self.connection.waits_for(now, Some(("the server", 0)));
        }
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = self.connection.not_connected(error);
        self.connection.end(now, Err(error));
    }
}

/// Omits the bet: it is personal data.
impl fmt::Debug for SingleBet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SingleBet({:?})", self.connection)
    }
}
