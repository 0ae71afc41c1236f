//! Settings of the client.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use lottery_proto::Dialect;

use super::error::{ConfigError, UnknownKeys};
use super::layers::Values;
use super::parse::{
    self, LOG_FORMATS, LOG_TIMES, LogTime, Raw, ServerAddress, duration, level, one_of, raw, some_time, whole,
};
use super::table::{Program, Row, settings};
use super::yaml;
use crate::log::{Format, Level};

settings! {
    /// Settings with which a client runs.
    ClientSettings(values);

    /// Configuration file; without this, config.yaml if there is one
    ["config" "CLI_CONFIG" "", "FILE"];
    /// Make a key of the file that is unknown an error, not a warning
    ["strict-config" "CLI_STRICT_CONFIG" "", "true|false" = "false"];
    /// Number of the agency; required
    agency: u32 = ["agency" "CLI_ID" | "AGENCIA" "id", "N"] whole(1..=99_999);
    /// Address of the server, or unix:PATH; required
    server: ServerAddress =
        ["server" "CLI_SERVER_ADDRESS" | "SERVER_IP:SERVER_PORT" "server.address", "HOST:PORT"] parse::server_address;
    /// File of the agency's bets; - is standard input
    bets: Option<PathBuf> = ["bets" "CLI_BETS" "bets", "FILE"] parse::path;
    /// Maximum size of the file of the bets
    file_max_size: u32 =
        ["file-max-size" "CLI_FILE_MAXSIZE" "file.maxSize", "BYTES" = "268435456"] whole(1..=u32::MAX.into());
    /// New or empty file for the winners; - is standard output
    winners: Option<PathBuf> = ["winners" "CLI_WINNERS" "winners", "FILE"] parse::path;
    /// Replace the file of the winners, though it is not empty
    force: bool = ["force" "CLI_FORCE" "force", "true|false" = "false"] parse::switch;
    /// Dialect to speak, one of those at the end of this text
    dialect: Dialect = ["dialect" "CLI_DIALECT" "dialect", "NAME" = "session"] one_of(&values.dialects.with_bets());
    /// Maximum number of bets in a batch; else the dialect's own
    batch_max_amount: Option<u32> =
        ["batch-max-amount" "CLI_BATCH_MAXAMOUNT" "batch.maxAmount", "N"] whole::<u32>(1..=1_000_000);
    // A file cannot set a bet, which would be placed again each time.
    /// Of a single bet
    ["first-name" "NOMBRE" | "CLI_BET_NAME" | "CLI_TESTBET_NAME" "", "NAME"];
    /// Of a single bet
    ["last-name" "APELLIDO" | "CLI_BET_SURNAME" | "CLI_TESTBET_SURNAME" "", "NAME"];
    /// Of a single bet
    ["document" "DOCUMENTO" | "DNI" | "CLI_BET_DOCUMENT" | "CLI_TESTBET_DOCUMENT_ID" "", "DIGITS"];
    /// Of a single bet
    ["birthdate" "NACIMIENTO" | "CLI_BET_BIRTHDAY" | "CLI_TESTBET_DATE_OF_BIRTH" "", "YYYY-MM-DD"];
    /// Of a single bet
    ["number" "NUMERO" | "CLI_BET_NUMBER" | "CLI_TESTBET_WAGERED_NUMBER" "", "N"];
    /// Number of messages that the loop sends
    loop_amount: u32 = ["loop-amount" "CLI_LOOP_AMOUNT" "loop.amount", "N" = "5"] whole(0..=u32::MAX.into());
    /// Pause between two messages of the loop
    loop_period: Raw<Duration> =
        ["loop-period" "CLI_LOOP_PERIOD" "loop.period", "DURATION" = "5s"] raw(duration);
    /// Lowest level to log: DEBUG, INFO, WARNING, ERROR or CRITICAL
    log_level: Raw<Level> = ["log-level" "CLI_LOG_LEVEL" "log.level", "LEVEL" = "INFO"] raw(level);
    /// Format of log lines: course, or json (an object a line)
    log_format: Format = ["log-format" "CLI_LOG_FORMAT" "log.format", "FORMAT" = "course"] one_of(LOG_FORMATS);
    /// Time zone of log lines: utc, or local (as TZ says)
    log_time: LogTime = ["log-time" "CLI_LOG_TIME" "log.time", "ZONE" = "utc"] one_of(LOG_TIMES);
    /// First pause between queries for the winners; they double
    poll_initial: Duration = ["poll-initial" "CLI_POLL_INITIAL" "poll.initial", "DURATION" = "1s"] some_time;
    /// Longest pause between queries for the winners
    poll_max: Duration = ["poll-max" "CLI_POLL_MAX" "poll.max", "DURATION" = "60s"] some_time;
    /// Time to wait for a reply, once what was sent has arrived
    answer_timeout: Duration =
        ["answer-timeout" "CLI_ANSWER_TIMEOUT" "answer.timeout", "DURATION" = "60s"] some_time;
    /// Time to wait for Welcome, at most answer-timeout
    hello_timeout: Duration =
        ["hello-timeout" "CLI_HELLO_TIMEOUT" "hello.timeout", "DURATION" = "5s"] some_time;
    /// Time that each address of the server has to answer
    connect_timeout: Duration =
        ["connect-timeout" "CLI_CONNECT_TIMEOUT" "connect.timeout", "DURATION" = "5s"] some_time;
    /// Time that connecting, and connecting again, may take in all
    retry_for: Duration = ["retry-for" "CLI_RETRY_FOR" "retry.for", "DURATION" = "60s"] duration;
    /// Exit code when it is told to stop before all is done
    stopped_exit: u8 = ["stopped-exit" "CLI_STOPPED_EXIT" "stopped.exit", "CODE" = "75"] whole(0..=255);

    // Fields that are no settings, or follow from several.
    {
        /// Command to run.
        command: ClientCommand = values.given.command().unwrap_or(ClientCommand::Agency);
        /// Path of the configuration file; the file may be missing.
        config: PathBuf = values.file.clone();
        /// Fields of a single bet that are set.
        bet: BetFields = bet_fields(values)?;
        /// Unknown keys of the file.
        unknown_keys: UnknownKeys = values.unknown.clone();
    }
}

/// Command of a client. The comment of each is its help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
#[non_exhaustive]
pub enum ClientCommand {
    /// The whole work of an agency: it sends its bets, and asks for its winners.
    #[command(skip)]
    Agency,
    /// Ask for the winners of an agency that has finished; it sends no bets
    Winners,
    /// Send one bet: first-name, last-name, document, birthdate and number
    Bet,
    /// Send lines that the server sends back: loop-amount of them, loop-period apart
    Echo,
}

/// Fields of a single bet that are set: first name, last name, document, birth date, number. `Debug` shows
/// none of them, since they are personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct BetFields(pub [Option<String>; 5]);

impl BetFields {
    /// True if one of them is set.
    pub fn any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// Returns the ways to set each field that is not set: its flag, and its variables.
    pub fn missing(&self) -> Vec<String> {
        let rows = ClientSettings::ROWS.iter().filter(|row| row.is_personal());
        let unset = rows.zip(&self.0).filter(|(_, field)| field.is_none());
        unset
            .map(|(row, _)| format!("--{} ({})", row.flag, row.vars().collect::<Vec<_>>().join(", ")))
            .collect()
    }
}

impl fmt::Debug for BetFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BetFields({} of 5)", self.0.iter().flatten().count())
    }
}

/// The client as a program.
pub(super) static PROGRAM: Program = Program {
    name: "lottery-client",
    about: "Client of the lottery: sends an agency's bets to the server, and asks for its winners.",
    after_help: "\
A flag beats the environment, that beats the file, that beats the default. In the file, which is
YAML, a dot in a key stands for a section: loop.amount is amount in the section loop. Durations are
written like 150ms, 20s, 1m30s or 1h. Keys are the same in upper and lower case. loop.lapse, which
older programs have, may be there and is ignored: loop.amount says when the loop ends.
Without a command and without bets, a single bet that is set is what the agency sends.",
    commands: ClientCommand::augment_subcommands,
    file: "config.yaml",
    pairs: yaml::read,
    ignored: &["loop.lapse"],
    rows: ClientSettings::ROWS,
};

impl ClientSettings {
    /// Logs the line `action: config`, with the values as they were written, and a warning for each unknown
    /// key.
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
        self.unknown_keys.log();
    }

    /// Reads the settings. If the pauses contradict each other, the error names the one with the stronger
    /// origin: it was set knowing the other.
    pub(super) fn from_values(values: &mut Values) -> Result<Self, ConfigError> {
        let pause = |flag| values.get::<Raw<_>, Raw<_>>(flag, raw(some_time));
        let (initial, max) = (pause("poll-initial")?, pause("poll-max")?);
        if initial.value <= max.value {
            Self::read(values)
        } else if values.origin("poll-initial") > values.origin("poll-max") {
            Err(values.reject("poll-initial", format!("at most poll-max, which is {}", max.text)))
        } else {
            Err(values.reject("poll-max", format!("at least poll-initial, which is {}", initial.text)))
        }
    }
}

fn bet_fields(values: &Values) -> Result<BetFields, ConfigError> {
    let field = |flag| values.get(flag, parse::text).map_err(ConfigError::without_value);
    let (first_name, last_name) = (field("first-name")?, field("last-name")?);
    Ok(BetFields([first_name, last_name, field("document")?, field("birthdate")?, field("number")?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_set_a_bet() {
        for flag in ["first-name", "last-name", "document", "birthdate", "number"] {
            let field = PROGRAM.rows.iter().find(|row| row.flag == flag).unwrap();
            assert_eq!(field.key, "", "{flag}");
        }
    }
}
