//! Escaping of any text for a value in a log line, and for other output.
//!
//! Characters that could end the line, begin another field, move the terminal's cursor, change the order of
//! letters or hide are written with a backslash, and so is the backslash itself. So the original text can
//! be restored from the line, byte by byte.
//!
//! | in the text | in the line |
//! | --- | --- |
//! | `\` | `\\` |
//! | line feed, carriage return, tab | `\n`, `\r`, `\t` |
//! | <code>&#124;</code> and every other control character (U+0000 to U+001F, U+007F to U+009F) | `\x` and two hexadecimal digits: `\x7c`, `\x1b` |
//! | line and paragraph separator (U+2028, U+2029) | `\u{2028}`, `\u{2029}` |
//! | characters that change the direction of writing, or have no width (U+00AD, U+061C, U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F, U+FEFF) | `\u{202e}` and so on: four hexadecimal digits |
//!
//! A value has at most [`MAX_BYTES`] bytes; a longer one is cut after a whole character or escape, with `…`
//! as its last character.

use std::fmt::{self, Write};

/// Maximum number of bytes of a value in a line, not counting the `…` that marks a cut.
pub const MAX_BYTES: usize = 1024;

/// Returns a text for standard error, or other output without fields: escaped as a value is, but with a
/// plain `|`, and of any length.
pub fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' => line.push(c),
            c => line.push_str(piece(c, &mut [0; 8])),
        }
    }
    line
}

/// Writer of values into a line, escaped and cut.
pub(super) struct Escaped<'a, W> {
    line: &'a mut W,
    /// Number of bytes that the value may still have; `None` once it has been cut.
    left: Option<usize>,
}

impl<'a, W: Write> Escaped<'a, W> {
    pub(super) fn new(line: &'a mut W) -> Self {
        Self { line, left: Some(MAX_BYTES) }
    }
}

impl<W: Write> Write for Escaped<'_, W> {
    /// Fails once the value has been cut, so that the rest of it need not be made at all.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            let mut buffer = [0; 8];
            let piece = piece(c, &mut buffer);
            let Some(left) = self.left else { return Err(fmt::Error) };
            self.left = left.checked_sub(piece.len());
            if self.left.is_none() {
                self.line.write_char('…')?;
                return Err(fmt::Error);
            }
            self.line.write_str(piece)?;
        }
        Ok(())
    }
}

/// Returns the escaped form of a character.
fn piece(c: char, buffer: &mut [u8; 8]) -> &str {
    match c {
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        c if c == '|' || c.is_control() => {
            // All of them are below 256.
            let code = u32::from(c);
            buffer[..4].copy_from_slice(&[b'\\', b'x', digit(code / 16), digit(code)]);
            str::from_utf8(&buffer[..4]).unwrap_or_default()
        }
        c if is_hidden(c) => {
            // None of them is above 65535.
            let code = u32::from(c);
            let digits = [12, 8, 4, 0].map(|shift| digit(code >> shift));
            buffer[..3].copy_from_slice(b"\\u{");
            buffer[3..7].copy_from_slice(&digits);
            buffer[7] = b'}';
            str::from_utf8(buffer).unwrap_or_default()
        }
        c => c.encode_utf8(buffer),
    }
}

/// Returns the last hexadecimal digit of a number.
fn digit(value: u32) -> u8 {
    char::from_digit(value % 16, 16).map_or(b'0', |digit| digit as u8)
}

/// True if a character separates lines, changes the order of those around it, or cannot be seen.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the text of an escaped value.
    fn original(line: &str) -> String {
        let (mut text, mut rest) = (String::new(), line);
        while let Some(c) = rest.chars().next() {
            let (c, length) = match (c, rest.as_bytes().get(1)) {
                ('\\', Some(b'n')) => ('\n', 2),
                ('\\', Some(b'r')) => ('\r', 2),
                ('\\', Some(b't')) => ('\t', 2),
                ('\\', Some(b'x')) => (char::from(u8::from_str_radix(&rest[2..4], 16).unwrap()), 4),
                ('\\', Some(b'u')) => {
                    (char::from_u32(u32::from_str_radix(&rest[3..7], 16).unwrap()).unwrap(), 8)
                }
                ('\\', Some(b'\\')) => ('\\', 2),
                (c, _) => (c, c.len_utf8()),
            };
            text.push(c);
            rest = &rest[length..];
        }
        text
    }

    fn value(text: &str) -> String {
        let mut line = String::new();
        let _ = Escaped::new(&mut line).write_str(text);
        line
    }

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(
            value("a | b\\c\n\r\t\0\u{1b}[31m\u{7f}\u{85}\u{2028}\u{2029}ñ…"),
            "a \\x7c b\\\\c\\n\\r\\t\\x00\\x1b[31m\\x7f\\x85\\u{2028}\\u{2029}ñ…"
        );
        assert_eq!(
            value("\u{202e}ana\u{2066}\u{200b}\u{ad}\u{feff}"),
            r"\u{202e}ana\u{2066}\u{200b}\u{00ad}\u{feff}"
        );
    }

    #[test]
    fn marks_of_direction_and_hidden_characters_are_escaped() {
        for (deceptive, shown) in [
            ("Ana\u{202e}zaP", "Ana\\u{202e}zaP"),
            ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
            ("a\u{200b}b\u{200d}c\u{feff}", "a\\u{200b}b\\u{200d}c\\u{feff}"),
            ("\u{ad}\u{61c}", "\\u{00ad}\\u{061c}"),
        ] {
            assert_eq!(escaped(deceptive), shown);
        }
        let seen = "ñ é 美 \u{1f600} \u{301} \u{a0} \u{2027} \u{202f}";
        assert_eq!(escaped(seen), seen);
    }

    #[test]
    fn long_values_are_cut_after_a_whole_character_or_escape() {
        assert_eq!(value(&"a".repeat(1024)), "a".repeat(1024));
        assert_eq!(escaped(&"\n|".repeat(1025)), "\\n|".repeat(1025));
        assert_eq!(value(&"a".repeat(1025)), format!("{}…", "a".repeat(1024)));
        assert_eq!(value(&format!("a{}", "ñ".repeat(600))), format!("a{}…", "ñ".repeat(511)));
        assert_eq!(value(&format!("a{}", "|".repeat(600))), format!("a{}…", "\\x7c".repeat(255)));
    }

    #[test]
    fn nothing_follows_the_cut_of_a_long_value() {
        let mut line = String::new();
        let mut value = Escaped::new(&mut line);
        assert!(write!(value, "{}ñ", "a".repeat(1023)).is_err());
        assert!(value.write_str("b").is_err());
        assert_eq!(line, format!("{}…", "a".repeat(1023)));
    }

    #[test]
    fn a_line_that_fails_ends_the_value() {
        /// Writer that takes nothing.
        struct Full;

        impl Write for Full {
            fn write_str(&mut self, _: &str) -> fmt::Result {
                Err(fmt::Error)
            }
        }

        assert!(Escaped::new(&mut Full).write_str("a").is_err());
        assert!(Escaped { line: &mut Full, left: Some(0) }.write_str("a").is_err());
    }

    proptest! {
        #[test]
        fn escaping_is_safe_and_reversible(
            text in prop_oneof![any::<String>(), "[\\x00-\\x7f\\|]{0,100}", "[a\u{2000}-\u{2070}\u{ad}]{0,9}"],
        ) {
            let line = value(&text);
            prop_assert!(!line.contains(|c: char| c == '|' || c.is_control() || is_hidden(c)));
            prop_assert_eq!(original(&line), text);
        }

        #[test]
        fn a_value_is_never_too_long(text in any::<String>(), times in 1..500_usize) {
            prop_assert!(value(&text.repeat(times)).len() <= MAX_BYTES + '…'.len_utf8());
        }
    }
}
