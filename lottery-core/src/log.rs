//! Log lines as other people's tools read them, on standard output:
//!
//! ```text
//! 2024-08-21 22:11:15 INFO     action: accept_connections | result: success | ip: 172.25.125.3
//! ```
//!
//! The time is in UTC. The level has one of Python's names, padded to 8 columns. Then come the fields of the event
//! in their order: `tracing::info!(action = "accept_connections", result = "success", ip = %ip)`. A plain message
//! is the field `msg`. No value can break a line or forge a field: see [`escape`].

use std::str::FromStr;
use std::time::SystemTime;

use thiserror::Error;
use tracing::Subscriber;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use self::civil::Civil;

mod civil;
pub mod escape;
mod format;
pub(crate) mod peers;

/// Which events are logged: those of a level and of all above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What is odd.
    Warning,
    /// What has failed.
    Error,
    /// Nothing of ours is above an error: this logs errors, too.
    Critical,
}

/// A text is not the name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("DEBUG, INFO, WARNING, ERROR or CRITICAL")]
pub struct UnknownLevel;

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Reads a name in any case, `WARN` for `WARNING` included.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "DEBUG" => Self::Debug,
            "INFO" => Self::Info,
            "WARNING" | "WARN" => Self::Warning,
            "ERROR" => Self::Error,
            "CRITICAL" => Self::Critical,
            _ => return Err(UnknownLevel),
        })
    }
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::DEBUG,
            Level::Info => Self::INFO,
            Level::Warning => Self::WARN,
            Level::Error | Level::Critical => Self::ERROR,
        }
    }
}

/// From now on logs the events of our own crates to standard output, with the time that `now` tells. Of several
/// calls in a process, the first one counts.
///
/// A line that cannot be written, because standard output is closed or full, is lost without a word.
pub fn init(level: Level, now: fn() -> SystemTime) {
    init_with(level, now, std::io::stdout);
}

/// A moment for the name of a file, in UTC: `2024-08-21T221115Z`.
pub(crate) fn stamp(moment: SystemTime) -> String {
    Civil::at(moment).to_string().replace(' ', "T").replace(':', "") + "Z"
}

/// As [`init`], to another place than plain standard output.
pub fn init_with<W>(level: Level, now: fn() -> SystemTime, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The error says that there is a subscriber already.
    let _ = set_global_default(subscriber(level, now, writer));
}

/// What [`init`] installs, with a writer of one's own: for tests.
pub fn subscriber<W>(level: Level, now: fn() -> SystemTime, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let own_crates = ["lottery", "runtime"].map(|prefix| (prefix, LevelFilter::from(level)));
    let lines = tracing_subscriber::fmt::layer()
        .event_format(format::Lines { now })
        .with_writer(writer)
        // It would tell of a line lost on standard error, which may be no better.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(lines.with_filter(Targets::new().with_targets(own_crates)))
}

#[cfg(test)]
pub(crate) mod tests;
