//! Settings of an agency.

pub(super) mod table;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lottery_proto::Dialect;

pub(super) use self::table::PROGRAM;
use self::table::{
    AGENCY, ANSWER_TIMEOUT, BATCH_MAX_AMOUNT, BETS, BIRTHDATE, CONNECT_TIMEOUT, DIALECT, DOCUMENT,
    FILE_MAX_SIZE, FIRST_NAME, FORCE, LAST_NAME, LOG_LEVEL, LOG_TIME, LOOP_AMOUNT, LOOP_PERIOD, NUMBER,
    POLL_INITIAL, POLL_MAX, RETRY_FOR, SERVER, STOPPED_EXIT, WINNERS,
};
use super::duration::GoDuration;
use super::error::ConfigError;
use super::resolve::Values;
use super::types::{HostPort, LogTime, Raw};
use super::unknown::UnknownKeys;
use crate::log::Level;

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

/// Settings with which an agency runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// Command to run.
    pub command: ClientCommand,
    /// Path of the configuration file; the file may be missing.
    pub config: PathBuf,
    /// Number of the agency, from 1 to 99999.
    pub agency: u32,
    /// Address of the server.
    pub server: HostPort,
    /// Path of the file of the agency's bets, if it was named; the file may be missing. `-` is standard
    /// input.
    pub bets: Option<PathBuf>,
    /// Maximum size of that file in bytes, above zero.
    pub file_max_size: u32,
    /// Path of the file for the winners' documents, one a line; `-` is standard output.
    pub winners: Option<PathBuf>,
    /// True if a file of winners that is not empty is replaced.
    pub force: bool,
    /// Dialect to speak.
    pub dialect: Dialect,
    /// Maximum number of bets in a batch, from 1 to 1000000; `None` for as many as the dialect carries.
    pub batch_max_amount: Option<u32>,
    /// Fields of a single bet that are set.
    pub bet: BetFields,
    /// Number of messages that the loop sends.
    pub loop_amount: u32,
    /// Pause between two messages of the loop; may be zero.
    pub loop_period: Raw<Duration>,
    /// Unknown keys of the file.
    pub unknown_keys: UnknownKeys,
    /// Level from which events are logged.
    pub log_level: Raw<Level>,
    /// Time zone of log lines.
    pub log_time: LogTime,
    /// First pause between queries for the winners, above zero. Each pause is twice the one before.
    pub poll_initial: Duration,
    /// Longest of these pauses, at least as long as the first.
    pub poll_max: Duration,
    /// Timeout of a reply; above zero.
    pub answer_timeout: Duration,
    /// Timeout of connecting to each address of the server; above zero.
    pub connect_timeout: Duration,
    /// Time that connecting may take in all. Also the time for which a lost connection is retried, in a
    /// session, and once the end of the bets is acknowledged. May be zero.
    pub retry_for: Duration,
    /// Exit code when the client is told to stop before all is done.
    pub stopped_exit: u8,
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

    pub(super) fn from_values(values: &mut Values) -> Result<Self, ConfigError> {
        let (poll_initial, poll_max) = polls(values)?;
        let command = match values.command() {
            Some("winners") => ClientCommand::Winners,
            Some("bet") => ClientCommand::Bet,
            Some("echo") => ClientCommand::Echo,
            _ => ClientCommand::Agency,
        };
        Ok(Self {
            command,
            config: values.file().to_owned(),
            agency: values.required(&AGENCY)?,
            server: values.required(&SERVER)?,
            bets: values.optional(&BETS)?,
            file_max_size: values.required(&FILE_MAX_SIZE)?,
            winners: values.optional(&WINNERS)?,
            force: values.required(&FORCE)?,
            dialect: values.required(&DIALECT)?,
            batch_max_amount: values.optional(&BATCH_MAX_AMOUNT)?,
            bet: bet_fields(values).map_err(ConfigError::without_value)?,
            loop_amount: values.required(&LOOP_AMOUNT)?,
            loop_period: values.required(&LOOP_PERIOD)?,
            unknown_keys: values.unknown().clone(),
            log_level: values.required(&LOG_LEVEL)?,
            log_time: values.required(&LOG_TIME)?,
            poll_initial,
            poll_max,
            answer_timeout: values.required(&ANSWER_TIMEOUT)?,
            connect_timeout: values.required(&CONNECT_TIMEOUT)?,
            retry_for: values.required(&RETRY_FOR)?,
            stopped_exit: values.required(&STOPPED_EXIT)?,
        })
    }
}

fn bet_fields(values: &Values) -> Result<BetFields, ConfigError> {
    let mut fields = <[Option<String>; 5]>::default();
    for (field, setting) in fields.iter_mut().zip([&FIRST_NAME, &LAST_NAME, &DOCUMENT, &BIRTHDATE, &NUMBER]) {
        *field = values.optional(setting)?;
    }
    Ok(BetFields(fields))
}

/// Returns the first and the longest pause. If they contradict each other, the error names the one with the
/// stronger origin: it was set knowing the other.
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
