//! Checks of eight bytes at a time, in one word (SWAR), for what runs for every bet.

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

/// `0` in each byte: an XOR with it turns digits into their values.
pub(crate) const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Returns 0 if each of the eight bytes is the value of a digit, 0 to 9.
#[inline]
pub(crate) const fn digit_faults(values: u64) -> u64 {
    (values | values.wrapping_add(0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0
}

/// True if all bytes are decimal digits.
#[inline]
pub(crate) fn are_digits(text: &[u8]) -> bool {
    match text.try_into() {
        Ok(eight) => digit_faults(u64::from_le_bytes(eight) ^ ZEROS) == 0,
        Err(_) => text.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
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

    #[test]
    fn knows_digits_in_texts_of_any_length() {
        for len in (0..20).step_by(if cfg!(miri) { 9 } else { 1 }) {
            let mut text = alloc::vec![b'7'; len];
            assert!(are_digits(&text));
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    text[at] = byte;
                    assert_eq!(are_digits(&text), byte.is_ascii_digit(), "{byte} at {at} of {len}");
                }
                text[at] = b'0';
            }
        }
    }
}
