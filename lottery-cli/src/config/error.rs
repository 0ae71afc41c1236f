//! What can be wrong with a configuration.

use std::ffi::OsStr;
use std::io;

use thiserror::Error;

use crate::log::escape::escaped;

/// Why a program cannot start as it was told to. Its text is one line, which names the place, the key and the value,
/// and says what was expected.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The command line is not understood.
    #[error("{0}")]
    Usage(String),
    /// A file is not there, cannot be read, or is no file of ours by its size.
    #[error("{file}: cannot read: {source}")]
    Read {
        /// The file as it was named.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not made as it must be: its encoding, its syntax, or a list where one value belongs.
    #[error("{file}: {problem}")]
    Syntax {
        /// The file as it was named.
        file: String,
        /// The line, and what is wrong there.
        problem: String,
    },
    /// A file sets what is not a setting, and must not.
    #[error("{0}")]
    UnknownKey(String),
    /// A file sets the same thing twice.
    #[error("{file}: {key}: set more than once")]
    DuplicateKey {
        /// The file as it was named.
        file: String,
        /// The key that is there twice.
        key: &'static str,
    },
    /// A value is not what its setting takes.
    #[error("{place}: {value}: expected {expected}")]
    Value {
        /// Where the value comes from: `--port`, `environment: SERVER_PORT`, `config.yaml: loop.amount`.
        place: String,
        /// The value in quotes, or that it is not shown.
        value: String,
        /// What the setting takes.
        expected: String,
    },
    /// A setting that has no default is not set anywhere.
    #[error("{setting} is not set: expected {ways}")]
    Missing {
        /// The setting's name.
        setting: &'static str,
        /// All the ways to set it.
        ways: String,
    },
}

impl ConfigError {
    /// With which code a program ends that cannot start for such an error: wrong usage.
    pub const EXIT_CODE: u8 = 2;

    #[expect(clippy::unnecessary_debug_formatting, reason = "quotes, and no character that breaks the line")]
    pub(super) fn value(place: String, value: &OsStr, expected: impl Into<String>) -> Self {
        Self::Value { place, value: format!("{value:?}"), expected: expected.into() }
    }

    /// The same without the value, which is personal data.
    pub(super) fn without_value(self) -> Self {
        match self {
            Self::Value { place, expected, .. } => {
                Self::Value { place, value: "(not shown)".into(), expected }
            }
            other => other,
        }
    }
}

/// A name from outside, without characters that would break a line of ours: escaped as in a log line.
pub(super) fn one_line(text: &str) -> String {
    escaped(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_line() {
        assert_eq!(one_line("a b\nc\u{1b}é'"), "a b\\nc\\x1bé'");
        assert_eq!(one_line("a\u{202e}|b"), "a\\u{202e}|b");
    }

    #[test]
    fn only_values_are_left_out() {
        let usage = ConfigError::Usage("unknown".into()).without_value();
        assert_eq!(usage.to_string(), "unknown");
    }
}
