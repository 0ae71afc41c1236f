//! Settings, progress and errors of an agency.

use std::time::Duration;
use std::{fmt, io};

use lottery_proto::{ClientConfig, CloseReason, Dialect, Instant, SendError};

use super::connection::ClientConnection;
use crate::agency_file::{AgencyFile, AgencyFileError};

/// Settings of an agency's run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Settings of its connections.
    pub connection: ClientConfig,
    /// Address of the server: `HOST:PORT`.
    pub server: String,
    /// Time limit for connecting to each address of the server.
    pub connect_timeout: Duration,
    /// Maximum number of bets in a batch; `None`: the dialect's own.
    pub batch_max: Option<usize>,
    /// Pause before the winners are asked for again, at first; it doubles each time.
    pub poll_initial: Duration,
    /// Longest such pause.
    pub poll_max: Duration,
    /// Time limit for connecting in all. In a session, and once the end of the bets is acknowledged, also the
    /// time for which a lost connection is retried before the agency gives up.
    pub retry_for: Duration,
    /// Seed of the random part of the pauses between retries.
    pub seed: u64,
}

impl Job {
    /// Returns the connections of an agency. They have ended already if the dialect cannot carry one of the
    /// bets.
    pub(super) fn connections(&self, bets: &AgencyFile, max_winners: usize) -> ClientConnection<Vec<String>> {
        let (connection, server) = (self.connection.clone(), self.server.clone());
        let mut connections = ClientConnection::new(connection, server, self.connect_timeout, max_winners);
        if let Err(error) = bets.check_sendable(self.connection.dialect) {
            connections.end(Instant::default(), Err(error.into()));
        }
        connections
    }
}

/// Progress of an agency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of bets handed to the connection; in a session, of bets that the server has acknowledged.
    pub sent: usize,
    /// Number of bets in all.
    pub total: usize,
    /// True once the server has acknowledged all of them.
    pub stored: bool,
    /// True while the connection is lost and retried.
    pub cut_off: bool,
}

/// Work that an agency has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Number of bets in all.
    pub total: usize,
    /// Number of bets handed to the connection.
    pub sent: usize,
    /// Number of bets that the server has acknowledged.
    pub stored: usize,
    /// True once the server has acknowledged the end of the bets: only the winners are left to ask for.
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

/// Reason why an agency did not get its winners.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Connecting to the server failed.
    #[error("cannot connect to {server}: {error}")]
    Connect {
        /// Address of the server.
        server: String,
        /// Error of the last attempt to connect.
        error: io::Error,
    },
    /// The bets cannot be sent.
    #[error(transparent)]
    Bets(#[from] AgencyFileError),
    /// The agency's number cannot be sent.
    #[error(transparent)]
    Send(SendError),
    /// The server has rejected a request or the session.
    #[error("the centre refused {what}{}{reason}", if reason.is_empty() { "" } else { ": " })]
    Refused {
        /// Name of the rejected thing, for the message.
        what: &'static str,
        /// Reason that the server gives; empty if the dialect has no room for one.
        reason: String,
    },
    /// A line came back that differs from the one that was sent.
    #[error("sent \"{expected}\", received \"{received}\"")]
    WrongEcho {
        /// Line that was sent.
        expected: String,
        /// Line that came back, redacted.
        received: String,
    },
    /// The server holds bets of this agency that are not the beginning of its file.
    #[error("{server} holds {stored} bets of this agency that are not the first {stored} of {file}: {what}")]
    OtherBets {
        /// Address of the server.
        server: String,
        /// Path of the agency's file.
        file: String,
        /// Number of bets that the server holds.
        stored: u64,
        /// True if the server counts the agency as finished.
        finished: bool,
        /// Evidence of the difference.
        what: &'static str,
    },
    /// The server has rejected a batch.
    #[error("the centre refused a batch: {error}: {reason}")]
    Rejected {
        /// File and line, or lines, of the bets concerned.
        error: String,
        /// Reason that the server gives.
        reason: String,
    },
    /// The server lists more winners than the agency has bets.
    #[error("{server} names {named} winners, of {bets} bets")]
    TooManyWinners {
        /// Address of the server.
        server: String,
        /// Number of winners that it has listed so far.
        named: usize,
        /// Number of bets.
        bets: usize,
    },
    /// Retries have reached their time limit: the connection could not be made or kept.
    #[error("given up after {tried:.1?}: {reason}; {stored} of {total} bets are stored{}",
        if *finished { ", and the agency is finished" } else { "" })]
    GivenUp {
        /// Time for which it was retried.
        tried: Duration,
        /// Last error.
        reason: String,
        /// Number of bets that the server has acknowledged.
        stored: usize,
        /// Number of bets in all.
        total: usize,
        /// True if the server has acknowledged the end of the bets.
        finished: bool,
    },
    /// The connection ended too early.
    #[error("the connection to {server} ended: {reason}")]
    Closed {
        /// Address of the server.
        server: String,
        /// Reason of its end.
        reason: CloseReason,
    },
    /// The dialect cannot ask for the winners of one agency alone.
    #[error(
        "{dialect} cannot ask for the winners of one agency: {reason}; ask on another wire, such as block"
    )]
    CannotAsk {
        /// Dialect.
        dialect: Dialect,
        /// Reason why it cannot.
        reason: String,
    },
    /// The agency has not finished, and so has no winners yet.
    #[error("the agency is not finished, and has no winners yet")]
    NotFinished,
    /// A bet was sent and got no reply: it may be stored, and sent again it may be stored twice.
    #[error("unconfirmed, the bet may be stored or not: {reason}")]
    Unconfirmed {
        /// Reason why there is no reply.
        reason: String,
    },
    /// The agency was stopped before it was done.
    #[error("stopped before it was done")]
    Stopped,
}
