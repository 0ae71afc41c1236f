//! Telling the wires apart by their first bytes (spec: *Telling them apart*).

use super::Dialect;

/// Which wire begins with these bytes; `None`: they fit more than one. `ended`: no more of them will come.
pub(crate) fn detect(bytes: &[u8], ended: bool) -> Option<Dialect> {
    let unclear = ended.then_some(Dialect::Echo);
    // The bytes from the second on that go with the first, and how many of them there must be.
    let all_digits = |rest: &[u8], wanted: usize, dialect| match rest.get(..wanted) {
        Some(digits) if digits.iter().all(u8::is_ascii_digit) => Some(dialect),
        None if rest.iter().all(u8::is_ascii_digit) => unclear,
        _ => Some(Dialect::Echo),
    };
    match bytes.split_first() {
        None => unclear,
        // Hello
        Some((7, _)) => Some(Dialect::Session),
        Some((1..=9, _)) => Some(Dialect::Block),
        Some((b'0'..=b'9', rest)) => all_digits(rest, 7, Dialect::Framed),
        Some((b'A' | b'F' | b'C', rest)) => all_digits(rest, 5, Dialect::Fixed),
        Some((b'B' | b'N' | b'Q', rest)) => match rest.first() {
            Some(b'{') => Some(Dialect::Braces),
            None => unclear,
            Some(_) => Some(Dialect::Echo),
        },
        Some(_) => Some(Dialect::Echo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_while_the_bytes_fit_more_than_one() {
        for (bytes, open, ended) in [
            (&b""[..], None, Some(Dialect::Echo)),
            (b"\x01", Some(Dialect::Block), Some(Dialect::Block)),
            (b"\x09garbage", Some(Dialect::Block), Some(Dialect::Block)),
            (b"\x00", Some(Dialect::Echo), Some(Dialect::Echo)),
            (b"\x0a", Some(Dialect::Echo), Some(Dialect::Echo)),
            (b"0000013", None, Some(Dialect::Echo)),
            (b"00000131", Some(Dialect::Framed), Some(Dialect::Framed)),
            (b"0000013x", Some(Dialect::Echo), Some(Dialect::Echo)),
            (b"000001311;3", Some(Dialect::Framed), Some(Dialect::Framed)),
            (b"A", None, Some(Dialect::Echo)),
            (b"A0000", None, Some(Dialect::Echo)),
            (b"A00001", Some(Dialect::Fixed), Some(Dialect::Fixed)),
            (b"F00001", Some(Dialect::Fixed), Some(Dialect::Fixed)),
            (b"C00001", Some(Dialect::Fixed), Some(Dialect::Fixed)),
            (b"C0000\n", Some(Dialect::Echo), Some(Dialect::Echo)),
            (b"B", None, Some(Dialect::Echo)),
            (b"B{", Some(Dialect::Braces), Some(Dialect::Braces)),
            (b"N{AgencyID:1};", Some(Dialect::Braces), Some(Dialect::Braces)),
            (b"Q{", Some(Dialect::Braces), Some(Dialect::Braces)),
            (b"Buenas", Some(Dialect::Echo), Some(Dialect::Echo)),
            ("ñ".as_bytes(), Some(Dialect::Echo), Some(Dialect::Echo)),
            (b"[CLIENT 1] Message", Some(Dialect::Echo), Some(Dialect::Echo)),
        ] {
            assert_eq!((detect(bytes, false), detect(bytes, true)), (open, ended), "{bytes:?}");
        }
    }
}
