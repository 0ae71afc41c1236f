//! `bets.csv` that is changed under a running server: it is made anew, and a file that is not the server's own is left
//! alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::process::Signal;

use super::files_taken::agency;
use crate::support::agency_files::{Bets, stored};
use crate::support::{Process, SOON, command, server, server_program};

on_every_runtime!(bets_csv_is_made_anew, a_foreign_bets_csv_is_left_alone);

/// Way to change a file.
type Way = (&'static str, fn(&Path));

/// Way to replace a file, and the reason that the log gives.
type Taken = (&'static str, fn(&Path), &'static str);

/// Waits until `bets.csv`, which is behind the acknowledgements, has so many rows.
fn has_rows(csv: &Path, rows: usize, server: &Process) {
    while !fs::read_to_string(csv).is_ok_and(|text| text.lines().count() == rows) {
        assert!(server.is_running());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn bets_csv_is_made_anew(runtime: &str) {
    let ways: [Way; 4] = [
        ("deleted", |csv| fs::remove_file(csv).unwrap()),
        ("moved", |csv| fs::rename(csv, csv.with_extension("old")).unwrap()),
        ("cut", |csv| fs::OpenOptions::new().write(true).open(csv).unwrap().set_len(1000).unwrap()),
        ("emptied", |csv| fs::write(csv, "").unwrap()),
    ];
    for (case, change) in ways {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let agencies = [Bets::make(dir, 1, 20_000), Bets::make(dir, 2, 20_000)];
        let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
        let csv = dir.join("data/bets.csv");
        let first = Process::start(&mut agency(runtime, dir, &agencies[0], &server));
        first.line("apuestas_enviadas");
        has_rows(&csv, 20_000, &server);
        change(&csv);
        // The same holds while there is nothing to commit.
        let begins = server.line("action: repair_bets_csv | result: in_progress");
        assert!(begins.contains("WARNING"), "{case}: {begins}");
        let anew = server.line("action: repair_bets_csv | result: success | size: ");
        assert!(anew.contains("INFO"), "{case}: {anew}");
        change(&csv);
        let second = Process::start(&mut agency(runtime, dir, &agencies[1], &server));
        for agency in [first, second] {
            assert_eq!(agency.end(4 * SOON).0, Some(0), "{case}");
        }
        let counted =
            Process::start(command(server_program(runtime), dir).args(["count", "--data-dir", "data"]));
        assert_eq!(counted.end(SOON).1, ["agency 1: 20000", "agency 2: 20000", "all: 40000"], "{case}");
        has_rows(&csv, 40_000, &server);
        let lines = server.stop(Signal::TERM);
        let said = |result: &str| lines.iter().filter(|line| line.contains(result)).count();
        assert_eq!(said("action: repair_bets_csv | result: in_progress"), 2, "{case}: {lines:#?}");
        assert_eq!(said("action: repair_bets_csv | result: success"), 2, "{case}: {lines:#?}");
        assert_eq!(stored(&dir.join("data"), &agencies), [20_000; 2], "{case}");
    }
}

fn a_foreign_bets_csv_is_left_alone(runtime: &str) {
    let ways: [Taken; 3] = [
        (
            "rows of somebody",
            |csv| {
                fs::write(csv.with_extension("new"), "9,Ana,Paz,1,1980-01-01,1\r\n").unwrap();
                fs::rename(csv.with_extension("new"), csv).unwrap();
            },
            "reason: it holds rows that the store does not have, and is left alone",
        ),
        (
            "a symbolic link",
            |csv| {
                fs::remove_file(csv).unwrap();
                fs::write(csv.with_extension("other"), "mine").unwrap();
                symlink(csv.with_extension("other"), csv).unwrap();
            },
            "reason: a symbolic link, expected a regular file",
        ),
        (
            "a directory",
            |csv| {
                fs::remove_file(csv).unwrap();
                fs::create_dir(csv).unwrap();
            },
            "reason: not a regular file",
        ),
    ];
    for (case, change, reason) in ways {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let agencies = [Bets::make(dir, 1, 1000), Bets::make(dir, 2, 1000)];
        let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
        let csv = dir.join("data/bets.csv");
        let first = Process::start(&mut agency(runtime, dir, &agencies[0], &server));
        first.line("apuestas_enviadas");
        has_rows(&csv, 1000, &server);
        change(&csv);
        let line = server.line("action: repair_bets_csv | result: fail | behind: ");
        assert!(line.ends_with(reason), "{case}: {line}");
        // The server goes on, in many groups, and the line is not logged again.
        let second = Process::start(&mut agency(runtime, dir, &agencies[1], &server));
        for agency in [first, second] {
            assert_eq!(agency.end(4 * SOON).0, Some(0), "{case}");
        }
        if csv.is_dir() {
            fs::remove_dir(&csv).unwrap();
        } else {
            let kept = fs::read_to_string(&csv).unwrap();
            assert!(kept == "mine" || kept == "9,Ana,Paz,1,1980-01-01,1\r\n", "{case}");
            fs::remove_file(&csv).unwrap();
        }
        server.line("action: repair_bets_csv | result: success | size: ");
        let lines = server.stop(Signal::TERM);
        let said = lines.iter().filter(|line| line.contains("action: repair_bets_csv | result: fail"));
        assert_eq!(said.count(), 1, "{case}: {lines:#?}");
        assert_eq!(stored(&dir.join("data"), &agencies), [1000; 2], "{case}");
    }
}
