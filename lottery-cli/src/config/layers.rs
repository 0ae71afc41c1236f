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
    let variable = |row: &Row| env(row.var).filter(|text| !text.is_empty());
    let named = given.raw("config").map(OsStr::to_owned).or_else(|| variable(&program.rows[0]));
    let name = named.clone().unwrap_or_else(|| program.file.into());
    let shown = one_line(&name.to_string_lossy());
    let contents = file::read(program, &dir.join(&name), &shown, named.is_some())?;
    let found = contents.is_some();
    let Contents { entries, unknown } = contents.unwrap_or_default();
    let values = program.rows.iter().map(|row| {
        let layers = [
            (given.raw(row.flag).map(OsStr::to_owned), Origin::Flag),
            (variable(row), Origin::Environment),
            (entries.get(row.key).map(Into::into), Origin::File(shown.clone())),
        ];
        let strongest = layers.into_iter().find(|(text, _)| text.is_some());
        let (text, origin) = strongest.unwrap_or((row.default.map(Into::into), Origin::Default));
        Value { row, text, origin, set_by: row }
    });
    let mut values = Values { values: values.collect(), given, file: name.clone().into(), unknown };
    if found {
        values.values[0].text.get_or_insert(name);
    }
    let is_strict: bool = values.get("strict-config", parse::switch)?;
    match values.unknown.0.first() {
        Some(unknown) if is_strict => Err(ConfigError::File(unknown.clone())),
        _ => Ok(Parsed::Run(values)),
    }
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
