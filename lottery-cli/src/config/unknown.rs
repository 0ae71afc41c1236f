//! Unknown keys of a file. Other programs of the course have theirs in the same files, so they are warnings
//! unless `strict-config` is set.

use strsim::levenshtein;
use tracing::warn;

use super::error::{ConfigError, one_line};

/// Maximum number of keys that are named; the others are only counted.
const MAX_NAMED: usize = 16;

/// Keys of a file that mean nothing to the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownKeys {
    file: String,
    /// Problems with the keys that are named.
    named: Vec<String>,
    more: usize,
}

impl UnknownKeys {
    /// Adds a key of the file, of which `known` are the known keys.
    pub(super) fn push(&mut self, file: &str, key: &str, known: &[&'static str]) {
        file.clone_into(&mut self.file);
        if self.named.len() == MAX_NAMED {
            self.more += 1;
            return;
        }
        let nearest = suggest(key, known).map(|key| format!(", did you mean {key}?")).unwrap_or_default();
        self.named.push(format!("{}: unknown key{nearest}", one_line(key)));
    }

    /// Returns the error for the first key, if there is one.
    pub(super) fn error(&self) -> Option<ConfigError> {
        let (file, problem) = (self.file.clone(), self.named.first()?.clone());
        Some(ConfigError::File { file, problem })
    }

    /// Returns a line for each key with its problem.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| format!("{} more unknown keys", self.more));
        self.named.iter().cloned().chain(more).map(|problem| format!("{}: {problem}", self.file))
    }

    /// Logs a warning for each key.
    pub(super) fn log(&self) {
        for reason in self.lines() {
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
