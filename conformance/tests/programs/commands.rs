//! Commands of the programs: `count`, `health`, settings. Also a server that keeps nothing.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::{Process, SOON, client, command, free_address, server, server_at, server_program};

on_every_runtime!(
    bets_are_counted_while_the_server_runs,
    health_asks_the_server_at_the_named_port,
    output_that_cannot_be_printed_is_a_failure,
    a_server_in_memory_leaves_no_files,
);

/// Runs a command of the server, and returns its exit code, standard output and standard error.
fn told(runtime: &str, dir: &Path, args: &[&str]) -> (Option<i32>, Vec<String>, Vec<String>) {
    Process::start(command(server_program(runtime), dir).args(args)).end(SOON)
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, server: &Process) -> Command {
    let mut client = client(runtime, dir, bets.agency, server.address());
    client.arg("--bets").arg(&bets.path);
    client
}

fn bets_are_counted_while_the_server_runs(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let count = ["count", "--data-dir", "data"];
    let nothing = "error: data/log: cannot be used: No such file or directory (os error 2)";
    assert_eq!(told(runtime, dir, &count), (Some(1), vec![], vec![nothing.to_owned()]));
    let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    let clients = [(1, 30), (2, 12)]
        .map(|(nth, bets)| Process::start(&mut agency(runtime, dir, &Bets::make(dir, nth, bets), &server)));
    for client in clients {
        assert_eq!(client.end(2 * SOON).0, Some(0));
    }
    let lines = ["agency 1: 30", "agency 2: 12", "all: 42"].map(str::to_owned).to_vec();
    assert_eq!(told(runtime, dir, &count), (Some(0), lines.clone(), vec![]));
    // The store is counted, whatever becomes of `bets.csv`.
    std::fs::remove_file(dir.join("data/bets.csv")).unwrap();
    assert_eq!(told(runtime, dir, &count), (Some(0), lines.clone(), vec![]));
    let mut full = command(server_program(runtime), dir);
    let (code, _, stderr) =
        Process::spawn(full.args(count).stdout(File::create("/dev/full").unwrap())).end(SOON);
    let no_room = "error: cannot write to standard output: No space left on device (os error 28)";
    assert_eq!((code, stderr), (Some(1), vec![no_room.to_owned()]));
    server.stop(Signal::TERM);
    assert_eq!(told(runtime, dir, &count), (Some(0), lines, vec![]), "also when no server runs");
}

fn health_asks_the_server_at_the_named_port(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let (well, listen, port) = ((Some(0), vec![], vec![]), address.to_string(), address.port().to_string());
    let unwell = |reason: &str| (Some(1), vec![], vec![format!("error: {reason}")]);
    for kind in ["log", "memory"] {
        let server = Process::start(server_at(runtime, dir.path(), address).args(["--store", kind]));
        server.address();
        assert_eq!(told(runtime, dir.path(), &["health", "--listen", &listen]), well, "{kind}");
        // The address that the server listens at does not matter.
        assert_eq!(told(runtime, dir.path(), &["health", "--port", &port]), well, "{kind}");
        assert_eq!(told(runtime, dir.path(), &["--port", &port, "health"]), well, "{kind}");
        let mut health = command(server_program(runtime), dir.path());
        let health = Process::start(health.arg("health").env("SERVER_PORT", &port));
        assert_eq!(health.end(SOON), well, "{kind}");
        std::fs::write(dir.path().join("other.ini"), format!("SERVER_PORT = {port}\n")).unwrap();
        assert_eq!(told(runtime, dir.path(), &["health", "--config", "other.ini"]), well, "{kind}");
        // The server is stopped, and nothing of it answers.
        server.signal(Signal::STOP);
        let silent = unwell(&format!("the server at {listen} does not answer"));
        assert_eq!(told(runtime, dir.path(), &["health", "--port", &port]), silent, "{kind}");
        server.signal(Signal::CONT);
        assert_eq!(told(runtime, dir.path(), &["health", "--port", &port]), well, "{kind}");
        let lines = server.stop(Signal::TERM);
        assert!(!lines.iter().any(|line| line.contains("_connection")), "{lines:#?}");
        let nobody = unwell(&format!("no server listens at {listen}"));
        assert_eq!(told(runtime, dir.path(), &["health", "--listen", &listen]), nobody, "{kind}");
    }
    // Another program's listener is no server of ours.
    let _other = std::net::TcpListener::bind(address).unwrap();
    let nobody = unwell(&format!("no server listens at 0.0.0.0:{port}"));
    assert_eq!(told(runtime, dir.path(), &["health", "--port", &port]), nobody);
    let picked = unwell("port 0 is whichever the system picked: name the one that the server listens at");
    assert_eq!(told(runtime, dir.path(), &["health", "--port", "0"]), picked);
}

fn output_that_cannot_be_printed_is_a_failure(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    for flag in ["--help", "--version", "--print-config", "--limits"] {
        let (code, stdout, stderr) = told(runtime, dir.path(), &[flag]);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{flag}: {stdout:#?}");
        assert!(!stdout.is_empty(), "{flag}");
        let mut full = command(server_program(runtime), dir.path());
        let full = Process::spawn(full.arg(flag).stdout(File::create("/dev/full").unwrap()));
        assert_eq!(full.end(SOON).0, Some(1), "{flag}");
    }
}

fn a_server_in_memory_leaves_no_files(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 50);
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "1", "--store", "memory"]));
    // An agency without a file for its winners logs their number.
    let (code, stdout, stderr) =
        Process::start(&mut agency(runtime, dir.path(), &bets, &server)).end(2 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]));
    let winners = format!("consulta_ganadores | result: success | cant_ganadores: {}", bets.winners.len());
    assert!(stdout.iter().any(|line| line.ends_with(&winners)), "{stdout:#?}");
    server.stop(Signal::TERM);
    assert!(!dir.path().join("data").exists());
}
