//! Search in texts, eight bytes at a time, for checks that run for every bet.

/// 1 in each byte.
const ONES: u64 = u64::from_le_bytes([1; 8]);

/// True if `suspects` sets the highest bit of some byte of a word, for any word of eight bytes of the text. A text of
/// less than eight bytes is padded with spaces.
#[inline]
pub(crate) fn any_word(text: &[u8], suspects: impl Fn(u64) -> u64) -> bool {
    let suspects = |word: &[u8; 8]| suspects(u64::from_le_bytes(*word));
    // The last word may overlap with the one before.
    let mut short = [b' '; 8];
    let last = text.last_chunk().unwrap_or_else(|| {
        short.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        &short
    });
    let (words, _) = text.as_chunks();
    words.iter().map(suspects).fold(suspects(last), |found, more| found | more) & (ONES * 0x80) != 0
}

/// Returns a word with the highest bit of some byte set if, and only if, one of the eight bytes is below `limit`, which
/// is 128 at most.
#[inline]
pub(crate) const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word
}

/// Returns a word with the highest bit of some byte set if, and only if, one of the eight bytes equals `byte`.
#[inline]
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * byte as u64), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_loop_finds(text in prop::collection::vec(0x20..=0xFF_u8, 0..30), rare in 0_u8..0x40) {
            let mut text = text;
            if let Some(first) = text.first_mut() && rare < 0x20 {
                *first = rare;
            }
            text.reverse();
            prop_assert_eq!(any_word(&text, |word| below(word, 0x20)), text.iter().any(|byte| *byte < 0x20));
            prop_assert_eq!(any_word(&text, |word| equal(word, 0xC2)), text.contains(&0xC2));
            prop_assert_eq!(any_word(&text, |word| equal(word, b'|')), text.contains(&b'|'));
        }
    }
}
