//! Configuration of the programs: one table for each, in which every setting has a flag, an environment
//! variable, a key in the file, a default and a help text.
//!
//! A flag beats the environment, which beats the file, which beats the default; an empty variable counts as
//! not set. Only the value that wins is validated, but a file must be sound as a whole: a key that appears
//! twice is an error. Case does not matter in keys. An unknown key is a warning, as other programs have
//! theirs in the same files, and an error with `--strict-config`. [`server()`] reads `config.ini`,
//! [`client()`] `config.yaml`, if they are in the working directory or named with `--config`. Both take the
//! command line and the environment from the caller.
//!
//! ```
//! use lottery_cli::config::{self, Parsed};
//! use lottery_proto::Dialect;
//!
//! let args = ["lottery-client", "--agency", "1", "--config", "/dev/null"].map(Into::into);
//! let env = |name: &str| (name == "CLI_SERVER_ADDRESS").then(|| "server:12345".into());
//! let Ok(Parsed::Run(settings)) = config::client(args, &env, Dialect::ALL) else { panic!() };
//! assert_eq!(settings.server.to_string(), "server:12345");
//! assert_eq!(settings.loop_amount, 5);
//!
//! let args = ["lottery-client", "--agency", "none", "--config", "/dev/null"].map(Into::into);
//! let error = config::client(args, &env, Dialect::ALL).unwrap_err();
//! assert_eq!(error.to_string(), r#"--agency: "none": expected a whole number from 1 to 99999"#);
//! ```

use std::ffi::OsString;
use std::path::Path;

use lottery_proto::Dialect;

mod client;
mod dialects;
mod duration;
mod error;
mod file;
mod flags;
mod ini;
mod layers;
mod parse;
mod server;
mod table;
#[cfg(test)]
mod tests;
mod yaml;

pub use client::{BetFields, ClientCommand, ClientSettings};
pub use error::{ConfigError, UnknownKeys};
pub use parse::{FinishedAnswer, HostPort, ListenAddress, LogTime, MaxMemory, Raw, ServerAddress, StoreKind};
pub(crate) use server::MIN_MESSAGES;
pub use server::{Input, Output, ServerCommand, ServerSettings};

use dialects::Registered;
use layers::Values;
use table::Program;

/// Request of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// Run with these settings.
    Run(T),
    /// Print this text to standard output and exit with 0: the help, the version or the configuration. The
    /// text ends with a line end.
    Print(String),
}

/// Reads the settings of the server from a command line whose first word is the program's own name, an
/// environment, and the file `config.ini`. `dialects` are those that it can speak.
///
/// # Errors
///
/// A [`ConfigError`] that names the problem, if the program cannot start with these settings.
pub fn server(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
    dialects: &[Dialect],
) -> Result<Parsed<ServerSettings>, ConfigError> {
    let dialects = Registered::new(dialects);
    read(&server::PROGRAM, ServerSettings::from_values, dialects, Path::new(""), args, env)
}

/// Reads the settings of a client from a command line whose first word is the program's own name, an
/// environment, and the file `config.yaml`. `dialects` are those that it can speak.
///
/// # Errors
///
/// A [`ConfigError`] that names the problem, if the program cannot start with these settings.
pub fn client(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
    dialects: &[Dialect],
) -> Result<Parsed<ClientSettings>, ConfigError> {
    let dialects = Registered::new(dialects);
    read(&client::PROGRAM, ClientSettings::from_values, dialects, Path::new(""), args, env)
}

/// Reads and validates the settings of a program. Relative file names begin at `dir`.
fn read<T>(
    program: &'static Program,
    settings: fn(&mut Values) -> Result<T, ConfigError>,
    dialects: Registered,
    dir: &Path,
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Parsed<T>, ConfigError> {
    let args: Vec<_> = args.into_iter().collect();
    let given = match flags::read(program, &dialects, &args)? {
        Parsed::Print(text) => return Ok(Parsed::Print(text)),
        Parsed::Run(given) => given,
    };
    let mut values = Values::merge(program, dialects, dir, given, env)?;
    let settings = settings(&mut values)?;
    if values.given.flag(server::LIMITS) || !values.given.flag(flags::PRINT_CONFIG) {
        return Ok(Parsed::Run(settings));
    }
    Ok(Parsed::Print(values.table()))
}
