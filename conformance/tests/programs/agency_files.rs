//! Agency files with errors, and other sources of bets: nothing is sent before all is read.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::{Process, SOON, client, command, server};

on_every_runtime!(
    a_file_that_was_cut_is_not_sent,
    a_file_without_an_end_is_rejected,
    bets_come_from_standard_input,
    a_client_whose_dialect_cannot_name_its_agency_does_not_connect,
);

const DIALECTS: [&str; 5] = ["session", "block", "fixed", "framed", "braces"];

/// Returns the command of a program behind a script that uses it as `"$@"`, in little memory.
fn behind(script: &str, dir: &Path, program: &Command) -> Command {
    let mut shell = command("sh", dir);
    shell.arg("-c").arg(format!("ulimit -v 2000000; {script}")).arg("sh");
    shell.arg(program.get_program()).args(program.get_args());
    shell
}

/// Checks that the client ends with that code and that on standard error, and has not connected.
#[track_caller]
fn rejected(client: &mut Command, listener: &TcpListener, code: i32, expected: &str) {
    let (found, stdout, stderr) = Process::start(client).end(4 * SOON);
    assert_eq!((found, &stderr[..]), (Some(code), &[format!("error: {expected}")][..]), "{stdout:#?}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it connected");
}

fn a_file_that_was_cut_is_not_sent(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let good = "Ana,Paz,1,1980-01-01,1\r\n".repeat(300);
    for dialect in DIALECTS {
        for (bad, problem) in [
            ("Ana,Paz,1,1980-01-01,\"757", "number: the file ends inside quotes"),
            ("\"Ana\" Bea,Paz,1,1980-01-01,1\r\n", "first_name: text behind the closing quote"),
            ("Ana,P\"az\",1,1980-01-01,1\r\n", "last_name: a quote in a field that does not begin with one"),
            (
                "Ana,\"Paz,1,1980-01-01,1\r\nEva,Sosa,2,1980-01-01,1\r\n",
                "last_name: the line ends inside quotes",
            ),
        ] {
            // Line ends of every kind count.
            fs::write(dir.join("bets.csv"), [&good, "\r\r\n\n", bad].concat()).unwrap();
            let mut client = client(runtime, dir, 1, listener.local_addr().unwrap());
            client.args(["--dialect", dialect, "--bets", "bets.csv"]);
            rejected(&mut client, &listener, 1, &format!("bets.csv: line 304: {problem}"));
        }
    }
}

fn a_file_without_an_end_is_rejected(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut bets = client(runtime, dir, 1, listener.local_addr().unwrap());
    bets.args(["--file-max-size", "3000000", "--bets"]);
    let from = |place: &str| {
        let mut client = command(bets.get_program(), dir);
        client.args(bets.get_args()).arg(place);
        client
    };
    let long = "first_name: too long, at most 255";
    let zero = behind("\"$@\"", dir, &from("/dev/zero"));
    let fifo = behind("mkfifo pipe; yes | tr -d '\\n' > pipe & \"$@\"", dir, &from("pipe"));
    let line = behind("head -c 100000000 /dev/zero | tr '\\0' a | \"$@\"", dir, &from("-"));
    let lines = behind("yes Ana,Paz,1,1980-01-01,1 | \"$@\"", dir, &from("-"));
    let larger = "larger than 3000000 bytes; file-max-size allows more";
    for (mut client, expected) in [
        (zero, format!("/dev/zero: line 1: {long}")),
        (fifo, format!("pipe: line 1: {long}")),
        (line, format!("standard input: line 1: {long}")),
        (lines, format!("standard input: {larger}")),
    ] {
        rejected(&mut client, &listener, 1, &expected);
    }
}

fn bets_come_from_standard_input(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = Bets::make(dir, 1, 500);
    let server = Process::start(server(runtime, dir).args(["--agencies", "1"]));
    let mut agency = client(runtime, dir, 1, server.address());
    agency.args(["--bets", "-", "--winners"]).arg(bets.winners_path());
    let mut piped = behind("cat agency-1.csv | \"$@\"", dir, &agency);
    let (code, stdout, stderr) = Process::start(&mut piped).end(4 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    bets.check_winners();
    // A file that the bets come from is not overwritten either.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut agency = client(runtime, dir, 1, listener.local_addr().unwrap());
    agency.args(["--bets", "-", "--force", "--winners", "agency-1.csv"]);
    let what = "--winners agency-1.csv: this is the file of the bets, which the winners would overwrite";
    rejected(&mut behind("\"$@\" < agency-1.csv", dir, &agency), &listener, 2, what);
    server.stop(Signal::TERM);
}

fn a_client_whose_dialect_cannot_name_its_agency_does_not_connect(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    fs::write(dir.join("bets.csv"), "Ana,Paz,1,1980-01-01,1\n").unwrap();
    let fields =
        ["--first-name=Ana", "--last-name=Paz", "--document=1", "--birthdate=1980-01-01", "--number=1"];
    let what: [&[&str]; 3] = [&["winners"], &[&["bet"], &fields[..]].concat(), &["--bets", "bets.csv"]];
    // Queries and single bets are no part of a list, and go without a session.
    for (dialect, what, limit) in
        [("block", &what[..], "block"), ("session", &what[..2], "session sends this in block, which")]
    {
        for what in what {
            let mut client = client(runtime, dir, 256, listener.local_addr().unwrap());
            client.args(*what).args(["--dialect", dialect]);
            let expected = format!("agency 256: {limit} goes up to 255, other dialects go further");
            rejected(&mut client, &listener, 2, &expected);
        }
    }
    // In the other dialects it does.
    listener.set_nonblocking(false).unwrap();
    for dialect in ["session", "fixed", "framed", "braces"] {
        let mut client = client(runtime, dir, 256, listener.local_addr().unwrap());
        let client = Process::start(client.args(["--dialect", dialect, "--bets", "bets.csv"]));
        crate::support::peer::accept(&listener);
        client.signal(Signal::KILL);
        client.end(SOON);
    }
}
