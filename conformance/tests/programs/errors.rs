//! Programs that cannot start, or not go on: one line with the error and its place, and an exit code.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::support::agency_files::Bets;
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(
    a_taken_port_is_named,
    an_unusable_data_directory_is_named,
    wrong_settings_of_a_server_are_named_with_their_place,
    wrong_settings_of_a_client_are_named_with_their_place,
    files_that_hold_no_bets_are_rejected,
    a_missing_server_is_an_error,
);

/// Checks that the command ends with that code, and exactly that on standard error.
#[track_caller]
fn fails(command: &mut Command, code: i32, expected: &str) {
    let (found, stdout, stderr) = Process::start(command).end(SOON);
    assert_eq!(stderr, [format!("error: {expected}")], "{stdout:#?}");
    assert_eq!(found, Some(code));
}

fn a_taken_port_is_named(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut second = command(server_program(runtime), dir.path());
    fails(
        second.args(["--listen", &address]),
        1,
        &format!("cannot listen at {address}: Address already in use (os error 98)"),
    );
}

fn an_unusable_data_directory_is_named(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let first = Process::start(&mut server(runtime, dir.path()));
    first.address();
    fails(
        &mut server(runtime, dir.path()),
        1,
        "data/lottery.lock: another server, or a command such as backup, uses this data directory",
    );
    fs::write(dir.path().join("file"), "").unwrap();
    let mut below = command(server_program(runtime), dir.path());
    fails(
        below.args(["--listen", "127.0.0.1:0", "--data-dir", "file/below"]),
        1,
        "file/below: cannot be used: Not a directory (os error 20)",
    );
    fs::create_dir_all(dir.path().join("foreign/log")).unwrap();
    fs::write(dir.path().join("foreign/log/00000001.log"), "not a log at all").unwrap();
    let mut foreign = command(server_program(runtime), dir.path());
    let (code, _, stderr) =
        Process::start(foreign.args(["--listen", "127.0.0.1:0", "--data-dir", "foreign"])).end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
    assert!(stderr[0].starts_with("error: foreign/log/00000001.log: cannot be used: "), "{stderr:#?}");
}

fn wrong_settings_of_a_server_are_named_with_their_place(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let port = "expected a whole number from 0 to 65535";
    fails(
        server(runtime, dir.path()).arg("--nonsense"),
        2,
        "unexpected argument '--nonsense' found; try --help",
    );
    fails(server(runtime, dir.path()).args(["--port", "x"]), 2, &format!(r#"--port: "x": {port}"#));
    fails(
        server(runtime, dir.path()).env("SERVER_PORT", "70000"),
        2,
        &format!(r#"environment: SERVER_PORT: "70000": {port}"#),
    );
    let ini = |text: &str| fs::write(dir.path().join("config.ini"), text).unwrap();
    ini("[DEFAULT]\nSERVER_PROT = 1\n");
    let unknown = "config.ini: SERVER_PROT: unknown key, did you mean SERVER_PORT?";
    fails(server(runtime, dir.path()).arg("--strict-config"), 2, unknown);
    ini("[DEFAULT]\nSERVER_PORT = many\n");
    fails(&mut server(runtime, dir.path()), 2, &format!(r#"config.ini: SERVER_PORT: "many": {port}"#));
    fails(
        server(runtime, dir.path()).args(["--config", "nowhere.ini"]),
        2,
        "nowhere.ini: cannot read: No such file or directory (os error 2)",
    );
    assert!(!dir.path().join("data").exists(), "nothing was begun");
}

fn wrong_settings_of_a_client_are_named_with_their_place(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let address = ([127, 0, 0, 1], 1).into();
    let agency = |agency| client(runtime, dir.path(), agency, address);
    fails(&mut agency(1), 2, "no bets: name the agency's file with --bets FILE");
    let number = "expected a whole number from 1 to 99999";
    fails(&mut agency(0), 2, &format!(r#"--agency: "0": {number}"#));
    let mut nobody =
        command(server_program(runtime).with_file_name(format!("lottery-client-{runtime}")), dir.path());
    fails(
        nobody.args(["--server", "127.0.0.1:1"]),
        2,
        "agency is not set: expected --agency N, the environment variable CLI_ID or AGENCIA or the key id",
    );
    fails(nobody.env("CLI_ID", "x"), 2, &format!(r#"environment: CLI_ID: "x": {number}"#));
    let yaml = |text: &str| fs::write(dir.path().join("config.yaml"), text).unwrap();
    yaml("loop:\n  amuont: 3\n");
    let unknown = "config.yaml: loop.amuont: unknown key, did you mean loop.amount?";
    fails(agency(1).arg("--strict-config"), 2, unknown);
    yaml("batch:\n  maxAmount: none\n");
    let amount = "expected a whole number from 1 to 1000000";
    fails(&mut agency(1), 2, &format!(r#"config.yaml: batch.maxAmount: "none": {amount}"#));
}

fn files_that_hold_no_bets_are_rejected(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let bets = |file: &str| {
        let mut client = client(runtime, dir.path(), 1, address);
        client.args(["--bets", file]);
        client
    };
    fails(&mut bets("nowhere.csv"), 1, "nowhere.csv: No such file or directory (os error 2)");
    let good = "Ana,Paz,1,1980-01-01,1\r\n".repeat(300);
    for (bad, problem) in [
        (&b"Ana,Paz,1,1980-02-30,1\r\n"[..], "birthdate: expected a date, YYYY-MM-DD"),
        (b"Ana,Paz,1,1980-01-01\r\n", "4 fields, expected 5: first_name,last_name,document,birthdate,number"),
        (b"Ana,P\xe9z,1,1980-01-01,1\r\n", "last_name: not UTF-8"),
        (b"A|na,Paz,1,1980-01-01,1\r\n", "first_name: '|' cannot be sent in this dialect"),
    ] {
        fs::write(dir.path().join("bets.csv"), [good.as_bytes(), bad, good.as_bytes()].concat()).unwrap();
        fails(&mut bets("bets.csv"), 1, &format!("bets.csv: line 301: {problem}"));
    }
    server.stop(rustix::process::Signal::TERM);
    assert_eq!(fs::read_to_string(dir.path().join("data/bets.csv")).unwrap(), "", "nothing was sent");
}

fn a_missing_server_is_an_error(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = Bets::make(dir, 1, 3);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let expected = format!("cannot connect to {free}: Connection refused (os error 111)");
    let mut plain = client(runtime, dir, 1, free);
    fails(plain.args(["--dialect", "block", "--bets"]).arg(&bets.path), 1, &expected);
}
