//! Search for the known key that is most like a mistyped one.

/// Returns the candidate that differs from `text` by the fewest letters added, dropped or changed, if they
/// are at most a third of the candidate's length. Case does not count, since it is a likely mistake itself.
pub(super) fn nearest(text: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let longest = candidates.iter().map(|candidate| candidate.len()).max()?;
    // A text that is far too long is near to no candidate, and comparing it would take long.
    if text.len() > 2 * longest {
        return None;
    }
    let distances = candidates.iter().map(|candidate| (distance(text, candidate), *candidate));
    let (distance, candidate) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= candidate.len() / 3).then_some(candidate)
}

/// Returns the Levenshtein distance between two texts, regardless of ASCII case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(&b) {
            let above = *slot;
            left = (diagonal + usize::from(!x.eq_ignore_ascii_case(y))).min(above + 1).min(left + 1);
            diagonal = above;
            *slot = left;
        }
        row[0] = i + 1;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("ABC", "abc", 0),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_close() {
        let keys = &["batch.maxAmount", "loop.amount", "id"];
        for (text, expected) in [
            ("batch.maxamount", Some("batch.maxAmount")),
            ("loop.amout", Some("loop.amount")),
            ("amount", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, keys), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_near_to_nothing_or_to_what_is_far_too_long() {
        assert_eq!(nearest("port", &[]), None);
        assert_eq!(nearest(&"port".repeat(3), &["port"]), None);
        assert_eq!(nearest("prt", &["port"]), Some("port"));
    }
}
