//! Client of an agency: its machine on its connections, and its steps between them.

mod connection;
mod echo;
mod error;
mod job;
mod plain;
mod reason;
mod reminder;
mod retry;
mod session;
mod single_bet;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use lottery_proto::{Endpoint, Input, Instant, Io};
use lottery_runtime::{Dialer, Machine, Step};

pub use self::echo::{EchoClient, EchoJob};
pub use self::error::ClientError;
pub use self::job::{Job, Left, Progress};
pub use self::plain::PlainClient;
pub use self::session::SessionClient;
pub use self::single_bet::SingleBet;
use crate::agency_file::AgencyFile;

/// Client of an agency: sends its bets and Finished, then asks for its winners, in the way of its dialect.
#[derive(Debug)]
pub struct LotteryClient(Kind);

#[derive(Debug)]
enum Kind {
    Plain(PlainClient),
    Session(SessionClient),
}

impl LotteryClient {
    /// Creates a client with these bets. It has ended already, and sends none, if its dialect cannot carry
    /// one of them.
    pub fn new(job: Job, bets: Arc<AgencyFile>) -> Self {
        Self(if job.connection.dialect().profile().has_sessions {
            Kind::Session(SessionClient::new(job, bets))
        } else {
            Kind::Plain(PlainClient::new(job, bets))
        })
    }

    /// Creates a client that only asks for its winners: it sends no bet and no Finished.
    pub fn asking(job: Job) -> Self {
        Self(Kind::Plain(PlainClient::asking(job)))
    }

    /// Calls `on_progress` whenever the client has made progress.
    #[must_use]
    pub fn with_progress(self, on_progress: impl FnMut(Progress) + Send + 'static) -> Self {
        Self(match self.0 {
            Kind::Plain(client) => Kind::Plain(client.with_progress(on_progress)),
            Kind::Session(client) => Kind::Session(client.with_progress(on_progress)),
        })
    }

    /// Tells the client that the server knows its agency by a certificate: on `framed` an agency without bets, whose END
    /// names nobody, then gets its own winners and no others.
    #[must_use]
    pub fn identified(self) -> Self {
        Self(match self.0 {
            Kind::Plain(client) => Kind::Plain(client.identified()),
            session @ Kind::Session(_) => session,
        })
    }

    /// Returns the work that is left.
    pub fn left(&self) -> Left {
        match &self.0 {
            Kind::Plain(client) => client.left(),
            Kind::Session(client) => client.left(),
        }
    }

    /// Returns the documents of the winners, in the order in which their bets were stored.
    ///
    /// # Errors
    /// Returns the reason why the client did not get them.
    pub fn into_outcome(self) -> Result<Vec<String>, ClientError> {
        match self.0 {
            Kind::Plain(client) => client.into_outcome(),
            Kind::Session(client) => client.into_outcome(),
        }
    }
}

impl Endpoint for LotteryClient {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        match &mut self.0 {
            Kind::Plain(client) => client.poll_io(),
            Kind::Session(client) => client.poll_io(),
        }
    }

    fn handle(&mut self, now: Instant, input: Input) {
        match &mut self.0 {
            Kind::Plain(client) => client.handle(now, input),
            Kind::Session(client) => client.handle(now, input),
        }
    }
}

impl Machine for LotteryClient {
    type Notice = Infallible;

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

impl Dialer for LotteryClient {
    fn next_step(&mut self, now: Instant) -> Step {
        match &mut self.0 {
            Kind::Plain(client) => client.next_step(now),
            Kind::Session(client) => client.next_step(now),
        }
    }

    fn connected(&mut self, now: Instant) {
        match &mut self.0 {
            Kind::Plain(client) => client.connected(now),
            Kind::Session(client) => client.connected(now),
        }
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        match &mut self.0 {
            Kind::Plain(client) => client.not_connected(now, error),
            Kind::Session(client) => client.not_connected(now, error),
        }
    }
}
