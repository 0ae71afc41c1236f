//! Bets in braces (`docs/protocol.md#braces`).

use alloc::vec::Vec;
use bytes::BufMut;
use nom::bytes::complete::{tag, take_till};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::bet::{AgencyId, Bet, BetLine, MAX_DOCUMENT, Payload, Span, Spans, date_faults};
use crate::error::{DecodeError, Problem};
use crate::wire::fast_path;
use crate::wire::text::{self, put_number};

/// Keys of a bet's fields, each with the character before it.
pub(super) const KEYS: [&str; 5] =
    ["{PlayerName:", ",PlayerSurname:", ",PlayerDocID:", ",PlayerDateOfBirth:", ",WageredNumber:"];
const AGENCY_KEY: &str = ",AgencyID:";
/// Number of bytes of a field that are copied at once.
const WINDOW: usize = 32;

/// Validates a batch, which is `offset` bytes behind the start of its message, puts the places of its bets into `spans`,
/// and returns the agency that all of them name, and their number.
pub(super) fn validate(
    body: &[u8],
    offset: usize,
    spans: &mut Spans,
) -> Result<(AgencyId, usize), DecodeError> {
    let payload = Payload::new(body);
    spans.begin(memchr::memchr_iter(b'{', body).count(), body.len());
    let (mut agency, mut count, mut at) = (None, 0, 0);
    while at < body.len() {
        let wrong = |problem| DecodeError::in_bet(count + 1, offset + at, problem);
        let (span, digits, end) = bet_at(payload, at).map_err(wrong)?;
        let found = text::agency(digits, offset + at).map_err(|error| wrong(error.problem))?;
        let expected = *agency.get_or_insert(found);
        if found != expected {
            let (found, expected) = (found.get(), expected.get());
            return Err(wrong(Problem::AgencyMismatch { found, expected }));
        }
        spans.push(span);
        (count, at) = (count + 1, end);
    }
    agency.map(|agency| (agency, count)).ok_or(DecodeError::new(offset, Problem::Expected("bets")))
}

/// Validates the bet at `at`, and returns its place, the digits of its agency, and the offset of its end. All keys must
/// be there, once and in order.
fn bet_at(payload: Payload<'_>, at: usize) -> Result<(Span, &[u8], usize), Problem> {
    let rest = payload.bytes.get(at..).unwrap_or_default();
    // Two bets have a comma between them.
    let opened = if at == 0 { Some(rest) } else { rest.strip_prefix(b",") };
    let Some(opened) = opened else { return Err(Problem::Expected("a comma and a bet, or the end")) };
    let start = at + (rest.len() - opened.len());
    if payload.text.is_some()
        && let Some((span, agency, after)) = read_fast(opened, start)
    {
        return Ok((span, agency, payload.bytes.len() - after.len()));
    }
    read_slow(payload, opened, start)
}

/// Reads the bet that `opened` begins with, at `start`, on the slow path, which finds every mistake. The result is that
/// of [`bet_at`].
fn read_slow<'a>(
    payload: Payload<'a>,
    opened: &'a [u8],
    start: usize,
) -> Result<(Span, &'a [u8], usize), Problem> {
    let [first_key, last_key, document_key, birthdate_key, number_key] = KEYS;
    let mut fields = (
        value(first_key),
        value(last_key),
        value(document_key),
        value(birthdate_key),
        value(number_key),
        value(AGENCY_KEY),
        tag(&b"}"[..]),
    );
    let parsed: IResult<_, _> = fields.parse(opened);
    let Ok((after, (first_name, last_name, document, birthdate, number, agency, _))) = parsed else {
        return Err(Problem::Expected(
            "{PlayerName:…,PlayerSurname:…,PlayerDocID:…,PlayerDateOfBirth:…,WageredNumber:…,AgencyID:…}",
        ));
    };
    // The offsets of the fields follow from the lengths of the keys and values before them.
    let mut end = start;
    let mut place = |key: &str, field: &[u8]| {
        let start = end + key.len();
        end = start + field.len();
        start..end
    };
    let fields = [
        place(first_key, first_name),
        place(last_key, last_name),
        place(document_key, document),
        place(birthdate_key, birthdate),
        place(number_key, number),
    ];
    let [first, ..] = &fields;
    let (first, gaps) = (first.start, [last_key, document_key, birthdate_key].map(str::len));
    let bet = payload.bet(fields)?;
    Ok((Span::of(&bet, first, gaps), agency, payload.bytes.len() - after.len()))
}

/// Reads the bet at the start of `rest`, `at` bytes behind the start of a payload that is text, if it is valid and short.
/// Returns its place, the digits of its agency, and the bytes behind it.
fn read_fast(rest: &[u8], at: usize) -> Option<(Span, &[u8], &[u8])> {
    let [first_key, last_key, document_key, birthdate_key, number_key] = KEYS.map(str::as_bytes);
    let rest = rest.strip_prefix(first_key)?;
    let first = fast_path::name_before_comma(rest.first_chunk()?)?;
    let rest = rest.get(first..)?.strip_prefix(last_key)?;
    let last = fast_path::name_before_comma(rest.first_chunk()?)?;
    let rest = rest.get(last..)?.strip_prefix(document_key)?;
    let document = digits(rest).filter(|len| *len <= MAX_DOCUMENT)?;
    let rest = rest.get(document..)?.strip_prefix(birthdate_key)?;
    let (date, rest) = rest.split_first_chunk()?;
    let rest = rest.strip_prefix(number_key)?;
    let (number, rest) = rest.split_at_checked(digits(rest)?)?;
    let rest = rest.strip_prefix(AGENCY_KEY.as_bytes())?;
    let (agency, rest) = rest.split_at_checked(digits(rest)?)?;
    let rest = rest.strip_prefix(b"}")?;
    let number = u32::try_from(text::number(number)?).ok()?;
    if date_faults(date) != 0 {
        return None;
    }
    let lens = [first, last, document, date.len()];
    let gaps = [last_key, document_key, birthdate_key].map(<[u8]>::len);
    Some((Span::new(at + first_key.len(), lens, gaps, number), agency, rest))
}

/// Returns the number of digits at the start of `rest`; `None` if there is none, or nothing behind them.
fn digits(rest: &[u8]) -> Option<usize> {
    rest.iter().position(|byte| !byte.is_ascii_digit()).filter(|len| *len > 0)
}

/// Returns a parser of a key and the value behind it, up to the next separator.
fn value<'a>(
    key: &'static str,
) -> impl Parser<&'a [u8], Output = &'a [u8], Error = nom::error::Error<&'a [u8]>> {
    preceded(tag(key.as_bytes()), take_till(|byte| matches!(byte, b',' | b';' | b':' | b'{' | b'}')))
}

pub(super) fn put_bet(agency: AgencyId, bet: &Bet<'_>, comma: bool, out: &mut Vec<u8>) {
    if comma {
        out.put_u8(b',');
    }
    let [.., number_key] = KEYS;
    for (key, value) in KEYS.iter().zip([bet.first_name, bet.last_name, bet.document, bet.birthdate]) {
        out.put_slice(key.as_bytes());
        out.put_slice(value.as_bytes());
    }
    for (key, value) in [(number_key, bet.number), (AGENCY_KEY, agency.get())] {
        out.put_slice(key.as_bytes());
        put_number(value, out);
    }
    out.put_u8(b'}');
}

/// Returns the end of a bet behind its number, in a window, and its length in bytes.
pub(super) fn ending(agency: AgencyId) -> (Vec<u8>, usize) {
    let mut ending = AGENCY_KEY.as_bytes().to_vec();
    put_number(agency.get(), &mut ending);
    ending.put_u8(b'}');
    let len = ending.len();
    ending.resize(WINDOW, 0);
    (ending, len)
}

/// Works like [`put_bet`], with a bet as it is held, and the [`ending`] of all bets.
#[inline]
pub(super) fn put_line(line: &BetLine<'_>, (ending, len): (&[u8], usize), comma: bool, out: &mut Vec<u8>) {
    if comma {
        out.put_u8(b',');
    }
    let (bytes, ([first, last, document, birthdate], end)) = (line.bytes(), line.shape());
    let fields = [
        (0, first),
        (first + 1, last),
        (last + 1, document),
        (document + 1, birthdate),
        (birthdate + 1, end),
    ];
    for (key, (start, end)) in KEYS.iter().zip(fields) {
        out.put_slice(key.as_bytes());
        text::put_window::<WINDOW>(bytes.get(start..).unwrap_or_default(), end - start, out);
    }
    text::put_window::<WINDOW>(ending, len, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_fast_path_reads_what_the_slow_one_does(
            first in "[A-Z][a-zñ ]{0,18}",
            last in "[A-Z][a-z\u{85}]{0,3}[a-z ]{0,40}",
            document in "[0-9]{0,22}",
            date in "2000-02-29|[12][09][0-9]{2}-0[0-9]-[0-2][0-9]",
            number in "[0-9]{1,11}",
            agency in "[0-9]{1,3}",
            (place, byte) in (0..400_usize, prop::sample::select(b"\0\x1F\x7F ,;:{}|-0a".to_vec())),
        ) {
            let fields = KEYS.into_iter().zip([&*first, &last, &document, &date, &number]);
            let mut text: String = fields.flat_map(|(key, value)| [key, value]).collect();
            text.extend([AGENCY_KEY, &agency, "},{"]);
            if text.is_ascii() && place < text.len() {
                text.replace_range(place..=place, core::str::from_utf8(&[byte]).expect("ASCII"));
            }
            let payload = Payload::new(text.as_bytes());
            let slow = read_slow(payload, payload.bytes, 0);
            if let Some((span, agency, after)) = read_fast(payload.bytes, 0) {
                let end = text.len() - after.len();
                prop_assert!(slow.is_ok_and(|slow| slow == (span, agency, end)));
            } else {
                // The fast path reads every valid bet with short names.
                let short = first.len().max(last.len()) < 32 && number.len() < 10 && !text.contains('\u{85}');
                prop_assert!(slow.is_err() || !short || place < text.len() || text.as_bytes().contains(&0xC2));
            }
        }
    }
}
