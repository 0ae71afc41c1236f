//! The command line: made from the table of settings, read with clap.

use std::ffi::OsString;
use std::path::Path;

use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, ColorChoice, Command};

use super::error::{ConfigError, one_line};
use super::resolve::Program;

const PRINT_CONFIG: &str = "print-config";
const LIMITS: &str = "limits";
const COMMAND: &str = "COMMAND";

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

/// The flags that were given.
#[derive(Debug)]
pub(super) struct Given(ArgMatches);

impl Given {
    /// The value of a flag, by its name without dashes.
    pub(super) fn value(&self, flag: &str) -> Option<&OsString> {
        self.0.get_one(flag)
    }

    /// The command, if one was given.
    pub(super) fn command(&self) -> Option<&str> {
        self.0.try_get_one::<String>(COMMAND).ok().flatten().map(String::as_str)
    }

    /// What is to be printed instead of running.
    pub(super) fn show(&self) -> Option<Show> {
        let given = |flag| self.0.try_get_one(flag).ok().flatten() == Some(&true);
        match (given(LIMITS), given(PRINT_CONFIG)) {
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
    let name = own_name.map_or_else(|| program.name.into(), |name| name.to_string_lossy().into_owned());
    match command(program, name).try_get_matches_from(args) {
        Ok(matches) => Ok(Flags::Given(Given(matches))),
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
    one_line(&format!("{}; try --help", lines.join("; ")))
}

fn command(program: &Program, name: String) -> Command {
    let flags = program.rows().map(|row| {
        let flag = Arg::new(row.flag)
            .long(row.flag)
            .value_name(row.metavar)
            .value_parser(ValueParser::os_string())
            .help(row.to_string());
        // What stands behind a switch without `=` is something else.
        if row.is_switch() {
            flag.num_args(0..=1).require_equals(true).default_missing_value("true")
        } else {
            flag
        }
    });
    let print_config = Arg::new(PRINT_CONFIG)
        .long(PRINT_CONFIG)
        .action(ArgAction::SetTrue)
        .help("Print every setting with its value and origin, and exit");
    let limits = program.limits.map(|_| {
        let help = "Print the most memory that a connection can take, and what else is bounded, and exit";
        Arg::new(LIMITS).long(LIMITS).action(ArgAction::SetTrue).help(help)
    });
    let command = (!program.commands.is_empty()).then(|| {
        let commands = program.commands.iter().map(|(name, help)| PossibleValue::new(*name).help(*help));
        Arg::new(COMMAND)
            .value_parser(PossibleValuesParser::new(commands))
            .help("What to do instead of the usual work")
    });
    Command::new(program.name)
        .bin_name(name.clone())
        .display_name(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(program.about)
        .after_help(program.after_help)
        .color(ColorChoice::Never)
        .args(command)
        .args(flags)
        .arg(print_config)
        .args(limits)
}
