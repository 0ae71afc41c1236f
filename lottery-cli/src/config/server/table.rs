//! Table of the server's settings: the flags, variables, keys and defaults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lottery_proto::Dialect;

use crate::config::file::{Format, Shape};
use crate::config::parse;
use crate::config::resolve::Program;
use crate::config::table::{Action, Flag, Operand, Row, SWITCH, Setting};
use crate::config::types::{LogTime, MaxMemory, Raw, StoreKind};
use crate::log::Level;

/// The server as a program.
pub(in crate::config) const PROGRAM: Program = Program {
    name: "lottery-server",
    about: "The centre of the lottery: takes the agencies' bets, and tells each its winners after the draw.",
    after_help: "\
A flag beats the environment, that beats the file, that beats the default. In the file, KEY = VALUE
lines under [DEFAULT], the keys are the names of the environment variables. SERVER_IP may be there
too and is ignored: it is the name under which agencies reach the centre, not an address to listen
at. Keys are the same in upper and lower case. Durations are written like 150ms, 20s, 1m30s or 1h.",
    commands: &[
        Action::new("count", "Print how many bets data-dir holds, also while the centre runs"),
        Action::new("health", "Exit with 0 if a centre accepts there and its committer answers"),
        Action::new("backup", "Write all that data-dir holds to a file, also while the centre runs")
            .about(Operand { help: "The file to write; -: standard output", default: None })
            .with(&[FORCE]),
        Action::new("restore", "Begin a new data-dir with a backup, all of it or nothing")
            .about(Operand { help: "What backup has written", default: None })
            .with(&[SET_ASIDE]),
        Action::new("export", "Write all bets as CSV, as bets.csv has them, also while the centre runs")
            .about(Operand { help: "The file to write; -: standard output", default: Some("-") })
            .with(&[FORCE]),
        Action::new("import", "Begin a new data-dir with the bets of a bets.csv, all of them or none")
            .about(Operand { help: "CSV as export writes it, and bets.csv is", default: None })
            .with(&[SET_ASIDE]),
    ],
    flags: &[SET_ASIDE],
    has_limits: true,
    file: Shape { default: "config.ini", format: Format::Ini, ignored: &["SERVER_IP"] },
    config: Row {
        flag: "config",
        var: "SERVER_CONFIG",
        key: "",
        metavar: "FILE",
        default: None,
        help: "The configuration file; without this, config.ini if there is one",
    },
    strict: &STRICT_CONFIG,
    settings: &[
        &STRICT_CONFIG.row,
        &LISTEN.row,
        &PORT.row,
        &LISTEN_BACKLOG.row,
        &LOG_LEVEL.row,
        &LOG_TIME.row,
        &AGENCIES.row,
        &DATA_DIR.row,
        &STORE.row,
        &WINNING_NUMBER.row,
        &ANONYMOUS_FINISH.row,
        &AGENCIES_BEFORE.row,
        &DIALECTS.row,
        &ECHO_PREFIX.row,
        &MAX_MESSAGE.row,
        &MAX_MEMORY.row,
        &MAX_CONNECTIONS.row,
        &MAX_CONNECTIONS_PER_IP.row,
        &IDLE_TIMEOUT.row,
        &MESSAGE_TIMEOUT.row,
        &STALL_TIMEOUT.row,
        &LINGER_TIMEOUT.row,
    ],
};

/// Flag of a start, and of every other command that makes a store beside a `bets.csv`.
pub(super) const SET_ASIDE: Flag =
    ("set-aside", "Rename a bets.csv that is not what the store holds, and go on");

/// Flag of every command that writes a file.
pub(super) const FORCE: Flag = ("force", "Replace the file if it is there");

/// Returns the row of a setting whose key in the file is the name of its variable.
const fn row(
    flag: &'static str,
    var: &'static str,
    metavar: &'static str,
    default: &'static str,
    help: &'static str,
) -> Row {
    Row { flag, var, key: var, metavar, default: Some(default), help }
}

pub(super) const STRICT_CONFIG: Setting<bool> = Setting {
    row: Row {
        flag: "strict-config",
        var: "SERVER_STRICT_CONFIG",
        key: "",
        metavar: SWITCH,
        default: Some("false"),
        help: "Make a key of the file that is unknown an error, not a warning",
    },
    parse: parse::switch,
};

pub(super) const LISTEN: Setting<(SocketAddr, Option<u16>)> = Setting {
    row: row("listen", "SERVER_LISTEN", "ADDR", "0.0.0.0", "The address to listen at: IP, or IP:PORT"),
    parse: parse::listen,
};

pub(super) const PORT: Setting<u16> = Setting {
    row: row("port", "SERVER_PORT", "N", "12345", "The port to listen at; 0: one that the system picks"),
    parse: parse::whole::<u16, 0, 65_535>,
};

pub(super) const LISTEN_BACKLOG: Setting<u16> = Setting {
    row: row(
        "listen-backlog",
        "SERVER_LISTEN_BACKLOG",
        "N",
        "1024",
        "How many connections may wait to be accepted",
    ),
    parse: parse::whole::<u16, 1, 65_535>,
};

pub(super) const LOG_LEVEL: Setting<Raw<Level>> = Setting {
    row: row(
        "log-level",
        "LOGGING_LEVEL",
        "LEVEL",
        "INFO",
        "What to log: DEBUG, INFO, WARNING, ERROR or CRITICAL",
    ),
    parse: parse::as_written,
};

pub(in crate::config) const LOG_TIME: Setting<LogTime> = Setting {
    row: row(
        "log-time",
        "SERVER_LOG_TIME",
        "ZONE",
        "utc",
        "The time in log lines: utc, or local (as TZ says)",
    ),
    parse: parse::choice,
};

pub(super) const AGENCIES: Setting<u32> = Setting {
    row: row("agencies", "SERVER_AGENCIES", "N", "5", "How many agencies take part in the draw"),
    parse: parse::whole::<u32, 1, 99_999>,
};

pub(super) const AGENCIES_BEFORE: Setting<u32> = Setting {
    row: Row {
        default: None,
        ..row(
            "agencies-before",
            "SERVER_AGENCIES_BEFORE",
            "N",
            "",
            "It was begun with N agencies, and more are to take part",
        )
    },
    parse: parse::whole::<u32, 1, 99_999>,
};

pub(super) const DATA_DIR: Setting<PathBuf> = Setting {
    row: row("data-dir", "SERVER_DATA_DIR", "DIR", "lottery-data", "Where the bets and the draw are kept"),
    parse: parse::path,
};

pub(in crate::config) const STORE: Setting<StoreKind> = Setting {
    row: row("store", "SERVER_STORE", "KIND", "redb", "How they are kept: redb, or memory (lost at the end)"),
    parse: parse::choice,
};

pub(super) const WINNING_NUMBER: Setting<u32> = Setting {
    row: row("winning-number", "SERVER_WINNING_NUMBER", "N", "7574", "The number that wins"),
    parse: parse::whole::<u32, 0, { u32::MAX as u64 }>,
};

pub(super) const ANONYMOUS_FINISH: Setting<bool> = Setting {
    row: row(
        "anonymous-finish",
        "SERVER_ANONYMOUS_FINISH",
        SWITCH,
        "false",
        "Whether an END of framed without bets, which names no agency, may stand for one",
    ),
    parse: parse::switch,
};

pub(in crate::config) const DIALECTS: Setting<Vec<Dialect>> = Setting {
    row: row(
        "dialects",
        "SERVER_DIALECTS",
        "LIST",
        "block,session,fixed,framed,braces,echo",
        "The wires that are spoken, with commas between",
    ),
    parse: parse::choices,
};

pub(super) const ECHO_PREFIX: Setting<String> = Setting {
    row: row("echo-prefix", "SERVER_ECHO_PREFIX", "TEXT", "", "What stands before a line that is sent back"),
    parse: parse::text,
};

pub(super) const MAX_MESSAGE: Setting<u32> = Setting {
    row: row("max-message", "SERVER_MAX_MESSAGE", "BYTES", "1048576", "The longest message that is taken"),
    parse: parse::whole::<u32, 8192, 67_108_864>,
};

pub(super) const MAX_MEMORY: Setting<MaxMemory> = Setting {
    row: row(
        "max-memory",
        "SERVER_MAX_MEMORY",
        "SIZE",
        "quarter",
        "What peers can make it hold, such as 64MiB; quarter: of what the machine or its cgroup has",
    ),
    parse: parse::max_memory,
};

pub(super) const MAX_CONNECTIONS: Setting<u32> = Setting {
    row: row(
        "max-connections",
        "SERVER_MAX_CONNECTIONS",
        "N",
        "4096",
        "How many connections may be open at once",
    ),
    parse: parse::whole::<u32, 1, 1_000_000>,
};

pub(super) const MAX_CONNECTIONS_PER_IP: Setting<u32> = Setting {
    row: row(
        "max-connections-per-ip",
        "SERVER_MAX_CONNECTIONS_PER_IP",
        "N",
        "256",
        "How many of them an address may have, an IPv6 network of 64 bits being one;\n\
         unless this is set, loopback and private addresses may have all",
    ),
    parse: parse::whole::<u32, 1, 1_000_000>,
};

pub(super) const IDLE_TIMEOUT: Setting<Duration> = Setting {
    row: row("idle-timeout", "SERVER_IDLE_TIMEOUT", "DURATION", "60s", "How long a connection may be idle"),
    parse: parse::some_time,
};

pub(super) const MESSAGE_TIMEOUT: Setting<Duration> = Setting {
    row: row(
        "message-timeout",
        "SERVER_MESSAGE_TIMEOUT",
        "DURATION",
        "20s",
        "Time for a message, and 1s more for each 100 bytes that came",
    ),
    parse: parse::some_time,
};

pub(super) const STALL_TIMEOUT: Setting<Duration> = Setting {
    row: row(
        "stall-timeout",
        "SERVER_STALL_TIMEOUT",
        "DURATION",
        "20s",
        "How long a peer may take none of the bytes that we have for it",
    ),
    parse: parse::some_time,
};

pub(super) const LINGER_TIMEOUT: Setting<Duration> = Setting {
    row: row(
        "linger-timeout",
        "SERVER_LINGER_TIMEOUT",
        "DURATION",
        "1s",
        "How long to wait for the peer to close after we did",
    ),
    parse: parse::some_time,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_in_the_file_is_the_name_of_the_variable() {
        assert_eq!(row("port", "SERVER_PORT", "N", "1", "Where").key, "SERVER_PORT");
    }
}
