//! One definition of each setting, from which its flag, its environment variable, its key in the file, its
//! default, its help and its type all come.

use std::fmt;

use super::parse::Parse;

/// What a reader of the help or of a configuration knows of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// The flag without its dashes, which is the setting's name too.
    pub(super) flag: &'static str,
    /// The environment variable.
    pub(super) var: &'static str,
    /// The key in the file, sections joined with dots. Empty: it cannot be set there.
    pub(super) key: &'static str,
    /// What stands for the value in the help.
    pub(super) metavar: &'static str,
    /// The text that counts if nothing else is set.
    pub(super) default: Option<&'static str>,
    /// What it is for, in a few words.
    pub(super) help: &'static str,
}

/// A setting: its row, and how its text is read.
#[derive(Debug)]
pub(super) struct Setting<T: 'static> {
    pub(super) row: Row,
    pub(super) parse: Parse<T>,
}

/// The metavar of a setting that is on or off. Its flag needs no value: alone, it says yes.
pub(super) const SWITCH: &str = "true|false";

/// A flag without a value, and what it is for. It is no setting: it holds for what is done now, and stands in no file.
pub(super) type Flag = (&'static str, &'static str);

/// A command: what a program does instead of its usual work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action {
    /// The word on the command line.
    pub(super) name: &'static str,
    /// What it does, in a line.
    pub(super) help: &'static str,
    /// The file that stands behind it.
    pub(super) file: Option<Operand>,
    /// Flags that it alone has.
    pub(super) flags: &'static [Flag],
}

/// The file that a command is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    /// What it is.
    pub(super) help: &'static str,
    /// What counts if none is named; without this, one must be.
    pub(super) default: Option<&'static str>,
}

impl Action {
    /// A command that takes nothing but settings.
    pub(super) const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, file: None, flags: &[] }
    }

    /// The same about a file.
    pub(super) const fn about(self, file: Operand) -> Self {
        Self { file: Some(file), ..self }
    }

    /// The same with these flags.
    pub(super) const fn with(self, flags: &'static [Flag]) -> Self {
        Self { flags, ..self }
    }
}

/// Where a value comes from, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Default,
    /// With the name of the file.
    File(String),
    Environment,
    Flag,
}

impl Row {
    /// Whether it is on or off, so that its flag may stand alone.
    pub(super) fn is_switch(&self) -> bool {
        self.metavar == SWITCH
    }

    /// The origin for a reader of `--print-config`.
    pub(super) fn origin(&self, origin: &Origin) -> String {
        match origin {
            Origin::Default => "default".into(),
            Origin::File(name) => name.clone(),
            Origin::Environment => format!("environment {}", self.var),
            Origin::Flag => format!("flag --{}", self.flag),
        }
    }

    /// The origin for an error: where to look for the value.
    pub(super) fn place(&self, origin: &Origin) -> String {
        match origin {
            Origin::Default => format!("default: {}", self.flag),
            Origin::File(name) => format!("{name}: {}", self.key),
            Origin::Environment => format!("environment: {}", self.var),
            Origin::Flag => format!("--{}", self.flag),
        }
    }
}

/// The help of the setting's flag, in lines: what it is for, and how else to set it.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n[env: {}", self.help, self.var)?;
        if !self.key.is_empty() && self.key != self.var {
            write!(f, ", key: {}", self.key)?;
        }
        if let Some(default) = self.default {
            // A list is a line of its own.
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
