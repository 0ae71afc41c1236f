//! Merging of the layers: a flag beats the environment, which beats the file, which beats the default.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::error::{ConfigError, one_line};
use super::file::{self, Contents};
use super::flags::{self, Given};
use super::parse;
use super::table::{Origin, Program, Row};
use super::types::Parsed;
use super::unknown::UnknownKeys;
use crate::columns::{Align, aligned};

/// Function that reads an environment variable; `None` if it is not set.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Text and origin of every setting. Only the strongest text of each is kept and validated: a flag
/// overrides a mistake in the environment or the file.
#[derive(Debug)]
pub(super) struct Values {
    values: Vec<Value>,
    /// Flags and the command.
    pub(super) given: Given,
    /// Path of the configuration file, which may be missing.
    pub(super) file: PathBuf,
    /// Unknown keys of the file.
    pub(super) unknown: UnknownKeys,
}

#[derive(Debug)]
struct Value {
    row: &'static Row,
    text: Option<OsString>,
    origin: Origin,
    /// Setting to which `origin` belongs: another one, if that one determines this one too.
    set_by: &'static Row,
}

/// Reads the command line, the environment and the file. Relative file names begin at `dir`.
pub(super) fn merge(
    program: &'static Program,
    dir: &Path,
    args: impl IntoIterator<Item = OsString>,
    env: Env<'_>,
) -> Result<Parsed<Values>, ConfigError> {
    let args: Vec<_> = args.into_iter().collect();
    let given = match flags::read(program, &args)? {
        Parsed::Print(text) => return Ok(Parsed::Print(text)),
        Parsed::Run(given) => given,
    };
    // An empty variable counts as not set.
    let of_environment = |row: &Row| env(row.var).filter(|text| !text.is_empty());
    let strongest = |row: &'static Row, weaker: &dyn Fn() -> Option<(OsString, Origin)>| {
        let flag = given.value(row.flag).map(|text| (text.clone(), Origin::Flag));
        let found = flag.or_else(|| Some((of_environment(row)?, Origin::Environment))).or_else(weaker);
        let (text, origin) = found.map_or((None, Origin::Default), |(text, origin)| (Some(text), origin));
        Value { row, text, origin, set_by: row }
    };
    let (config, settings) = program.rows.split_first().expect("the first setting names the file");
    let mut config = strongest(config, &|| None);
    let name = config.text.clone().unwrap_or_else(|| program.file.default.into());
    let shown = one_line(&name.to_string_lossy());
    let keys: Vec<_> = settings.iter().map(|row| row.key).filter(|key| !key.is_empty()).collect();
    let contents = file::read(&dir.join(&name), &shown, config.text.is_some(), program.file, &keys)?;
    config.text = config.text.or_else(|| contents.is_some().then(|| name.clone()));
    let Contents { entries, unknown } = contents.unwrap_or_default();
    let settings = settings.iter().map(|row| {
        strongest(row, &|| {
            let entry = entries.iter().find(|(key, _)| *key == row.key);
            let of_file = entry.map(|(_, text)| (text.into(), Origin::File(shown.clone())));
            of_file.or_else(|| Some((row.default?.into(), Origin::Default)))
        })
    });
    let values = std::iter::once(config).chain(settings).collect();
    let values = Values { values, given, file: name.into(), unknown };
    let is_strict: bool = values.get("strict-config", parse::switch)?;
    let unknown = values.unknown.error().filter(|_| is_strict);
    unknown.map_or_else(|| Ok(Parsed::Run(values)), Err)
}

/// Field of a setting: its value, or an `Option` of it if it may be unset.
pub(super) trait Field<T>: Sized {
    fn of(value: Option<T>) -> Option<Self>;
}

impl<T> Field<T> for T {
    fn of(value: Option<T>) -> Option<T> {
        value
    }
}

impl<T> Field<T> for Option<T> {
    fn of(value: Option<T>) -> Option<Option<T>> {
        Some(value)
    }
}

impl Values {
    /// Returns the value of a setting, by its flag.
    pub(super) fn get<T, F: Field<T>>(
        &self,
        flag: &str,
        parse: impl Fn(&OsStr) -> Result<T, String>,
    ) -> Result<F, ConfigError> {
        let Value { row, text, .. } = self.value(flag);
        let parsed = text.as_deref().map(parse).transpose();
        let parsed = parsed.map_err(|expected| self.reject(flag, expected))?;
        F::of(parsed).ok_or_else(|| {
            let Row { flag, var, key, metavar, .. } = row;
            let ways = format!("--{flag} {metavar}, the environment variable {var} or the key {key}");
            ConfigError::Missing { setting: flag, ways }
        })
    }

    /// Returns the origin of a setting's value.
    pub(super) fn origin(&self, flag: &str) -> &Origin {
        &self.value(flag).origin
    }

    /// Returns the error that a setting's value is not the expected one.
    pub(super) fn reject(&self, flag: &str, expected: impl Into<String>) -> ConfigError {
        let Value { row, text, origin, .. } = self.value(flag);
        ConfigError::value(row.place(origin), text.as_deref().unwrap_or_default(), expected)
    }

    /// Replaces the value of a setting by one that another setting determines.
    pub(super) fn follow(&mut self, flag: &str, leader: &str, text: String) {
        let Value { row, origin, .. } = self.value(leader);
        let (set_by, origin) = (*row, origin.clone());
        if let Some(value) = self.values.iter_mut().find(|value| value.row.flag == flag) {
            *value = Value { row: value.row, text: Some(text.into()), origin, set_by };
        }
    }

    /// Returns all settings as a table: name, value, origin.
    pub(super) fn table(&self) -> String {
        let settings = self.values.iter().map(|Value { row, text, origin, set_by }| {
            let text = text.as_ref().map_or("-".into(), |text| one_line(&text.to_string_lossy()));
            [row.flag.into(), text, set_by.origin(origin)]
        });
        aligned(["setting", "value", "origin"], Align::Left, settings)
    }

    fn value(&self, flag: &str) -> &Value {
        let value = self.values.iter().find(|value| value.row.flag == flag);
        value.expect("every setting of a program is in its table")
    }
}
