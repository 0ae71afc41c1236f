//! The command line, made from the table of settings and read with clap.

use std::ffi::OsString;
use std::path::Path;

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ColorChoice, Command};

use super::error::{ConfigError, one_line};
use super::table::{Program, Row};
use super::types::Parsed;

/// Flag that prints the settings instead of running.
pub(super) const PRINT_CONFIG: &str = "print-config";
const FILE: &str = "FILE";

/// Flags that were given, and the command, if there is one.
#[derive(Debug)]
pub(super) struct Given {
    /// Flags before the command. clap passes those of settings on to it.
    before: ArgMatches,
    command: Option<(String, ArgMatches)>,
}

impl Given {
    fn all(&self) -> &ArgMatches {
        self.command.as_ref().map_or(&self.before, |(_, flags)| flags)
    }

    /// Returns the value of a setting's flag, by its name without dashes.
    pub(super) fn value(&self, flag: &str) -> Option<&OsString> {
        self.all().get_one(flag)
    }

    /// Returns the command, if one was given.
    pub(super) fn command(&self) -> Option<&str> {
        self.command.as_ref().map(|(name, _)| name.as_str())
    }

    /// Returns the file that stands behind the command.
    pub(super) fn file(&self) -> Option<&OsString> {
        self.all().try_get_one(FILE).ok().flatten()
    }

    /// True if a flag without a value was given.
    pub(super) fn flag(&self, flag: &str) -> bool {
        [&self.before, self.all()].iter().any(|flags| flags.try_get_one(flag).ok().flatten() == Some(&true))
    }

    /// Returns a flag before the command that the command does not have.
    fn stray(&self) -> Option<&str> {
        let given = |flag: &&str| self.before.value_source(flag) == Some(ValueSource::CommandLine);
        let unknown = |flag: &&str| self.all().try_contains_id(flag).is_err();
        self.before.ids().map(clap::Id::as_str).find(|flag| given(flag) && unknown(flag))
    }
}

/// Reads a command line, of which the first word is the program's own name.
///
/// # Errors
///
/// [`ConfigError::Usage`] for flags that are unknown, lack a value or appear twice, and for unexpected
/// words.
pub(super) fn read(program: &Program, args: &[OsString]) -> Result<Parsed<Given>, ConfigError> {
    let mut before = match command_line(program, args.first()).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Parsed::Print(error.to_string()));
        }
        Err(error) => return Err(ConfigError::Usage(problem(&error.to_string()))),
    };
    let command = before.remove_subcommand();
    let given = Given { before, command };
    match (given.stray(), given.command()) {
        (Some(flag), Some(command)) => {
            Err(ConfigError::Usage(format!("unexpected argument '--{flag}' for {command}; try --help")))
        }
        _ => Ok(Parsed::Run(given)),
    }
}

/// Returns the problem in one line: clap's text without the usage, which `--help` prints.
fn problem(text: &str) -> String {
    let others = ["Usage:", "For more", "tip: to pass"];
    let ours = |line: &&str| !line.is_empty() && !others.iter().any(|other| line.starts_with(other));
    let lines: Vec<_> = text.trim_start_matches("error: ").lines().map(str::trim).filter(ours).collect();
    one_line(&format!("{}; try --help", lines.join("; ").replace(":; ", ": ")))
}

/// Returns the whole command line. Settings may stand before a command or behind it; a command's own flags
/// and file stand behind it.
fn command_line(program: &Program, own_path: Option<&OsString>) -> Command {
    let own_name = own_path.and_then(|path| Path::new(path).file_name());
    let name = own_name.map_or_else(|| program.name.into(), |name| one_line(&name.to_string_lossy()));
    let print_config = switch(PRINT_CONFIG, "Print every setting with its value and origin, and exit");
    let command = Command::new(program.name)
        .bin_name(name.clone())
        .display_name(name)
        .version(env!("CARGO_PKG_VERSION"))
        .color(ColorChoice::Never)
        .disable_help_subcommand(true)
        .args(program.rows.iter().map(setting));
    (program.command)(command).arg(print_config.global(true))
}

fn setting(row: &Row) -> Arg {
    let flag = Arg::new(row.flag).long(row.flag).value_name(row.metavar).help(row.to_string()).global(true);
    let flag = flag.value_parser(ValueParser::os_string());
    // A switch takes its value only after `=`: the next word is something else.
    if row.is_switch() {
        flag.num_args(0..=1).require_equals(true).default_missing_value("true")
    } else {
        flag
    }
}

/// Returns a flag without a value. It is not a setting: it applies to one run, and no file has it.
pub(super) fn switch(flag: &'static str, help: &'static str) -> Arg {
    Arg::new(flag).long(flag).action(ArgAction::SetTrue).help(help)
}

/// Returns the file that a command takes.
pub(super) fn file(help: &'static str) -> Arg {
    Arg::new(FILE).value_parser(ValueParser::os_string()).help(help)
}
