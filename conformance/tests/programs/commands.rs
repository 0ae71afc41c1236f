//! Commands of the programs: `count`, `verify`, `status`, `health`, settings. Also a server that keeps nothing.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::{Process, SOON, client, command, free_address, server, server_at, server_program};

on_every_runtime!(
    bets_are_counted_while_the_server_runs,
    a_store_is_verified_and_its_status_told_while_the_server_runs_and_when_none_does,
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

fn a_store_is_verified_and_its_status_told_while_the_server_runs_and_when_none_does(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (verify, status) = (["verify", "--data-dir", "data"], ["status", "--data-dir", "data"]);
    let json = ["status", "--data-dir", "data", "--json"];
    let nothing = "error: data/log: cannot be used: No such file or directory (os error 2)";
    for command in [verify, status] {
        assert_eq!(told(runtime, dir, &command), (Some(1), vec![], vec![nothing.to_owned()]), "{command:?}");
    }
    let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    let clients = [(1, 30), (2, 12)]
        .map(|(nth, bets)| Process::start(&mut agency(runtime, dir, &Bets::make(dir, nth, bets), &server)));
    for client in clients {
        assert_eq!(client.end(2 * SOON).0, Some(0));
    }
    let state = [
        "agencies: 2",
        "winning_number: 7574",
        "bets: 42",
        "finished: 2",
        "drawn: yes",
        "agency 1: 30, finished",
        "agency 2: 12, finished",
    ];
    let state = (Some(0), state.map(str::to_owned).to_vec(), vec![]);
    let object = "{\"agencies\":2,\"winning_number\":7574,\"bets\":42,\"finished\":2,\"drawn\":true,\"each\":[\
                  {\"agency\":1,\"bets\":30,\"finished\":true},{\"agency\":2,\"bets\":12,\"finished\":true}]}";
    let object = (Some(0), vec![object.to_owned()], vec![]);
    let verified = || {
        let (code, mut stdout, stderr) = told(runtime, dir, &verify);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        assert!(stdout.remove(1).starts_with("groups: "));
        assert_eq!(stdout, ["segments: 1", "bets: 42", "bets.csv: complete"]);
    };
    verified();
    assert_eq!(told(runtime, dir, &status), state);
    assert_eq!(told(runtime, dir, &json), object);

    // A file that the server has open is damaged, and healed.
    let (log, csv) = (dir.join("data/log/00000001.log"), dir.join("data/bets.csv"));
    let sound = std::fs::read(&log).unwrap();
    let used = sound.iter().rposition(|byte| *byte != 0).unwrap();
    let put = |at: usize, byte: u8| {
        let file = File::options().write(true).open(&log).unwrap();
        file.write_all_at(&[byte], at.try_into().unwrap()).unwrap();
    };
    let fails = |expected: &str| {
        let (code, stdout, stderr) = told(runtime, dir, &verify);
        assert_eq!((code, &stdout[..], stderr.len()), (Some(1), &[][..], 1), "{stderr:#?}");
        assert!(stderr[0].contains(expected), "{expected}: {stderr:#?}");
    };
    put(4196, !sound[4196]);
    fails("error: data/log/00000001.log: cannot be used: offset 4096: ");
    put(4196, sound[4196]);
    // Its last frame holds the draw: without the server's word it looks like one that is being written.
    put(used, !sound[used]);
    fails("error: data/log: damaged at its end: the server has stored a draw");
    put(used, sound[used]);
    verified();
    server.stop(Signal::TERM);

    verified();
    assert_eq!(told(runtime, dir, &status), state);
    assert_eq!(told(runtime, dir, &json), object);
    for at in [0, 20, 4096, used, sound.len() - 1] {
        put(at, sound[at] ^ 4);
        fails("error: data/log/00000001.log: cannot be used: offset ");
        put(at, sound[at]);
    }
    let rows = std::fs::read_to_string(&csv).unwrap();
    let third = rows.lines().nth(2).unwrap();
    std::fs::write(&csv, rows.replace(third, &third.replacen(',', ",X", 1))).unwrap();
    fails("; the first other row is line 3");
    std::fs::write(&csv, &rows[..100]).unwrap();
    let (code, stdout, _) = told(runtime, dir, &verify);
    assert_eq!((code, stdout.last().unwrap().ends_with(" bytes behind")), (Some(0), true), "{stdout:#?}");
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
