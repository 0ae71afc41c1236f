//! Errors of a configuration, and unknown keys of its file. Other programs of the course have theirs in the
//! same files, so they are warnings unless `strict-config` is set.

use std::ffi::OsStr;

use strsim::levenshtein;
use thiserror::Error;
use tracing::warn;

/// Makes one line of a name from outside: what would break it is escaped as in a log line.
pub(super) use crate::log::escape::escaped as one_line;

/// Reason that a program cannot start with its configuration. Its text is one line, which names the place,
/// the key, the value, and the expectation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The command line is not understood.
    #[error("{0}")]
    Usage(String),
    /// A file is missing, cannot be read, or is too large for a configuration; its form is wrong, or it sets
    /// a key twice or, where that is an error, an unknown one. The text begins with the file's name.
    #[error("{0}")]
    File(String),
    /// A value is not one that its setting takes.
    #[error("{place}: {value}: expected {expected}")]
    Value {
        /// Origin of the value: `--port`, `environment: SERVER_PORT`, `config.yaml: loop.amount`.
        place: String,
        /// The value in quotes, or a note that it is not shown.
        value: String,
        /// Description of the values that the setting takes.
        expected: String,
    },
    /// A setting without a default is not set anywhere. The parts are its name, and all the ways to set it.
    #[error("{0} is not set: expected {1}")]
    Missing(&'static str, String),
}

impl ConfigError {
    /// Exit code of a program that cannot start for such an error: wrong usage.
    pub const EXIT_CODE: u8 = 2;

    #[expect(clippy::unnecessary_debug_formatting, reason = "quotes, and no character that breaks the line")]
    pub(super) fn value(place: String, value: &OsStr, expected: impl Into<String>) -> Self {
        Self::Value { place, value: format!("{value:?}"), expected: expected.into() }
    }

    /// Returns the same error without the value, which is personal data.
    pub(super) fn without_value(mut self) -> Self {
        if let Self::Value { value, .. } = &mut self {
            *value = "(not shown)".into();
        }
        self
    }
}

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
    fn names_with_line_ends_stay_in_one_line() {
        assert_eq!(one_line("a b\nc\u{1b}é'"), "a b\\nc\\x1bé'");
        assert_eq!(one_line("a\u{202e}|b"), "a\\u{202e}|b");
    }

    #[test]
    fn only_values_are_hidden() {
        let usage = ConfigError::Usage("unknown".into()).without_value();
        assert_eq!(usage.to_string(), "unknown");
    }

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
