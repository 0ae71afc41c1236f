//! Bets in columns (`docs/protocol.md#fixed`).

use alloc::vec::Vec;
use bytes::BufMut;
use nom::bytes::complete::take;
use nom::{IResult, Parser};

use crate::bet::{Bet, BetLine, BetSlice, Span};
use crate::error::Problem;
use crate::wire::fast_path;
use crate::wire::text::{self, put_padded, without_zeros};

pub(super) const NAME: usize = 30;
pub(super) const DOCUMENT: usize = 8;
const DATE: usize = 10;
pub(super) const NUMBER: usize = 4;
/// Width of a bet, in characters.
pub(super) const BET: usize = 2 * NAME + DOCUMENT + DATE + NUMBER;
/// Number of bytes of a field or of padding that are copied at once.
const WINDOW: usize = 32;
const SPACES: [u8; WINDOW] = [b' '; WINDOW];
const ZEROS: [u8; WINDOW] = [b'0'; WINDOW];
const _: () = assert!(BET == fast_path::COLUMNS, "the fast path reads the same columns");

/// Validates the bet at the start of `rest`, which is `at` bytes behind the start of the payload, and returns the text
/// behind it, and its place.
pub(super) fn next_bet(rest: &str, at: usize) -> Result<(&str, Span), Problem> {
    if let Some((bet, after)) = rest.split_at_checked(BET)
        && let Some(span) = bet.as_bytes().first_chunk().and_then(|bet| fast_path::columns(bet, at))
    {
        return Ok((after, span));
    }
    read_slow(rest, at)
}

/// Works like [`next_bet`], on the slow path, which finds every mistake.
fn read_slow(rest: &str, at: usize) -> Result<(&str, Span), Problem> {
    let (after, columns) = columns(rest).ok_or(Problem::Expected("82 characters"))?;
    let (first_column, last_column, document_column, birthdate, number) = columns;
    let (first_name, last_name) = (without_spaces(first_column), without_spaces(last_column));
    let document = without_zeros(document_column);
    let bet = Bet::new([first_name, last_name, document, birthdate, number])?;
    // Padding stands behind a name and before a document. A column has at most 4 bytes for each of 30 characters.
    let padding = |column: &str, field: &str| column.len() - field.len();
    let gaps = [
        padding(first_column, first_name),
        padding(last_column, last_name) + padding(document_column, document),
        0,
    ];
    Ok((after, Span::of(&bet, at, gaps)))
}

/// Returns a name without padding. It searches bytes, which is faster, because there are many spaces.
fn without_spaces(name: &str) -> &str {
    let end = name.bytes().rposition(|byte| byte != b' ').map_or(0, |last| last + 1);
    name.get(..end).unwrap_or_default()
}

/// Columns of a bet: names, document, date of birth and number.
type Columns<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

/// Splits off the columns of a bet, and returns the rest before them.
fn columns(rest: &str) -> Option<(&str, Columns<'_>)> {
    // Bytes need no counting where each is a character.
    if let Some((bet, after)) = rest.split_at_checked(BET)
        && bet.is_ascii()
    {
        let (first_name, rest) = bet.split_at_checked(NAME)?;
        let (last_name, rest) = rest.split_at_checked(NAME)?;
        let (document, rest) = rest.split_at_checked(DOCUMENT)?;
        let (birthdate, number) = rest.split_at_checked(DATE)?;
        return Some((after, (first_name, last_name, document, birthdate, number)));
    }
    let (name, date) = (NAME, DATE);
    let mut columns = (column(name), column(name), column(DOCUMENT), column(date), column(NUMBER));
    let parsed: IResult<_, _> = columns.parse(rest);
    parsed.ok()
}

/// Returns a parser of a column of `width` characters.
fn column<'a>(width: usize) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    take(width)
}

/// Returns the size of the bet in bytes: one for each character, and the extra bytes of longer ones.
pub(super) fn size(bet: &Bet<'_>) -> usize {
    BET + longer(bet.first_name.as_bytes()) + longer(bet.last_name.as_bytes())
}

/// Returns the number of bytes by which a text is longer than its number of characters.
#[inline]
fn longer(text: &[u8]) -> usize {
    // All bytes of a character but the first are 10xxxxxx.
    text.iter().filter(|byte| **byte & 0xC0 == 0x80).count()
}

/// Appends a bet that the dialect can carry.
pub(super) fn put_bet(bet: &Bet<'_>, out: &mut Vec<u8>) {
    for name in [bet.first_name, bet.last_name] {
        out.put_slice(name.as_bytes());
        out.put_bytes(b' ', (NAME + longer(name.as_bytes())).saturating_sub(name.len()));
    }
    put_document(bet.document, out);
    out.put_slice(bet.birthdate.as_bytes());
    put_padded(bet.number as usize, NUMBER, out);
}

pub(super) fn put_document(document: &str, out: &mut Vec<u8>) {
    out.put_bytes(b'0', DOCUMENT.saturating_sub(document.len()));
    out.put_slice(document.as_bytes());
}

/// True if the bet as it is held is one that the dialect can carry, seen from lengths alone: names of few bytes have few
/// characters.
#[inline]
pub(super) fn is_narrow(line: &BetLine<'_>) -> bool {
    let (bytes, ([first, last, document, birthdate], end)) = (line.bytes(), line.shape());
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let digits = document - last - 1;
    let names = first <= NAME && last - first - 1 <= NAME && at(first - 1) != b' ' && at(last - 1) != b' ';
    names && digits <= DOCUMENT && (digits == 1 || at(last + 1) != b'0') && end - birthdate - 1 <= NUMBER
}

/// Appends as many of `bets` as fit into `limit` bytes, at least one if there is one, and returns their number.
pub(super) fn put_lines(bets: BetSlice<'_>, limit: usize, out: &mut Vec<u8>) -> usize {
    let (mut taken, mut room) = (0, limit);
    for line in bets.lines() {
        let bytes = line.bytes();
        let ([first, last, ..], _) = line.shape();
        let names = [bytes.get(..first), bytes.get(first + 1..last)].map(Option::unwrap_or_default);
        let longer = names.map(longer);
        let left = room.checked_sub(BET + longer.iter().sum::<usize>());
        if left.is_none() && taken > 0 {
            break;
        }
        put_line(&line, longer, out);
        (taken, room) = (taken + 1, left.unwrap_or_default());
    }
    taken
}

/// Works like [`put_bet`], with a bet as it is held, whose names are so much longer than their characters.
#[inline]
fn put_line(line: &BetLine<'_>, longer: [usize; 2], out: &mut Vec<u8>) {
    let (bytes, ([first, last, document, birthdate], end)) = (line.bytes(), line.shape());
    let [longer_first, longer_last] = longer;
    for (start, end, width) in [(0, first, NAME + longer_first), (first + 1, last, NAME + longer_last)] {
        put_field(bytes, start, end, out);
        text::put_window::<WINDOW>(&SPACES, width.saturating_sub(end - start), out);
    }
    text::put_window::<WINDOW>(&ZEROS, DOCUMENT.saturating_sub(document - last - 1), out);
    put_field(bytes, last + 1, document, out);
    put_field(bytes, document + 1, birthdate, out);
    text::put_window::<WINDOW>(&ZEROS, NUMBER.saturating_sub(end - birthdate - 1), out);
    put_field(bytes, birthdate + 1, end, out);
}

#[inline]
fn put_field(bytes: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    text::put_window::<WINDOW>(bytes.get(start..).unwrap_or_default(), end - start, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_fast_path_reads_what_the_slow_one_does(
            first in "[A-Z][a-zñ ]{0,18}",
            last in "[A-Z ][a-z,\u{85}]{0,3}[a-z ]{0,18}",
            document in "[0-9]{8}|0{0,8}",
            date in "2000-02-29|[12][09][0-9]{2}-0[0-9]-[0-2][0-9]",
            number in "[0-9]{4}",
            (place, byte) in (0..200_usize, prop::sample::select(b"\0\x1F\x7F ,;:{}|-0a".to_vec())),
        ) {
            let mut line = format!("{first:<30}{last:<30}{document:0>8}{date}{number}");
            if line.is_ascii() && place < line.len() {
                line.replace_range(place..=place, core::str::from_utf8(&[byte]).expect("ASCII"));
            }
            let slow = read_slow(&line, 7);
            let fast = line.as_bytes().first_chunk().and_then(|bet| fast_path::columns(bet, 7));
            match (fast, slow) {
                (Some(fast), Ok((after, slow))) => prop_assert!(after.is_empty() && fast == slow),
                (Some(_), Err(problem)) => prop_assert!(false, "{problem}"),
                // The fast path reads every valid bet in ASCII.
                (None, slow) => prop_assert!(slow.is_err() || !line.is_ascii()),
            }
        }
    }

    #[test]
    fn the_fast_path_reads_a_bet_in_ascii() {
        let line = format!("{:<30}{:<30}{:0>8}{}{}", "Ana", "Paz", "20000001", "2000-02-29", "7574");
        let bet = line.as_bytes().first_chunk().expect("a bet");
        let slow = read_slow(&line, 7).map(|(_, bet)| bet).ok();
        assert!(slow.is_some());
        assert!(fast_path::columns(bet, 7) == slow, "it is read as the slow path reads it");
    }
}
