//! Commands of the server where something is wrong: no store, one of a newer version, one in use, a broken file, an output
//! that nobody reads or that has no room. Also `winners`, before and after the draw.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(
    winners_are_printed_after_the_draw_while_the_server_runs_and_when_none_does,
    commands_say_what_is_wrong_with_the_store,
    output_that_nobody_reads_or_that_has_no_room_is_an_error,
);

/// Commands that read the store of `data`.
const COMMANDS: [&[&str]; 7] = [
    &["winners"],
    &["winners", "--agency", "1"],
    &["count"],
    &["status"],
    &["status", "--json"],
    &["export"],
    &["backup", "-"],
];

/// Returns a command of the server on `data`.
fn asks(runtime: &str, dir: &Path, args: &[&str]) -> Command {
    let mut asks = command(server_program(runtime), dir);
    asks.args(["--data-dir", "data"]).args(args);
    asks
}

/// Runs a command of the server, and returns its exit code, standard output and standard error.
fn told(runtime: &str, dir: &Path, args: &[&str]) -> (Option<i32>, Vec<String>, Vec<String>) {
    Process::start(&mut asks(runtime, dir, args)).end(4 * SOON)
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, server: &Process) -> Process {
    let mut client = client(runtime, dir, bets.agency, server.address());
    Process::start(client.arg("--bets").arg(&bets.path))
}

fn winners_are_printed_after_the_draw_while_the_server_runs_and_when_none_does(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let fails = |args: &[&str], reason: &str| {
        assert_eq!(told(runtime, dir, args), (Some(1), vec![], vec![format!("error: {reason}")]), "{args:?}");
    };
    let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    server.address();
    let not_drawn = "the draw has not taken place; status says which agencies have finished";
    fails(&["winners"], not_drawn);
    let [one, two] = [(1, 300), (2, 120)].map(|(agency, bets)| Bets::make(dir, agency, bets));
    let first = agency(runtime, dir, &one, &server);
    server.line("action: agency_finished | result: success | agency: 1");
    fails(&["winners", "--agency", "1"], not_drawn);
    for client in [first, agency(runtime, dir, &two, &server)] {
        assert_eq!(client.end(2 * SOON).0, Some(0));
    }
    let of_both = || {
        for bets in [&one, &two] {
            let whose = ["winners", "--agency", &bets.agency.to_string()];
            assert_eq!(told(runtime, dir, &whose), (Some(0), bets.winners.clone(), vec![]));
        }
        let (code, mut all, stderr) = told(runtime, dir, &["winners"]);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{all:#?}");
        let mut expected = [&one.winners[..], &two.winners].concat();
        all.sort();
        expected.sort();
        assert_eq!(all, expected);
        fails(&["winners", "--agency", "3"], "agency 3: 2 agencies took part in the draw");
    };
    of_both();
    server.stop(Signal::TERM);
    of_both();
    let (code, _, stderr) = told(runtime, dir, &["winners", "--agency", "0"]);
    assert_eq!((code, stderr.len()), (Some(2), 1), "{stderr:#?}");
}

fn commands_say_what_is_wrong_with_the_store(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let data = dir.join("data");
    let each = |of: &[&[&str]], wrong: &str| {
        for args in of {
            let (code, stdout, stderr) = told(runtime, dir, args);
            // A backup without its end is none, and its first line is there before the store is read.
            let printed = stdout.iter().filter(|line| *line != "lottery-backup 1").count();
            assert_eq!((code, printed, stderr.len()), (Some(1), 0, 1), "{args:?}: {stdout:#?} {stderr:#?}");
            assert!(
                stderr[0].starts_with("error: data/") && stderr[0].contains(wrong),
                "{args:?}: {stderr:#?}"
            );
        }
    };
    let all = [&COMMANDS[..], &[&["verify"]]].concat();
    each(&all, "data/log: cannot be used: No such file or directory");
    assert!(!data.exists(), "nothing was made");

    let server = Process::start(server(runtime, dir).args(["--agencies", "1"]));
    let bets = Bets::make(dir, 1, 300);
    assert_eq!(agency(runtime, dir, &bets, &server).end(2 * SOON).0, Some(0));
    server.stop(Signal::TERM);
    let log = data.join("log/00000001.log");
    let sound = fs::read(&log).unwrap();
    let csv = fs::read(data.join("bets.csv")).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>), wrong: &str| {
        let mut bytes = sound.clone();
        change(&mut bytes);
        fs::write(&log, &bytes).unwrap();
        each(&all, wrong);
        assert_eq!(fs::read(&log).unwrap(), bytes, "nothing was changed");
    };
    let newer = |bytes: &mut Vec<u8>| {
        bytes[12] = 2;
        let sum = lottery_testkit::crc32c::crc32c(&bytes[12..4096]);
        bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    };
    with(&newer, "offset 12: format version 2, expected 1");
    with(&|bytes| bytes[0] = b'x', "offset 0: ");
    with(&|bytes| bytes.truncate(100), "data/log/00000001.log: cannot be used: ");
    fs::write(&log, &sound).unwrap();
    assert_eq!(fs::read(data.join("bets.csv")).unwrap(), csv);

    // A program that is no server has the store: it answers nobody. Commands wait for a moment, and say so.
    let lock = File::open(data.join("lottery.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let waiting: Vec<_> =
        ["winners", "count"].map(|word| Process::start(&mut asks(runtime, dir, &[word]))).into();
    for waiting in waiting {
        let (code, stdout, stderr) = waiting.end(8 * SOON);
        assert_eq!((code, &stdout[..], stderr.len()), (Some(1), &[][..], 1), "{stderr:#?}");
        assert!(stderr[0].starts_with("error: data/lottery.lock: "), "{stderr:#?}");
    }
    drop(lock);
    assert_eq!(told(runtime, dir, &["winners"]), (Some(0), bets.winners, vec![]));
}

fn output_that_nobody_reads_or_that_has_no_room_is_an_error(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let server = Process::start(server(runtime, dir).args(["--agencies", "1"]));
    // More winners than a pipe holds: 9 bytes each, about one bet of seven.
    let bets = Bets::make(dir, 1, 60_000);
    assert_eq!(agency(runtime, dir, &bets, &server).end(4 * SOON).0, Some(0));
    let each = || {
        for args in COMMANDS {
            let full = Process::spawn(asks(runtime, dir, args).stdout(File::create("/dev/full").unwrap()));
            let (code, _, stderr) = full.end(4 * SOON);
            assert_eq!((code, stderr.len()), (Some(1), 1), "{args:?}: {stderr:#?}");
            let no_room = "error: cannot write to standard output: No space left on device (os error 28)";
            assert_eq!(stderr[0], no_room, "{args:?}");
        }
        for args in [&["winners"][..], &["winners", "--agency", "1"], &["export"], &["backup", "-"]] {
            let mut head =
                asks(runtime, dir, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut first = String::new();
            BufReader::with_capacity(16, head.stdout.take().unwrap()).read_line(&mut first).unwrap();
            assert!(!first.is_empty(), "{args:?}");
            let output = head.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
            assert_eq!(
                said, "error: cannot write to standard output: Broken pipe (os error 32)\n",
                "{args:?}"
            );
        }
    };
    each();
    server.stop(Signal::TERM);
    each();
}
