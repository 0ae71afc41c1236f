//! Errors of a configuration.

use std::ffi::OsStr;

use thiserror::Error;

/// Makes one line of a name from outside: what would break it is escaped as in a log line.
pub(super) use crate::log::escape::escaped as one_line;

/// Reason that a program cannot start with its configuration. Its text is one line, which names the place,
/// the key, the value, and the expectation.
#[derive(Debug, Error)]
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
}
