//! How the programs are configured: one table for each, in which every setting has a flag, an environment
//! variable, a key in the file, a default and a help text.
//!
//! A flag beats the environment, that beats the file, that beats the default; a variable that is empty counts as
//! not set. Only the value that wins is judged, but a file must be sound as a whole: a key that is there twice is
//! an error. Keys are the same in upper and lower case; one that is unknown is a warning, as other programs have theirs in the
//! same files, and an error with `--strict-config`. [`server()`] reads `config.ini`, [`client()`] `config.yaml`, if they are in the working
//! directory or named with `--config`. Both take the command line and the environment from the caller.
//!
//! ```
//! use lottery_cli::config::{self, Parsed};
//!
//! let args = ["lottery-client", "--agency", "1", "--config", "/dev/null"].map(Into::into);
//! let env = |name: &str| (name == "CLI_SERVER_ADDRESS").then(|| "server:12345".into());
//! let Ok(Parsed::Run(settings)) = config::client(args, &env) else { panic!() };
//! assert_eq!(settings.server.port, 12345);
//! assert_eq!(settings.loop_amount, 5);
//!
//! let args = ["lottery-client", "--agency", "none", "--config", "/dev/null"].map(Into::into);
//! let error = config::client(args, &env).unwrap_err();
//! assert_eq!(error.to_string(), r#"--agency: "none": expected a whole number from 1 to 99999"#);
//! ```

use std::ffi::OsString;
use std::path::Path;

mod budget;
mod client;
pub mod duration;
mod error;
mod file;
mod flags;
mod ini;
mod limits;
mod machine;
mod nearest;
mod nesting;
mod parse;
mod resolve;
mod server;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod unknown;
mod yaml;

pub use budget::Budget;
pub use client::{BetFields, ClientCommand, ClientSettings};
pub use error::ConfigError;
pub use server::{Output, ServerCommand, ServerSettings};
pub use types::{Choice, HostPort, LogTime, MaxMemory, Raw, StoreKind};
pub use unknown::UnknownKeys;

use flags::Show;
use resolve::{Program, Resolved, Values};

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// To run with these settings.
    Run(T),
    /// To print this text, which ends in a line end, to standard output and exit with 0: the help, the version
    /// or the configuration.
    Print(String),
}

/// The settings of the centre, from a command line whose first word is the program's own name, an environment,
/// and the file `config.ini`.
///
/// # Errors
///
/// A [`ConfigError`] that says what is wrong, if the program cannot start so.
pub fn server(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed<ServerSettings>, ConfigError> {
    server_with_threads(0, args, env)
}

/// As [`server()`], for a runtime that has a thread for each connection, with a stack of so many bytes: `--limits` counts
/// them.
///
/// # Errors
///
/// As [`server()`].
pub fn server_with_threads(
    connection_stack: usize,
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed<ServerSettings>, ConfigError> {
    let limits = |values: &mut Values| limits::of(values, connection_stack);
    read(&server::PROGRAM, ServerSettings::from_values, Some(&limits), Path::new(""), args, env)
}

/// The settings of an agency, from a command line whose first word is the program's own name, an environment,
/// and the file `config.yaml`.
///
/// # Errors
///
/// A [`ConfigError`] that says what is wrong, if the program cannot start so.
pub fn client(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed<ClientSettings>, ConfigError> {
    read(&client::PROGRAM, ClientSettings::from_values, None, Path::new(""), args, env)
}

/// Says what follows from a program's settings for the resources of the machine.
type Limits<'a> = &'a dyn Fn(&mut Values) -> Result<String, ConfigError>;

/// Reads and judges the settings of a program. Relative names of files begin at `dir`.
fn read<T>(
    program: &Program,
    settings: fn(&mut Values) -> Result<T, ConfigError>,
    limits: Option<Limits<'_>>,
    dir: &Path,
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed<T>, ConfigError> {
    match resolve::resolve(program, dir, args, env)? {
        Resolved::Print(text) => Ok(Parsed::Print(text)),
        Resolved::Values(mut values, show) => match (show, limits) {
            (Some(Show::Limits), Some(limits)) => Ok(Parsed::Print(limits(&mut values)?)),
            (None, _) => Ok(Parsed::Run(settings(&mut values)?)),
            (Some(_), _) => {
                settings(&mut values)?;
                let unknown = values.unknown().lines().map(|line| format!("{line}\n"));
                Ok(Parsed::Print(unknown.fold(values.table(), |text, line| text + &line)))
            }
        },
    }
}
