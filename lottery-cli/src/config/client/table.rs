//! Table of an agency's settings: the flags, variables, keys and defaults.

use std::path::PathBuf;
use std::time::Duration;

use lottery_proto::Dialect;

use crate::config::file::{Format, Shape};
use crate::config::parse;
use crate::config::resolve::Program;
use crate::config::table::{Action, Row, SWITCH, Setting};
use crate::config::types::{HostPort, LogTime, Raw};
use crate::log::Level;
/// The client as a program.
pub(in crate::config) const PROGRAM: Program = Program {
    name: "lottery-client",
    about: "An agency of the lottery: sends its bets to the centre, and asks for its winners.",
    after_help: "\
A flag beats the environment, that beats the file, that beats the default. In the file, which is
YAML, a dot in a key stands for a section: loop.amount is amount in the section loop. Durations are
written like 150ms, 20s, 1m30s or 1h. Keys are the same in upper and lower case. loop.lapse, which
older programs have, may be there and is ignored: loop.amount says when the loop ends.",
    commands: &[
        Action::new("winners", "Ask for the winners of an agency that has finished; it sends no bets"),
        Action::new("bet", "Send one bet: first-name, last-name, document, birthdate and number"),
        Action::new("echo", "Send lines that the centre sends back: loop-amount of them, loop-period apart"),
    ],
    flags: &[],
    has_limits: false,
    file: Shape { default: "config.yaml", format: Format::Yaml, ignored: &["loop.lapse"] },
    config: Row {
        flag: "config",
        var: "CLI_CONFIG",
        key: "",
        metavar: "FILE",
        default: None,
        help: "Configuration file; without this, config.yaml if there is one",
    },
    strict: &STRICT_CONFIG,
    settings: &[
        &STRICT_CONFIG.row,
        &AGENCY.row,
        &SERVER.row,
        &BETS.row,
        &FILE_MAX_SIZE.row,
        &WINNERS.row,
        &FORCE.row,
        &DIALECT.row,
        &BATCH_MAX_AMOUNT.row,
        &FIRST_NAME.row,
        &LAST_NAME.row,
        &DOCUMENT.row,
        &BIRTHDATE.row,
        &NUMBER.row,
        &LOOP_AMOUNT.row,
        &LOOP_PERIOD.row,
        &LOG_LEVEL.row,
        &LOG_TIME.row,
        &POLL_INITIAL.row,
        &POLL_MAX.row,
        &ANSWER_TIMEOUT.row,
        &CONNECT_TIMEOUT.row,
        &RETRY_FOR.row,
        &STOPPED_EXIT.row,
    ],
};

pub(super) const STRICT_CONFIG: Setting<bool> = Setting {
    row: Row {
        flag: "strict-config",
        var: "CLI_STRICT_CONFIG",
        key: "",
        metavar: SWITCH,
        default: Some("false"),
        help: "Make a key of the file that is unknown an error, not a warning",
    },
    parse: parse::switch,
};

pub(super) const AGENCY: Setting<u32> = Setting {
    row: Row {
        flag: "agency",
        var: "CLI_ID",
        key: "id",
        metavar: "N",
        default: None,
        help: "The agency's number; required",
    },
    parse: parse::whole::<u32, 1, 99_999>,
};

pub(super) const SERVER: Setting<HostPort> = Setting {
    row: Row {
        flag: "server",
        var: "CLI_SERVER_ADDRESS",
        key: "server.address",
        metavar: "HOST:PORT",
        default: None,
        help: "Where the centre is; required",
    },
    parse: parse::host_port,
};

pub(super) const BETS: Setting<PathBuf> = Setting {
    row: Row {
        flag: "bets",
        var: "CLI_BETS",
        key: "bets",
        metavar: "FILE",
        default: None,
        help: "The file of the agency's bets; - is standard input",
    },
    parse: parse::path,
};

pub(super) const FILE_MAX_SIZE: Setting<u32> = Setting {
    row: Row {
        flag: "file-max-size",
        var: "CLI_FILE_MAXSIZE",
        key: "file.maxSize",
        metavar: "BYTES",
        default: Some("268435456"),
        help: "The most bytes of the file of the bets",
    },
    parse: parse::whole::<u32, 1, { u32::MAX as u64 }>,
};

pub(super) const WINNERS: Setting<PathBuf> = Setting {
    row: Row {
        flag: "winners",
        var: "CLI_WINNERS",
        key: "winners",
        metavar: "FILE",
        default: None,
        help: "New or empty file for the winners; - is standard output",
    },
    parse: parse::path,
};

pub(super) const FORCE: Setting<bool> = Setting {
    row: Row {
        flag: "force",
        var: "CLI_FORCE",
        key: "force",
        metavar: SWITCH,
        default: Some("false"),
        help: "Replace the file of the winners, though it is not empty",
    },
    parse: parse::switch,
};

pub(in crate::config) const DIALECT: Setting<Dialect> = Setting {
    row: Row {
        flag: "dialect",
        var: "CLI_DIALECT",
        key: "dialect",
        metavar: "NAME",
        default: Some("session"),
        help: "The wire to speak: session, block, fixed, framed or braces",
    },
    parse: parse::bets_dialect,
};

pub(super) const BATCH_MAX_AMOUNT: Setting<u32> = Setting {
    row: Row {
        flag: "batch-max-amount",
        var: "CLI_BATCH_MAXAMOUNT",
        key: "batch.maxAmount",
        metavar: "N",
        default: None,
        help: "The most bets in a batch; without this, the wire's own amount",
    },
    parse: parse::whole::<u32, 1, 1_000_000>,
};

/// Returns the setting of a field of a single bet. It has no key in the file, which would place the bet
/// again each time.
const fn bet_field(
    flag: &'static str,
    var: &'static str,
    metavar: &'static str,
    help: &'static str,
) -> Setting<String> {
    Setting { row: Row { flag, var, key: "", metavar, default: None, help }, parse: parse::text }
}

pub(super) const FIRST_NAME: Setting<String> = bet_field("first-name", "NOMBRE", "NAME", "Of a single bet");
pub(super) const LAST_NAME: Setting<String> = bet_field("last-name", "APELLIDO", "NAME", "Of a single bet");
pub(super) const DOCUMENT: Setting<String> = bet_field("document", "DOCUMENTO", "DIGITS", "Of a single bet");
pub(super) const BIRTHDATE: Setting<String> =
    bet_field("birthdate", "NACIMIENTO", "YYYY-MM-DD", "Of a single bet");
pub(super) const NUMBER: Setting<String> = bet_field("number", "NUMERO", "N", "Of a single bet");

pub(super) const LOOP_AMOUNT: Setting<u32> = Setting {
    row: Row {
        flag: "loop-amount",
        var: "CLI_LOOP_AMOUNT",
        key: "loop.amount",
        metavar: "N",
        default: Some("5"),
        help: "How many messages the loop sends",
    },
    parse: parse::whole::<u32, 0, { u32::MAX as u64 }>,
};

pub(super) const LOOP_PERIOD: Setting<Raw<Duration>> = Setting {
    row: Row {
        flag: "loop-period",
        var: "CLI_LOOP_PERIOD",
        key: "loop.period",
        metavar: "DURATION",
        default: Some("5s"),
        help: "The pause between two messages of the loop",
    },
    parse: parse::duration_as_written,
};

pub(super) const LOG_LEVEL: Setting<Raw<Level>> = Setting {
    row: Row {
        flag: "log-level",
        var: "CLI_LOG_LEVEL",
        key: "log.level",
        metavar: "LEVEL",
        default: Some("INFO"),
        help: "What to log: DEBUG, INFO, WARNING, ERROR or CRITICAL",
    },
    parse: parse::as_written,
};

pub(in crate::config) const LOG_TIME: Setting<LogTime> = Setting {
    row: Row {
        flag: "log-time",
        var: "CLI_LOG_TIME",
        key: "log.time",
        metavar: "ZONE",
        default: Some("utc"),
        help: "The time in log lines: utc, or local (as TZ says)",
    },
    parse: parse::choice,
};

pub(super) const POLL_INITIAL: Setting<Duration> = Setting {
    row: Row {
        flag: "poll-initial",
        var: "CLI_POLL_INITIAL",
        key: "poll.initial",
        metavar: "DURATION",
        default: Some("1s"),
        help: "The first pause between questions for the winners; they double",
    },
    parse: parse::some_time,
};

pub(super) const POLL_MAX: Setting<Duration> = Setting {
    row: Row {
        flag: "poll-max",
        var: "CLI_POLL_MAX",
        key: "poll.max",
        metavar: "DURATION",
        default: Some("60s"),
        help: "The longest pause between questions for the winners",
    },
    parse: parse::some_time,
};

pub(super) const ANSWER_TIMEOUT: Setting<Duration> = Setting {
    row: Row {
        flag: "answer-timeout",
        var: "CLI_ANSWER_TIMEOUT",
        key: "answer.timeout",
        metavar: "DURATION",
        default: Some("60s"),
        help: "How long to wait for an answer, once what was sent has arrived",
    },
    parse: parse::some_time,
};

pub(super) const CONNECT_TIMEOUT: Setting<Duration> = Setting {
    row: Row {
        flag: "connect-timeout",
        var: "CLI_CONNECT_TIMEOUT",
        key: "connect.timeout",
        metavar: "DURATION",
        default: Some("5s"),
        help: "How long each address of the centre may take to answer",
    },
    parse: parse::some_time,
};

pub(super) const RETRY_FOR: Setting<Duration> = Setting {
    row: Row {
        flag: "retry-for",
        var: "CLI_RETRY_FOR",
        key: "retry.for",
        metavar: "DURATION",
        default: Some("60s"),
        help: "How long connecting, and connecting again, may take in all",
    },
    parse: parse::duration,
};

pub(super) const STOPPED_EXIT: Setting<u8> = Setting {
    row: Row {
        flag: "stopped-exit",
        var: "CLI_STOPPED_EXIT",
        key: "stopped.exit",
        metavar: "CODE",
        default: Some("75"),
        help: "The exit code when it is told to stop before all is done",
    },
    parse: parse::whole::<u8, 0, 255>,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bet_is_not_for_a_file() {
        assert_eq!(bet_field("number", "NUMERO", "N", "Of a single bet").row.key, "");
    }
}
