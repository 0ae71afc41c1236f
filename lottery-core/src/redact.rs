//! What a peer wrote, as far as it may be shown: it may be anything, a bet for one, and bets are personal data.
//!
//! A line of the health check is shown as it came where it looks like no bet, as programs of the course look for it in
//! the log. What does not is named by its length.

use std::borrow::Cow;

/// The longest line that is shown, in characters. A bet with its five fields is rarely shorter than this.
const LONGEST: usize = 64;
/// So many separators of one kind make four fields or more: those of a bet, or most of them.
const SEPARATORS: usize = 3;

/// A line of the health check as it may be shown: by its length if it is longer than 64 characters, holds a date, or has
/// four fields or more.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if looks_like_a_bet(text) { length(text) } else { Cow::Borrowed(text) }
}

/// The reason that a peer gives for something, as it may be shown: by its length if it holds a date. Of what we refuse
/// ourselves no reason does.
pub(crate) fn reason(text: &str) -> Cow<'_, str> {
    if holds_a_date(text) { length(text) } else { Cow::Borrowed(text) }
}

/// Whether a line is not to be shown.
pub(crate) fn looks_like_a_bet(text: &str) -> bool {
    let fields = [';', '|', ','].iter().any(|separator| text.matches(*separator).count() >= SEPARATORS);
    fields || text.chars().nth(LONGEST).is_some() || holds_a_date(text)
}

fn length(text: &str) -> Cow<'_, str> {
    Cow::Owned(format!("({} bytes)", text.len()))
}

/// Whether there is a date of digits somewhere: year, month and day in this order or in the other, or with two digits for
/// the year. Digits may touch it, as those of a document do in columns.
fn holds_a_date(text: &str) -> bool {
    // Numbers, and what stands between them.
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
    fn what_looks_like_no_bet_is_shown_as_it_came() {
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
    fn what_may_be_a_bet_is_named_by_its_length() {
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
            // Of a bet that was cut, or with a date that nobody reads.
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
