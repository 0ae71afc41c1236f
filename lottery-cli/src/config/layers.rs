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
    /// Environment variable that was used, if `origin` is the environment.
    var: &'static str,
}

/// Returns the value of a setting in the environment, and its variable: the first that is set, of several.
///
/// # Errors
/// Two of them are set to different values.
fn in_environment(
    row: &Row,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<(OsString, &'static str)>, ConfigError> {
    // An empty variable counts as not set.
    let value = |var: &str| env(var).filter(|text| !text.is_empty());
    let joined = |vars: &str| -> Option<OsString> {
        let values: Option<Vec<_>> = vars.split(':').map(value).collect();
        Some(values?.join(OsStr::new(":")))
    };
    let mut set = row.vars().filter_map(|var| Some((joined(var)?, var)));
    let Some((text, var)) = set.next() else { return Ok(None) };
    if let Some((_, other)) = set.find(|(other, _)| *other != text) {
        let place = format!("environment: {var} and {other}");
        return Err(ConfigError::value(place, &text, "one of them, or one value").without_value());
    }
    Ok(Some((text, var)))
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
        let named = match given.raw("config") {
            Some(named) => Some(named.to_owned()),
            None => in_environment(&program.rows[0], env)?.map(|(text, _)| text),
        };
        let name = named.clone().unwrap_or_else(|| program.file.into());
        let shown = one_line(&name.to_string_lossy());
        let contents = file::read(program, &dir.join(&name), &shown, named.is_some())?;
        let found = contents.is_some().then(|| name.clone());
        let Contents { entries, unknown } = contents.unwrap_or_default();
        let value = |row: &'static Row| {
            let value = |text, origin, var| Value { text, origin, row, var };
            if let Some(text) = given.raw(row.flag) {
                return Ok(value(Some(text.to_owned()), Origin::Flag, row.var));
            }
            if let Some((text, var)) = in_environment(row, env)? {
                return Ok(value(Some(text), Origin::Environment, var));
            }
            if let Some(text) = entries.get(row.key) {
                return Ok(value(Some(text.into()), Origin::File(shown.clone()), row.var));
            }
            let default =
                if row.flag == "config" { found.clone() } else { dialects.default(row).map(Into::into) };
            Ok(value(default, Origin::Default, row.var))
        };
        let values = program.rows.iter().map(|row| Ok((row.flag, value(row)?)));
        let values = values.collect::<Result<_, ConfigError>>()?;
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
        let Value { text, origin, row, var } = &self.values[flag];
        ConfigError::value(row.place(origin, var), text.as_deref().unwrap_or_default(), expected)
    }

    /// Replaces the value of a setting by one that another setting determines.
    pub(super) fn follow(&mut self, flag: &'static str, leader: &str, text: String) {
        let value = Value { text: Some(text.into()), ..self.values[leader].clone() };
        self.values.insert(flag, value);
    }

    /// Returns all settings as a table: name, value, origin; and a line for each unknown key.
    pub(super) fn table(&self) -> String {
        let settings = self.rows.iter().map(|setting| {
            let Value { text, origin, row, var } = &self.values[setting.flag];
            let shown = |text: &OsString| {
                if row.is_personal() { "(not shown)".into() } else { one_line(&text.to_string_lossy()) }
            };
            [setting.flag.into(), text.as_ref().map_or("-".into(), shown), row.origin(origin, var)]
        });
        let unknown = self.unknown.0.iter().map(|line| format!("{line}\n"));
        aligned(["setting", "value", "origin"], Align::Left, settings) + &unknown.collect::<String>()
    }
}
