//! Parser of the programs' log lines.

/// Event that a log line reports.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// The server listens on this address.
    Listening(&'a str),
    /// An agency has sent so many bets (first) of so many (second).
    Sent(u64, u64),
    /// The server has acknowledged all of an agency's bets: this number.
    Stored(u64),
    /// An agency has lost its connection, and tries again.
    Reconnects,
    /// Error message on standard error.
    Error(&'a str),
}

/// Parses a line without its end; `None` if the demo does not use it.
pub(super) fn read(line: &str) -> Option<Said<'_>> {
    if let Some(error) = line.strip_prefix("error: ") {
        return Some(Said::Error(error));
    }
    let (_, fields) = line.split_once("action: ")?;
    let mut fields = fields.split(" | ");
    let action = fields.next()?;
    let field = |name: &str| fields.clone().find_map(|field| field.strip_prefix(name)?.strip_prefix(": "));
    let number = |name| field(name)?.parse().ok();
    match (action, field("result")?) {
        ("listen", "success") => Some(Said::Listening(field("address")?)),
        ("batch_sent", "in_progress") => Some(Said::Sent(number("enviadas")?, number("total")?)),
        ("reconnect", "in_progress") => Some(Said::Reconnects),
        // A process that was killed after its last bet, before it logged this, learns of it from its new
        // session.
        ("session", "success") if field("finished") == Some("true") => Some(Said::Stored(number("stored")?)),
        ("apuestas_enviadas", "success") => Some(Said::Stored(number("cantidad")?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_of_progress_are_read_and_others_ignored() {
        for (line, expected) in [
            (
                "2026-11-21 10:00:00 INFO     action: listen | result: success | address: 127.0.0.1:4321",
                Some(Said::Listening("127.0.0.1:4321")),
            ),
            (
                "2026-11-21 10:00:00 DEBUG    action: batch_sent | result: in_progress | client_id: 1 | enviadas: 9 | total: 10",
                Some(Said::Sent(9, 10)),
            ),
            (
                "2026-11-21 10:00:00 INFO     action: apuestas_enviadas | result: success | client_id: 1 | cantidad: 10",
                Some(Said::Stored(10)),
            ),
            (
                "2026-11-21 10:00:00 INFO     action: session | result: success | client_id: 1 | stored: 10 | finished: true",
                Some(Said::Stored(10)),
            ),
            (
                "2026-11-21 10:00:00 INFO     action: session | result: success | client_id: 1 | stored: 10 | finished: false",
                None,
            ),
            (
                "2026-11-21 10:00:00 WARNING  action: reconnect | result: in_progress | client_id: 1 | reason: the connection to 127.0.0.1:1 ended: lost | pause: 40ms",
                Some(Said::Reconnects),
            ),
            ("error: no bets: name the agency's file", Some(Said::Error("no bets: name the agency's file"))),
            ("2026-11-21 10:00:00 INFO     action: apuestas_enviadas | result: fail | cantidad: 10", None),
            ("2026-11-21 10:00:00 INFO     action: listen | result: success", None),
            ("thread main panicked", None),
            ("", None),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
