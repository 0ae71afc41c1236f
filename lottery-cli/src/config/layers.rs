//! Merging of the layers: a flag beats the environment, which beats the file, which beats the default.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::dialects::Registered;
use super::error::{ConfigError, UnknownKeys, one_line};
use super::file::{self, Contents};
use super::flags::Given;
use super::parse;
use super::table::{Origin, Program, Row};
use crate::columns::{Align, aligned};

/// Text and origin of every setting. Only the strongest text of each is kept and validated: a flag
/// overrides a mistake in the environment or the file.
#[derive(Debug)]
pub(super) struct Values {
    rows: &'static [Row],
    /// Dialects of the program.
    pub(super) dialects: Registered,
    /// Values by their settings' flags.
    values: BTreeMap<&'static str, Value>,
    /// Flags and the command.
    pub(super) given: Given,
    /// Path of the configuration file, which may be missing.
    pub(super) file: PathBuf,
    /// Unknown keys of the file.
    pub(super) unknown: UnknownKeys,
}

#[derive(Debug, Clone)]
struct Value {
    text: Option<OsString>,
    origin: Origin,
    /// Setting to which `origin` belongs: another one, if that one determines this one too.
    row: &'static Row,
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
    /// Merges the command line, the environment and the file. Relative file names begin at `dir`.
    pub(super) fn merge(
        program: &Program,
        dialects: Registered,
        dir: &Path,
        given: Given,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        // An empty variable counts as not set.
        let variable = |row: &Row| env(row.var).filter(|text| !text.is_empty());
        let named = given.raw("config").map(OsStr::to_owned).or_else(|| variable(&program.rows[0]));
        let name = named.clone().unwrap_or_else(|| program.file.into());
        let shown = one_line(&name.to_string_lossy());
        let contents = file::read(program, &dir.join(&name), &shown, named.is_some())?;
        let found = contents.is_some().then(|| name.clone());
        let Contents { entries, unknown } = contents.unwrap_or_default();
        let value = |row: &'static Row| {
            let layers = [
                (given.raw(row.flag).map(OsStr::to_owned), Origin::Flag),
                (variable(row), Origin::Environment),
                (entries.get(row.key).map(Into::into), Origin::File(shown.clone())),
            ];
            let default =
                if row.flag == "config" { found.clone() } else { dialects.default(row).map(Into::into) };
            let strongest = layers.into_iter().find(|(text, _)| text.is_some());
            let (text, origin) = strongest.unwrap_or((default, Origin::Default));
            (row.flag, Value { text, origin, row })
        };
        let values = program.rows.iter().map(value).collect();
        let values = Self { rows: program.rows, dialects, values, given, file: name.into(), unknown };
        let is_strict: bool = values.get("strict-config", parse::switch)?;
        match values.unknown.0.first() {
            Some(unknown) if is_strict => Err(ConfigError::File(unknown.clone())),
            _ => Ok(values),
        }
    }

    /// Returns the value of a setting, by its flag.
    pub(super) fn get<T, F: Field<T>>(
        &self,
        flag: &str,
        parse: impl Fn(&OsStr) -> Result<T, String>,
    ) -> Result<F, ConfigError> {
        let Value { text, row, .. } = &self.values[flag];
        let parsed = text.as_deref().map(parse).transpose();
        let parsed = parsed.map_err(|expected| self.reject(flag, expected))?;
        F::of(parsed).ok_or_else(|| ConfigError::Missing(row.flag, row.ways()))
    }

    /// Returns the origin of a setting's value.
    pub(super) fn origin(&self, flag: &str) -> &Origin {
        &self.values[flag].origin
    }

    /// Returns the error that a setting's value is not the expected one.
    pub(super) fn reject(&self, flag: &str, expected: impl Into<String>) -> ConfigError {
        let Value { text, origin, row } = &self.values[flag];
        ConfigError::value(row.place(origin), text.as_deref().unwrap_or_default(), expected)
    }

    /// Replaces the value of a setting by one that another setting determines.
    pub(super) fn follow(&mut self, flag: &'static str, leader: &str, text: String) {
        let value = Value { text: Some(text.into()), ..self.values[leader].clone() };
        self.values.insert(flag, value);
    }

    /// Returns all settings as a table: name, value, origin; and a line for each unknown key.
    pub(super) fn table(&self) -> String {
        let settings = self.rows.iter().map(|setting| {
            let Value { text, origin, row } = &self.values[setting.flag];
            let text = text.as_ref().map_or("-".into(), |text| one_line(&text.to_string_lossy()));
            [setting.flag.into(), text, row.origin(origin)]
        });
        let unknown = self.unknown.0.iter().map(|line| format!("{line}\n"));
        aligned(["setting", "value", "origin"], Align::Left, settings) + &unknown.collect::<String>()
    }
}
