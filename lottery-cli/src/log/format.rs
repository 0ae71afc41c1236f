//! Formatting of an event as a line.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use super::Format;
use super::clock::Clock;
use super::escape::Escaped;
use super::json::{self, Json};

/// Formatter of lines.
pub(super) enum Lines {
    /// Time, level, fields.
    Course(Clock),
    Json(Box<Json>),
}

impl Lines {
    pub(super) fn new(format: Format, clock: Clock) -> Self {
        match format {
            Format::Course => Self::Course(clock),
            Format::Json => Self::Json(Box::new(Json::new(clock))),
        }
    }
}

/// Returns the line for a number of lost lines.
pub(super) fn lost(format: Format, clock: &Clock, lines: u64) -> String {
    match format {
        Format::Course => {
            format!("{} WARNING  action: log | result: fail | lost_lines: {lines}\n", clock.time())
        }
        Format::Json => json::lost(clock, lines),
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let clock = match self {
            Self::Course(clock) => clock,
            Self::Json(json) => return json.format_event(context, line, event),
        };
        write!(line, "{} {:8} ", clock.time(), name(*event.metadata().level()))?;
        let mut fields = Fields { line: &mut line, first: true };
        event.record(&mut fields);
        writeln!(line)
    }
}

/// Returns Python's name of a level; it has none below `DEBUG`.
fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}

/// Writer of `key: value` for each field, with ` | ` between them.
struct Fields<'a, 'b> {
    line: &'a mut Writer<'b>,
    first: bool,
}

impl Fields<'_, '_> {
    fn field(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let key = match field.name() {
            "message" => "msg",
            name => name.strip_prefix("r#").unwrap_or(name),
        };
        let separator = if self.first { "" } else { " | " };
        self.first = false;
        // The line is in memory: writing to it fails only where a value is cut.
        let _ = write!(self.line, "{separator}{key}: ");
        let _ = Escaped::new(self.line).write_fmt(value);
    }
}

impl Visit for Fields<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field, format_args!("{value:?}"));
    }
}
