//! Settings of the client.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::Command;
use lottery_proto::Dialect;

use super::duration::GoDuration;
use super::error::ConfigError;
use super::layers::Values;
use super::parse::{self, choice, duration, from_str, raw, some_time, whole};
use super::table::{Program, Row, settings};
use super::types::{HostPort, LogTime, Raw};
use super::unknown::UnknownKeys;
use super::yaml;
use crate::log::Level;

settings! {
    "Settings with which a client runs."
    ClientSettings(values);

    ["config" "CLI_CONFIG" "", "FILE"]
        "Configuration file; without this, config.yaml if there is one";
    ["strict-config" "CLI_STRICT_CONFIG" "", "true|false" = "false"]
        "Make a key of the file that is unknown an error, not a warning";
    ["agency" "CLI_ID" "id", "N", whole::<u32, 1, 99_999>]
        agency: u32, "Number of the agency; required";
    ["server" "CLI_SERVER_ADDRESS" "server.address", "HOST:PORT", parse::host_port]
        server: HostPort, "Address of the server; required";
    ["bets" "CLI_BETS" "bets", "FILE", parse::path]
        bets: Option<PathBuf>, "File of the agency's bets; - is standard input";
    ["file-max-size" "CLI_FILE_MAXSIZE" "file.maxSize", "BYTES" = "268435456", whole::<u32, 1, { u32::MAX as u64 }>]
        file_max_size: u32, "Maximum size of the file of the bets";
    ["winners" "CLI_WINNERS" "winners", "FILE", parse::path]
        winners: Option<PathBuf>, "New or empty file for the winners; - is standard output";
    ["force" "CLI_FORCE" "force", "true|false" = "false", parse::switch]
        force: bool, "Replace the file of the winners, though it is not empty";
    ["dialect" "CLI_DIALECT" "dialect", "NAME" = "session", parse::bets_dialect]
        dialect: Dialect, "Dialect to speak: session, block, fixed, framed or braces";
    ["batch-max-amount" "CLI_BATCH_MAXAMOUNT" "batch.maxAmount", "N", whole::<u32, 1, 1_000_000>]
        batch_max_amount: Option<u32>, "Maximum number of bets in a batch; else the dialect's own";
    // A file cannot set a bet, which would be placed again each time.
    ["first-name" "NOMBRE" "", "NAME"] "Of a single bet";
    ["last-name" "APELLIDO" "", "NAME"] "Of a single bet";
    ["document" "DOCUMENTO" "", "DIGITS"] "Of a single bet";
    ["birthdate" "NACIMIENTO" "", "YYYY-MM-DD"] "Of a single bet";
    ["number" "NUMERO" "", "N"] "Of a single bet";
    ["loop-amount" "CLI_LOOP_AMOUNT" "loop.amount", "N" = "5", whole::<u32, 0, { u32::MAX as u64 }>]
        loop_amount: u32, "Number of messages that the loop sends";
    ["loop-period" "CLI_LOOP_PERIOD" "loop.period", "DURATION" = "5s", raw(duration)]
        loop_period: Raw<Duration>, "Pause between two messages of the loop";
    ["log-level" "CLI_LOG_LEVEL" "log.level", "LEVEL" = "INFO", raw(from_str)]
        log_level: Raw<Level>, "Lowest level to log: DEBUG, INFO, WARNING, ERROR or CRITICAL";
    ["log-time" "CLI_LOG_TIME" "log.time", "ZONE" = "utc", choice]
        log_time: LogTime, "Time zone of log lines: utc, or local (as TZ says)";
    ["poll-initial" "CLI_POLL_INITIAL" "poll.initial", "DURATION" = "1s", some_time]
        poll_initial: Duration, "First pause between queries for the winners; they double";
    ["poll-max" "CLI_POLL_MAX" "poll.max", "DURATION" = "60s", some_time]
        poll_max: Duration, "Longest pause between queries for the winners";
    ["answer-timeout" "CLI_ANSWER_TIMEOUT" "answer.timeout", "DURATION" = "60s", some_time]
        answer_timeout: Duration, "Time to wait for a reply, once what was sent has arrived";
    ["connect-timeout" "CLI_CONNECT_TIMEOUT" "connect.timeout", "DURATION" = "5s", some_time]
        connect_timeout: Duration, "Time that each address of the server has to answer";
    ["retry-for" "CLI_RETRY_FOR" "retry.for", "DURATION" = "60s", duration]
        retry_for: Duration, "Time that connecting, and connecting again, may take in all";
    ["stopped-exit" "CLI_STOPPED_EXIT" "stopped.exit", "CODE" = "75", whole::<u8, 0, 255>]
        stopped_exit: u8, "Exit code when it is told to stop before all is done";

    command: ClientCommand = command(values), "Command to run.";
    config: PathBuf = values.file.clone(), "Path of the configuration file; the file may be missing.";
    bet: BetFields = bet_fields(values).map_err(ConfigError::without_value)?, "Fields of a single bet that are set.";
    unknown_keys: UnknownKeys = values.unknown.clone(), "Unknown keys of the file.";
}

/// Command of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCommand {
    /// The whole work of an agency: it sends its bets, and asks for its winners.
    Agency,
    /// The query for the winners of an agency that has finished, and nothing else.
    Winners,
    /// A single bet.
    Bet,
    /// The health check.
    Echo,
}

/// Fields of a single bet that are set: first name, last name, document, birth date, number. `Debug` shows
/// none of them, since they are personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct BetFields(pub [Option<String>; 5]);

impl fmt::Debug for BetFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BetFields({} of 5)", self.0.iter().flatten().count())
    }
}

/// The client as a program.
pub(super) static PROGRAM: Program = Program {
    name: "lottery-client",
    command: command_line,
    file: "config.yaml",
    pairs: yaml::read,
    ignored: &["loop.lapse"],
    rows: ClientSettings::ROWS,
};

fn command_line(settings: Command) -> Command {
    let command = |name, about| Command::new(name).about(about);
    settings
        .about("Client of the lottery: sends an agency's bets to the server, and asks for its winners.")
        .after_help(
            "\
A flag beats the environment, that beats the file, that beats the default. In the file, which is
YAML, a dot in a key stands for a section: loop.amount is amount in the section loop. Durations are
written like 150ms, 20s, 1m30s or 1h. Keys are the same in upper and lower case. loop.lapse, which
older programs have, may be there and is ignored: loop.amount says when the loop ends.",
        )
        .subcommand(command(
            "winners",
            "Ask for the winners of an agency that has finished; it sends no bets",
        ))
        .subcommand(command("bet", "Send one bet: first-name, last-name, document, birthdate and number"))
        .subcommand(command(
            "echo",
            "Send lines that the server sends back: loop-amount of them, loop-period apart",
        ))
}

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
        let pause = |flag| values.get(flag, some_time).map(GoDuration);
        let (initial, max) = (pause("poll-initial")?, pause("poll-max")?);
        if initial <= max {
            Self::read(values)
        } else if values.origin("poll-initial") > values.origin("poll-max") {
            Err(values.reject("poll-initial", format!("at most poll-max, which is {max}")))
        } else {
            Err(values.reject("poll-max", format!("at least poll-initial, which is {initial}")))
        }
    }
}

fn command(values: &Values) -> ClientCommand {
    match values.given.command() {
        Some("winners") => ClientCommand::Winners,
        Some("bet") => ClientCommand::Bet,
        Some("echo") => ClientCommand::Echo,
        _ => ClientCommand::Agency,
    }
}

fn bet_fields(values: &Values) -> Result<BetFields, ConfigError> {
    let mut fields = <[Option<String>; 5]>::default();
    for (field, flag) in fields.iter_mut().zip(["first-name", "last-name", "document", "birthdate", "number"])
    {
        *field = values.get(flag, parse::text)?;
    }
    Ok(BetFields(fields))
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
