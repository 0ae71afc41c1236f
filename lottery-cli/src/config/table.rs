//! One definition of each setting: the source of its flag, its environment variable, its key in the file,
//! its default, its help and its type.

use std::fmt;

use super::parse::Parse;

/// Description of a setting for the help and for a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Flag without its dashes, which is the setting's name too.
    pub(super) flag: &'static str,
    /// Environment variable.
    pub(super) var: &'static str,
    /// Key in the file, with sections joined by dots. Empty if a file cannot set it.
    pub(super) key: &'static str,
    /// Placeholder of the value in the help.
    pub(super) metavar: &'static str,
    /// Text that counts if nothing else is set.
    pub(super) default: Option<&'static str>,
    /// Purpose in a few words.
    pub(super) help: &'static str,
}

/// A setting: its row, and the parser of its text.
#[derive(Debug)]
pub(super) struct Setting<T: 'static> {
    pub(super) row: Row,
    pub(super) parse: Parse<T>,
}

/// Placeholder of a switch. Its flag needs no value: alone, it means `true`.
pub(super) const SWITCH: &str = "true|false";

/// A flag without a value, and its purpose. It is not a setting: it applies to one run, and no file has it.
pub(super) type Flag = (&'static str, &'static str);

/// A command, which a program runs instead of its usual work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action {
    /// Word on the command line.
    pub(super) name: &'static str,
    /// Purpose in one line.
    pub(super) help: &'static str,
    /// File that stands behind it.
    pub(super) file: Option<Operand>,
    /// Flags of this command only.
    pub(super) flags: &'static [Flag],
}

/// File that a command takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    /// Description in the help.
    pub(super) help: &'static str,
    /// Default if none is named; without it, one must be.
    pub(super) default: Option<&'static str>,
}

impl Action {
    /// Returns a command that takes only settings.
    pub(super) const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, file: None, flags: &[] }
    }

    /// Returns the same command with a file.
    pub(super) const fn about(self, file: Operand) -> Self {
        Self { file: Some(file), ..self }
    }

    /// Returns the same command with these flags.
    pub(super) const fn with(self, flags: &'static [Flag]) -> Self {
        Self { flags, ..self }
    }
}

/// Origin of a value, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Default,
    /// A file, with its name.
    File(String),
    Environment,
    Flag,
}

impl Row {
    /// True if it is a switch, whose flag may stand alone.
    pub(super) fn is_switch(&self) -> bool {
        self.metavar == SWITCH
    }

    /// Returns the origin for a reader of `--print-config`.
    pub(super) fn origin(&self, origin: &Origin) -> String {
        match origin {
            Origin::Default => "default".into(),
            Origin::File(name) => name.clone(),
            Origin::Environment => format!("environment {}", self.var),
            Origin::Flag => format!("flag --{}", self.flag),
        }
    }

    /// Returns the origin for an error: the place at which to look for the value.
    pub(super) fn place(&self, origin: &Origin) -> String {
        match origin {
            Origin::Default => format!("default: {}", self.flag),
            Origin::File(name) => format!("{name}: {}", self.key),
            Origin::Environment => format!("environment: {}", self.var),
            Origin::Flag => format!("--{}", self.flag),
        }
    }
}

/// Displays the help of the setting's flag, in lines: its purpose, and the other ways to set it.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n[env: {}", self.help, self.var)?;
        if !self.key.is_empty() && self.key != self.var {
            write!(f, ", key: {}", self.key)?;
        }
        if let Some(default) = self.default {
            // A list stands on a line of its own.
            let gap = if default.contains(',') { "\n" } else { " " };
            write!(f, ",{gap}default: {default}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::pieces_of;

    const ROW: Row =
        Row { flag: "a", var: "A", key: "b", metavar: "N", default: Some("1"), help: "What for" };

    #[test]
    fn a_help_that_is_not_taken_is_said_so() {
        assert_eq!(ROW.to_string(), "What for\n[env: A, key: b, default: 1]");
        assert!(pieces_of(&ROW) > 3);
    }

    #[test]
    fn a_default_that_is_wrong_is_named_by_its_setting() {
        assert_eq!(ROW.place(&Origin::Default), "default: a");
    }
}
