//! Durations as Go writes them: `150ms`, `0m20s`, `1h2m3.5s`.
//!
//! A duration is a sequence of decimal numbers, each with an optional fraction and a unit (`ns`, `us` or
//! `µs`, `ms`, `s`, `m`, `h`), or `0`. As in Go, it is at most 2^63 - 1 nanoseconds (about 292 years), and
//! fractions of a nanosecond are cut off. Unlike in Go, it is never negative.

use std::time::Duration;

/// Units and their nanoseconds. The micro sign and the Greek letter are both accepted, as in Go.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Parses a duration. Returns `None` if the text is not one as the module describes it.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut nanos = 0_i64;
    loop {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let (_, unit) = UNITS.iter().find(|(known, _)| *known == name)?;
        // Digits after the 18th are ignored: an hour has fewer nanoseconds.
        let number: u128 = format!("{whole}{fraction:0<18.18}").parse().ok()?;
        nanos = nanos.checked_add((number.checked_mul(*unit)? / 10_u128.pow(18)).try_into().ok()?)?;
        if after.is_empty() {
            return Some(Duration::from_nanos(nanos.unsigned_abs()));
        }
        rest = after;
    }
}

/// Splits a text after its leading decimal digits.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
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
            assert_eq!(parse(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_duration_is_rejected() {
        for text in [
            "", "+", "5", "00", "5 s", "5S", "5d", "1m5", "+1m5x", "s", ".s", " 5s", "1..5s", "-5s", "-0",
            "++5s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_longer_than_those_of_go_is_rejected() {
        for text in ["9223372036854775808ns", "9223372036854775807ns1ns", "99999999999999999999s", "2562048h"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_of_a_duration_add_up(hours in 0..1_000_u64, minutes in 0..1_000_u64, nanos in 0..10_000_000_000_u64) {
            let (seconds, below) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            let text = format!("{hours}h{minutes}m{seconds}.{below:09}s");
            let sum = Duration::from_secs(hours * 3600 + minutes * 60) + Duration::from_nanos(nanos);
            prop_assert_eq!(parse(&text), Some(sum));
        }

        #[test]
        fn no_text_makes_the_parser_of_durations_panic(text in "[-+0-9.nsuµmh \\PC]{0,40}") {
            let _ = parse(&text);
        }
    }
}
