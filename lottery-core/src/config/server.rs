//! The settings of the centre.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lottery_proto::Dialect;

use super::error::ConfigError;
use super::file::{Format, Shape};
use super::parse;
use super::resolve::{Program, Values};
use super::table::{Row, Setting};
use super::types::{AsWritten, StoreKind};
use crate::log::Level;

/// What a server is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerCommand {
    /// The centre's whole work.
    Centre,
    /// To count the bets that are stored.
    Count,
    /// To say whether a centre listens on this machine.
    Health,
}

/// How the centre is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// What to do.
    pub command: ServerCommand,
    /// The address to listen at; port 0 lets the system pick one.
    pub listen: SocketAddr,
    /// How many connections the system may hold that are not yet accepted, from 1 to 65535.
    pub listen_backlog: u16,
    /// Which events are logged.
    pub log_level: AsWritten<Level>,
    /// How many agencies take part, from 1 to 99999: the draw waits for all of them.
    pub agencies: u32,
    /// The directory of what the centre keeps; whether it exists is not looked at.
    pub data_dir: PathBuf,
    /// Where the bets are kept.
    pub store: StoreKind,
    /// The number that wins.
    pub winning_number: u32,
    /// The wires that are spoken.
    pub dialects: Vec<Dialect>,
    /// What stands before a line that is sent back.
    pub echo_prefix: String,
    /// The longest message that is taken, in bytes, at least 8192.
    pub max_message: u32,
    /// How many connections may be open at once, from 1 to 1000000.
    pub max_connections: u32,
    /// How long a connection may be without a message begun or an answer owed; above zero.
    pub idle_timeout: Duration,
    /// Within which time a message that has begun must be complete; above zero.
    pub message_timeout: Duration,
    /// How long a peer may take none of the bytes that we have for it; above zero.
    pub stall_timeout: Duration,
    /// How long to wait for the peer's end of a conversation after our own; above zero.
    pub linger_timeout: Duration,
}

impl ServerSettings {
    /// Logs the line `action: config`, with the values as they were written.
    pub fn log(&self) {
        tracing::info!(
            action = "config",
            result = "success",
            port = self.listen.port(),
            listen_backlog = self.listen_backlog,
            logging_level = self.log_level.text,
        );
    }

    pub(super) fn from_values(values: &mut Values) -> Result<Self, ConfigError> {
        let command = match values.command() {
            Some("count") => ServerCommand::Count,
            Some("health") => ServerCommand::Health,
            _ => ServerCommand::Centre,
        };
        Ok(Self {
            command,
            listen: listen(values)?,
            listen_backlog: values.required(&LISTEN_BACKLOG)?,
            log_level: values.required(&LOG_LEVEL)?,
            agencies: values.required(&AGENCIES)?,
            data_dir: values.required(&DATA_DIR)?,
            store: values.required(&STORE)?,
            winning_number: values.required(&WINNING_NUMBER)?,
            dialects: values.required(&DIALECTS)?,
            echo_prefix: values.required(&ECHO_PREFIX)?,
            max_message: values.required(&MAX_MESSAGE)?,
            max_connections: values.required(&MAX_CONNECTIONS)?,
            idle_timeout: values.required(&IDLE_TIMEOUT)?,
            message_timeout: values.required(&MESSAGE_TIMEOUT)?,
            stall_timeout: values.required(&STALL_TIMEOUT)?,
            linger_timeout: values.required(&LINGER_TIMEOUT)?,
        })
    }
}

/// Of two ports, one in `listen` and one of its own, that with the stronger origin counts, in a tie the former.
fn listen(values: &mut Values) -> Result<SocketAddr, ConfigError> {
    let (mut address, port_beside) = values.required(&LISTEN)?;
    let port = values.required(&PORT)?;
    let beside = port_beside.filter(|_| values.origin(&LISTEN.row) >= values.origin(&PORT.row));
    if let Some(port) = beside {
        values.follow(&PORT.row, &LISTEN.row, port.to_string());
    }
    values.follow(&LISTEN.row, &LISTEN.row, address.ip().to_string());
    address.set_port(beside.unwrap_or(port));
    Ok(address)
}

/// The centre, as a program.
pub(super) const PROGRAM: Program = Program {
    name: "lottery-server",
    about: "The centre of the lottery: takes the agencies' bets, and tells each its winners after the draw.",
    after_help: "\
A flag beats the environment, that beats the file, that beats the default. In the file, KEY = VALUE
lines under [DEFAULT], the keys are the names of the environment variables. SERVER_IP may be there
too and is ignored: it is the name under which agencies reach the centre, not an address to listen
at. Durations are written like 150ms, 20s, 1m30s or 1h.",
    commands: &[
        ("count", "Print how many bets data-dir holds, also while the centre runs"),
        ("health", "Exit with 0 if the port of this machine is listened at"),
    ],
    file: Shape { default: "config.ini", format: Format::Ini, ignored: &["SERVER_IP"] },
    config: Row {
        flag: "config",
        var: "SERVER_CONFIG",
        key: "",
        metavar: "FILE",
        default: None,
        help: "The configuration file; without this, config.ini if there is one",
    },
    settings: &[
        &LISTEN.row,
        &PORT.row,
        &LISTEN_BACKLOG.row,
        &LOG_LEVEL.row,
        &AGENCIES.row,
        &DATA_DIR.row,
        &STORE.row,
        &WINNING_NUMBER.row,
        &DIALECTS.row,
        &ECHO_PREFIX.row,
        &MAX_MESSAGE.row,
        &MAX_CONNECTIONS.row,
        &IDLE_TIMEOUT.row,
        &MESSAGE_TIMEOUT.row,
        &STALL_TIMEOUT.row,
        &LINGER_TIMEOUT.row,
    ],
};

/// A setting whose key in the file is the name of its variable.
const fn row(
    flag: &'static str,
    var: &'static str,
    metavar: &'static str,
    default: &'static str,
    help: &'static str,
) -> Row {
    Row { flag, var, key: var, metavar, default: Some(default), help }
}

const LISTEN: Setting<(SocketAddr, Option<u16>)> = Setting {
    row: row("listen", "SERVER_LISTEN", "ADDR", "0.0.0.0", "The address to listen at: IP, or IP:PORT"),
    parse: parse::listen,
};

const PORT: Setting<u16> = Setting {
    row: row("port", "SERVER_PORT", "N", "12345", "The port to listen at; 0: one that the system picks"),
    parse: parse::whole::<u16, 0, 65_535>,
};

const LISTEN_BACKLOG: Setting<u16> = Setting {
    row: row(
        "listen-backlog",
        "SERVER_LISTEN_BACKLOG",
        "N",
        "1024",
        "How many connections may wait to be accepted",
    ),
    parse: parse::whole::<u16, 1, 65_535>,
};

const LOG_LEVEL: Setting<AsWritten<Level>> = Setting {
    row: row(
        "log-level",
        "LOGGING_LEVEL",
        "LEVEL",
        "INFO",
        "What to log: DEBUG, INFO, WARNING, ERROR or CRITICAL",
    ),
    parse: parse::as_written,
};

const AGENCIES: Setting<u32> = Setting {
    row: row("agencies", "SERVER_AGENCIES", "N", "5", "How many agencies take part in the draw"),
    parse: parse::whole::<u32, 1, 99_999>,
};

const DATA_DIR: Setting<PathBuf> = Setting {
    row: row("data-dir", "SERVER_DATA_DIR", "DIR", "lottery-data", "Where the bets and the draw are kept"),
    parse: parse::path,
};

pub(super) const STORE: Setting<StoreKind> = Setting {
    row: row("store", "SERVER_STORE", "KIND", "redb", "How they are kept: redb, or memory (lost at the end)"),
    parse: parse::choice,
};

const WINNING_NUMBER: Setting<u32> = Setting {
    row: row("winning-number", "SERVER_WINNING_NUMBER", "N", "7574", "The number that wins"),
    parse: parse::whole::<u32, 0, { u32::MAX as u64 }>,
};

pub(super) const DIALECTS: Setting<Vec<Dialect>> = Setting {
    row: row(
        "dialects",
        "SERVER_DIALECTS",
        "LIST",
        "block,session,fixed,framed,braces,echo",
        "The wires that are spoken, with commas between",
    ),
    parse: parse::choices,
};

const ECHO_PREFIX: Setting<String> = Setting {
    row: row("echo-prefix", "SERVER_ECHO_PREFIX", "TEXT", "", "What stands before a line that is sent back"),
    parse: parse::text,
};

const MAX_MESSAGE: Setting<u32> = Setting {
    row: row("max-message", "SERVER_MAX_MESSAGE", "BYTES", "1048576", "The longest message that is taken"),
    parse: parse::whole::<u32, 8192, 67_108_864>,
};

const MAX_CONNECTIONS: Setting<u32> = Setting {
    row: row(
        "max-connections",
        "SERVER_MAX_CONNECTIONS",
        "N",
        "4096",
        "How many connections may be open at once",
    ),
    parse: parse::whole::<u32, 1, 1_000_000>,
};

const IDLE_TIMEOUT: Setting<Duration> = Setting {
    row: row("idle-timeout", "SERVER_IDLE_TIMEOUT", "DURATION", "60s", "How long a connection may be idle"),
    parse: parse::some_time,
};

const MESSAGE_TIMEOUT: Setting<Duration> = Setting {
    row: row(
        "message-timeout",
        "SERVER_MESSAGE_TIMEOUT",
        "DURATION",
        "20s",
        "Within which time a message that has begun must be complete",
    ),
    parse: parse::some_time,
};

const STALL_TIMEOUT: Setting<Duration> = Setting {
    row: row(
        "stall-timeout",
        "SERVER_STALL_TIMEOUT",
        "DURATION",
        "20s",
        "How long a peer may take none of the bytes that we have for it",
    ),
    parse: parse::some_time,
};

const LINGER_TIMEOUT: Setting<Duration> = Setting {
    row: row(
        "linger-timeout",
        "SERVER_LINGER_TIMEOUT",
        "DURATION",
        "1s",
        "How long to wait for the peer to close after we did",
    ),
    parse: parse::some_time,
};
