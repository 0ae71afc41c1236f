//! Detection of the dialect by the first bytes of a connection (`docs/protocol.md#detection`).

use super::{braces, fixed, framed};
use crate::dialect::Dialect;

/// Returns the dialect whose first message begins with these bytes; `None` while they fit more than one. `limit` is the
/// maximum length of a message, in bytes; `ended` is true if no more bytes will come.
///
/// A dialect is chosen when no other can begin so. Bytes that fit no other dialect are a line of `echo`, from the first
/// byte that shows it. The way in which the bytes are cut makes no difference.
pub(crate) fn detect(bytes: &[u8], limit: usize, ended: bool) -> Option<Dialect> {
    match bytes.first() {
        // 7 is Hello.
        Some(7) => return Some(Dialect::SESSION),
        Some(1..=9) => return Some(Dialect::BLOCK),
        _ => {}
    }
    let dialects = [
        (Dialect::FRAMED, framed::begins(bytes, limit)),
        (Dialect::FIXED, fixed::begins(bytes)),
        (Dialect::BRACES, braces::begins(bytes)),
    ];
    if let Some((dialect, _)) = dialects.iter().find(|(_, begins)| *begins == Some(true)) {
        return Some(*dialect);
    }
    let line = ended || dialects.iter().all(|(_, begins)| *begins == Some(false));
    line.then_some(Dialect::ECHO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_while_the_bytes_fit_more_than_one() {
        let (line, framed) = (Some(Dialect::ECHO), Some(Dialect::FRAMED));
        let (fixed, braces) = (Some(Dialect::FIXED), Some(Dialect::BRACES));
        for (bytes, open) in [
            (&b""[..], None),
            (b"\x01", Some(Dialect::BLOCK)),
            (b"\x09garbage", Some(Dialect::BLOCK)),
            (b"\x00", line),
            (b"\x0a", line),
            (b"0000013", None),
            (b"00000131", framed),
            (b"0000013x", line),
            (b"000001311;3", framed),
            (b"1", line),
            (b"12345678", line),
            (b"20261128", line),
            (b"A", None),
            (b"A00001", None),
            (b"A000010000", None),
            (b"A0000100001", fixed),
            (b"A12345\n", line),
            (b"A1234567\n", line),
            (b"F0000", None),
            (b"F00001", fixed),
            (b"C00001", fixed),
            (b"C0000\n", line),
            (b"B", None),
            (b"B{", None),
            (b"B{PlayerName", None),
            (b"B{PlayerName:", braces),
            (b"B{\"", line),
            (b"B{}", line),
            (b"B{PlayerNames", line),
            (b"N{AgencyID:1};", braces),
            (b"Q{AgencyID", None),
            (b"Q{AgencyID:", braces),
            (b"Q{PlayerName:", line),
            (b"Buenas", line),
            ("ñ".as_bytes(), line),
            (b"[CLIENT 1] Message", line),
        ] {
            assert_eq!(detect(bytes, 1024 * 1024, false), open, "{}", bytes.escape_ascii());
            assert_eq!(detect(bytes, 1024 * 1024, true), open.or(line), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_length_begins_with_no_digit_that_the_limit_does_not_reach() {
        for (limit, most) in
            [(8192, b'0'), (10_000_007, b'0'), (10_000_008, b'1'), (40_000_000, b'3'), (usize::MAX, b'9')]
        {
            for digit in b'0'..=b'9' {
                let expected = if digit <= most { Dialect::FRAMED } else { Dialect::ECHO };
                assert_eq!(
                    detect(&[digit; 8], limit, false),
                    Some(expected),
                    "{limit} {}",
                    char::from(digit)
                );
            }
        }
    }
}
