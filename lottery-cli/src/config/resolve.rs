//! Merging of the layers: a flag beats the environment, which beats the file, which beats the default.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::error::{ConfigError, one_line};
use super::file::{self, Shape};
use super::flags::{self, Flags, Given, Show};
use super::table::{Action, Flag, Origin, Row, Setting};
use super::unknown::UnknownKeys;

/// Function that reads an environment variable; `None` if it is not set.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Description of a program for its user.
#[derive(Debug)]
pub(super) struct Program {
    /// Name of the program if it is started without one.
    pub(super) name: &'static str,
    /// Description in one line.
    pub(super) about: &'static str,
    /// Text below the flags in the help.
    pub(super) after_help: &'static str,
    /// Commands that the program runs instead of its usual work.
    pub(super) commands: &'static [Action],
    /// Flags without a value of its usual work.
    pub(super) flags: &'static [Flag],
    /// True if `--limits` can print the resources that follow from the settings.
    pub(super) has_limits: bool,
    pub(super) file: Shape,
    /// Setting that names the file.
    pub(super) config: Row,
    /// Setting that makes an unknown key an error.
    pub(super) strict: &'static Setting<bool>,
    /// All other settings.
    pub(super) settings: &'static [&'static Row],
}

impl Program {
    /// Returns all settings, in the order of the help.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        std::iter::once(&self.config).chain(self.settings.iter().copied())
    }
}

/// Result of merging the layers.
#[derive(Debug)]
pub(super) enum Resolved {
    /// Text to print: help or version.
    Print(String),
    /// The settings, and the form in which they are printed, if that was requested instead of a run.
    Values(Box<Values>, Option<Show>),
}

/// Text and origin of every setting. Only the strongest text of each is kept and validated: a flag
/// overrides a mistake in the environment or the file.
#[derive(Debug)]
pub(super) struct Values {
    values: Vec<Value>,
    given: Given,
    file: PathBuf,
    unknown: UnknownKeys,
}

#[derive(Debug)]
struct Value {
    row: Row,
    text: Option<OsString>,
    origin: Origin,
    /// Setting to which `origin` belongs: another one, if that one determines this one too.
    set_by: Row,
}

/// Reads the command line, the environment and the file. Relative file names begin at `dir`.
pub(super) fn resolve(
    program: &Program,
    dir: &Path,
    args: impl IntoIterator<Item = OsString>,
    env: Env<'_>,
) -> Result<Resolved, ConfigError> {
    let args: Vec<_> = args.into_iter().collect();
    let given = match flags::read(program, &args)? {
        Flags::Print(text) => return Ok(Resolved::Print(text)),
        Flags::Given(given) => given,
    };
    let mut config = stronger(program.config, &given, env);
    let explicit = config.text.is_some();
    let name = config.text.clone().unwrap_or_else(|| program.file.default.into());
    let shown = name.to_string_lossy();
    let keys: Vec<_> = program.settings.iter().map(|row| row.key).filter(|key| !key.is_empty()).collect();
    let contents = file::read(&dir.join(&name), &shown, explicit, program.file, &keys)?;
    if contents.is_some() {
        config.text = Some(name.clone());
    }
    let contents = contents.map(|file::Contents { entries, unknown }| (entries, unknown));
    let (entries, unknown) = contents.unwrap_or_default();
    let mut values = vec![config];
    for row in program.settings {
        let mut value = stronger(**row, &given, env);
        if value.text.is_none() {
            let entry = entries.iter().find(|entry| entry.key == row.key);
            (value.text, value.origin) = match entry {
                Some(entry) => (Some(entry.value.clone().into()), Origin::File(one_line(&shown))),
                None => (row.default.map(OsString::from), Origin::Default),
            };
        }
        values.push(value);
    }
    let show = given.show();
    let values = Values { values, given, file: name.into(), unknown };
    values.check_unknown(program.strict)?;
    Ok(Resolved::Values(Box::new(values), show))
}

/// Returns the value of a setting from its flag or the environment. An empty variable counts as not set.
fn stronger(row: Row, given: &Given, env: Env<'_>) -> Value {
    if let Some(text) = given.value(row.flag) {
        return Value { row, text: Some(text.clone()), origin: Origin::Flag, set_by: row };
    }
    match env(row.var).filter(|text| !text.is_empty()) {
        Some(text) => Value { row, text: Some(text), origin: Origin::Environment, set_by: row },
        None => Value { row, text: None, origin: Origin::Default, set_by: row },
    }
}

impl Values {
    /// Returns the unknown keys of the file.
    pub(super) fn unknown(&self) -> &UnknownKeys {
        &self.unknown
    }

    fn check_unknown(&self, strict: &Setting<bool>) -> Result<(), ConfigError> {
        let strict = self.required(strict)?;
        match self.unknown.lines().next() {
            Some(line) if strict => Err(ConfigError::UnknownKey(line)),
            _ => Ok(()),
        }
    }

    /// Returns the command on the command line.
    pub(super) fn command(&self) -> Option<&str> {
        self.given.command()
    }

    /// Returns the file behind the command, if one was named.
    pub(super) fn operand(&self) -> Option<&OsStr> {
        self.given.file().map(OsString::as_os_str)
    }

    /// True if a flag without a value was given.
    pub(super) fn flag(&self, flag: &str) -> bool {
        self.given.flag(flag)
    }

    /// Returns the path of the configuration file, which may be missing.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the value of a setting that must have one.
    pub(super) fn required<T>(&self, setting: &Setting<T>) -> Result<T, ConfigError> {
        let row = &setting.row;
        let ways = || {
            format!(
                "--{} {}, the environment variable {} or the key {}",
                row.flag, row.metavar, row.var, row.key
            )
        };
        self.optional(setting)?.ok_or_else(|| ConfigError::Missing { setting: row.flag, ways: ways() })
    }

    /// Returns the value of a setting, if it is set.
    pub(super) fn optional<T>(&self, setting: &Setting<T>) -> Result<Option<T>, ConfigError> {
        let value = self.value(&setting.row);
        let Some(text) = &value.text else { return Ok(None) };
        (setting.parse)(text).map(Some).map_err(|expected| self.refuse(&setting.row, expected))
    }

    /// Returns the origin of a setting's value.
    pub(super) fn origin(&self, row: &Row) -> &Origin {
        &self.value(row).origin
    }

    /// Returns the error that a setting's value is not the expected one.
    pub(super) fn refuse(&self, row: &Row, expected: impl Into<String>) -> ConfigError {
        let value = self.value(row);
        let text = value.text.as_deref().unwrap_or(OsStr::new(""));
        ConfigError::value(row.place(&value.origin), text, expected)
    }

    /// Replaces the value of a setting by one that another setting determines.
    pub(super) fn follow(&mut self, row: &Row, leader: &Row, text: String) {
        let origin = self.origin(leader).clone();
        if let Some(value) = self.values.iter_mut().find(|value| value.row == *row) {
            (value.text, value.origin, value.set_by) = (Some(text.into()), origin, *leader);
        }
    }

    /// Returns all settings as an aligned table: name, value, origin.
    pub(super) fn table(&self) -> String {
        let heading = ["setting", "value", "origin"].map(String::from);
        let settings = self.values.iter().map(|value| {
            let text = value.text.as_ref().map_or("-".into(), |text| one_line(&text.to_string_lossy()));
            [value.row.flag.into(), text, value.set_by.origin(&value.origin)]
        });
        let lines: Vec<[String; 3]> = std::iter::once(heading).chain(settings).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let (names, texts) = (width(0), width(1));
        let line = |[name, text, origin]: &[String; 3]| format!("{name:names$}  {text:texts$}  {origin}");
        lines.iter().map(line).collect::<Vec<_>>().join("\n") + "\n"
    }

    fn value(&self, row: &Row) -> &Value {
        self.values
            .iter()
            .find(|value| value.row == *row)
            .expect("every setting of a program is in its table")
    }
}
