//! Winners file of the real clients: files that it would destroy, and files that are left.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::{Process, SOON, client, server};

on_every_runtime!(
    inputs_are_never_overwritten,
    a_filled_file_is_replaced_only_by_force,
    an_unwritable_file_is_found_before_anything_is_sent,
    a_client_that_is_stopped_leaves_nothing,
);

const DIALECTS: [&str; 5] = ["session", "block", "fixed", "framed", "braces"];

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: std::net::SocketAddr) -> Command {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path);
    client
}

/// Checks that the client ends with that code and that on standard error, and has not connected.
#[track_caller]
fn rejected(client: &mut Command, listener: &TcpListener, code: i32, expected: &str) {
    let (found, stdout, stderr) = Process::start(client).end(SOON);
    assert_eq!((found, &stderr[..]), (Some(code), &[format!("error: {expected}")][..]), "{stdout:#?}");
    assert!(stdout.last().unwrap().contains("ERROR    action: exit | result: fail"), "{stdout:#?}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it connected");
}

fn inputs_are_never_overwritten(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let bets = Bets::make(dir, 1, 500);
    let before = fs::read(&bets.path).unwrap();
    fs::write(dir.join("config.yaml"), "loop:\n  amount: 3\n").unwrap();
    symlink("agency-1.csv", dir.join("soft")).unwrap();
    fs::hard_link(&bets.path, dir.join("hard")).unwrap();
    symlink("config.yaml", dir.join("settings")).unwrap();
    for dialect in DIALECTS {
        for (name, what) in [
            ("agency-1.csv", "the file of the bets"),
            ("soft", "the file of the bets"),
            ("hard", "the file of the bets"),
            ("config.yaml", "the configuration"),
            ("settings", "the configuration"),
        ] {
            let mut client = agency(runtime, dir, &bets, address);
            client.args(["--dialect", dialect, "--force", "--winners", name]);
            let expected = format!("--winners {name}: this is {what}, which the winners would overwrite");
            rejected(&mut client, &listener, 2, &expected);
        }
    }
    assert!(fs::read(&bets.path).unwrap() == before);
    assert_eq!(fs::read_to_string(dir.join("config.yaml")).unwrap(), "loop:\n  amount: 3\n");
}

fn a_filled_file_is_replaced_only_by_force(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = Bets::make(dir, 1, 50);
    fs::write(bets.winners_path(), "the winners of last year\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut early = agency(runtime, dir, &bets, listener.local_addr().unwrap());
    early.arg("--winners").arg(bets.winners_path());
    let path = bets.winners_path();
    let expected = format!("--winners {}: it exists and is not empty; --force replaces it", path.display());
    rejected(&mut early, &listener, 2, &expected);
    let server = Process::start(server(runtime, dir).args(["--agencies", "1"]));
    let mut client = agency(runtime, dir, &bets, server.address());
    let (code, stdout, stderr) =
        Process::start(client.arg("--winners").arg(bets.winners_path()).arg("--force")).end(2 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    bets.check_winners();
    server.stop(Signal::TERM);
}

fn an_unwritable_file_is_found_before_anything_is_sent(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = Bets::make(dir, 1, 50);
    fs::create_dir(dir.join("directory")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for dialect in DIALECTS {
        for (name, file, problem) in [
            ("nowhere/winners", "nowhere/winners.part", "No such file or directory (os error 2)"),
            ("directory", "directory", "Is a directory (os error 21)"),
        ] {
            let mut client = agency(runtime, dir, &bets, listener.local_addr().unwrap());
            client.args(["--dialect", dialect, "--winners", name]);
            let expected = format!("cannot write the winners to {file}: {problem}");
            rejected(&mut client, &listener, 1, &expected);
        }
    }
}

fn a_client_that_is_stopped_leaves_nothing(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = Bets::make(dir, 1, 50);
    let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    let mut client = agency(runtime, dir, &bets, server.address());
    let client = Process::start(client.arg("--winners").arg(bets.winners_path()));
    client.line("action: apuestas_enviadas | result: success");
    let part = dir.join("agency-1.winners.part");
    assert!(part.exists() && !bets.winners_path().exists());
    client.ready();
    client.signal(Signal::TERM);
    client.status(SOON);
    assert!(!part.exists() && !bets.winners_path().exists());
    server.stop(Signal::TERM);
}
