//! Tests of programs whose runtime or store does not work.

use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;

use lottery_core::store::{Group, Saved, Store, StoreError, WinnersPiece};
use lottery_runtime::{Dialer, Listener, RunClient, Serve, Service};

use super::ending::Unfinished;
use super::{client, server};
use crate::config::{self, ClientSettings, Parsed, ServerSettings};

/// Runtime that cannot be started.
const NO_RUNTIME: Idle = Idle { starts: false };

/// Runtime that ends at once.
struct Idle {
    starts: bool,
}

impl Idle {
    fn result(&self) -> io::Result<()> {
        if self.starts { Ok(()) } else { Err(io::Error::other("no runtime")) }
    }
}

impl Serve for Idle {
    fn serve<S: Service>(&self, _: impl Into<Listener>, _: Arc<S>) -> io::Result<()> {
        self.result()
    }
}

impl RunClient for Idle {
    fn run_client<C: Dialer + Send>(&self, _: &mut C) -> io::Result<()> {
        self.result()
    }
}

/// Store that is empty, or cannot be read.
struct Loads(Result<Saved, StoreError>);

impl Store for Loads {
    fn load(&mut self) -> Result<Saved, StoreError> {
        self.0.clone()
    }

    fn commit(&mut self, _: &Group) -> Result<(), StoreError> {
        unreachable!("nobody sends anything")
    }

    fn read_from(&self, _: u64, _: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<u64, StoreError> {
        unreachable!("there is no draw")
    }

    fn winners(&self, _: u32, _: u64) -> Result<WinnersPiece, StoreError> {
        unreachable!("there is no draw")
    }
}

fn of<T>(parsed: Result<Parsed<T>, config::ConfigError>) -> T {
    match parsed {
        Ok(Parsed::Run(settings)) => settings,
        _ => panic!("settings"),
    }
}

fn args(args: &[&str]) -> Vec<OsString> {
    ["program", "--config", "/dev/null"].iter().chain(args).map(OsString::from).collect()
}

fn server_settings() -> ServerSettings {
    of(config::server(args(&["--listen", "127.0.0.1:0"]), &|_| None, lottery_proto::Dialect::ALL))
}

fn client_settings(flags: &[&str]) -> ClientSettings {
    let whose = ["--agency", "1", "--server", "127.0.0.1:1"];
    of(config::client(args(&[&whose, flags].concat()), &|_| None, lottery_proto::Dialect::ALL))
}

#[test]
fn a_server_without_a_runtime_ends_with_1() {
    let empty = || Loads(Ok(Saved::default()));
    assert_eq!(server::run(&NO_RUNTIME, &server_settings(), empty()), ExitCode::from(1));
    assert_eq!(server::run(&Idle { starts: true }, &server_settings(), empty()), ExitCode::SUCCESS);
}

#[test]
fn a_store_that_cannot_be_read_ends_the_server_with_74_if_it_has_failed() {
    let (place, cause) = ("store".to_owned(), "told to".to_owned());
    let failed = StoreError::Failed { place: place.clone(), cause: cause.clone() };
    assert_eq!(server::end(Ok(()), Err(failed.clone())), ExitCode::from(74));
    assert_eq!(server::run(&NO_RUNTIME, &server_settings(), Loads(Err(failed))), ExitCode::from(74));
    let unusable = StoreError::Unusable { place, cause };
    assert_eq!(server::run(&NO_RUNTIME, &server_settings(), Loads(Err(unusable))), ExitCode::from(1));
}

#[test]
fn a_client_without_a_runtime_fails() {
    let dir = tempfile::tempdir().unwrap();
    let bets = dir.path().join("bets.csv");
    std::fs::write(&bets, "Ana,Paz,20000001,1980-01-01,7574\n").unwrap();
    let agency = client_settings(&["--bets", bets.to_str().unwrap()]);
    let bet = client_settings(&[
        "bet",
        "--first-name=Ana",
        "--last-name=Paz",
        "--document=20000001",
        "--birthdate=1980-01-01",
        "--number=1",
    ]);
    let said = Err(Unfinished::Failed { code: 1, reason: "no runtime".to_owned() });
    assert_eq!(client::agency(&NO_RUNTIME, &agency, &|| ()), said);
    assert_eq!(client::winners(&NO_RUNTIME, &agency, &|| ()), said);
    assert_eq!(client::single_bet(&NO_RUNTIME, &bet), said);
    assert_eq!(client::echoes(&NO_RUNTIME, &client_settings(&["echo"])), said);
}
