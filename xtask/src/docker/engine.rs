//! Docker engine and Compose, run as commands.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use super::Error;

/// Command of Compose on this machine: `docker compose`, or `docker-compose`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compose(&'static [&'static str]);

impl Compose {
    /// Finds the command of Compose.
    pub(super) fn find() -> Result<Self, Error> {
        let known: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];
        let works =
            |words: &&&[&str]| output(Command::new(words[0]).args(&words[1..]).arg("version")).is_ok();
        known.iter().find(works).map(|words| Self(words)).ok_or(Error::NoCompose)
    }

    /// Returns the command, without arguments.
    pub(super) fn command(self) -> Command {
        let mut command = Command::new(self.0[0]);
        command.args(&self.0[1..]).stdin(Stdio::null());
        command
    }
}

/// Returns the version of the engine, or an error if none responds.
pub(super) fn version() -> Result<String, Error> {
    docker(["version", "--format", "{{.Server.Version}}"]).map_err(|error| Error::NoEngine(error.to_string()))
}

/// Runs `docker` with these arguments. Returns its output, without the line end.
pub(super) fn docker<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Result<String, Error> {
    let output = output(Command::new("docker").args(arguments).stdin(Stdio::null()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Runs a command and returns its output. The error of a failed command holds its last line.
pub(super) fn output(command: &mut Command) -> Result<Output, Error> {
    let output = command.output().map_err(|source| run_error(command, source))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy);
    let said = said.iter().rev().find_map(|text| text.lines().rfind(|line| !line.trim().is_empty()));
    Err(Error::Failed { command: shown(command), said: said.unwrap_or_default().trim().to_owned() })
}

/// Runs a command that prints its own progress.
pub(super) fn status(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(|source| run_error(command, source))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed { command: shown(command), said: String::new() })
}

fn run_error(command: &Command, source: std::io::Error) -> Error {
    Error::Run { program: command.get_program().to_string_lossy().into_owned(), source }
}

/// Returns the program and its first seven arguments.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).take(8).collect::<Vec<_>>().join(" ")
}
