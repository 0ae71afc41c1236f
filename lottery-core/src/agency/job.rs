//! What an agency is to do, how far it is, and how it can fail.

use std::time::Duration;
use std::{fmt, io};

use lottery_proto::{ClientConfig, CloseReason, Dialect, Instant, SendError};

use super::client_connection::ClientConnection;
use crate::agency_file::{AgencyFile, BetListError};

/// What an agency is to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its connections.
    pub connection: ClientConfig,
    /// The centre: `HOST:PORT`.
    pub server: String,
    /// How long each address of the server may take to answer.
    pub connect_timeout: Duration,
    /// The most bets in a batch; without it, the wire's own amount.
    pub batch_max: Option<usize>,
    /// How long to wait before the winners are asked for again, at first; then twice as long each time …
    pub poll_initial: Duration,
    /// … up to this.
    pub poll_max: Duration,
    /// How long connecting may take in all; and in a session, and once the end of the bets is acknowledged: for how long a lost
    /// connection is tried again before the agency gives up.
    pub retry_for: Duration,
    /// Where the pauses between these tries get their chance from.
    pub seed: u64,
}

impl Job {
    /// The connections of an agency; if its wire cannot carry one of these bets, it has ended already.
    pub(super) fn connections(&self, bets: &AgencyFile, max_winners: usize) -> ClientConnection<Vec<String>> {
        let (connection, server) = (self.connection.clone(), self.server.clone());
        let mut connections = ClientConnection::new(connection, server, self.connect_timeout, max_winners);
        if let Err(error) = bets.check_sendable(self.connection.dialect) {
            connections.end(Instant::default(), Err(error.into()));
        }
        connections
    }
}

/// How far an agency is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bets that were handed to the connection; in a session, that the centre has acknowledged.
    pub sent: usize,
    /// Bets that there are.
    pub total: usize,
    /// The centre has acknowledged all of them.
    pub stored: bool,
    /// There is no connection, and it is tried again.
    pub cut_off: bool,
}

/// How much an agency has left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Bets that there are.
    pub total: usize,
    /// Bets that were handed to the connection.
    pub sent: usize,
    /// Bets that the centre has acknowledged.
    pub stored: usize,
    /// The centre has acknowledged the end of them: only its winners are left.
    pub finished: bool,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, sent, stored, finished } = *self;
        let (unsent, unconfirmed) = (total.saturating_sub(sent), sent.saturating_sub(stored));
        match (finished, unsent, unconfirmed) {
            (true, ..) => write!(f, "all {total} bets are stored, the winners are left"),
            (false, 0, 0) => write!(f, "all {total} bets are stored, the end of them is left"),
            (false, _, 0) => write!(f, "{unsent} of {total} bets are left"),
            (false, ..) => {
                write!(f, "{unsent} of {total} bets are left, {unconfirmed} were sent and not confirmed")
            }
        }
    }
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
    /// The centre has refused something.
    #[error("the centre refused {what}{}{reason}", if reason.is_empty() { "" } else { ": " })]
    Refused {
        /// What it refused.
        what: &'static str,
        /// Why, in its own words; empty if the wire has no room for them.
        reason: String,
    },
    /// Another line came back than was sent.
    #[error("sent \"{expected}\", received \"{received}\"")]
    WrongEcho {
        /// What was sent.
        expected: String,
        /// What came back.
        received: String,
    },
    /// The centre holds other bets of this agency than the file.
    #[error("{server} holds {stored} bets of this agency that are not the first {stored} of {file}: {what}")]
    OtherBets {
        /// The centre.
        server: String,
        /// The agency's file.
        file: String,
        /// How many bets the centre holds.
        stored: u64,
        /// Whether the centre counts the agency as finished.
        finished: bool,
        /// What shows it.
        what: &'static str,
    },
    /// The centre has refused a batch.
    #[error("the centre refused a batch: {error}: {reason}")]
    Rejected {
        /// The file and the lines, or the line, that it is about.
        error: String,
        /// Why, in the centre's words.
        reason: String,
    },
    /// The centre names more winners than the agency has bets.
    #[error("{server} names {named} winners, of {bets} bets")]
    TooManyWinners {
        /// The centre.
        server: String,
        /// How many it has named so far.
        named: usize,
        /// How many bets there are.
        bets: usize,
    },
    /// A connection could not be had, or not be kept.
    #[error("given up after {tried:.1?}: {reason}; {stored} of {total} bets are stored{}",
        if *finished { ", and the agency is finished" } else { "" })]
    GivenUp {
        /// For how long it was tried.
        tried: Duration,
        /// What went wrong last.
        reason: String,
        /// How many bets the centre has acknowledged.
        stored: usize,
        /// How many there are.
        total: usize,
        /// Whether the centre has acknowledged the end of them.
        finished: bool,
    },
    /// The connection ended too early.
    #[error("the connection to {server} ended: {reason}")]
    Closed {
        /// The centre.
        server: String,
        /// How it ended.
        reason: CloseReason,
    },
    /// The wire has no question for the winners of one agency.
    #[error(
        "{dialect} cannot ask for the winners of one agency: {reason}; ask on another wire, such as block"
    )]
    CannotAsk {
        /// The wire.
        dialect: Dialect,
        /// What it would be asked for.
        reason: String,
    },
    /// The agency has not finished: it has no winners yet.
    #[error("the agency is not finished, and has no winners yet")]
    NotFinished,
    /// A bet was sent, and nobody said what became of it: sent again, it may be stored twice.
    #[error("unconfirmed, the bet may be stored or not: {reason}")]
    Unconfirmed {
        /// Why there is no answer.
        reason: String,
    },
    /// It was told to stop before it was done.
    #[error("stopped before it was done")]
    Stopped,
}
