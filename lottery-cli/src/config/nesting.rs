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
    // Brackets nest outside of quotes and comments.
    let (mut flow, mut quote) = (0_usize, None);
    for (index, line) in text.lines().enumerate() {
        let mut deepest = line.split_whitespace().take_while(|word| ["-", "?", ":"].contains(word)).count();
        let mut before = ' ';
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            // Within a word these characters stand for themselves.
            let begins = before.is_whitespace() || "[{,:".contains(before);
            match (quote, c) {
                (Some('"'), '\\') => _ = chars.next(),
                (Some(opened), c) if c == opened => quote = None,
                (None, '#') if before.is_whitespace() => break,
                (None, '"' | '\'') if begins => quote = Some(c),
                (None, '[' | '{') if begins || flow > 0 => flow += 1,
                (None, ']' | '}') => flow = flow.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(flow);
            before = c;
        }
        if deepest > MAX_DEPTH {
            return Err(format!("line {}: nested deeper than {MAX_DEPTH} levels", index + 1));
        }
    }
    Ok(())
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
