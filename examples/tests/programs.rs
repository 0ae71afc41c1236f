//! The programs do what they say: each is started as a user would start it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use lottery_testkit::process::{Process, SOON, Signal};

fn stdout_of(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn two_machines_in_memory_hold_a_lottery() {
    let output = Command::new(env!("CARGO_BIN_EXE_in_memory")).output().unwrap();
    assert_eq!(stdout_of(&output), "winners: [\"20000001\"]\n");
}

/// Starts a server for two agencies, and returns it with its address.
fn start(program: &str) -> (Process, String) {
    let server = Process::start(Command::new(program).args(["127.0.0.1:0", "2"]));
    let line = server.line("listening at ");
    (server, line.strip_prefix("listening at ").unwrap().to_owned())
}

/// Runs two agencies of 50 bets, each with a winner, against a server.
fn run_lottery(address: &str) {
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2].map(|agency| {
        let bet = |nth| {
            let number = if nth == 17 { 7574 } else { nth };
            format!("Ana,Paz,{agency}00000{nth:02},1980-01-01,{number}\n")
        };
        let file = dir.path().join(format!("agency-{agency}.csv"));
        fs::write(&file, (0..50).map(bet).collect::<String>()).unwrap();
        let mut client = Command::new(env!("CARGO_BIN_EXE_std_agency"));
        client.args([address, &agency.to_string()]).arg(file).stdout(Stdio::piped()).stderr(Stdio::piped());
        client.spawn().unwrap()
    });
    let printed = agencies.map(|agency| stdout_of(&agency.wait_with_output().unwrap()));
    assert_eq!(printed, ["agency 1: 50 bets, winners: 10000017\n", "agency 2: 50 bets, winners: 20000017\n"]);
}

#[test]
fn a_lottery_that_the_builder_assembles_draws_and_tells_each_agency_its_winners() {
    let output = Command::new(env!("CARGO_BIN_EXE_lottery_in_memory")).output().unwrap();
    let winners = [1, 2, 3].map(|n| format!("agency {n}: winners: {n}0000002 {n}0000007\n")).concat();
    assert_eq!(stdout_of(&output), winners + "30 bets are stored\n");
}

#[test]
fn every_agency_gets_its_own_winners_from_the_server_on_threads() {
    let (_server, address) = start(env!("CARGO_BIN_EXE_std_server"));
    run_lottery(&address);
}

#[test]
fn every_agency_gets_its_own_winners_from_the_server_on_mio() {
    let (_server, address) = start(env!("CARGO_BIN_EXE_mio_server"));
    run_lottery(&address);
}

#[test]
fn the_server_on_mio_ends_its_connections_at_a_signal() {
    let (server, address) = start(env!("CARGO_BIN_EXE_mio_server"));
    let mut peer = TcpStream::connect(address).unwrap();
    peer.write_all(b"hola\n").unwrap();
    let mut answer = [0; 5];
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hola\n");
    server.signal(Signal::TERM);
    assert_eq!(peer.read(&mut answer).unwrap(), 0);
    drop(peer);
    assert!(server.status(SOON).success());
}

#[test]
fn a_wrong_line_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agency.csv");
    fs::write(&file, "Ana,Paz,20000001,1980-01-01,7574\nAna,Paz,20000001\n").unwrap();
    let mut client = Command::new(env!("CARGO_BIN_EXE_std_agency"));
    let output = client.args(["127.0.0.1:9", "1"]).arg(&file).output().unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("agency.csv: line 2: 3 fields, expected 5"), "{error}");
}
