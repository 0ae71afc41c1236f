//! The command line, made from the table of settings and read with clap.

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

/// Result of reading a command line.
#[derive(Debug)]
pub(super) enum Flags {
    /// Text to print: help or version.
    Print(String),
    /// Flags of settings, and the command.
    Given(Given),
}

/// Form in which settings can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// Each setting with its value and origin.
    Config,
    /// Resources of the machine that follow from the settings.
    Limits,
}

/// The command, if there is one, and the flags.
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
        // clap passes the flags of settings that stood before the command on to it.
        let given = Self { command: Some(command), before: before.collect(), flags };
        let unknown = given.before.iter().find(|flag| given.flags.try_get_one::<bool>(flag).is_err());
        match (unknown, given.command()) {
            (Some(flag), Some(command)) => {
                Err(ConfigError::Usage(format!("unexpected argument '--{flag}' for {command}; try --help")))
            }
            _ => Ok(given),
        }
    }

    /// Returns the value of a flag, by its name without dashes.
    pub(super) fn value(&self, flag: &str) -> Option<&OsString> {
        self.flags.get_one(flag)
    }

    /// Returns the command, if one was given.
    pub(super) fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// Returns the file that stands behind the command.
    pub(super) fn file(&self) -> Option<&OsString> {
        self.flags.try_get_one(FILE).ok().flatten()
    }

    /// True if a flag without a value was given.
    pub(super) fn flag(&self, flag: &str) -> bool {
        self.before.contains(&flag) || self.flags.try_get_one(flag).ok().flatten() == Some(&true)
    }

    /// Returns the form in which settings are printed, if that was requested instead of a run.
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
/// [`ConfigError::Usage`] for flags that are unknown, lack a value or appear twice, and for unexpected
/// words.
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

/// Returns the problem in one line: clap's text without the usage, which `--help` prints.
fn problem(text: &str) -> String {
    let others = ["Usage:", "For more", "tip: to pass"];
    let ours = |line: &&str| !line.is_empty() && !others.iter().any(|other| line.starts_with(other));
    let lines: Vec<_> = text.trim_start_matches("error: ").lines().map(str::trim).filter(ours).collect();
    one_line(&format!("{}; try --help", lines.join("; ").replace(":; ", ": ")))
}

/// Returns the whole command line. Settings may stand before a command or behind it; a command's own flags
/// and file stand behind it.
fn command(program: &Program, name: String) -> Command {
    let settings = program.rows().map(|row| {
        let flag = Arg::new(row.flag)
            .long(row.flag)
            .value_name(row.metavar)
            .value_parser(ValueParser::os_string())
            .help(row.to_string())
            .global(true);
        // A switch takes its value only after `=`: the next word is something else.
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
