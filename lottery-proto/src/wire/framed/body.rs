//! Eight digits and a body, and the first line of a batch.

use alloc::vec::Vec;
use bytes::BufMut;
use nom::bytes::complete::{tag, take_till1, take_while};
use nom::{IResult, Parser};

use crate::bet::AgencyId;
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::text::{self, put_number, put_padded};
use crate::wire::{Limits, TooLarge};

/// Number of digits before a body.
pub(super) const LENGTH: usize = 8;
/// Length of the longest body that these digits can express, in bytes.
pub(super) const LONGEST: usize = 99_999_999;

/// Returns the length of the message at the start of `bytes`, once all of it has come.
pub(super) fn frame(bytes: &[u8], limits: Limits) -> Result<Option<usize>, DecodeError> {
    if let Some(offset) = bytes.iter().take(LENGTH).position(|byte| !byte.is_ascii_digit()) {
        return Err(DecodeError::new(offset, Problem::Expected("eight digits, the length of the body")));
    }
    let Some(len) = bytes.get(..LENGTH).and_then(text::number) else { return Ok(None) };
    let size = LENGTH + len;
    if size > limits.message {
        return Err(DecodeError::new(0, Problem::TooLong { size, max: limits.message }));
    }
    Ok((bytes.len() >= size).then_some(size))
}

/// Parses `agency;count\n`, and returns both and the offset of the lines behind it. Empty lines before it are skipped.
pub(super) fn head(body: &[u8]) -> Result<(AgencyId, usize, usize), DecodeError> {
    let part = |input| -> IResult<_, &[u8]> { take_till1(|byte| matches!(byte, b';' | b'\n')).parse(input) };
    let expected = DecodeError::new(LENGTH, Problem::Expected("END, or a first line with agency and count"));
    let mut parts = (take_while(|byte| byte == b'\n'), part, tag(&b";"[..]), part, tag(&b"\n"[..]));
    let (rest, (empty, agency, _, count, _)) = parts.parse(body).map_err(|_| expected)?;
    let agency_at = LENGTH + empty.len();
    let count_at = agency_at + agency.len() + 1;
    let agency = text::agency(agency, agency_at)?;
    let count =
        text::number(count).ok_or(DecodeError::new(count_at, Problem::Expected("a count of bets")))?;
    Ok((agency, count, body.len() - rest.len()))
}

/// Appends a batch of `count` bets, whose lines `write` appends.
pub(super) fn put_batch(
    agency: AgencyId,
    count: usize,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<(), SendError> {
    put(out, |out| {
        put_number(agency.get(), out);
        out.put_u8(b';');
        put_number(u32::try_from(count).unwrap_or(u32::MAX), out);
        out.put_u8(b'\n');
        write(out);
    })
    .map_err(|TooLarge| SendError::TooLong)
}

/// Appends a message with the body that `write` appends.
pub(super) fn put(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), TooLarge> {
    let start = out.len();
    put_padded(0, LENGTH, out);
    write(out);
    let len = out.len() - start - LENGTH;
    if len > LONGEST {
        out.truncate(start);
        return Err(TooLarge);
    }
    text::set_padded(len, out.get_mut(start..start + LENGTH).unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_digits_say_how_long_a_body_is_or_there_is_none() {
        let body = alloc::vec![0; 100_000_001];
        for (len, fits) in [(7, true), (99_999_999, true), (100_000_000, false), (100_000_001, false)] {
            let mut out = alloc::vec![b'y'];
            let written = put(&mut out, |out| out.put_slice(body.get(..len).unwrap_or_default()));
            assert_eq!(written.is_ok(), fits, "{len}");
            assert_eq!(out.len(), if fits { 1 + LENGTH + len } else { 1 }, "{len}");
            assert!(!fits || out.get(1..=LENGTH).and_then(text::number) == Some(len), "{len}");
        }
    }
}
