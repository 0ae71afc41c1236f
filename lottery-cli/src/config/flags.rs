//! The command line: made from the table of settings, read with clap.

use std::ffi::OsString;
use std::path::Path;

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, ColorChoice, Command};

use super::error::{ConfigError, one_line};
use super::resolve::Program;
use super::table::{Action, Flag};

const PRINT_CONFIG: &str = "print-config";
const LIMITS: &str = "limits";
const FILE: &str = "FILE";

/// What the command line says.
#[derive(Debug)]
pub(super) enum Flags {
    /// A text was asked for: help or version.
    Print(String),
    /// The settings' flags.
    Given(Given),
}

/// What may be printed of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// Each with its value and origin.
    Config,
    /// What follows from them for the resources of the machine.
    Limits,
}

/// The command that was given, if one was, and the flags.
#[derive(Debug)]
pub(super) struct Given {
    command: Option<String>,
    flags: ArgMatches,
    /// Flags without a value that stood before the command.
    before: Vec<&'static str>,
}

impl Given {
    fn new(program: &Program, mut matches: ArgMatches) -> Result<Self, ConfigError> {
        let Some((command, flags)) = matches.remove_subcommand() else {
            return Ok(Self { command: None, flags: matches, before: Vec::new() });
        };
        let before = program.flags.iter().map(|(flag, _)| *flag).filter(|flag| matches.get_flag(flag));
        // The flags of settings that stood before the command are with it, too.
        let given = Self { command: Some(command), before: before.collect(), flags };
        let unknown = given.before.iter().find(|flag| given.flags.try_get_one::<bool>(flag).is_err());
        match (unknown, given.command()) {
            (Some(flag), Some(command)) => {
                Err(ConfigError::Usage(format!("unexpected argument '--{flag}' for {command}; try --help")))
            }
            _ => Ok(given),
        }
    }

    /// The value of a flag, by its name without dashes.
    pub(super) fn value(&self, flag: &str) -> Option<&OsString> {
        self.flags.get_one(flag)
    }

    /// The command, if one was given.
    pub(super) fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// The file that stands behind the command.
    pub(super) fn file(&self) -> Option<&OsString> {
        self.flags.try_get_one(FILE).ok().flatten()
    }

    /// Whether a flag without a value was given.
    pub(super) fn flag(&self, flag: &str) -> bool {
        self.before.contains(&flag) || self.flags.try_get_one(flag).ok().flatten() == Some(&true)
    }

    /// What is to be printed instead of running.
    pub(super) fn show(&self) -> Option<Show> {
        match (self.flag(LIMITS), self.flag(PRINT_CONFIG)) {
            (true, _) => Some(Show::Limits),
            (false, true) => Some(Show::Config),
            (false, false) => None,
        }
    }
}

/// Reads a command line, of which the first word is the program's own name.
///
/// # Errors
///
/// [`ConfigError::Usage`] for flags that are unknown, without a value or there twice, and for what is no flag.
pub(super) fn read(program: &Program, args: &[OsString]) -> Result<Flags, ConfigError> {
    let own_name = args.first().and_then(|path| Path::new(path).file_name());
    let name = own_name.map_or_else(|| program.name.into(), |name| one_line(&name.to_string_lossy()));
    match command(program, name).try_get_matches_from(args) {
        Ok(matches) => Given::new(program, matches).map(Flags::Given),
        Err(error) => {
            let text = error.to_string();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Flags::Print(text)),
                _ => Err(ConfigError::Usage(problem(&text))),
            }
        }
    }
}

/// What is wrong, in a line: the text without the usage, which `--help` tells.
fn problem(text: &str) -> String {
    let others = ["Usage:", "For more", "tip: to pass"];
    let ours = |line: &&str| !line.is_empty() && !others.iter().any(|other| line.starts_with(other));
    let lines: Vec<_> = text.trim_start_matches("error: ").lines().map(str::trim).filter(ours).collect();
    one_line(&format!("{}; try --help", lines.join("; ").replace(":; ", ": ")))
}

/// The whole command line. Settings may stand before a command or behind it; what else a command takes stands behind.
fn command(program: &Program, name: String) -> Command {
    let settings = program.rows().map(|row| {
        let flag = Arg::new(row.flag)
            .long(row.flag)
            .value_name(row.metavar)
            .value_parser(ValueParser::os_string())
            .help(row.to_string())
            .global(true);
        // What stands behind a switch without `=` is something else.
        if row.is_switch() {
            flag.num_args(0..=1).require_equals(true).default_missing_value("true")
        } else {
            flag
        }
    });
    let print_config = bare(&(PRINT_CONFIG, "Print every setting with its value and origin, and exit"));
    let limits = program.has_limits.then(|| {
        let help = "Print the memory of a connection, and what else is bounded";
        bare(&(LIMITS, help)).global(true)
    });
    Command::new(program.name)
        .bin_name(name.clone())
        .display_name(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(program.about)
        .after_help(program.after_help)
        .color(ColorChoice::Never)
        .disable_help_subcommand(true)
        .subcommands(program.commands.iter().map(action))
        .args(settings)
        .args(program.flags.iter().map(bare))
        .arg(print_config.global(true))
        .args(limits)
}

fn action(action: &Action) -> Command {
    let file = action.file.map(|file| {
        let arg = Arg::new(FILE).value_parser(ValueParser::os_string()).help(file.help);
        arg.required(file.default.is_none()).default_value(file.default)
    });
    Command::new(action.name).about(action.help).args(file).args(action.flags.iter().map(bare))
}

fn bare((flag, help): &Flag) -> Arg {
    Arg::new(*flag).long(*flag).action(ArgAction::SetTrue).help(*help)
}
