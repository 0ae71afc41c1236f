//! Suggests the known key that a mistyped one was meant to be.

use strsim::levenshtein;

/// Returns the candidate that differs from `text` by the fewest letters added, dropped or changed, if that is at most
/// a third of its length. Upper and lower case count as the same, since that is a likely mistake itself.
pub(super) fn suggest(text: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    let distances = candidates.iter().map(|key| (levenshtein(&text, &key.to_ascii_lowercase()), *key));
    let (distance, key) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= key.len() / 3).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_key_is_suggested_in_any_case() {
        let keys = &["batch.maxAmount", "loop.amount", "id"];
        for (text, expected) in [
            ("batch.maxamount", Some("batch.maxAmount")),
            ("loop.amout", Some("loop.amount")),
            ("amount", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(suggest(text, keys), expected, "{text}");
        }
    }

    #[test]
    fn without_keys_or_for_a_long_text_nothing_is_suggested() {
        assert_eq!(suggest("port", &[]), None);
        assert_eq!(suggest(&"port".repeat(3), &["port"]), None);
        assert_eq!(suggest("prt", &["port"]), Some("port"));
    }
}
