//! Backups of a server that runs, and of one that does not: the lottery restored from them is the same.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use lottery_store::FileDisk;
use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(
    a_backup_under_load_is_whole_and_its_lottery_goes_on,
    the_draw_is_restored_on_another_machine,
    a_file_is_replaced_only_if_that_is_wanted,
    a_damaged_backup_is_not_restored,
    an_unread_backup_stalls_nothing,
    the_socket_of_a_killed_server_does_no_harm,
    a_start_waits_for_a_command_that_has_the_store,
);

/// Runs a command of the server, and returns its exit code, standard output and standard error.
fn told(runtime: &str, dir: &Path, args: &[&str]) -> (Option<i32>, Vec<String>, Vec<String>) {
    Process::start(command(server_program(runtime), dir).args(args)).end(4 * SOON)
}

/// Runs a command that must succeed, and returns its lines.
fn done(runtime: &str, dir: &Path, args: &[&str]) -> Vec<String> {
    let (code, stdout, stderr) = told(runtime, dir, args);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{args:?}");
    stdout
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, server: &Process) -> Command {
    let mut client = client(runtime, dir, bets.agency, server.address());
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path()).arg("--force");
    client
}

/// Runs the agencies to their end, and checks their winners.
fn whole_lottery(runtime: &str, dir: &Path, agencies: &[Bets], server: &Process) {
    let clients: Vec<_> =
        agencies.iter().map(|bets| Process::start(&mut agency(runtime, dir, bets, server))).collect();
    for (client, bets) in clients.into_iter().zip(agencies) {
        let (code, stdout, stderr) = client.end(4 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
}

/// Restores a backup, and returns the number of bets of each agency: the first of its own, once and in order.
fn restored(runtime: &str, dir: &Path, backup: &str, agencies: &[Bets]) -> Vec<usize> {
    let data = dir.join("data");
    let said = done(runtime, dir, &["restore", backup, "--data-dir", "data"]);
    let counts = stored(&data, agencies);
    assert_eq!(said, done(runtime, dir, &["count", "--data-dir", "data"]));
    assert_eq!(said.last().unwrap(), &format!("all: {}", counts.iter().sum::<usize>()));
    counts
}

fn a_backup_under_load_is_whole_and_its_lottery_goes_on(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [Bets::make(dir, 1, 60_000), Bets::make(dir, 2, 60_000)];
    let first = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    first.address();
    let clients = agencies.each_ref().map(|bets| {
        let mut client = agency(runtime, dir, bets, &first);
        // Many small groups, so that it takes its time.
        Process::start(client.args(["--batch-max-amount", "20"]))
    });
    let mut taken = Vec::new();
    while clients.iter().all(Process::is_running) && taken.len() < 5 {
        let name = format!("backup-{}", taken.len());
        assert_eq!(done(runtime, dir, &["backup", &name, "--data-dir", "data"]), [""; 0]);
        taken.push(name);
    }
    assert!(taken.len() > 1, "the load was over before the first backup");
    // Each backup holds all bets that were acknowledged before it began: at least those of the one before.
    let mut before = vec![0, 0];
    for name in &taken {
        let other = tempfile::tempdir().unwrap();
        let counts = restored(runtime, other.path(), dir.join(name).to_str().unwrap(), &agencies);
        assert!(counts.iter().zip(&before).all(|(now, before)| now >= before), "{before:?} {counts:?}");
        before = counts;
    }
    drop(clients);
    // The machine is lost in the middle of it all. Agencies go on with the restored bets, and send the rest.
    first.signal(Signal::KILL);
    first.end(SOON);
    let other = tempfile::tempdir().unwrap();
    let last = dir.join(taken.last().unwrap());
    restored(runtime, other.path(), last.to_str().unwrap(), &agencies);
    let server = Process::start(server(runtime, other.path()).args(["--agencies", "2"]));
    whole_lottery(runtime, dir, &agencies, &server);
    server.stop(Signal::TERM);
    assert_eq!(stored(&other.path().join("data"), &agencies), [60_000; 2]);
}

/// Returns a backup without the parts that depend on the pieces in which rows are kept.
fn content(backup: &Path) -> String {
    let text = fs::read_to_string(backup).unwrap();
    let kept = text.lines().filter(|line| !line.starts_with("rows ") && !line.starts_with("end "));
    kept.collect::<Vec<_>>().join("\n")
}

fn the_draw_is_restored_on_another_machine(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [Bets::make(dir, 1, 500), Bets::make(dir, 2, 0)];
    let first = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    whole_lottery(runtime, dir, &agencies, &first);
    done(runtime, dir, &["backup", "running", "--data-dir", "data"]);
    first.stop(Signal::TERM);
    done(runtime, dir, &["backup", "stopped", "--data-dir", "data"]);
    let backup = content(&dir.join("running"));
    assert!(backup == content(&dir.join("stopped")));
    assert!(backup.contains("\ndraw 7574 2\n"));
    assert!(!backup.contains("/tmp"), "it names no place of the machine");

    let other = tempfile::tempdir().unwrap();
    let path = dir.join("running");
    assert_eq!(restored(runtime, other.path(), path.to_str().unwrap(), &agencies), [500, 0]);
    let again = told(runtime, other.path(), &["restore", path.to_str().unwrap(), "--data-dir", "data"]);
    let says = "error: data/log: holds 500 bets of 2 agencies, expected a data directory without a store: nothing \
                was changed";
    assert_eq!(again, (Some(1), vec![], vec![says.to_owned()]));
    done(runtime, other.path(), &["backup", "again", "--data-dir", "data"]);
    assert!(backup == content(&other.path().join("again")));
    let server = Process::start(server(runtime, other.path()).args(["--agencies", "2"]));
    whole_lottery(runtime, dir, &agencies, &server);
    let lines = server.stop(Signal::TERM);
    assert!(!lines.iter().any(|line| line.contains("action: sorteo")), "there is one draw: {lines:#?}");
}

fn a_file_is_replaced_only_if_that_is_wanted(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [Bets::make(dir, 1, 500)];
    let server = Process::start(server(runtime, dir).args(["--agencies", "1"]));
    whole_lottery(runtime, dir, &agencies, &server);
    let csv = fs::read_to_string(dir.join("data/bets.csv")).unwrap();
    for command in ["backup", "export"] {
        fs::write(dir.join("file"), "mine").unwrap();
        let rejected = "error: cannot write to file: it exists; --force replaces it".to_owned();
        let told_so = told(runtime, dir, &[command, "file", "--data-dir", "data"]);
        assert_eq!(told_so, (Some(1), vec![], vec![rejected]));
        assert_eq!(fs::read_to_string(dir.join("file")).unwrap(), "mine");
        done(runtime, dir, &[command, "file", "--force", "--data-dir", "data"]);
        let written = fs::read_to_string(dir.join("file")).unwrap();
        assert!(if command == "export" { written == csv } else { written.starts_with("lottery-backup 1\n") });
        let (code, _, stderr) =
            told(runtime, dir, &[command, "data/log/00000001.log", "--force", "--data-dir", "data"]);
        assert_eq!((code, stderr.len()), (Some(1), 1));
        assert!(stderr[0].contains("in the data directory"), "{stderr:#?}");
    }
    let rows = done(runtime, dir, &["export", "--data-dir", "data"]);
    assert_eq!(rows.len(), 500);
    server.stop(Signal::TERM);
    let mut offline = command(server_program(runtime), dir);
    let mut offline =
        offline.args(["export", "-", "--data-dir", "data"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut written = String::new();
    offline.stdout.take().unwrap().read_to_string(&mut written).unwrap();
    assert!(offline.wait().unwrap().success() && written == csv);
    let names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("part")), "{names:?}");
}

fn a_damaged_backup_is_not_restored(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [Bets::make(dir, 1, 500)];
    let server = Process::start(server(runtime, dir).args(["--agencies", "1"]));
    whole_lottery(runtime, dir, &agencies, &server);
    done(runtime, dir, &["backup", "good", "--data-dir", "data"]);
    server.stop(Signal::TERM);
    let good = fs::read_to_string(dir.join("good")).unwrap();
    for (bad, says) in [
        (good.as_bytes()[..good.len() / 2].to_vec(), "it ends too early: cut off, or not written to its end"),
        (good.replacen("1980", "1981", 1).into_bytes(), "its checksum is wrong: it was changed"),
        (
            fs::read(dir.join("data/bets.csv")).unwrap(),
            "no backup of a lottery, or of a later version: expected \"lottery-backup 1\"",
        ),
    ] {
        fs::write(dir.join("bad"), bad).unwrap();
        let rejected = (Some(1), vec![], vec![format!("error: bad: {says}")]);
        assert_eq!(told(runtime, dir, &["restore", "bad", "--data-dir", "new"]), rejected);
        let left: Vec<_> =
            fs::read_dir(dir.join("new")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["lottery.lock"]);
    }
}

fn an_unread_backup_stalls_nothing(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [Bets::make(dir, 1, 30_000), Bets::make(dir, 2, 30_000)];
    let server = Process::start(server(runtime, dir).args(["--agencies", "2"]));
    let mut first = agency(runtime, dir, &agencies[0], &server);
    let first = Process::start(&mut first);
    first.line("apuestas_enviadas");
    // More backups than are answered at once; nobody reads their output.
    let mut stuck: Vec<_> = (0..6)
        .map(|_| {
            let mut backup = command(server_program(runtime), dir);
            backup.args(["backup", "-", "--data-dir", "data"]).stdout(Stdio::piped()).stderr(Stdio::null());
            backup.spawn().unwrap()
        })
        .collect();
    let second = Process::start(&mut agency(runtime, dir, &agencies[1], &server));
    for (client, bets) in [first, second].into_iter().zip(&agencies) {
        assert_eq!(client.end(4 * SOON).0, Some(0));
        bets.check_winners();
    }
    // The server ends though they are not done, and they know that they have no backup.
    server.stop(Signal::TERM);
    for backup in &mut stuck {
        let mut written = String::new();
        backup.stdout.take().unwrap().read_to_string(&mut written).unwrap();
        let whole = written.lines().last().is_some_and(|line| line.starts_with("end "));
        assert_eq!(backup.wait().unwrap().success(), whole);
    }
    assert_eq!(stored(&dir.join("data"), &agencies), [30_000; 2]);
}

fn a_start_waits_for_a_command_that_has_the_store(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir(dir.join("data")).unwrap();
    let command = FileDisk::open(&dir.join("data/lottery.lock")).unwrap();
    command.try_lock().unwrap();
    let server = Process::start(&mut server(runtime, dir));
    server.line("action: config");
    assert!(server.is_running());
    drop(command);
    server.address();
    server.stop(Signal::TERM);
}

fn the_socket_of_a_killed_server_does_no_harm(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    // A path longer than the system takes for a socket.
    let long = dir.path().join("x".repeat(120));
    fs::create_dir(&long).unwrap();
    let dir = long.as_path();
    let first = Process::start(&mut server(runtime, dir));
    first.address();
    assert_eq!(done(runtime, dir, &["count", "--data-dir", "data"]), ["all: 0"]);
    first.signal(Signal::KILL);
    first.end(SOON);
    let socket = dir.join("data/lottery.sock");
    assert!(socket.exists());
    assert_eq!(done(runtime, dir, &["count", "--data-dir", "data"]), ["all: 0"]);
    let server = Process::start(&mut server(runtime, dir));
    server.address();
    assert_eq!(done(runtime, dir, &["count", "--data-dir", "data"]), ["all: 0"]);
    let asked = server.line("action: control | result: success | asked: agencies");
    assert!(asked.contains("INFO"));
    server.stop(Signal::TERM);
    assert!(!socket.exists());
}
