//! Durations as Go writes them: `150ms`, `0m20s`, `1h2m3.5s`.
//!
//! A duration is a sequence of decimal numbers, each with an optional fraction and a unit (`ns`, `us` or
//! `µs`, `ms`, `s`, `m`, `h`), or `0`. As in Go, it is at most 2^63 - 1 nanoseconds (about 292 years), and
//! fractions of a nanosecond are cut off. Unlike in Go, it is never negative.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// The longest duration: Go's are nanoseconds in 63 bits.
pub const MAX: Duration = Duration::from_nanos(i64::MAX.unsigned_abs());

/// Reason that a text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DurationError {
    /// The text is empty, or ends after its sign.
    #[error("empty")]
    Empty,
    /// The text begins with a minus.
    #[error("negative")]
    Negative,
    /// Something else stands where a number was expected.
    #[error("expected a number at byte {0}")]
    Number(usize),
    /// Something else, or nothing, stands where a unit was expected.
    #[error("expected one of ns, us, ms, s, m, h at byte {0}")]
    Unit(usize),
    /// The duration is longer than [`MAX`].
    #[error("longer than 292 years")]
    Overflow,
}

/// Parses a duration.
///
/// # Errors
///
/// The text is not a duration as the module describes it; the error names the byte at which it stops being
/// one.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    if text.starts_with('-') {
        return Err(DurationError::Negative);
    }
    let body = text.strip_prefix('+').unwrap_or(text);
    match body {
        "" => return Err(DurationError::Empty),
        "0" => return Ok(Duration::ZERO),
        _ => {}
    }
    let (mut rest, mut total) = (body, Duration::ZERO);
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && fraction.is_empty() {
            return Err(DurationError::Number(at));
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let unit = unit(name).ok_or(DurationError::Unit(text.len() - after.len() - name.len()))?;
        // Digits after the 18th are ignored: an hour has fewer nanoseconds.
        let number = format!("{whole}{fraction:0<18.18}").parse::<u128>().ok();
        total = number
            .and_then(|number| number.checked_mul(unit))
            .and_then(|product| u64::try_from(product / 10_u128.pow(18)).ok())
            .and_then(|nanos| total.checked_add(Duration::from_nanos(nanos)))
            .filter(|total| *total <= MAX)
            .ok_or(DurationError::Overflow)?;
        rest = after;
    }
    Ok(total)
}

/// Duration that displays as Go prints it: `1h0m0s`, `1m30s`, `1.5s`, `150ms`, `0s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(pub Duration);

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        if seconds == 0 && nanos > 0 {
            // Less than a second, which the standard library prints as Go does.
            return write!(f, "{:?}", self.0);
        }
        if seconds >= 3600 {
            write!(f, "{}h", seconds / 3600)?;
        }
        if seconds >= 60 {
            write!(f, "{}m", seconds / 60 % 60)?;
        }
        let decimal = format!("{}.{nanos:09}", seconds % 60);
        write!(f, "{}s", decimal.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Splits a text after its leading decimal digits.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Returns the number of nanoseconds in a unit.
fn unit(name: &str) -> Option<u128> {
    Some(match name {
        "ns" => 1,
        // The micro sign and the Greek letter are both accepted, as in Go.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::pieces_of;
    use proptest::prelude::*;

    #[test]
    fn durations_of_go_are_parsed() {
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("+0", 0),
            ("+5s", 5_000_000_000),
            ("150ms", 150_000_000),
            ("0m20s", 20_000_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("1h2m3.5s", 3_723_500_000_000),
            ("1us1µs1μs", 3_000),
            ("1.9ns", 1),
            ("0.333333333333333333333h", 1_200_000_000_000 - 1),
            ("0.1000000000000000000000000000000000000000001s", 100_000_000),
            ("9223372036854775807ns", i64::MAX.unsigned_abs()),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn an_invalid_duration_is_rejected_with_its_place() {
        use DurationError as E;
        for (text, error) in [
            ("", E::Empty),
            ("+", E::Empty),
            ("5", E::Unit(1)),
            ("00", E::Unit(2)),
            ("5 s", E::Unit(1)),
            ("5S", E::Unit(1)),
            ("5d", E::Unit(1)),
            ("1m5", E::Unit(3)),
            ("+1m5x", E::Unit(4)),
            ("s", E::Number(0)),
            (".s", E::Number(0)),
            (" 5s", E::Number(0)),
            ("1..5s", E::Unit(2)),
            ("-5s", E::Negative),
            ("-0", E::Negative),
            ("9223372036854775808ns", E::Overflow),
            ("9223372036854775807ns1ns", E::Overflow),
            ("99999999999999999999s", E::Overflow),
            ("2562048h", E::Overflow),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn durations_are_printed_as_go_prints_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (150_000_000, "150ms"),
            (2_200_000, "2.2ms"),
            (60_000_000_000, "1m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
            (i64::MAX.unsigned_abs(), "2562047h47m16.854775807s"),
        ] {
            assert_eq!(GoDuration(Duration::from_nanos(nanos)).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn a_printed_duration_is_parsed_to_the_same(nanos in prop_oneof![0..=i64::MAX.unsigned_abs(), 0..10_000_000_000_u64, 0..5_000_u64]) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse(&GoDuration(duration).to_string()), Ok(duration));
        }

        #[test]
        fn no_text_makes_the_parser_of_durations_panic(text in "[-+0-9.nsuµmh \\PC]{0,40}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn a_duration_reports_a_writer_that_fails() {
        let longest = GoDuration(Duration::from_millis(3_723_500));
        assert_eq!(longest.to_string(), "1h2m3.5s");
        assert!(pieces_of(&longest) > 4);
    }
}
