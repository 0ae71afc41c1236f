//! Separators of dialects that stand in names.

use super::swar;

/// Characters that separate the fields of a bet in some dialect, the one of an agency's file last. All are ASCII.
const SEPARATORS: [u8; 6] = *b"|;:{},";

/// Set of separators, of those that names of a collection hold. It spares looking for them again.
#[derive(Clone, Copy, Default)]
pub(super) struct Separators(u8);

impl Separators {
    /// Adds the separators in a name.
    #[inline]
    pub(super) fn add(&mut self, name: &str) {
        let one_of = |word| SEPARATORS.iter().fold(0, |found, byte| found | swar::equal(word, *byte));
        if swar::any_word(name.as_bytes(), one_of) {
            self.search(name.as_bytes(), SEPARATORS.len());
        }
    }

    /// Adds the separators in the names of lines. They hold no comma, and the other fields no separator.
    pub(super) fn add_lines(&mut self, lines: &str) {
        let ([bar, semicolon, colon, open, close, _], lines) = (SEPARATORS, lines.as_bytes());
        if memchr::memchr3(bar, semicolon, colon, lines).is_some()
            || memchr::memchr2(open, close, lines).is_some()
        {
            self.search(lines, SEPARATORS.len() - 1);
        }
    }

    /// Adds those of the first `count` separators that the text holds.
    #[cold]
    fn search(&mut self, text: &[u8], count: usize) {
        for (bit, separator) in SEPARATORS.iter().enumerate().take(count) {
            self.0 |= u8::from(text.contains(separator)) << bit;
        }
    }

    /// True if one of these characters is in the set, or is no separator that is known here.
    pub(super) fn hold_any(self, characters: &[u8]) -> bool {
        characters.iter().any(|character| {
            let bit = SEPARATORS.iter().position(|known| known == character);
            bit.is_none_or(|bit| self.0 & (1 << bit) != 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_the_separators_of_names_and_lines_and_no_others() {
        for separator in SEPARATORS.map(char::from) {
            for held in SEPARATORS.map(char::from) {
                let mut names = Separators::default();
                names.add("María del Pilar");
                names.add(&alloc::format!("de la {held}Torre"));
                names.add("Paz");
                assert_eq!(names.hold_any(&[separator as u8]), separator == held, "{held} {separator}");
                let mut lines = Separators::default();
                lines.add_lines(&alloc::format!("Ana,Paz,1,1980-01-01,1\r\nEva,So{held}sa,2,1980-01-01,2\n"));
                assert_eq!(
                    lines.hold_any(&[separator as u8]),
                    separator == held && held != ',',
                    "{held} {separator}"
                );
            }
        }
        assert!(!Separators::default().hold_any(&SEPARATORS));
        assert!(Separators::default().hold_any(b"|~"), "nothing is known of a tilde");
    }
}
