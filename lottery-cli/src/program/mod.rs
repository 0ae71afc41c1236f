//! The programs: what the binaries of every runtime do, from the command line to the exit code.

mod client;
mod control;
mod ending;
mod output;
mod panics;
mod progress;
mod server;
mod streams;
#[cfg(test)]
mod tests;
mod transfer;
mod winners;

use std::ffi::OsString;
use std::fmt::Display;
use std::process::ExitCode;

pub use client::client;
pub use server::server;

use crate::config::{ConfigError, Parsed};
use crate::log::escape::escaped;

/// The store failed: what was asked last may be stored or not.
const EXIT_STORE_FAILED: u8 = 74;

/// Looks up a variable of the environment.
type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The settings that the process was started with; or how it ends instead.
fn settings<T>(parse: fn(Vec<OsString>, Env<'_>) -> Result<Parsed<T>, ConfigError>) -> Result<T, ExitCode> {
    match parse(std::env::args_os().collect(), &|name| std::env::var_os(name)) {
        Ok(Parsed::Run(settings)) => Ok(settings),
        Ok(Parsed::Print(text)) => {
            use std::io::Write as _;
            let printed = std::io::stdout().write_all(text.as_bytes());
            Err(if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => {
            // Its values are in quotes already, and hold nothing that could break the line.
            streams::write(&format!("error: {error}"));
            Err(ConfigError::EXIT_CODE.into())
        }
    }
}

/// Says in a line what went wrong, and returns the exit code. What a peer or a file's name put into it is escaped.
fn fail(code: u8, error: &dyn Display) -> ExitCode {
    say(&format!("error: {error}"));
    code.into()
}

/// Says something in a line on standard error, escaped.
fn say(text: &str) {
    streams::write(&escaped(text));
}
