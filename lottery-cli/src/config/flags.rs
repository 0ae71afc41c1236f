//! The command line, made from the table of settings and read with clap.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ColorChoice, Command, FromArgMatches};

use super::Parsed;
use super::dialects::Registered;
use super::error::{ConfigError, one_line};
use super::table::{Program, Row};

/// Flag that prints the settings instead of running.
pub(super) const PRINT_CONFIG: &str = "print-config";

/// Flags that were given, and the command, if there is one.
#[derive(Debug)]
pub(super) struct Given(ArgMatches);

impl Given {
    /// Returns the flags behind the command, to which clap passes on those of settings that stand before it.
    fn all(&self) -> &ArgMatches {
        self.0.subcommand().map_or(&self.0, |(_, flags)| flags)
    }

    /// Returns the text of a setting's flag, by its name without dashes, or of what a command takes.
    pub(super) fn raw(&self, name: &str) -> Option<&OsStr> {
        self.all().try_get_raw(name).ok().flatten()?.next()
    }

    /// Returns the command, if one was given.
    pub(super) fn command<T: FromArgMatches>(&self) -> Option<T> {
        // The arguments of a command are validated by now: the only error is that there is none.
        T::from_arg_matches(&self.0).ok()
    }

    /// True if a flag without a value was given.
    pub(super) fn flag(&self, flag: &str) -> bool {
        [&self.0, self.all()].iter().any(|flags| flags.try_get_one(flag).ok().flatten() == Some(&true))
    }

    /// Returns a flag before the command that the command does not have.
    fn stray(&self) -> Option<&str> {
        let given = |flag: &&str| self.0.value_source(flag) == Some(ValueSource::CommandLine);
        let unknown = |flag: &&str| self.all().try_contains_id(flag).is_err();
        self.0.ids().map(clap::Id::as_str).find(|flag| given(flag) && unknown(flag))
    }
}

/// Reads a command line, of which the first word is the program's own name.
///
/// # Errors
///
/// [`ConfigError::Usage`] for flags that are unknown, lack a value or appear twice, and for unexpected
/// words.
pub(super) fn read(
    program: &Program,
    dialects: &Registered,
    args: &[OsString],
) -> Result<Parsed<Given>, ConfigError> {
    let given = match command_line(program, dialects, args.first()).try_get_matches_from(args) {
        Ok(matches) => Given(matches),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Parsed::Print(error.to_string()));
        }
        Err(error) => return Err(ConfigError::Usage(problem(&error.to_string()))),
    };
    if let (Some(flag), Some(command)) = (given.stray(), given.0.subcommand_name()) {
        return Err(ConfigError::Usage(format!("unexpected argument '--{flag}' for {command}; try --help")));
    }
    Ok(Parsed::Run(given))
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
fn command_line(program: &Program, dialects: &Registered, own_path: Option<&OsString>) -> Command {
    let own_name = own_path.and_then(|path| Path::new(path).file_name());
    let name = own_name.map_or_else(|| program.name.into(), |name| one_line(&name.to_string_lossy()));
    let print_config = switch(PRINT_CONFIG, "Print every setting with its value and origin, and exit");
    let command = Command::new(program.name)
        .bin_name(name.clone())
        .display_name(name)
        .version(env!("CARGO_PKG_VERSION"))
        .color(ColorChoice::Never)
        .disable_help_subcommand(true)
        .args(program.rows.iter().map(|row| setting(row, dialects)));
    let command = (program.commands)(command).arg(print_config.global(true));
    let after_help = if program.rows.iter().any(Registered::is_of_one) {
        format!("{}\n\n{}", program.after_help, dialects.list())
    } else {
        program.after_help.to_owned()
    };
    command.about(program.about).after_help(after_help)
}

fn setting(row: &Row, dialects: &Registered) -> Arg {
    let help = dialects.help(row);
    let flag = Arg::new(row.flag).long(row.flag).value_name(row.metavar).help(help).global(true);
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
