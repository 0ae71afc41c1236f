//! `bets.csv` that holds more than the store: it may be the only copy. No start empties it, and `import`
//! makes a store of it, exactly once, all of it or nothing.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(
    a_start_empties_nothing,
    an_import_is_whole_and_once,
    an_import_that_fails_leaves_nothing,
    a_killed_import_leaves_nothing,
);

/// Runs a command of the server, and returns its exit code, standard output and standard error.
fn told(runtime: &str, dir: &Path, args: &[&str]) -> (Option<i32>, Vec<String>, Vec<String>) {
    Process::start(command(server_program(runtime), dir).args(args)).end(2 * SOON)
}

/// Returns the bets as `bets.csv` has them.
fn csv(bets: &Bets) -> String {
    bets.rows.join("\r\n") + "\r\n"
}

/// Writes a `bets.csv` of these agencies to a data directory without a store.
fn alone(dir: &Path, agencies: &[Bets]) -> String {
    let text: String = agencies.iter().map(csv).collect();
    fs::create_dir(dir.join("data")).unwrap();
    fs::write(dir.join("data/bets.csv"), &text).unwrap();
    text
}

fn a_start_empties_nothing(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let text = alone(dir, &[Bets::make(dir, 1, 500)]);
    let path = dir.join("data/bets.csv");
    let (code, stdout, stderr) = Process::start(&mut server(runtime, dir)).end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stdout:#?} {stderr:#?}");
    let program = format!("lottery-server-{runtime}");
    let size = text.len();
    assert_eq!(
        stderr[0],
        format!(
            "error: data/bets.csv: holds 500 rows, {size} bytes, and data/log holds 0 bets, 0 bytes; the first 0 \
             are the same, what follows is not in the store: nothing was changed; to begin with what data/bets.csv holds: \
             {program} --data-dir data import data/bets.csv; to go on with what the store holds: {program} --data-dir data \
             --set-aside, which renames data/bets.csv"
        )
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    let server = Process::start(server(runtime, dir).arg("--set-aside"));
    let line = server.line("WARNING  action: set_aside | result: success | file: data/bets.csv.2");
    server.stop(Signal::TERM);
    let aside = line.rsplit("file: ").next().unwrap();
    assert_eq!(fs::read_to_string(dir.join(aside)).unwrap(), text);
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
}

fn an_import_is_whole_and_once(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [Bets::make(dir, 1, 30_000), Bets::make(dir, 2, 12)];
    let text = alone(dir, &agencies);
    let import = ["import", "data/bets.csv", "--data-dir", "data", "--agencies", "2"];
    let lines = ["agency 1: 30000", "agency 2: 12", "all: 30012"].map(str::to_owned).to_vec();
    assert_eq!(told(runtime, dir, &import), (Some(0), lines.clone(), vec![]));
    assert_eq!(fs::read_to_string(dir.join("data/bets.csv")).unwrap(), text);
    let again = "error: data/log: holds 30012 bets of 2 agencies, expected a data directory without a store: \
                 nothing was changed";
    assert_eq!(told(runtime, dir, &import), (Some(1), vec![], vec![again.to_owned()]));

    // The agencies go on where they are: nothing is sent again, and all is drawn.
    let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    let started = agencies.each_ref().map(|bets| {
        let mut agency = client(runtime, dir, bets.agency, server.address());
        Process::start(agency.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path()))
    });
    started[0].line("action: session | result: success | client_id: 1 | stored: 30000 | finished: false");
    for (agency, bets) in started.into_iter().zip(&agencies) {
        assert_eq!(agency.end(2 * SOON).0, Some(0));
        bets.check_winners();
    }
    server.stop(Signal::TERM);
    assert_eq!(stored(&dir.join("data"), &agencies), [30_000, 12]);
    assert_eq!(told(runtime, dir, &["count", "--data-dir", "data"]), (Some(0), lines, vec![]));
}

fn an_import_that_fails_leaves_nothing(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = Bets::make(dir, 1, 30_000);
    let good = csv(&bets);
    for (last, problem) in [
        ("1,Ana,Paz,2000000a,1980-01-01,7574\r\n", "document: expected decimal digits"),
        ("1,Ana,Paz,20000001,1980-01-01,757", "no line end: it may be torn"),
        (
            "6,Ana,Paz,20000001,1980-01-01,7574\r\n",
            "agency: expected a whole number from 1 to 5, without leading zeros",
        ),
        (
            "1,\"Ana\" Bea,Paz,20000001,1980-01-01,7574\n",
            "first_name: a quote that is not as RFC 4180 has it",
        ),
    ] {
        fs::write(dir.join("old.csv"), format!("{good}{last}")).unwrap();
        let said = vec![format!("error: old.csv: line 30001: {problem}")];
        assert_eq!(told(runtime, dir, &["import", "old.csv", "--data-dir", "data"]), (Some(1), vec![], said));
        assert_eq!(files(dir), ["lottery.lock"]);
    }
    let missing = "error: none.csv: cannot be read: No such file or directory (os error 2)".to_owned();
    assert_eq!(
        told(runtime, dir, &["import", "none.csv", "--data-dir", "data"]),
        (Some(1), vec![], vec![missing])
    );
    // With another `bets.csv` in place it fails as a start does.
    fs::write(dir.join("data/bets.csv"), &good[..good.len() / 2]).unwrap();
    fs::write(dir.join("old.csv"), &good).unwrap();
    assert_eq!(
        told(runtime, dir, &["import", "old.csv", "--data-dir", "data"]).0,
        Some(0),
        "it is the beginning"
    );
    assert_eq!(fs::read_to_string(dir.join("data/bets.csv")).unwrap(), good);
    fs::remove_dir_all(dir.join("data/log")).unwrap();
    let other = good.replace("José", "Juan");
    fs::write(dir.join("data/bets.csv"), &other).unwrap();
    let (code, _, stderr) = told(runtime, dir, &["import", "old.csv", "--data-dir", "data"]);
    assert_eq!(code, Some(1));
    assert!(stderr[0].starts_with("error: data/bets.csv: holds 30000 rows"), "{stderr:#?}");
    assert_eq!(files(dir), ["bets.csv", "lottery.lock"]);
    let (code, ..) = told(runtime, dir, &["import", "old.csv", "--data-dir", "data", "--set-aside"]);
    assert_eq!(code, Some(0));
    let aside = files(dir).into_iter().find(|name| name.starts_with("bets.csv.2")).unwrap();
    assert_eq!(fs::read_to_string(dir.join("data").join(aside)).unwrap(), other);
    assert_eq!(stored(&dir.join("data"), &[bets]), [30_000]);
}

fn a_killed_import_leaves_nothing(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = Bets::make(dir, 1, 100_000);
    fs::write(dir.join("old.csv"), csv(&bets)).unwrap();
    let import = ["import", "old.csv", "--data-dir", "data"];
    let running = Process::start(command(server_program(runtime), dir).args(import));
    while running.is_running() && !dir.join("data/log.part").exists() {}
    running.signal(Signal::KILL);
    running.end(SOON);
    assert!(!dir.join("data/log").exists() && !dir.join("data/bets.csv").exists());
    assert_eq!(told(runtime, dir, &import).0, Some(0));
    assert_eq!(stored(&dir.join("data"), &[bets]), [100_000]);
    assert!(!files(dir).contains(&"log.part".to_owned()));
}

/// Returns the names in the data directory.
fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("data")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
