//! Redaction of text from a peer: it may hold anything, such as a bet, and bets are personal data.
//!
//! A line of the health check is logged unchanged if it does not look like a bet, because programs of the
//! course search the log for it. Otherwise only its length is logged.

use std::borrow::Cow;

/// Maximum length of a line that is logged, in characters. A bet with its five fields is rarely shorter than
/// this.
const LONGEST: usize = 64;
/// Number of separators of one kind that make four fields: as many as a bet has, or most of them.
const SEPARATORS: usize = 3;

/// Returns a line of the health check as it may be logged: its length if it is longer than 64 characters,
/// holds a date, or has four fields or more.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if looks_like_a_bet(text) { length(text) } else { Cow::Borrowed(text) }
}

/// Returns the reason that a peer gives as it may be logged: its length if it holds a date. No reason of this
/// project's server holds one.
pub(crate) fn reason(text: &str) -> Cow<'_, str> {
    if holds_a_date(text) { length(text) } else { Cow::Borrowed(text) }
}

/// Returns true if a line must not be logged.
pub(crate) fn looks_like_a_bet(text: &str) -> bool {
    let fields = [';', '|', ','].iter().any(|separator| text.matches(*separator).count() >= SEPARATORS);
    fields || text.chars().nth(LONGEST).is_some() || holds_a_date(text)
}

fn length(text: &str) -> Cow<'_, str> {
    Cow::Owned(format!("({} bytes)", text.len()))
}

/// Returns true if the text holds a date in digits: year, month and day in this order or reversed, also with
/// a year of two digits. Other digits may touch it, as those of a document do in columns.
fn holds_a_date(text: &str) -> bool {
    // Each number's length, with the text before it.
    let mut rest = text.as_bytes();
    let mut numbers = Vec::new();
    while let Some(start) = rest.iter().position(u8::is_ascii_digit) {
        let (before, digits) = rest.split_at(start);
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        numbers.push((before, end));
        rest = digits.get(end..).unwrap_or_default();
    }
    numbers.windows(3).any(|numbers| {
        let [(_, first), (between, second), (again, third)] = numbers else { return false };
        let joined = between == again && matches!(between, [b'-' | b'/' | b'.']);
        let year = *first >= 4 || *third >= 4;
        let short = *first >= 2 && *third >= 2 && between != b".";
        joined && (1..=2).contains(second) && (year || short)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_looks_like_no_bet_is_shown_unchanged() {
        for text in [
            "",
            "[CLIENT 1] Message N°1",
            "Hello World! 1234567890",
            "20261128",
            "A12345",
            "B{\"msg\": \"hola\"}",
            "uno, dos, tres",
            "192.168.0.1 and 1.2.3",
            "22:11:15",
            "1-2-3",
            "1/2",
            &"ñ".repeat(64),
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn a_line_that_may_be_a_bet_is_shown_as_its_length() {
        for text in [
            "Ana|Paz|20000001|1980-01-31|7574",
            "x\u{3}Ana;Paz;20000001;1980-01-31;7574",
            "B(PlayerName:Ana,PlayerDateOfBirth:1980-01-31}",
            "Ana 200000011980-01-317574",
            "1980-1-1",
            "31/01/1980 Ana",
            "31.1.1980",
            "31/01/80",
            "x 3-3 1980/01/31",
            // A bet that was cut, and one with a date that is not recognized.
            "Ana|Paz|20000001|",
            "Ana;Paz;20000001;19800131",
            &"x".repeat(65),
        ] {
            assert_eq!(line(text), format!("({} bytes)", text.len()));
        }
    }

    #[test]
    fn a_reason_is_shown_unless_it_holds_a_date() {
        let long = "malformed: bet 3: birthdate: expected a date, YYYY-MM-DD (at byte 120), and so on; and on; and on; and on";
        assert_eq!(reason(long), long);
        assert_eq!(reason("bet Ana;Paz;1;1980-01-31;1 is wrong"), "(35 bytes)");
    }
}
