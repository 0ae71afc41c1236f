//! Bets in lines (`docs/protocol.md#framed`).

use alloc::vec::Vec;
use bytes::BufMut;

use super::LENGTH;
use crate::bet::{Bet, BetSlice, Payload, Span, Spans};
use crate::error::{DecodeError, Problem};
use crate::wire::fast_path::{self, WINDOW};
use crate::wire::text::{self, put_number};

/// Validates the lines from `at` on, puts the places of their bets into `spans`, and returns their number. `count` is
/// the announced number. Empty lines are skipped.
pub(super) fn validate(
    body: &[u8],
    at: usize,
    count: usize,
    spans: &mut Spans,
) -> Result<usize, DecodeError> {
    let payload = Payload::new(body.get(at..).unwrap_or_default());
    spans.begin(count, payload.bytes.len());
    let (mut at, mut found, offset) = (0, 0, LENGTH + at);
    while let Some(rest) = payload.bytes.get(at..)
        && !rest.is_empty()
    {
        let wrong = |problem| DecodeError::in_bet(found + 1, offset + at, problem);
        let end = memchr::memchr(b'\n', rest);
        let end = end.ok_or(wrong(Problem::Expected("a line end after the last bet")))?;
        if end > 0 {
            spans.push(bet(payload, at, end).map_err(wrong)?);
            found += 1;
        }
        at += end + 1;
    }
    Ok(found)
}

/// Validates the bet in the line of `len` bytes that begins at `at`, and returns its place.
fn bet(payload: Payload<'_>, at: usize, len: usize) -> Result<Span, Problem> {
    let rest = payload.bytes.get(at..).unwrap_or_default();
    if payload.text.is_some()
        && let Some(window) = rest.first_chunk()
        && let Some(short) = fast_path::read::<b';'>(window, rest, len)
    {
        return Ok(short.span(at));
    }
    let line = rest.get(..len).unwrap_or_default();
    let [a, b, c, d] =
        text::separators(b';', line).map_err(|found| Problem::FieldCount { found: found + 1 })?;
    let fields =
        [at..at + a, at + a + 1..at + b, at + b + 1..at + c, at + c + 1..at + d, at + d + 1..at + len];
    Ok(Span::of(&payload.bet(fields)?, at, [1; 3]))
}

pub(super) fn put_line(bet: &Bet<'_>, out: &mut Vec<u8>) {
    for field in [bet.first_name, bet.last_name, bet.document, bet.birthdate] {
        out.put_slice(field.as_bytes());
        out.put_u8(b';');
    }
    put_number(bet.number, out);
    out.put_u8(b'\n');
}

/// Returns the number of bets whose lines fit into `limit` bytes, at least one if there is one, and the size of these
/// lines in bytes.
pub(super) fn count_lines(bets: BetSlice<'_>, limit: usize) -> (usize, usize) {
    let (mut taken, mut size) = (0, 0);
    for line in bets.lines() {
        let longer = size + line.shape().1 + 1;
        if taken > 0 && longer > limit {
            break;
        }
        (taken, size) = (taken + 1, longer);
    }
    (taken, size)
}

/// Appends bets as they are held, with other separators, in lines of `size` bytes in all.
pub(super) fn put_lines(bets: BetSlice<'_>, size: usize, out: &mut Vec<u8>) {
    out.reserve(size + WINDOW);
    for line in bets.lines() {
        let (start, (separators, len)) = (out.len(), line.shape());
        text::put_window::<WINDOW>(line.bytes(), len, out);
        out.put_u8(b'\n');
        let written = out.get_mut(start..).unwrap_or_default();
        for at in separators {
            if let Some(separator) = written.get_mut(at) {
                *separator = b';';
            }
        }
    }
}
