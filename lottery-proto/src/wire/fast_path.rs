//! Fast path for the fields of a bet: it reads 64 bytes at once, finds separators as bits, and checks digits by words.
//!
//! It reads only valid bets of at most 63 bytes. All others go to the slow path, a precise parser, which decides. A test
//! compares the two.
//!
//! Functions are inlined by force, because a call for each bet is the main cost here.
#![expect(clippy::inline_always, reason = "measured: a tenth of the time of a bet")]
#![expect(clippy::needless_bitwise_bool, reason = "one condition is foreseen better than five")]

use wide::u8x16;

use crate::bet::swar::{ZEROS, digit_faults};
use crate::bet::{Bet, Span, date_faults};

/// Number of bytes that are read at once.
pub(super) const WINDOW: usize = 64;
/// Length of a date, in bytes.
const DATE: usize = 10;
/// Length of a bet in columns, in bytes.
pub(super) const COLUMNS: usize = 82;

/// Bet that the fast path has read.
#[derive(Clone, Copy)]
pub(super) struct ShortBet {
    /// Offsets of the four separators from the start of the bet, in bytes.
    separators: [usize; 4],
    number: u32,
}

impl ShortBet {
    /// Returns the place of this bet, which begins `at` bytes behind the start of its payload.
    #[inline(always)]
    pub(super) fn span(self, at: usize) -> Span {
        let [a, b, c, _] = self.separators;
        Span::new(at, [a, b - a - 1, c - b - 1, DATE], [1; 3], self.number)
    }

    /// Returns the lengths of names, document and number of this bet, which is `len` bytes long, and the number.
    #[inline(always)]
    pub(super) fn lens_and_number(self, len: usize) -> ([usize; 4], u32) {
        let [a, b, c, d] = self.separators;
        ([a, b - a - 1, c - b - 1, len - d - 1], self.number)
    }

    /// Returns this bet, which begins `text`.
    #[inline(always)]
    pub(super) fn bet(self, text: &str) -> Option<Bet<'_>> {
        let [a, b, c, d] = self.separators;
        Some(Bet {
            first_name: text.get(..a)?,
            last_name: text.get(a + 1..b)?,
            document: text.get(b + 1..c)?,
            birthdate: text.get(c + 1..d)?,
            number: self.number,
        })
    }
}

/// Reads the bet in the first `len` of `bytes`, which begin with `window`, if it is valid and short. The bytes are part of a text: then each
/// field, between two separators, is text, too.
#[inline(always)]
pub(super) fn read<const SEPARATOR: u8>(window: &[u8; WINDOW], bytes: &[u8], len: usize) -> Option<ShortBet> {
    if len >= WINDOW {
        return None;
    }
    let lanes = lanes(window);
    let bars = bars(bits(lanes, |lane| lane.simd_eq(u8x16::splat(SEPARATOR))));
    if !(are_five_fields(bars, len) & (suspect(lanes, bars[1]) >= bars[1])) {
        return None;
    }
    fields(bars, bytes, len)
}

/// Reads the bet in the line at the start of these bytes, `first_name,last_name,document,birthdate,number`, if it is
/// valid, short and without quotes, and the number without leading zeros. Returns it, its length, and the size of the line
/// with its end: CR LF, LF or CR. The bytes are part of a text.
#[inline(always)]
pub(super) fn line(bytes: &[u8]) -> Option<(ShortBet, usize, usize)> {
    let window: &[u8; WINDOW] = bytes.first_chunk()?;
    let lanes = lanes(window);
    // A byte that no name holds and that is no digit ends the line, or is for the slow path.
    let stops = bits(lanes, |lane| suspects(lane) | lane.simd_eq(u8x16::splat(b'"')));
    let len = stops.trailing_zeros() as usize;
    let [end, behind]: [u8; 2] = *window.get(len..)?.first_chunk()?;
    let bars = bars(bits(lanes, |lane| lane.simd_eq(u8x16::splat(b','))));
    if !(are_five_fields(bars, len) & ((end == b'\n') | (end == b'\r'))) {
        return None;
    }
    let bet = fields(bars, window, len)?;
    let number = bars[3];
    let leading_zero = (*window.get(number + 1)? == b'0') & (len - number > 2);
    let size = len + 1 + usize::from((end == b'\r') & (behind == b'\n'));
    (!leading_zero).then_some((bet, len, size))
}

/// Returns the places of the four lowest bits; 63 for each that there is not.
#[inline(always)]
fn bars(mut bits: u64) -> [usize; 4] {
    [(); 4].map(|()| {
        // The highest bit lies behind every bet, so setting it changes nothing and saves a check for zero.
        let at = (bits | 1 << (WINDOW - 1)).trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        at
    })
}

/// True if these separators stand in the first `len` bytes, with names before two of them and room for a date. A fifth one
/// would be no digit of the number.
#[inline(always)]
fn are_five_fields([bar1, bar2, bar3, bar4]: [usize; 4], len: usize) -> bool {
    (bar4 < len) & (bar4.wrapping_sub(bar3) == DATE + 1) & (bar1 > 0) & (bar2 > bar1 + 1)
}

/// Reads document, date and number of the bet in the first `len` of `bytes` between these separators, and returns it if
/// they are valid.
#[inline(always)]
fn fields([bar1, bar2, bar3, bar4]: [usize; 4], bytes: &[u8], len: usize) -> Option<ShortBet> {
    let document = document_values(bytes.get(bar2 + 1..bar3)?)?;
    let number = number_values(*bytes.get(..len)?.last_chunk()?, len - bar4 - 1)?;
    let digits = digit_faults(document) | digit_faults(number);
    if digits | date_faults(bytes.get(bar3 + 1..)?.first_chunk()?) != 0 {
        return None;
    }
    Some(ShortBet { separators: [bar1, bar2, bar3, bar4], number: number_of(number) })
}

/// Returns the place of the bet in columns of ASCII characters, if it is valid: two names of 30, a document of 8, a date
/// and a number of 4. It begins `at` bytes behind the start of its payload.
#[inline(always)]
pub(super) fn columns(bet: &[u8; COLUMNS], at: usize) -> Option<Span> {
    const NAME: usize = 30;
    const NAMES: u64 = (1 << (2 * NAME)) - 1;
    let lanes = lanes(bet.first_chunk()?);
    let wrong = bits(lanes, |lane| suspects(lane) | lane) & NAMES;
    let filled = bits(lanes, |lane| !lane.simd_eq(u8x16::splat(b' ')));
    let (first, last) = (filled & (NAMES >> NAME), (filled & NAMES) >> NAME);
    if wrong != 0 || first == 0 || last == 0 {
        return None;
    }
    let len = |filled: u64| (u64::BITS - filled.leading_zeros()) as usize;
    let (first, last) = (len(first), len(last));
    let rest: &[u8; 22] = bet.last_chunk()?;
    let document = u64::from_le_bytes(*rest.first_chunk()?) ^ ZEROS;
    // One digit is left of a document of zeros.
    let zeros = (document.trailing_zeros() as usize / 8).min(7);
    let number = number_values(*rest.last_chunk()?, 4)?;
    let date = date_faults(rest.get(8..18)?.first_chunk()?);
    if digit_faults(document) | digit_faults(number) | date != 0 {
        return None;
    }
    let (lens, gaps) = ([first, last, 8 - zeros, DATE], [NAME - first, NAME - last + zeros, 0]);
    Some(Span::new(at, lens, gaps, number_of(number)))
}

/// Returns the length of the name at the start of these bytes, up to a comma, if it is valid and short. `:`, `;` and
/// braces are none of its characters.
#[inline(always)]
pub(super) fn name_before_comma(window: &[u8; 32]) -> Option<usize> {
    let (chunks, _) = window.as_chunks::<16>();
    let [a, b] = chunks.first_chunk::<2>()?.map(u8x16::new);
    let bits =
        |found: fn(u8x16) -> u8x16| u64::from(found(a).to_bitmask()) | u64::from(found(b).to_bitmask()) << 16;
    let wrong = bits(|lane| {
        let is = |byte| lane.simd_eq(u8x16::splat(byte));
        suspects(lane) | is(b':') | is(b';') | is(b'{') | is(b'}')
    });
    let comma = bits(|lane| lane.simd_eq(u8x16::splat(b',')));
    let len = comma.trailing_zeros() as usize;
    (len > 0 && comma != 0 && wrong.trailing_zeros() as usize > len).then_some(len)
}

#[inline(always)]
fn lanes(window: &[u8; WINDOW]) -> [u8x16; 4] {
    let (chunks, _) = window.as_chunks::<16>();
    let mut lanes = [u8x16::ZERO; 4];
    for (lane, chunk) in lanes.iter_mut().zip(chunks) {
        *lane = u8x16::new(*chunk);
    }
    lanes
}

/// Returns a bit for each of the 64 bytes, the highest of what `found` makes of it, with the first byte's bit lowest.
#[inline(always)]
fn bits(lanes: [u8x16; 4], found: impl Fn(u8x16) -> u8x16) -> u64 {
    let [a, b, c, d] = lanes.map(|lane| u64::from(found(lane).to_bitmask()));
    a | b << 16 | c << 32 | d << 48
}

/// Returns the index of the first byte that a name must not hold, or may not hold: 0xC2 begins the control characters
/// U+0080 to U+009F, but other characters, too. The names end at `end`; a result from there on says nothing.
#[inline(always)]
fn suspect(lanes: [u8x16; 4], end: usize) -> usize {
    let [a, b, c, d] = lanes;
    let bits = |lane| u64::from(suspects(lane).to_bitmask());
    let mut found = bits(a) | bits(b) << 16;
    // Most names end before this.
    if end > 32 {
        found |= bits(c) << 32 | bits(d) << 48;
    }
    (found | 1 << (WINDOW - 1)).trailing_zeros() as usize
}

/// Returns 255 for each byte that a name must not hold, or may not hold, 0 for others.
#[inline(always)]
fn suspects(lane: u8x16) -> u8x16 {
    let below_space = lane.min(u8x16::splat(0x1F)).simd_eq(lane);
    below_space | lane.simd_eq(u8x16::splat(0x7F)) | lane.simd_eq(u8x16::splat(0xC2))
}

/// Returns the values of eight digits, unchecked. A document of another length is checked here, and gives 0, which
/// passes the later check. (`is_document` is not called: measured, that call costs a twentieth of the time of a bet.)
#[inline(always)]
fn document_values(digits: &[u8]) -> Option<u64> {
    if let Ok(eight) = digits.try_into() {
        return Some(u64::from_le_bytes(eight) ^ ZEROS);
    }
    let good = (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    good.then_some(0)
}

/// Returns the digit values of a number that is the last `len` of these bytes, one to eight: the last digit in the
/// highest byte, zeros before the first.
#[inline(always)]
fn number_values(window: [u8; 8], len: usize) -> Option<u64> {
    let values = u64::from_le_bytes(window) ^ ZEROS;
    (1..=8).contains(&len).then(|| values & (u64::MAX << (64 - 8 * len)))
}

/// Returns the number with these digit values. It cannot overflow.
#[inline(always)]
const fn number_of(values: u64) -> u32 {
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    let number = fours.wrapping_mul(10_000).wrapping_add(fours >> 32);
    (number & 0xFFFF_FFFF) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    /// Generates fields that are mostly valid, and sometimes not.
    fn field(good: &'static str) -> impl Strategy<Value = String> {
        prop_oneof![9 => good, 1 => "[a-zñ|;0-9\\-\u{7F}\u{85}\u{1F}]{0,12}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn takes_nothing_that_a_bet_is_not(
            first in field("[A-ZÑ][a-zñ ]{0,18}"),
            last in field("[A-ZÑ][a-zñ ]{0,18}"),
            document in field("[0-9]{6,9}"),
            date in field("[12][09][0-9]{2}-[01][0-9]-[0-3][0-9]"),
            number in field("[0-9]{1,9}"),
        ) {
            let line = format!("{first};{last};{document};{date};{number}");
            let padded = format!("{line}{}", "\n".repeat(WINDOW));
            let mut fields = line.split(';');
            let slow = (line.matches(';').count() == 4)
                .then(|| core::array::from_fn(|_| fields.next().unwrap_or_default()))
                .and_then(|[first, last, document, date, number]| Bet::new([first, last, document, date, number]).ok());
            let window = padded.as_bytes().first_chunk().expect("it is padded");
            let short = read::<b';'>(window, window, line.len());
            let fast = short.and_then(|short| short.bet(&padded));
            prop_assert_eq!(fast, short.map(|short| short.span(0).in_text(&padded)));
            prop_assert!(fast.is_none() || fast == slow);
            // The fast path reads every short bet.
            let short = line.len() < WINDOW && number.len() <= 8 && !line.as_bytes().contains(&0xC2);
            prop_assert!(!short || fast == slow);
        }
    }
}
