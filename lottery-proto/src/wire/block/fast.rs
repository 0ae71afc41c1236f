//! A bet's fields in one look: 64 bytes at once, a bit for each `|`, and word-wise digits.
//!
//! It takes the usual bet only (64 bytes at most, in UTF-8 that was checked as a whole). Whatever it does not
//! take goes to the slow, precise parser, which then decides. The two agree: a test compares them.

use wide::u8x16;

use crate::bet::Bet;
use crate::date::is_date;

/// The bet between `start` and `end`, if it is valid and of the usual kind.
#[inline]
pub(super) fn bet(text: &str, start: usize, end: usize) -> Option<Bet<'_>> {
    let bytes = text.as_bytes();
    let window: &[u8; 64] = bytes.get(start..)?.first_chunk()?;
    let len = end - start;
    if len > 63 {
        return None;
    }
    let lanes = lanes(window);
    let mut bars = mask(lanes, |lane| lane.simd_eq(u8x16::splat(b'|'))) & ((1 << len) - 1);
    let mut next_bar = || {
        let at = bars.trailing_zeros() as usize;
        bars &= bars.wrapping_sub(1);
        at
    };
    let (bar1, bar2, bar3, bar4) = (next_bar(), next_bar(), next_bar(), next_bar());
    // Bits of what a name may not hold, or perhaps not: 0xC2 begins the control characters U+0080 to U+009F.
    let suspects = mask(lanes, |lane| {
        let below_space = lane.min(u8x16::splat(0x1F)).simd_eq(lane);
        below_space | lane.simd_eq(u8x16::splat(0x7F)) | lane.simd_eq(u8x16::splat(0xC2))
    });
    let four_bars = bars == 0 && bar4 < 64;
    let names = bar1 > 0 && bar2 > bar1 + 1 && suspects & (1_u64 << (bar2 & 63)).wrapping_sub(1) == 0;
    let date = bar4.wrapping_sub(bar3) == 11;
    if !(four_bars && names && date) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(start + from..start + to);
    let (document, birthdate) = (part(bar2 + 1, bar3)?, part(bar3 + 1, bar4)?);
    let number = number(*bytes.get(start + bar4 + 1..)?.first_chunk()?, len - bar4 - 1)?;
    if !(is_document(document.as_bytes()) && is_date(birthdate.as_bytes())) {
        return None;
    }
    Some(Bet { first_name: part(0, bar1)?, last_name: part(bar1 + 1, bar2)?, document, birthdate, number })
}

#[inline]
fn lanes(window: &[u8; 64]) -> [u8x16; 4] {
    let (chunks, _) = window.as_chunks::<16>();
    let mut lanes = [u8x16::ZERO; 4];
    for (lane, chunk) in lanes.iter_mut().zip(chunks) {
        *lane = u8x16::new(*chunk);
    }
    lanes
}

/// A bit for each of the 64 bytes for which `test` is true, the first byte's lowest.
#[inline]
fn mask(lanes: [u8x16; 4], test: impl Fn(u8x16) -> u8x16) -> u64 {
    let [a, b, c, d] = lanes.map(|lane| u64::from(test(lane).to_bitmask()));
    a | b << 16 | c << 32 | d << 48
}

#[inline]
fn is_document(digits: &[u8]) -> bool {
    match digits.try_into() {
        Ok(eight) => eight_digits(u64::from_le_bytes(eight)),
        Err(_) => (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
    }
}

/// Whether all eight bytes are digits: their high halves are 3, and still are with 6 added to the low halves.
#[inline]
const fn eight_digits(word: u64) -> bool {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    const THREES: u64 = 0x3030_3030_3030_3030;
    word & HIGH == THREES && word.wrapping_add(0x0606_0606_0606_0606) & HIGH == THREES
}

/// A number of one to eight digits: it cannot overflow. `len` of the bytes are the number's.
#[inline]
fn number(window: [u8; 8], len: usize) -> Option<u32> {
    if !(1..=8).contains(&len) {
        return None;
    }
    // The digits' values, the last one in the highest byte, zeros before the first.
    let values = (u64::from_le_bytes(window) ^ 0x3030_3030_3030_3030) << (64 - 8 * len);
    if (values | values.wrapping_add(0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 != 0 {
        return None;
    }
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    u32::try_from(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF).ok()
}
