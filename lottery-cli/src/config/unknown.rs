//! Unknown keys of a file. Other programs of the course have theirs in the same files, so they are warnings
//! unless `strict-config` is set.

use strsim::levenshtein;
use tracing::warn;

use super::error::one_line;

/// Maximum number of keys that are named; the others are only counted.
const MAX_NAMED: usize = 16;

/// Keys of a file that mean nothing to the program: a line for each with its problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownKeys(pub(super) Vec<String>);

impl UnknownKeys {
    /// Names the first of a file's unknown keys, and counts the others. `known` are the known keys.
    pub(super) fn new(file: &str, keys: &[String], known: &[&'static str]) -> Self {
        let problem = |key: &String| {
            let nearest = suggest(key, known).map(|key| format!(", did you mean {key}?")).unwrap_or_default();
            format!("{file}: {}: unknown key{nearest}", one_line(key))
        };
        let more = keys.len().saturating_sub(MAX_NAMED);
        let more = (more > 0).then(|| format!("{file}: {more} more unknown keys"));
        Self(keys.iter().take(MAX_NAMED).map(problem).chain(more).collect())
    }

    /// Logs a warning for each key.
    pub(super) fn log(&self) {
        for reason in &self.0 {
            warn!(action = "config_file", result = "fail", reason);
        }
    }
}

/// Returns the candidate that differs from `text` by the fewest letters added, dropped or changed, if that is at most
/// a third of its length. Upper and lower case count as the same, since that is a likely mistake itself.
fn suggest(text: &str, candidates: &[&'static str]) -> Option<&'static str> {
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
