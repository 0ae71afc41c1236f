//! The programs: the work of every runtime's binaries, from the command line to the exit code.

mod client;
mod control;
mod drawn;
mod ending;
mod output;
mod panics;
mod server;
mod signals;
mod status;
mod streams;
#[cfg(test)]
mod tests;
mod transfer;
mod verify;
mod winners;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

pub use client::client;
pub use server::server;

use crate::config::{ConfigError, Parsed};
use crate::log::escape::escaped;

/// Exit code of a failed store: the last request may be stored or not.
const EXIT_STORE_FAILED: u8 = 74;

/// Function that reads an environment variable.
type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Returns the settings with which the process was started; or its exit code if it ends instead.
fn settings<T>(
    parse: impl Fn(Vec<OsString>, Env<'_>) -> Result<Parsed<T>, ConfigError>,
) -> Result<T, ExitCode> {
    match parse(std::env::args_os().collect(), &|name| std::env::var_os(name)) {
        Ok(Parsed::Run(settings)) => Ok(settings),
        Ok(Parsed::Print(text)) => Err(print(&text)),
        Err(error) => {
            // Values in it are already in quotes, and hold nothing that could break the line.
            streams::write(&format!("error: {error}"));
            Err(ConfigError::EXIT_CODE.into())
        }
    }
}

/// Prints to standard output the text that was asked for, and returns the exit code.
fn print(text: &str) -> ExitCode {
    if io::stdout().write_all(text.as_bytes()).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints an error in a line, and returns the exit code. Text from a peer or from a file name is escaped.
fn fail(code: u8, error: &dyn Display) -> ExitCode {
    say(&format!("error: {error}"));
    code.into()
}

/// Prints a line to standard error, escaped.
fn say(text: &str) {
    streams::write(&escaped(text));
}
