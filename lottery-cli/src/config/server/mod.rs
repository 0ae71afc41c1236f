//! Settings of the server.

pub(super) mod table;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lottery_proto::{Dialect, ServerConfig};

pub(super) use self::table::PROGRAM;
use self::table::{
    AGENCIES, AGENCIES_BEFORE, ANONYMOUS_FINISH, DATA_DIR, DIALECTS, ECHO_PREFIX, FORCE, IDLE_TIMEOUT,
    LINGER_TIMEOUT, LISTEN, LISTEN_BACKLOG, LOG_LEVEL, LOG_TIME, MAX_CONNECTIONS, MAX_CONNECTIONS_PER_IP,
    MAX_MEMORY, MAX_MESSAGE, MESSAGE_TIMEOUT, PORT, SET_ASIDE, STALL_TIMEOUT, STORE, WINNING_NUMBER,
};
use super::budget::LEAST;
use super::error::ConfigError;
use super::parse;
use super::resolve::Values;
use super::table::Origin;
use super::types::{LogTime, MaxMemory, Raw, StoreKind};
use super::unknown::UnknownKeys;
use crate::log::Level;

/// Command of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerCommand {
    /// The whole work of the server.
    Centre,
    /// Count the stored bets.
    Count,
    /// Check the health of a server that listens on this machine.
    Health,
    /// Write the whole content of the store to a file.
    Backup(Output),
    /// Begin a new store with the backup in this file.
    Restore(PathBuf),
    /// Write all bets as CSV to a file.
    Export(Output),
    /// Begin a new store with the bets of this file.
    Import(PathBuf),
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Path of the file; `-` is standard output.
    pub path: PathBuf,
    /// True if an existing file may be replaced.
    pub force: bool,
}

/// Settings with which the server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Command to run.
    pub command: ServerCommand,
    /// True if a `bets.csv` with rows that are not in the store is renamed; else it is a reason not to
    /// start.
    pub set_aside: bool,
    /// Address to listen at; port 0 lets the system pick one.
    pub listen: SocketAddr,
    /// Maximum number of connections that the system holds before they are accepted, from 1 to 65535.
    pub listen_backlog: u16,
    /// Unknown keys of the file.
    pub unknown_keys: UnknownKeys,
    /// Level from which events are logged.
    pub log_level: Raw<Level>,
    /// Time zone of log lines.
    pub log_time: LogTime,
    /// Number of agencies that take part, from 1 to 99999: the draw waits for all of them.
    pub agencies: u32,
    /// Path of the data directory, which may be missing.
    pub data_dir: PathBuf,
    /// Kind of the store for the bets.
    pub store: StoreKind,
    /// The winning number.
    pub winning_number: u32,
    /// True if a client that finishes without naming its agency may stand for one.
    pub anonymous_finish: bool,
    /// Number of agencies, from 1 to 99999, with which the lottery may have begun; it then goes on with
    /// `agencies`.
    pub agencies_before: Option<u32>,
    /// Dialects that the server speaks.
    pub dialects: Vec<Dialect>,
    /// Text before a line that is sent back.
    pub echo_prefix: String,
    /// Maximum length of a message in bytes, at least 8192.
    pub max_message: u32,
    /// Memory that peers can make the server hold, at least 16 times the longest message.
    pub max_memory: MaxMemory,
    /// Maximum number of open connections, from 1 to 1000000.
    pub max_connections: u32,
    /// Maximum number of them from one address, from 1 to 1000000.
    pub max_connections_per_ip: u32,
    /// Maximum number of them from an address of this machine or of a private network; `None` for all.
    pub max_connections_per_local_ip: Option<u32>,
    /// Timeout of a connection without a message begun or a reply owed; above zero.
    pub idle_timeout: Duration,
    /// Time within which a message that has begun must be complete; above zero.
    pub message_timeout: Duration,
    /// Timeout of a peer that takes none of the bytes queued for it; above zero.
    pub stall_timeout: Duration,
    /// Timeout of the peer's FIN after our own; above zero.
    pub linger_timeout: Duration,
}

impl ServerSettings {
    /// Returns the configuration of each connection's machine.
    pub fn machine(&self) -> ServerConfig {
        ServerConfig {
            agencies: self.agencies,
            max_message: usize::try_from(self.max_message).unwrap_or(usize::MAX),
            dialects: self.dialects.clone(),
            idle_timeout: self.idle_timeout,
            message_timeout: self.message_timeout,
            stall_timeout: self.stall_timeout,
            linger_timeout: self.linger_timeout,
            ..ServerConfig::default()
        }
    }

    /// Logs the line `action: config`, with the values as they were written, and a warning for each unknown
    /// key.
    pub fn log(&self) {
        tracing::info!(
            action = "config",
            result = "success",
            port = self.listen.port(),
            listen_backlog = self.listen_backlog,
            logging_level = self.log_level.text,
        );
        self.unknown_keys.log();
    }

    pub(super) fn from_values(values: &mut Values) -> Result<Self, ConfigError> {
        let command = match values.command() {
            Some("count") => ServerCommand::Count,
            Some("health") => ServerCommand::Health,
            Some("backup") => ServerCommand::Backup(output(values)?),
            Some("restore") => ServerCommand::Restore(file(values)?),
            Some("export") => ServerCommand::Export(output(values)?),
            Some("import") => ServerCommand::Import(file(values)?),
            _ => ServerCommand::Centre,
        };
        let max_connections_per_ip = values.required(&MAX_CONNECTIONS_PER_IP)?;
        let is_set = *values.origin(&MAX_CONNECTIONS_PER_IP.row) != Origin::Default;
        Ok(Self {
            command,
            set_aside: values.flag(SET_ASIDE.0),
            listen: listen(values)?,
            listen_backlog: values.required(&LISTEN_BACKLOG)?,
            unknown_keys: values.unknown().clone(),
            log_level: values.required(&LOG_LEVEL)?,
            log_time: values.required(&LOG_TIME)?,
            agencies: values.required(&AGENCIES)?,
            data_dir: values.required(&DATA_DIR)?,
            store: values.required(&STORE)?,
            winning_number: values.required(&WINNING_NUMBER)?,
            anonymous_finish: values.required(&ANONYMOUS_FINISH)?,
            agencies_before: agencies_before(values)?,
            dialects: values.required(&DIALECTS)?,
            echo_prefix: values.required(&ECHO_PREFIX)?,
            max_message: values.required(&MAX_MESSAGE)?,
            max_memory: max_memory(values)?,
            max_connections: values.required(&MAX_CONNECTIONS)?,
            max_connections_per_ip,
            max_connections_per_local_ip: is_set.then_some(max_connections_per_ip),
            idle_timeout: values.required(&IDLE_TIMEOUT)?,
            message_timeout: values.required(&MESSAGE_TIMEOUT)?,
            stall_timeout: values.required(&STALL_TIMEOUT)?,
            linger_timeout: values.required(&LINGER_TIMEOUT)?,
        })
    }
}

/// Returns the memory that peers can make the server hold: several times the longest message.
fn max_memory(values: &Values) -> Result<MaxMemory, ConfigError> {
    let max_memory = values.required(&MAX_MEMORY)?;
    let least = u64::from(values.required(&MAX_MESSAGE)?).saturating_mul(LEAST);
    match max_memory {
        MaxMemory::Bytes(bytes) if bytes < least => {
            Err(values.refuse(&MAX_MEMORY.row, format!("at least {least}, {LEAST} times max-message")))
        }
        max_memory => Ok(max_memory),
    }
}

/// Returns the file that the command takes.
fn file(values: &Values) -> Result<PathBuf, ConfigError> {
    let name = values.operand().unwrap_or_default();
    parse::path(name).map_err(|expected| ConfigError::value("FILE".into(), name, expected))
}

/// Returns the file that the command writes.
fn output(values: &Values) -> Result<Output, ConfigError> {
    Ok(Output { path: file(values)?, force: values.flag(FORCE.0) })
}

/// Returns the number of agencies before more were added, if it is set. The new number must then be set, too: the
/// default may not be it.
fn agencies_before(values: &Values) -> Result<Option<u32>, ConfigError> {
    let from = values.optional(&AGENCIES_BEFORE)?;
    if from.is_some() && *values.origin(&AGENCIES.row) == Origin::Default {
        return Err(values.refuse(&AGENCIES_BEFORE.row, "agencies to be set, too"));
    }
    Ok(from)
}

/// Returns the address to listen at. Of two ports, one in `listen` and one in `port`, the one with the
/// stronger origin wins. From the same origin they must be equal.
fn listen(values: &mut Values) -> Result<SocketAddr, ConfigError> {
    let (mut address, port_beside) = values.required(&LISTEN)?;
    let port = values.required(&PORT)?;
    if let Some(beside) = port_beside
        && beside != port
        && values.origin(&LISTEN.row) == values.origin(&PORT.row)
    {
        return Err(values.refuse(&PORT.row, format!("{beside} or nothing, as listen has a port of its own")));
    }
    let beside = port_beside.filter(|_| values.origin(&LISTEN.row) >= values.origin(&PORT.row));
    if let Some(port) = beside {
        values.follow(&PORT.row, &LISTEN.row, port.to_string());
    }
    values.follow(&LISTEN.row, &LISTEN.row, address.ip().to_string());
    address.set_port(beside.unwrap_or(port));
    Ok(address)
}
