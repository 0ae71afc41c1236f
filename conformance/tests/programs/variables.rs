//! Bets in the environment variables that the programs of the course have at each stage, without a command.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::{Process, SOON, client, command, server};

on_every_runtime!(a_bet_in_variables_is_what_an_agency_sends, a_bet_in_variables_that_is_not_whole_is_none);

/// A dialect, and the variables of the program that speaks it: agency, then first name, last name, document, birth date
/// and number. The last one names no dialect: with a server of ours, none is needed.
const STAGES: [(&str, [&str; 6]); 5] = [
    (
        "short",
        [
            "CLI_ID",
            "CLI_BET_NAME",
            "CLI_BET_SURNAME",
            "CLI_BET_DOCUMENT",
            "CLI_BET_BIRTHDAY",
            "CLI_BET_NUMBER",
        ],
    ),
    ("columns", ["AGENCIA", "NOMBRE", "APELLIDO", "DNI", "NACIMIENTO", "NUMERO"]),
    ("line", ["CLI_ID", "NOMBRE", "APELLIDO", "DOCUMENTO", "NACIMIENTO", "NUMERO"]),
    (
        "bare",
        [
            "CLI_ID",
            "CLI_TESTBET_NAME",
            "CLI_TESTBET_SURNAME",
            "CLI_TESTBET_DOCUMENT_ID",
            "CLI_TESTBET_DATE_OF_BIRTH",
            "CLI_TESTBET_WAGERED_NUMBER",
        ],
    ),
    ("", ["CLI_ID", "NOMBRE", "APELLIDO", "DOCUMENTO", "NACIMIENTO", "NUMERO"]),
];
const VALUES: [&str; 6] = ["3", "Santiago L", "Lorca", "30904465", "1999-03-17", "7574"];

/// Returns an agency that has no flags. Its server's address is in one variable, or in two.
fn agency(runtime: &str, dir: &Path, address: SocketAddr, in_two: bool) -> Command {
    let mut agency = command(client(runtime, dir, 3, address).get_program(), dir);
    if in_two {
        agency.env("SERVER_IP", address.ip().to_string()).env("SERVER_PORT", address.port().to_string());
    } else {
        agency.env("CLI_SERVER_ADDRESS", address.to_string());
    }
    agency
}

fn a_bet_in_variables_is_what_an_agency_sends(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let server = Process::start(server(runtime, dir).args(["--agencies", "3"]));
    for (dialect, names) in STAGES {
        let mut agency = agency(runtime, dir, server.address(), names[0] == "AGENCIA");
        // An empty variable counts as not set.
        agency.envs(names.into_iter().zip(VALUES)).env("CLI_DIALECT", dialect);
        let (code, stdout, stderr) = Process::start(&mut agency).end(2 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{names:?}: {stdout:#?}");
        let sent = "action: apuesta_enviada | result: success | dni: 30904465 | numero: 7574";
        assert!(stdout.iter().any(|line| line.contains(sent)), "{names:?}: {stdout:#?}");
        let shows =
            |line: &String| [VALUES[1], VALUES[2], VALUES[4]].iter().any(|value| line.contains(value));
        assert!(!stdout.iter().any(shows), "{names:?}: {stdout:#?}");
    }
    server.stop(Signal::TERM);
    let rows = fs::read_to_string(dir.join("data/bets.csv")).unwrap();
    let row = "3,Santiago L,Lorca,30904465,1999-03-17,7574";
    assert_eq!(rows.lines().collect::<Vec<_>>(), [row; STAGES.len()]);
}

fn a_bet_in_variables_that_is_not_whole_is_none(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut partly = agency(runtime, dir.path(), nobody, false);
    partly.env("CLI_ID", "3").env("CLI_BET_NAME", "Santiago").env("DNI", "30904465").env("NUMERO", "7574");
    let (code, _, stderr) = Process::start(&mut partly).end(2 * SOON);
    let error = "error: no bet: --last-name (APELLIDO, CLI_BET_SURNAME, CLI_TESTBET_SURNAME), \
                 --birthdate (NACIMIENTO, CLI_BET_BIRTHDAY, CLI_TESTBET_DATE_OF_BIRTH) are not set";
    assert_eq!((code, &stderr[..]), (Some(1), &[error.to_owned()][..]));

    let mut twice = agency(runtime, dir.path(), nobody, false);
    twice.env("CLI_ID", "3").env("NUMERO", "7574").env("CLI_BET_NUMBER", "7575");
    let (code, _, stderr) = Process::start(&mut twice).end(2 * SOON);
    let error =
        "error: environment: NUMERO and CLI_BET_NUMBER: (not shown): expected one of them, or one value";
    assert_eq!((code, &stderr[..]), (Some(2), &[error.to_owned()][..]));
}
