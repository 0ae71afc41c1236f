//! Tests of whole configurations: files in a directory of the test's own, flags and variables given by the
//! test.

use std::ffi::OsString;
use std::fmt;
use std::fs;

use lottery_proto::Dialect;
use tempfile::TempDir;

use super::dialects::Registered;
use super::{
    ClientSettings, ConfigError, Input, Parsed, ServerCommand, ServerSettings, client, read, server,
};
use crate::budget::limits;

mod client_values;
mod files;
mod layers;
mod print;
mod server_values;

/// Returns the dialects of the programs.
fn ours() -> Registered {
    Registered::new(Dialect::ALL)
}

/// Directory in which a program starts, and its environment.
struct World {
    dir: TempDir,
    env: Vec<(&'static str, OsString)>,
}

impl World {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.dir.path().join(name), text).unwrap();
        self
    }

    fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        self.env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    fn parse_server(&self, flags: &[&str]) -> Result<Parsed<ServerSettings>, ConfigError> {
        let args = std::iter::once(&"/bin/lottery-server-x").chain(flags).map(OsString::from);
        let env = |name: &str| self.variable(name);
        let parsed =
            read(&server::PROGRAM, ServerSettings::from_values, ours(), self.dir.path(), args, &env)?;
        Ok(match parsed {
            Parsed::Run(settings) if settings.command == ServerCommand::Limits => {
                Parsed::Print(limits(&settings, 0))
            }
            parsed => parsed,
        })
    }

    fn parse_client(&self, flags: &[&str]) -> Result<Parsed<ClientSettings>, ConfigError> {
        let args = std::iter::once(&"/bin/lottery-client-x").chain(flags).map(OsString::from);
        let env = |name: &str| self.variable(name);
        read(&client::PROGRAM, ClientSettings::from_values, ours(), self.dir.path(), args, &env)
    }

    fn server(&self, flags: &[&str]) -> ServerSettings {
        run(self.parse_server(flags))
    }

    /// Returns the client's settings, with the required ones given as flags.
    fn client(&self, flags: &[&str]) -> ClientSettings {
        run(self.parse_client(&[&["--agency", "1", "--server", "server:12345"], flags].concat()))
    }

    fn server_error(&self, flags: &[&str]) -> String {
        self.parse_server(flags).unwrap_err().to_string()
    }

    fn client_error(&self, flags: &[&str]) -> String {
        self.parse_client(flags).unwrap_err().to_string()
    }
}

impl From<&str> for Input {
    fn from(path: &str) -> Self {
        Self { path: path.into() }
    }
}

fn run<T: fmt::Debug>(parsed: Result<Parsed<T>, ConfigError>) -> T {
    match parsed.unwrap() {
        Parsed::Run(settings) => settings,
        Parsed::Print(text) => panic!("printed {text}"),
    }
}
