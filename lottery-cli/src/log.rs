//! Log lines in a format that other tools read, on standard output:
//!
//! ```text
//! 2024-08-21 22:11:15 INFO     action: accept_connections | result: success | ip: 172.25.125.3
//! ```
//!
//! The time is in UTC, or in the time of the machine. The level has one of Python's names, padded to 8
//! columns. Then come the fields of the event in their order:
//! `tracing::info!(action = "accept_connections", result = "success", ip = %ip)`. A plain message is the
//! field `msg`. No value can break a line or forge a field: see [`escape`].
//!
//! A reader splits a line at ` | `, and each field at its first `: `; a value may hold a colon. In the other
//! format, [`Format::Json`], a line is an object. No thread that logs waits for a reader of standard output:
//! see [`queue`].

use std::io;
use std::str::FromStr;
use std::time::SystemTime;

use thiserror::Error;
use tracing::Subscriber;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};

mod clock;
pub mod escape;
mod format;
mod json;
pub mod queue;
mod standard;

pub(crate) use clock::stamp;
pub use clock::{Clock, NoZone, Zone};
pub use queue::{Patience, Queue, Sink};
pub use standard::{StandardOutput, writable};

/// Level of events; those of a level and of all above it are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Everything.
    Debug,
    /// Normal events.
    Info,
    /// Unusual events.
    Warning,
    /// Failures.
    Error,
    /// Failures, too: no event of ours is above an error.
    Critical,
}

/// Format of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// That of the course, as the [module](self) has it.
    Course,
    /// A JSON object: `timestamp`, `level`, the event's fields in their order, `target`.
    Json,
}

/// Error that a text is not the name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("DEBUG, INFO, WARNING, ERROR or CRITICAL")]
pub struct UnknownLevel;

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Parses a name regardless of case, `WARN` for `WARNING` included.
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

/// Logs the events of our own crates to `sink` from now on, by a thread of its own. Of several calls in a
/// process, the first one counts. Lines that do not fit, or cannot be written, are counted and reported
/// when there is room.
///
/// # Errors
///
/// No thread can be started.
pub fn init(level: Level, format: Format, clock: Clock, sink: impl Sink) -> io::Result<Queue> {
    let lost = clock.clone();
    let queue = Queue::start(queue::QUEUE_SIZE, move |lines| format::lost(format, &lost, lines), sink)?;
    let writer = queue.clone();
    // The only error is that there is a subscriber already.
    let _ = set_global_default(subscriber_with(level, format, clock, move || writer.clone()));
    Ok(queue)
}

/// Logs as [`init`] does, in the course's format, in UTC and without a thread: the caller writes. For tests.
pub fn init_with<W>(level: Level, now: fn() -> SystemTime, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let _ = set_global_default(subscriber(level, now, writer));
}

/// Returns the subscriber that [`init`] installs, with a writer of the caller's, in the course's format and in UTC: for
/// tests.
pub fn subscriber<W>(level: Level, now: fn() -> SystemTime, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    subscriber_with(level, Format::Course, Clock { now, zone: Zone::Utc }, writer)
}

fn subscriber_with<W>(level: Level, format: Format, clock: Clock, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let own_crates = ["lottery", "runtime"].map(|prefix| (prefix, LevelFilter::from(level)));
    let lines = tracing_subscriber::fmt::layer()
        .event_format(format::Lines::new(format, clock))
        .with_writer(writer)
        // It would report a lost line on standard error, which may not work either.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(lines.with_filter(Targets::new().with_targets(own_crates)))
}
