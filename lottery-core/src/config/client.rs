//! The settings of an agency.

use std::path::PathBuf;
use std::time::Duration;

use lottery_proto::Dialect;

use super::duration::GoDuration;
use super::error::ConfigError;
use super::file::{Format, Shape};
use super::parse;
use super::resolve::{Program, Values};
use super::table::{Row, Setting};
use super::types::{AsWritten, HostPort};
use crate::log::Level;

/// What a client is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCommand {
    /// An agency's whole work: its bets, and its winners.
    Agency,
    /// A single bet.
    Bet,
    /// The health check.
    Echo,
}

/// How an agency is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// What to do.
    pub command: ClientCommand,
    /// The agency's number, from 1 to 99999.
    pub agency: u32,
    /// Where the centre is.
    pub server: HostPort,
    /// The file of the agency's bets, if it was named; whether it exists is not looked at.
    pub bets: Option<PathBuf>,
    /// Where the winners' documents go, one a line; `-` is standard output.
    pub winners: Option<PathBuf>,
    /// The wire to speak.
    pub dialect: Dialect,
    /// At most how many bets go into a batch, from 1 to 1000000; `None`: as many as the wire carries.
    pub batch_max_amount: Option<u32>,
    /// The fields of a single bet, as far as they are set: first name, last name, document, birth date, number.
    pub bet: [Option<String>; 5],
    /// How many messages the loop sends.
    pub loop_amount: u32,
    /// The pause between two messages of the loop; may be zero.
    pub loop_period: AsWritten<Duration>,
    /// Which events are logged.
    pub log_level: AsWritten<Level>,
    /// The first pause between questions for the winners, above zero. Each pause is twice the one before.
    pub poll_initial: Duration,
    /// The longest of these pauses, at least as long as the first.
    pub poll_max: Duration,
    /// How long to wait for an answer; above zero.
    pub answer_timeout: Duration,
    /// In a session: for how long a lost connection is tried again; may be zero.
    pub retry_for: Duration,
}

impl ClientSettings {
    /// Logs the line `action: config`, with the values as they were written.
    pub fn log(&self) {
        tracing::info!(
            action = "config",
            result = "success",
            client_id = self.agency,
            server_address = %self.server,
            loop_amount = self.loop_amount,
            loop_period = self.loop_period.text,
            log_level = self.log_level.text,
        );
    }

    pub(super) fn from_values(values: &mut Values) -> Result<Self, ConfigError> {
        let (poll_initial, poll_max) = polls(values)?;
        let command = match values.command() {
            Some("bet") => ClientCommand::Bet,
            Some("echo") => ClientCommand::Echo,
            _ => ClientCommand::Agency,
        };
        Ok(Self {
            command,
            agency: values.required(&AGENCY)?,
            server: values.required(&SERVER)?,
            bets: values.optional(&BETS)?,
            winners: values.optional(&WINNERS)?,
            dialect: values.required(&DIALECT)?,
            batch_max_amount: values.optional(&BATCH_MAX_AMOUNT)?,
            bet: [
                values.optional(&FIRST_NAME)?,
                values.optional(&LAST_NAME)?,
                values.optional(&DOCUMENT)?,
                values.optional(&BIRTHDATE)?,
                values.optional(&NUMBER)?,
            ],
            loop_amount: values.required(&LOOP_AMOUNT)?,
            loop_period: values.required(&LOOP_PERIOD)?,
            log_level: values.required(&LOG_LEVEL)?,
            poll_initial,
            poll_max,
            answer_timeout: values.required(&ANSWER_TIMEOUT)?,
            retry_for: values.required(&RETRY_FOR)?,
        })
    }
}

/// The first and the longest pause. If they contradict each other, the one with the stronger origin is to blame:
/// it was set knowing the other.
fn polls(values: &Values) -> Result<(Duration, Duration), ConfigError> {
    let (initial, max) = (values.required(&POLL_INITIAL)?, values.required(&POLL_MAX)?);
    if initial <= max {
        return Ok((initial, max));
    }
    let (first, longest) = (&POLL_INITIAL.row, &POLL_MAX.row);
    Err(if values.origin(first) > values.origin(longest) {
        values.refuse(first, format!("at most poll-max, which is {}", GoDuration(max)))
    } else {
        values.refuse(longest, format!("at least poll-initial, which is {}", GoDuration(initial)))
    })
}

/// An agency, as a program.
pub(super) const PROGRAM: Program = Program {
    name: "lottery-client",
    about: "An agency of the lottery: sends its bets to the centre, and asks for its winners.",
    after_help: "\
A flag beats the environment, that beats the file, that beats the default. In the file, which is
YAML, a dot in a key stands for a section: loop.amount is amount in the section loop. Durations are
written like 150ms, 20s, 1m30s or 1h.",
    commands: &[
        ("bet", "Send one bet: first-name, last-name, document, birthdate and number"),
        ("echo", "Send lines that the centre sends back: loop-amount of them, loop-period apart"),
    ],
    file: Shape { default: "config.yaml", format: Format::Yaml, ignored: &[] },
    config: Row {
        flag: "config",
        var: "CLI_CONFIG",
        key: "",
        metavar: "FILE",
        default: None,
        help: "The configuration file; without this, config.yaml if there is one",
    },
    settings: &[
        &AGENCY.row,
        &SERVER.row,
        &BETS.row,
        &WINNERS.row,
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
        &POLL_INITIAL.row,
        &POLL_MAX.row,
        &ANSWER_TIMEOUT.row,
        &RETRY_FOR.row,
    ],
};

const AGENCY: Setting<u32> = Setting {
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

const SERVER: Setting<HostPort> = Setting {
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

const BETS: Setting<PathBuf> = Setting {
    row: Row {
        flag: "bets",
        var: "CLI_BETS",
        key: "bets",
        metavar: "FILE",
        default: None,
        help: "The file of the agency's bets",
    },
    parse: parse::path,
};

const WINNERS: Setting<PathBuf> = Setting {
    row: Row {
        flag: "winners",
        var: "CLI_WINNERS",
        key: "winners",
        metavar: "FILE",
        default: None,
        help: "Where the winners' documents go, one a line; - is standard output",
    },
    parse: parse::path,
};

pub(super) const DIALECT: Setting<Dialect> = Setting {
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

const BATCH_MAX_AMOUNT: Setting<u32> = Setting {
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

/// A field of a single bet. It is not for a file: that would bet again each time.
const fn bet_field(
    flag: &'static str,
    var: &'static str,
    metavar: &'static str,
    help: &'static str,
) -> Setting<String> {
    Setting { row: Row { flag, var, key: "", metavar, default: None, help }, parse: parse::text }
}

const FIRST_NAME: Setting<String> = bet_field("first-name", "NOMBRE", "NAME", "Of a single bet");
const LAST_NAME: Setting<String> = bet_field("last-name", "APELLIDO", "NAME", "Of a single bet");
const DOCUMENT: Setting<String> = bet_field("document", "DOCUMENTO", "DIGITS", "Of a single bet");
const BIRTHDATE: Setting<String> = bet_field("birthdate", "NACIMIENTO", "YYYY-MM-DD", "Of a single bet");
const NUMBER: Setting<String> = bet_field("number", "NUMERO", "N", "Of a single bet");

const LOOP_AMOUNT: Setting<u32> = Setting {
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

const LOOP_PERIOD: Setting<AsWritten<Duration>> = Setting {
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

const LOG_LEVEL: Setting<AsWritten<Level>> = Setting {
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

const POLL_INITIAL: Setting<Duration> = Setting {
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

const POLL_MAX: Setting<Duration> = Setting {
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

const ANSWER_TIMEOUT: Setting<Duration> = Setting {
    row: Row {
        flag: "answer-timeout",
        var: "CLI_ANSWER_TIMEOUT",
        key: "answer.timeout",
        metavar: "DURATION",
        default: Some("60s"),
        help: "How long to wait for an answer",
    },
    parse: parse::some_time,
};

const RETRY_FOR: Setting<Duration> = Setting {
    row: Row {
        flag: "retry-for",
        var: "CLI_RETRY_FOR",
        key: "retry.for",
        metavar: "DURATION",
        default: Some("60s"),
        help: "In a session: for how long a lost connection is tried again",
    },
    parse: parse::duration,
};
