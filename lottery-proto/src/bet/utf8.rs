//! Check of many bytes at once for UTF-8.

/// Returns the bytes as text, if all of them are UTF-8.
#[inline]
pub(crate) fn text_of(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "std")]
    return simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(not(feature = "std"))]
    return core::str::from_utf8(bytes).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Compares with the standard library, whichever feature is on: texts of up to 300 bytes, with a byte changed.
        #[test]
        fn bytes_are_text_if_the_standard_library_says_so(
            text in "[a-zñ€🎲\\u{0}]{0,100}",
            (at, byte) in (0..300_usize, any::<u8>()),
        ) {
            let mut bytes = text.into_bytes();
            prop_assert_eq!(text_of(&bytes), core::str::from_utf8(&bytes).ok());
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            prop_assert_eq!(text_of(&bytes), core::str::from_utf8(&bytes).ok());
        }
    }
}
