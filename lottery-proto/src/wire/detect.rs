//! Detection of the dialect by the first bytes of a connection (`docs/protocol.md#detection`).

use super::frame::Limits;
use crate::dialect::Dialect;

/// Answer of a dialect to the first bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detection {
    /// A first message of this dialect begins so, and further bytes change nothing about it.
    Yes,
    /// No message of this dialect begins so, whatever follows.
    No,
    /// More bytes are needed.
    Undecided,
}

impl Detection {
    /// Returns [`Detection::Yes`] if `bytes` begin with `expected`.
    pub fn of_prefix(bytes: &[u8], expected: &[u8]) -> Self {
        let alike = bytes.iter().zip(expected).all(|(byte, expected)| byte == expected);
        Self::so_far(alike, bytes.len() >= expected.len())
    }

    /// Returns [`Detection::Yes`] if `bytes` begin with `count` decimal digits.
    pub fn of_digits(bytes: &[u8], count: usize) -> Self {
        let digits = bytes.iter().take(count).all(u8::is_ascii_digit);
        Self::so_far(digits, bytes.len() >= count)
    }

    /// Returns the answer for bytes that are right so far, and are enough or not.
    fn so_far(right: bool, enough: bool) -> Self {
        match (right, enough) {
            (false, _) => Self::No,
            (true, false) => Self::Undecided,
            (true, true) => Self::Yes,
        }
    }
}

/// Returns the dialect whose first message begins with these bytes; `None` while that is not decided.
///
/// The first of `spoken` that does not say no is asked for, then those of this crate that are not spoken: a peer can
/// then be told so in its own dialect. What they all reject is a line of `echo`, from the first byte that shows it. An
/// undecided dialect is waited for, so that the way in which the bytes are cut makes no difference.
pub(crate) fn detect(spoken: &[Dialect], bytes: &[u8], limits: Limits) -> Option<Dialect> {
    let others = Dialect::ALL.iter().filter(|dialect| !spoken.contains(dialect));
    for dialect in spoken.iter().chain(others) {
        match dialect.server().detect(bytes, limits) {
            Detection::Yes => return Some(*dialect),
            Detection::Undecided if !limits.ended => return None,
            Detection::Undecided | Detection::No => {}
        }
    }
    Some(Dialect::ECHO)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::bet::Spans;
    use crate::dialect::{DialectProfile, Wire};
    use crate::error::DecodeError;
    use crate::wire::{
        AfterReply, Answer, FrameCursor, Kind, PendingReply, Rejection, Request, ServerCodec, TooLarge,
    };

    fn detect_in_all(bytes: &[u8], message: usize, ended: bool) -> Option<Dialect> {
        detect(Dialect::ALL, bytes, Limits { message, ended })
    }

    /// Dialect whose first messages begin with these bytes.
    #[derive(Debug)]
    struct Begins(&'static [u8]);

    impl ServerCodec for Begins {
        fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
            Detection::of_prefix(prefix, self.0)
        }

        fn frame(&self, _: &mut FrameCursor, _: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
            Ok(None)
        }

        fn request(&self, _: &mut [u8], _: &mut Spans) -> Result<Request, Rejection> {
            Ok(Request::new(Kind::Unknown, None))
        }

        fn answer(&self, _: &PendingReply, _: &Answer<'_>, _: &mut Vec<u8>) -> Result<AfterReply, TooLarge> {
            Ok(AfterReply::Close)
        }
    }

    static MONDAY: Wire = wire("monday", &Begins(b"monday"));
    static MOON: Wire = wire("moon", &Begins(b"mo"));

    const fn wire(name: &'static str, server: &'static dyn ServerCodec) -> Wire {
        Wire {
            name,
            profile: DialectProfile::DEFAULT,
            max_agency: 1,
            empty_list: 0,
            listed_document: 0,
            counterpart: None,
            server,
            client: Dialect::ECHO.client(),
        }
    }

    #[test]
    fn a_dialect_of_somebody_else_is_detected_in_its_turn_however_the_bytes_are_cut() {
        let limits = |ended| Limits { message: 8192, ended };
        let (monday, moon) = (Dialect::new(&MONDAY), Dialect::new(&MOON));
        for (bytes, ended, expected) in [
            (&b"m"[..], false, None),
            (b"mo", false, None),
            (b"mon", false, None),
            (b"mon", true, Some(moon)),
            (b"moo", false, Some(moon)),
            (b"monday", false, Some(monday)),
            (b"\x02", false, Some(Dialect::BLOCK)),
            (b"mine", false, Some(Dialect::ECHO)),
        ] {
            let found = detect(&[monday, moon, Dialect::ECHO], bytes, limits(ended));
            assert_eq!(found, expected, "{}", bytes.escape_ascii());
            let swapped = detect(&[moon, monday], bytes, limits(ended));
            let first = if bytes.starts_with(b"mo") { Some(moon) } else { expected };
            assert_eq!(swapped, first, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn waits_while_the_bytes_fit_more_than_one() {
        let (line, framed) = (Some(Dialect::ECHO), Some(Dialect::FRAMED));
        let (fixed, braces) = (Some(Dialect::FIXED), Some(Dialect::BRACES));
        let (block, short) = (Some(Dialect::BLOCK), Some(Dialect::SHORT));
        let (columns, one_line, bare) = (Some(Dialect::COLUMNS), Some(Dialect::LINE), Some(Dialect::BARE));
        for (bytes, open) in [
            (&b""[..], None),
            (b"\x01", None),
            (b"\x01\x01\x24", None),
            (b"\x01\x01\x24\0", block),
            (b"\x01\x01\0\x20", block),
            (b"\x01\x01\x01\x20", short),
            (b"\x01\x01\x24Z", short),
            (b"\x01\x01\x24\xC3", short),
            (b"\x02", block),
            (b"\x09garbage", block),
            (b"\x00", line),
            (b"\x0a", line),
            (b"0000013", None),
            (b"00000131", framed),
            (b"0000013x", None),
            (b"0000013x\n", line),
            (b"000001311;3", framed),
            (b"1", None),
            (b"1234567", None),
            (b"1234567;", None),
            (b"12345678;", line),
            (b"1;Ana;Paz;20000001;1980-01-01;7574", None),
            (b"1;Ana;Paz;20000001;1980-01-01;7574\n", one_line),
            (b"1;Ana;Paz;20000001;1980-01-01;-3\n", one_line),
            (b"1;Ana;Paz;20000001;1980-01-01;\n", line),
            (b"1;Ana;Paz;20000001;1980-01-01;-\n", line),
            (b"1;Ana;Paz;20000001;1980-01-01;7574\r\n", line),
            (b"1;Ana;Paz;20000001;1980-01-01\n", line),
            (b"1;Ana;Paz;20000001;1980-01-01;1;7574\n", line),
            (b"1 Ana", line),
            (b"1234 Ana", line),
            (b"00001Ana", None),
            (b"0000134 Ana", None),
            (b"00001Ana       Paz       200000011980-01-01757", None),
            (b"00001Ana       Paz       200000011980-01-017574", columns),
            ("00001Ñandú     Müller    200000011980-01-017574".as_bytes(), columns),
            ("00001Ñandú     Müller    200000011980-01-01757".as_bytes(), None),
            (b"00001Ana\n", line),
            (b"00001Ana \xFF", line),
            (b"00001Ana       Paz       2000000 1980-01-017574", line),
            (b"00001Ana       Paz       200000011980/01/017574", line),
            (b"00001Ana       Paz       200000011980-01-01 757", line),
            (b"{", None),
            (b"{PlayerName", None),
            (b"{PlayerName:", bare),
            (b"{\"", line),
            (b"{AgencyID:1};", line),
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
            assert_eq!(detect_in_all(bytes, 1024 * 1024, false), open, "{}", bytes.escape_ascii());
            assert_eq!(detect_in_all(bytes, 1024 * 1024, true), open.or(line), "{}", bytes.escape_ascii());
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
                    detect_in_all(&[digit; 8], limit, false),
                    Some(expected),
                    "{limit} {}",
                    char::from(digit)
                );
            }
        }
    }
}
