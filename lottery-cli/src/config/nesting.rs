//! Bound on the nesting of a YAML text, checked before it is parsed: the parser's time grows with the
//! square of the depth.

/// Maximum depth. A real configuration has two levels.
const MAX_DEPTH: usize = 16;

/// Checks that no flow collection, and no row of indicators, is nested deeper than 16.
///
/// # Errors
///
/// The number of the line that is.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut state = State { flow: 0, quote: None, before: ' ' };
    for (index, line) in text.lines().enumerate() {
        let indicators = line.split_whitespace().take_while(|word| ["-", "?", ":"].contains(word)).count();
        if indicators > MAX_DEPTH || state.deepest(line) > MAX_DEPTH {
            return Err(format!("line {}: nested deeper than {MAX_DEPTH} levels", index + 1));
        }
    }
    Ok(())
}

/// State of the scan: brackets nest outside of quotes and comments.
struct State {
    flow: usize,
    quote: Option<char>,
    before: char,
}

impl State {
    /// Returns the greatest depth within a line.
    fn deepest(&mut self, line: &str) -> usize {
        let mut deepest = self.flow;
        self.before = ' ';
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            // Within a word these characters stand for themselves.
            let begins = self.before.is_whitespace() || "[{,:".contains(self.before);
            match (self.quote, c) {
                (Some('"'), '\\') => _ = chars.next(),
                (Some(quote), c) if c == quote => self.quote = None,
                (None, '#') if self.before.is_whitespace() => return deepest,
                (None, '"' | '\'') if begins => self.quote = Some(c),
                (None, '[' | '{') if begins || self.flow > 0 => self.flow += 1,
                (None, ']' | '}') => self.flow = self.flow.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(self.flow);
            self.before = c;
        }
        deepest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_nested_too_deep_is_rejected_with_its_line() {
        for (deep, line) in [
            ("[".repeat(17), 1),
            (format!("a: 1\nb: {}", "{a: ".repeat(17)), 2),
            (format!("a:\n{}", "[\n".repeat(17)), 18),
            (format!("a:\n  {}b", "- ".repeat(17)), 2),
            ("? ".repeat(17), 1),
            (format!("a: \"[\" # [\nb: {}", "[".repeat(17)), 2),
        ] {
            assert_eq!(check(&deep), Err(format!("line {line}: nested deeper than 16 levels")), "{deep}");
        }
    }

    #[test]
    fn brackets_that_nest_nothing_do_not_count() {
        for flat in [
            "[".repeat(16) + &"]".repeat(16),
            "a: []\n".repeat(100),
            format!("# {}\na: 1 # {}", "[".repeat(99), "{".repeat(99)),
            format!("a: \"{}\\\"{}\"\nb: '{}'", "[".repeat(99), "[".repeat(99), "{".repeat(99)),
            "a: x[y\n".repeat(99),
            "- a\n- b\n".repeat(99),
        ] {
            assert_eq!(check(&flat), Ok(()), "{flat}");
        }
    }
}
