//! Decimal digits, as every dialect writes them.

use alloc::vec::Vec;

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

/// Appends the number in decimal digits.
pub(crate) fn put_number(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn knows_digits_in_texts_of_any_length() {
        for len in 0..20 {
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
