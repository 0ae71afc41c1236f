//! Settings and progress of a client.

use std::fmt;
use std::time::Duration;

use lottery_proto::{ClientConfig, Instant};

use super::connection::ClientConnection;
use crate::agency_file::AgencyFile;

/// Settings of a client of an agency.
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
    /// time for which a lost connection is retried before the client gives up.
    pub retry_for: Duration,
    /// Seed of the random part of the pauses between retries.
    pub seed: u64,
}

impl Job {
    /// Creates settings at their defaults: five seconds for connecting to an address, 30 for connecting in all,
    /// batches as long as the dialect's, and pauses between queries from 50 ms up to one second.
    pub fn new(connection: ClientConfig, server: impl Into<String>) -> Self {
        Self {
            connection,
            server: server.into(),
            connect_timeout: Duration::from_secs(5),
            batch_max: None,
            poll_initial: Duration::from_millis(50),
            poll_max: Duration::from_secs(1),
            retry_for: Duration::from_secs(30),
            seed: 0,
        }
    }

    /// Returns the connections of a client. They have ended already if the dialect cannot carry one of the
    /// bets.
    pub(super) fn connections(&self, bets: &AgencyFile, max_winners: usize) -> ClientConnection<Vec<String>> {
        let (connection, server) = (self.connection.clone(), self.server.clone());
        let dialect = connection.dialect();
        let mut connections =
            ClientConnection::new(connection, dialect, server, self.connect_timeout, max_winners);
        if let Err(error) = bets.check_sendable(dialect) {
            connections.end(Instant::default(), Err(error.into()));
        }
        connections
    }
}

/// Progress of a client.
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

/// Work that a client has left.
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
                let were = if unconfirmed == 1 { "was" } else { "were" };
                write!(f, "{unsent} of {total} bets are left, {unconfirmed} {were} sent and not confirmed")
            }
        }
    }
}
