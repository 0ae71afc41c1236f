//! Formatting of an event as a line that is a JSON object:
//!
//! ```text
//! {"timestamp":"2024-08-21T22:11:15.000000Z","level":"INFO","action":"exit","result":"success","target":"lottery_cli::program::server"}
//! ```
//!
//! tracing-subscriber makes the object. Its strings are changed on their way to the line: what could move the
//! cursor of a terminal, change the order of letters or hide is written as `\u` and four hexadecimal digits,
//! which is the same string to a reader of JSON; and a string has at most [`MAX_BYTES`] bytes between its
//! quotes, or is cut after a whole character, with `…` as its last.

use std::fmt::{self, Write};

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{self, FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::registry::LookupSpan;

use super::clock::Clock;
use super::escape::{MAX_BYTES, is_hidden};

/// Format of a line: an object with time, level, fields and target.
pub(super) struct Json(format::Format<format::Json, Time>);

/// Timer of tracing-subscriber.
struct Time(Clock);

impl Json {
    pub(super) fn new(clock: Clock) -> Self {
        let format = tracing_subscriber::fmt::format().json().flatten_event(true);
        Self(format.with_current_span(false).with_span_list(false).with_timer(Time(clock)))
    }
}

impl FormatTime for Time {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", self.0.moment())
    }
}

impl<S, N> FormatEvent<S, N> for Json
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
        self.0.format_event(context, Writer::new(&mut Strings::new(&mut line)), event)
    }
}

/// Returns the line for a number of lost lines: of the thread that writes, which cannot log to itself.
pub(super) fn lost(clock: &Clock, lines: u64) -> String {
    let time = clock.moment();
    format!(
        "{{\"timestamp\":\"{time}\",\"level\":\"WARN\",\"action\":\"log\",\"result\":\"fail\",\
         \"lost_lines\":{lines},\"target\":\"lottery_cli::log\"}}\n"
    )
}

/// Writer of JSON whose strings are escaped and cut.
struct Strings<'a, W> {
    line: &'a mut W,
    /// Number of bytes that the string may still have; `None` once it has been cut.
    left: Option<usize>,
    inside: bool,
    /// Escape of which the end has not come.
    escape: String,
}

impl<'a, W: Write> Strings<'a, W> {
    fn new(line: &'a mut W) -> Self {
        Self { line, left: None, inside: false, escape: String::new() }
    }

    /// Writes a character or an escape of a string, or cuts the string before it.
    fn put(&mut self, piece: &str) -> fmt::Result {
        let Some(left) = self.left else { return Ok(()) };
        self.left = left.checked_sub(piece.len());
        if self.left.is_some() { self.line.write_str(piece) } else { self.line.write_char('…') }
    }

    fn char(&mut self, c: char) -> fmt::Result {
        if !self.inside {
            (self.inside, self.left) = (c == '"', Some(MAX_BYTES));
            return self.line.write_char(c);
        }
        if !self.escape.is_empty() || c == '\\' {
            self.escape.push(c);
            let whole = if self.escape.starts_with("\\u") { "\\u0000" } else { "\\n" }.len();
            if self.escape.len() < whole {
                return Ok(());
            }
            let escape = std::mem::take(&mut self.escape);
            return self.put(&escape);
        }
        match c {
            '"' => {
                self.inside = false;
                self.line.write_char(c)
            }
            // None of them is above 65535.
            c if c.is_control() || is_hidden(c) => self.put(&format!("\\u{:04x}", u32::from(c))),
            c => self.put(c.encode_utf8(&mut [0; 4])),
        }
    }
}

impl<W: Write> Write for Strings<'_, W> {
    fn write_str(&mut self, json: &str) -> fmt::Result {
        json.chars().try_for_each(|c| self.char(c))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};
    use std::sync::Arc;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::log::{Format, Level, Zone, subscriber_with};

    fn clock(zone: Zone) -> Clock {
        let now: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_millis(1_724_278_275_042);
        Clock { now, zone }
    }

    /// Returns the lines of events. They have to fit into a pipe.
    fn lines(zone: Zone, events: impl FnOnce()) -> Vec<String> {
        let (mut reader, writer) = io::pipe().unwrap();
        let subscriber = subscriber_with(Level::Debug, Format::Json, clock(zone), Arc::new(writer));
        tracing::subscriber::with_default(subscriber, events);
        let mut lines = String::new();
        reader.read_to_string(&mut lines).unwrap();
        lines.lines().map(str::to_owned).collect()
    }

    /// Returns the value of a field in the only line.
    fn field(events: impl FnOnce()) -> Value {
        let lines = lines(Zone::Utc, events);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        serde_json::from_str::<Value>(&lines[0]).unwrap()["field"].clone()
    }

    #[test]
    fn a_line_is_an_object_with_the_fields_of_its_event() {
        let lines = lines(Zone::Utc, || {
            let ip = std::net::Ipv4Addr::new(172, 25, 125, 3);
            tracing::info!(action = "accept_connections", result = "success", ip = %ip, cantidad = 3);
            tracing::warn!(target: "lottery_core", up = true, reason = ?Some("x"));
            tracing::error!(target: "mio::poll", action = "of another crate");
        });
        assert_eq!(
            lines,
            [
                r#"{"timestamp":"2024-08-21T22:11:15.042000Z","level":"INFO","action":"accept_connections","result":"success","ip":"172.25.125.3","cantidad":3,"target":"lottery_cli::log::json::tests"}"#,
                r#"{"timestamp":"2024-08-21T22:11:15.042000Z","level":"WARN","up":true,"reason":"Some(\"x\")","target":"lottery_core"}"#,
            ]
        );
    }

    #[test]
    fn a_time_of_the_machine_has_its_offset() {
        let zone = Zone::Local(TimeZone::posix("<-03>3").unwrap());
        let line = &lines(zone.clone(), || tracing::info!(a = 1))[0];
        assert!(
            line.starts_with(r#"{"timestamp":"2024-08-21T19:11:15.042000-03:00","level":"INFO","#),
            "{line}"
        );
        assert!(lost(&clock(zone), 1).starts_with(r#"{"timestamp":"2024-08-21T19:11:15.042000-03:00","#));
    }

    #[test]
    fn the_number_of_lost_lines_is_an_object() {
        let line = lost(&clock(Zone::Utc), 7);
        let value: Value = serde_json::from_str(line.strip_suffix('\n').unwrap()).unwrap();
        let expected = json!({
            "timestamp": "2024-08-21T22:11:15.042000Z", "level": "WARN", "action": "log", "result": "fail",
            "lost_lines": 7, "target": "lottery_cli::log",
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn what_could_reach_a_terminal_is_escaped() {
        let text = "a\n\u{1b}[2J\u{9b}\u{7f}\u{202e}\u{feff}\"\\|ñ";
        let lines = lines(Zone::Utc, || tracing::info!(field = text));
        assert!(lines[0].contains(r#""field":"a\n\u001b[2J\u009b\u007f\u202e\ufeff\"\\|ñ","#), "{lines:#?}");
        assert_eq!(field(|| tracing::info!(field = text)), text);
    }

    #[test]
    fn a_long_string_is_cut_and_those_behind_it_are_not() {
        let at_most = "ñ".repeat(MAX_BYTES / 2);
        assert_eq!(field(|| tracing::info!(field = at_most)), at_most);
        let long = format!("{at_most}x\"");
        assert_eq!(field(|| tracing::info!(a = long, field = "b")), "b");
        assert_eq!(field(|| tracing::info!(field = long)), format!("{at_most}…"));
        // An escape is whole or missing.
        let escapes = "\u{1b}".repeat(MAX_BYTES);
        assert_eq!(field(|| tracing::info!(field = escapes)), format!("{}…", &escapes[..MAX_BYTES / 6]));
    }

    proptest! {
        #[test]
        fn any_value_comes_back_from_its_line(value in any::<String>(), pieces in 1_usize..9) {
            let whole = serde_json::to_string(&json!({ "a": value, "b": [value, 1] })).unwrap();
            let mut line = String::new();
            let mut strings = Strings::new(&mut line);
            for piece in whole.chars().collect::<Vec<_>>().chunks(pieces) {
                strings.write_str(&piece.iter().collect::<String>()).unwrap();
            }
            let read: Value = serde_json::from_str(&line).unwrap();
            prop_assert!(!line.contains(|c: char| c.is_control() || is_hidden(c)));
            if !line.contains('…') || value.contains('…') {
                prop_assert_eq!(read, json!({ "a": value, "b": [value, 1] }));
            }
        }
    }
}
