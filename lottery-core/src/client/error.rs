//! Errors of a client.

use std::io;
use std::time::Duration;

use lottery_proto::{CloseReason, Code, ConfigError, Dialect, SendError};

use crate::agency_file::AgencyFileError;

/// Reason why a client did not get its winners.
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
    /// The first request cannot be sent.
    #[error(transparent)]
    Send(SendError),
    /// The settings of the connection are not valid in its dialect: it cannot carry the agency's number.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server has rejected a request or the session.
    #[error("the server refused {what}{}{reason}", if reason.is_empty() { "" } else { ": " })]
    Rejected {
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
    #[error("the server refused a batch: {error}{}{reason}", if reason.is_empty() { "" } else { ": " })]
    BatchRejected {
        /// File and line, or lines, of the bets concerned.
        error: String,
        /// Error code, if it is known: in a dialect without codes, from the words of this project's servers.
        code: Option<Code>,
        /// Reason that the server gives, behind its code.
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
    /// The server opened no session: it may have none.
    #[error(
        "{server} opens no session: {reason}; a server without sessions takes bets with --dialect {without}"
    )]
    NoSession {
        /// Address of the server.
        server: String,
        /// Reason that it gives, or the end of the connection.
        reason: String,
        /// Dialect with the same messages and without sessions.
        without: Dialect,
    },
    /// The dialect cannot ask for the winners of one agency alone.
    #[error(
        "{dialect} cannot ask for the winners of one agency: {reason}; ask in another dialect, such as block"
    )]
    CannotAsk {
        /// Dialect.
        dialect: Dialect,
        /// Reason why it cannot.
        reason: String,
    },
    /// The dialect neither acknowledges a single bet nor has a question whose answer would confirm it.
    #[error("{dialect} has no reply that confirms a single bet; send it in another dialect")]
    CannotConfirm {
        /// Dialect.
        dialect: Dialect,
    },
    /// The agency has not finished, and so has no winners yet.
    #[error("the agency is not finished, and has no winners yet")]
    NotFinished,
    /// Bets were sent and got no reply: they may be stored, and sent again they may be stored twice.
    #[error("unconfirmed, {what} may be stored or not: {reason}")]
    Unconfirmed {
        /// Name of what was sent, for the message.
        what: String,
        /// Reason why there is no reply.
        reason: String,
    },
    /// The client was stopped before it was done.
    #[error("stopped before it was done")]
    Stopped,
}
