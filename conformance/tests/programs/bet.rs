//! Single bets of the real programs: success is reported only if the server has acknowledged the bet.

use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::peer::accept;
use crate::support::{Process, SOON, client, server};

on_every_runtime!(a_bet_that_is_rejected_is_no_success, a_bet_that_nobody_answers_is_unconfirmed);

const DIALECTS: [&str; 5] = ["session", "block", "fixed", "framed", "braces"];

fn bet(runtime: &str, dir: &Path, address: SocketAddr, dialect: &str) -> Command {
    let mut bet = client(runtime, dir, 1, address);
    bet.args([
        "bet",
        "--dialect",
        dialect,
        "--first-name",
        "Ana",
        "--last-name",
        "Paz",
        "--document",
        "20000001",
    ]);
    bet.args(["--birthdate", "1980-01-01", "--number", "7574"]);
    bet
}

/// Checks that the command fails with one line, and has reported no success. Returns its lines and that line.
#[track_caller]
fn failed(bet: Process) -> (Vec<String>, String) {
    let (code, stdout, stderr) = bet.end(2 * SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stdout:#?} {stderr:#?}");
    let success = |line: &String| line.contains("apuesta_enviada | result: success");
    assert!(!stdout.iter().any(success), "{stdout:#?}");
    (stdout, stderr[0].clone())
}

fn a_bet_that_is_rejected_is_no_success(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("bets.csv"), "Ana,Paz,1,1980-01-01,1\n").unwrap();
    let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    let address = server.address();
    let dialects = [&DIALECTS[..], &["short", "columns", "line", "bare"]].concat();
    for dialect in &dialects {
        let stored = Process::start(&mut bet(runtime, dir, address, dialect)).end(2 * SOON);
        assert_eq!((stored.0, &stored.2[..]), (Some(0), &[][..]), "{dialect}: {:#?}", stored.1);
    }
    // The agency finishes.
    let mut agency = client(runtime, dir, 1, address);
    let agency = Process::start(agency.args(["--dialect", "block", "--bets", "bets.csv"]));
    agency.line("action: apuestas_enviadas | result: success");
    for dialect in dialects {
        let (_, error) = failed(Process::start(&mut bet(runtime, dir, address, dialect)));
        let ended = |how| {
            format!(
                ": the connection was {how} without a reply (a rejection in this dialect, unless it was lost)"
            )
        };
        let reason = match dialect {
            "session" | "block" => String::new(),
            "short" => ended("closed"),
            "columns" => ended("reset"),
            _ => ": the agency is finished".to_owned(),
        };
        assert_eq!(error, format!("error: the server refused the bet{reason}"), "{dialect}");
    }
    agency.stop(Signal::TERM);
    server.stop(Signal::TERM);
    assert_eq!(fs::read_to_string(dir.join("data/bets.csv")).unwrap().lines().count(), 10);
}

fn a_bet_that_nobody_answers_is_unconfirmed(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    for dialect in DIALECTS {
        for stop in [false, true] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let bet = Process::start(&mut bet(runtime, dir.path(), listener.local_addr().unwrap(), dialect));
            let mut socket = accept(&listener);
            socket.read_exact(&mut [0; 40]).unwrap();
            if stop {
                bet.ready();
                bet.signal(Signal::TERM);
            } else {
                drop(socket);
            }
            let (lines, error) = failed(bet);
            assert!(
                error.starts_with("error: unconfirmed, the bet may be stored or not: "),
                "{dialect}: {error}"
            );
            let said = "WARNING  action: apuesta_enviada | result: fail | dni: 20000001 | numero: 7574 | reason: unconfirmed";
            assert!(lines.iter().any(|line| line.contains(said)), "{dialect}: {lines:#?}");
        }
    }
}
