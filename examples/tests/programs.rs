//! The programs do what they say: each is started as a user would start it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

/// Process that is ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn two_machines_in_memory_hold_a_lottery() {
    let output = Command::new(env!("CARGO_BIN_EXE_in_memory")).output().unwrap();
    assert_eq!(said(&output), "winners: [\"20000001\"]\n");
}

#[test]
fn every_agency_gets_its_own_winners_from_the_server() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_std_server"));
    server.args(["127.0.0.1:0", "2"]).stdout(Stdio::piped());
    let mut server = Server(server.spawn().unwrap());
    // It is open to the end: the server goes on to print.
    let mut lines = BufReader::new(server.0.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening at ").unwrap();

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
    let said = agencies.map(|agency| said(&agency.wait_with_output().unwrap()));
    assert_eq!(said, ["agency 1: 50 bets, winners: 10000017\n", "agency 2: 50 bets, winners: 20000017\n"]);
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
