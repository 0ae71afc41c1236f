//! Settings of the server.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Arg, Args, Subcommand};
use lottery_core::server_connection::BareAnswer;
use lottery_proto::{Dialect, ServerConfig};

use super::error::{ConfigError, UnknownKeys};
use super::flags::{Given, switch};
use super::ini;
use super::layers::Values;
use super::parse::{
    self, BARE_ANSWERS, FINISHED_ANSWERS, FinishedAnswer, LOG_FORMATS, LOG_TIMES, ListenAddress, LogTime,
    MaxMemory, Raw, STORES, StoreKind, level, one_of, raw, some_of, some_time, whole,
};
use super::table::{Origin, Program, Row, settings};
use crate::log::{Format, Level};

/// Number of longest messages for which there must be memory at least.
pub(crate) const MIN_MESSAGES: u64 = 16;

/// Flag that prints the resources that follow from the settings.
pub(super) const LIMITS: &str = "limits";
const SET_ASIDE: &str = "set-aside";

settings! {
    /// Settings with which the server runs.
    ServerSettings(values);

    /// Configuration file; without this, config.ini if there is one
    ["config" "SERVER_CONFIG" "", "FILE"];
    /// Make a key of the file that is unknown an error, not a warning
    ["strict-config" "SERVER_STRICT_CONFIG" "", "true|false" = "false"];
    /// Address to listen at: IP, IP:PORT, or unix:PATH
    ["listen" "SERVER_LISTEN", "ADDR" = "0.0.0.0"];
    /// Port to listen at; 0: one that the system picks
    ["port" "SERVER_PORT", "N" = "12345"];
    /// Maximum number of connections that wait to be accepted
    listen_backlog: u16 = ["listen-backlog" "SERVER_LISTEN_BACKLOG", "N" = "1024"] whole(1..=65_535);
    /// Lowest level to log: DEBUG, INFO, WARNING, ERROR or CRITICAL
    log_level: Raw<Level> = ["log-level" "LOGGING_LEVEL", "LEVEL" = "INFO"] raw(level);
    /// Format of log lines: course, or json (an object a line)
    log_format: Format = ["log-format" "SERVER_LOG_FORMAT", "FORMAT" = "course"] one_of(LOG_FORMATS);
    /// Time zone of log lines: utc, or local (as TZ says)
    log_time: LogTime = ["log-time" "SERVER_LOG_TIME", "ZONE" = "utc"] one_of(LOG_TIMES);
    /// Number of agencies that take part in the draw
    agencies: u32 = ["agencies" "SERVER_AGENCIES", "N" = "5"] whole(1..=99_999);
    /// Directory of the bets and the draw; it may be missing
    data_dir: PathBuf = ["data-dir" "SERVER_DATA_DIR", "DIR" = "lottery-data"] parse::path;
    /// Kind of the store: log, or memory (lost at the end)
    store: StoreKind = ["store" "SERVER_STORE", "KIND" = "log"] one_of(STORES);
    /// Number that wins
    winning_number: u32 = ["winning-number" "SERVER_WINNING_NUMBER", "N" = "7574"] whole(0..=u32::MAX.into());
    /// Let an END of framed without bets, which names no agency, stand for one
    anonymous_finish: bool =
        ["anonymous-finish" "SERVER_ANONYMOUS_FINISH", "true|false" = "false"] parse::switch;
    /// Number of agencies with which it was begun, if more are to take part
    agencies_before: Option<u32> = ["agencies-before" "SERVER_AGENCIES_BEFORE", "N"] whole::<u32>(1..=99_999);
    /// Dialects that are spoken, with commas between
    dialects: Vec<Dialect> = ["dialects" "SERVER_DIALECTS", "LIST"] some_of(values.dialects.all());
    /// Answer to Finished in fixed: o, or ok for agencies that take no other
    fixed_finished_answer: FinishedAnswer =
        ["fixed-finished-answer" "SERVER_FIXED_FINISHED_ANSWER", "ANSWER" = "o"] one_of(FINISHED_ANSWERS);
    #[doc = " Answer to a single bet in bare: echo, which sends it back, ack as to several bets,\n\
             or auto: ack once the agency has sent several at once"]
    bare_answer: BareAnswer = ["bare-answer" "SERVER_BARE_ANSWER", "ANSWER" = "auto"] one_of(BARE_ANSWERS);
    /// Text before a line that is sent back
    echo_prefix: String = ["echo-prefix" "SERVER_ECHO_PREFIX", "TEXT" = ""] parse::text;
    /// Maximum length of a message
    max_message: u32 = ["max-message" "SERVER_MAX_MESSAGE", "BYTES" = "1048576"] whole(8192..=67_108_864);
    /// Number of batches that an agency may have unacknowledged in a session
    window: u32 = ["window" "SERVER_WINDOW", "BATCHES" = "1024"] whole(1..=1_000_000);
    /// Bytes of such batches from which on it sends no more
    window_bytes: u32 = ["window-bytes" "SERVER_WINDOW_BYTES", "BYTES" = "4194304"] whole(1..=1_073_741_824);
    #[doc = " Memory that peers can make it hold, such as 64MiB;\n\
             quarter: a quarter of what the machine or its cgroup has"]
    max_memory: MaxMemory = ["max-memory" "SERVER_MAX_MEMORY", "SIZE" = "quarter"] parse::max_memory;
    /// Maximum number of open connections
    max_connections: u32 = ["max-connections" "SERVER_MAX_CONNECTIONS", "N" = "4096"] whole(1..=1_000_000);
    #[doc = " Maximum number of them from one address, an IPv6 network of 64 bits being one;\n\
             unless this is set, loopback and private addresses may have all"]
    max_connections_per_ip: u32 =
        ["max-connections-per-ip" "SERVER_MAX_CONNECTIONS_PER_IP", "N" = "256"] whole(1..=1_000_000);
    /// Time after which an idle connection is closed
    idle_timeout: Duration = ["idle-timeout" "SERVER_IDLE_TIMEOUT", "DURATION" = "60s"] some_time;
    /// Time for a message, and 1s more for each 100 bytes that came
    message_timeout: Duration = ["message-timeout" "SERVER_MESSAGE_TIMEOUT", "DURATION" = "20s"] some_time;
    /// Time after which a peer that takes none of the bytes for it is closed
    stall_timeout: Duration = ["stall-timeout" "SERVER_STALL_TIMEOUT", "DURATION" = "20s"] some_time;
    /// Time for the store's answer to a request; then its connection ends
    reply_timeout: Duration = ["reply-timeout" "SERVER_REPLY_TIMEOUT", "DURATION" = "5m"] some_time;
    /// Time to wait for the peer to close after the server did
    linger_timeout: Duration = ["linger-timeout" "SERVER_LINGER_TIMEOUT", "DURATION" = "1s"] some_time;

    // Fields that are no settings, or follow from several.
    {
        /// Address to listen at.
        listen: ListenAddress = listen(values)?;
        /// Maximum number of connections from a loopback or private address; `None` for all.
        max_connections_per_local_ip: Option<u32> = None;
        /// Command to run.
        command: ServerCommand = command(&values.given)?;
        /// True if a `bets.csv` with rows that the store lacks is renamed; else it is a reason not to start.
        set_aside: bool = values.given.flag(SET_ASIDE);
        /// Unknown keys of the file.
        unknown_keys: UnknownKeys = values.unknown.clone();
    }
}

/// Command of a server. The comment of each is its help.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
#[non_exhaustive]
pub enum ServerCommand {
    /// The whole work of the server.
    #[command(skip)]
    Serve,
    /// Print the resources that follow from the settings.
    #[command(skip)]
    Limits,
    /// Print how many bets data-dir holds, also while the server runs
    Count,
    /// Print the rules, and how far each agency and the draw are, also while the server runs
    Status {
        /// Print it as JSON, in one line
        #[arg(long)]
        json: bool,
    },
    /// Print the winners' documents after the draw, one a line, also while the server runs
    Winners {
        /// Only those of this agency
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=99_999))]
        agency: Option<u32>,
    },
    /// Check all of the log in data-dir, and bets.csv against it, also while the server runs
    Verify,
    /// Exit with 0 if a server accepts there and its committer answers
    Health,
    /// Write all that data-dir holds to a file, also while the server runs
    Backup(Output),
    /// Begin a new data-dir with a backup, all of it or nothing
    #[command(mut_arg(FILE, |file| file.help("What backup has written")), arg(set_aside()))]
    Restore(Input),
    /// Write all bets as CSV, as bets.csv has them, also while the server runs
    #[command(mut_arg(FILE, |file| file.required(false).default_value("-")))]
    Export(Output),
    /// Begin a new data-dir with the bets of a bets.csv, all of them or none
    #[command(mut_arg(FILE, |file| file.help("CSV as export writes it, and bets.csv is")), arg(set_aside()))]
    Import(Input),
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Output {
    /// The file to write; -: standard output
    #[arg(id = FILE, value_parser = any_path())]
    pub path: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Input {
    /// Path of the file; `-` is standard input.
    #[arg(id = FILE, value_parser = any_path())]
    pub path: PathBuf,
}

/// Name of the file that a command takes.
const FILE: &str = "FILE";

/// Returns clap's parser of a path. Unlike its own, it takes an empty one: the error is ours.
fn any_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn set_aside() -> Arg {
    switch(SET_ASIDE, "Rename a bets.csv that is not what the store holds, and go on")
}

fn limits() -> Arg {
    switch(LIMITS, "Print the memory of a connection, and what else is bounded").global(true)
}

/// The server as a program.
pub(super) static PROGRAM: Program = Program {
    name: "lottery-server",
    about: "Server of the lottery: takes the agencies' bets, and tells each its winners after the draw.",
    after_help: "\
A flag beats the environment, that beats the file, that beats the default. In the file, KEY = VALUE
lines under [DEFAULT], the keys are the names of the environment variables. SERVER_IP may be there
too and is ignored: it is the name under which clients reach the server, not an address to listen
at. Keys are the same in upper and lower case. Durations are written like 150ms, 20s, 1m30s or 1h.",
    commands: |settings| ServerCommand::augment_subcommands(settings.args([set_aside(), limits()])),
    file: "config.ini",
    pairs: |text, _| ini::read(text),
    ignored: &["SERVER_IP"],
    rows: ServerSettings::ROWS,
};

impl ServerSettings {
    /// Returns the configuration of each connection's machine.
    pub fn machine(&self) -> ServerConfig {
        let ok = self.fixed_finished_answer == FinishedAnswer::Ok;
        let answering = |dialect: &Dialect| if ok { dialect.answering_ok() } else { *dialect };
        ServerConfig::builder(self.agencies)
            .max_message(usize::try_from(self.max_message).unwrap_or(usize::MAX))
            .window(self.window)
            .window_bytes(self.window_bytes)
            .dialects(self.dialects.iter().map(answering).collect())
            .idle_timeout(self.idle_timeout)
            .message_timeout(self.message_timeout)
            .stall_timeout(self.stall_timeout)
            .reply_timeout(self.reply_timeout)
            .linger_timeout(self.linger_timeout)
            .build()
            .expect("each setting was checked when it was read")
    }

    /// Logs the line `action: config`, with the values as they were written, and a warning for each unknown
    /// key.
    pub fn log(&self) {
        tracing::info!(
            action = "config",
            result = "success",
            port = %self.port(),
            listen_backlog = self.listen_backlog,
            logging_level = self.log_level.text,
        );
        self.unknown_keys.log();
    }

    /// Returns the port for the log, or the whole of an address that has none.
    fn port(&self) -> String {
        self.listen.tcp().map_or_else(|| self.listen.to_string(), |address| address.port().to_string())
    }

    pub(super) fn from_values(values: &mut Values) -> Result<Self, ConfigError> {
        let mut settings = Self::read(values)?;
        if *values.origin("max-connections-per-ip") != Origin::Default {
            settings.max_connections_per_local_ip = Some(settings.max_connections_per_ip);
        }
        // The new number of agencies must be set, too: the default may not be it.
        if settings.agencies_before.is_some() && *values.origin("agencies") == Origin::Default {
            return Err(values.reject("agencies-before", "agencies to be set, too"));
        }
        let min = u64::from(settings.max_message).saturating_mul(MIN_MESSAGES);
        if matches!(settings.max_memory, MaxMemory::Bytes(bytes) if bytes < min) {
            let expected = format!("at least {min}, {MIN_MESSAGES} times max-message");
            return Err(values.reject("max-memory", expected));
        }
        Ok(settings)
    }
}

fn command(given: &Given) -> Result<ServerCommand, ConfigError> {
    match given.raw(FILE) {
        _ if given.flag(LIMITS) => Ok(ServerCommand::Limits),
        Some(name) if name.is_empty() => Err(ConfigError::value("FILE".into(), name, "a path")),
        _ => Ok(given.command().unwrap_or(ServerCommand::Serve)),
    }
}

/// Returns the address to listen at. Of two ports, one in `listen` and one in `port`, the one with the
/// stronger origin wins. From the same origin they must be equal.
///
/// A path has no port: one that is set as strongly is a contradiction, a weaker one is for other addresses.
fn listen(values: &mut Values) -> Result<ListenAddress, ConfigError> {
    let (listen, port_beside): (ListenAddress, Option<u16>) = values.get("listen", parse::listen)?;
    let port: u16 = values.get("port", whole(0..=65_535))?;
    let strength = values.origin("listen").cmp(values.origin("port"));
    let ListenAddress::Tcp(mut address) = listen else {
        if strength.is_le() {
            return Err(values.reject("port", "nothing, as listen is a path"));
        }
        return Ok(listen);
    };
    match port_beside {
        Some(beside) if beside != port && strength.is_eq() => {
            let expected = format!("{beside} or nothing, as listen has a port of its own");
            return Err(values.reject("port", expected));
        }
        Some(beside) if strength.is_ge() => values.follow("port", "listen", beside.to_string()),
        _ => address.set_port(port),
    }
    values.follow("listen", "listen", address.ip().to_string());
    Ok(ListenAddress::Tcp(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_in_the_file_is_the_name_of_the_variable() {
        let port = PROGRAM.rows.iter().find(|row| row.flag == "port").unwrap();
        assert_eq!(port.key, "SERVER_PORT");
    }
}
