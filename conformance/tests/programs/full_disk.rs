//! Disk without room half-way: agencies are told, nothing that was acknowledged is missing, and they go on by
//! themselves when there is room again.

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::{Tmpfs, skip};
use crate::support::{Process, SOON, client, command, free_address, given_up, server_at, without_coverage};

on_every_runtime!(
    agencies_go_on_once_a_full_disk_has_room,
    a_disk_that_stays_full_loses_nothing_acknowledged,
    a_limit_of_file_sizes_is_a_full_disk,
    a_limit_of_file_sizes_makes_segments_smaller,
    log_lines_over_the_limit_of_file_sizes_stop_no_server,
    winners_over_the_limit_of_file_sizes_are_an_error,
);

/// Smallest size in which the log can begin and still hold some of the bets.
const SMALL: &str = "2m";

fn agency(
    runtime: &str,
    dir: &std::path::Path,
    bets: &Bets,
    address: std::net::SocketAddr,
) -> std::process::Command {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
    client.args(["--log-level", "DEBUG"]);
    client
}

fn agencies_go_on_once_a_full_disk_has_room(runtime: &str) {
    let Some(disk) = Tmpfs::mount(SMALL) else {
        return skip("nothing can be mounted here, so no server runs out of room");
    };
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2].map(|agency| Bets::make(dir.path(), agency, 30_000));
    let address = free_address();
    let mut command = server_at(runtime, disk.path(), address);
    command.args(["--agencies", "2"]);
    let server = Process::start(&mut command);
    server.address();
    let clients =
        agencies.each_ref().map(|bets| Process::start(&mut agency(runtime, dir.path(), bets, address)));
    let is_told = |client: &Process| {
        let line = client.line("action: reconnect | result: in_progress");
        assert!(line.contains(" | reason: storage: ") && line.contains("No space left on device"), "{line}");
    };
    clients.iter().for_each(is_told);
    assert!(server.is_running());
    server.line("ERROR    action: store | result: fail | reason: data/log/");
    // A server that was killed with a full disk also goes on from the acknowledged bets: the agencies would
    // object otherwise.
    server.signal(Signal::KILL);
    server.end(SOON);
    let server = Process::start(&mut command);
    server.address();
    server.line("action: store | result: fail");
    assert!(server.is_running() && clients.iter().all(Process::is_running));
    disk.resize("64m");
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(4 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
    server.stop(Signal::TERM);
    assert_eq!(stored(&disk.path().join("data"), &agencies), [30_000; 2]);
}

fn a_disk_that_stays_full_loses_nothing_acknowledged(runtime: &str) {
    let Some(disk) = Tmpfs::mount(SMALL) else {
        return skip("nothing can be mounted here, so no server runs out of room");
    };
    let dir = tempfile::tempdir().unwrap();
    let agencies = [Bets::make(dir.path(), 1, 30_000)];
    let address = free_address();
    let server = Process::start(server_at(runtime, disk.path(), address).args(["--agencies", "1"]));
    server.address();
    let mut client = agency(runtime, dir.path(), &agencies[0], address);
    let (code, stdout, stderr) = Process::start(client.args(["--retry-for", "2s"])).end(4 * SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
    // The client had connections, but they were of no use: the pauses grow, and it gives up.
    let tries = stdout.iter().filter(|line| line.contains("action: reconnect")).count();
    assert!((2..20).contains(&tries), "{tries} tries");
    let said = stderr[0].strip_suffix(" of 30000 bets are stored").and_then(|error| error.rsplit(' ').next());
    let said: usize = said.unwrap_or_else(|| panic!("{stderr:#?}")).parse().unwrap();
    let reason = given_up(&stderr[0], 2.0);
    assert!(reason.contains("storage: "), "{reason}");
    disk.resize("64m");
    server.stop(Signal::TERM);
    // Started again with room, so that `bets.csv` is up to date.
    let again = Process::start(server_at(runtime, disk.path(), address).args(["--agencies", "1"]));
    again.address();
    again.stop(Signal::TERM);
    let kept = stored(&disk.path().join("data"), &agencies)[0];
    assert!(said > 0 && said == kept, "{said} acknowledged, {kept} stored");
}

/// Limits the size of all files of that process, in bytes.
fn limit_file_sizes(process: &Process, most: Option<u64>) {
    let pid = Pid::from_raw(process.pid().cast_signed());
    let limit = Rlimit { current: most, maximum: None };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

/// A signal comes with the error. It must not end the server, and the error is that of a disk without room.
fn a_limit_of_file_sizes_is_a_full_disk(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2].map(|agency| Bets::make(dir.path(), agency, 10_000));
    let address = free_address();
    let server = Process::start(server_at(runtime, dir.path(), address).args(["--agencies", "2"]));
    server.address();
    // The limit is below a segment with one batch, in the middle of a block, and of what the first segment has of zeros.
    limit_file_sizes(&server, Some(10_000));
    let clients =
        agencies.each_ref().map(|bets| Process::start(&mut agency(runtime, dir.path(), bets, address)));
    for client in &clients {
        let line = client.line("action: reconnect | result: in_progress");
        assert!(line.contains(" | reason: storage: ") && line.contains("File too large"), "{line}");
    }
    let line = server.line("ERROR    action: store | result: fail | reason: ");
    assert!(line.contains("no room") && line.contains("the limit of file sizes is below"), "{line}");
    assert!(server.is_running());
    limit_file_sizes(&server, None);
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(4 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
    server.stop(Signal::TERM);
    assert_eq!(stored(&dir.path().join("data"), &agencies), [10_000; 2]);
}

/// The log goes on in smaller segments; `bets.csv` is one file, and follows once it may.
fn a_limit_of_file_sizes_makes_segments_smaller(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2].map(|agency| Bets::make(dir.path(), agency, 10_000));
    let address = free_address();
    let server = Process::start(server_at(runtime, dir.path(), address).args(["--agencies", "2"]));
    server.address();
    limit_file_sizes(&server, Some(500_000));
    let clients =
        agencies.each_ref().map(|bets| Process::start(&mut agency(runtime, dir.path(), bets, address)));
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(4 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
    let behind = server.line("action: repair_bets_csv | result: fail | behind: ");
    assert!(behind.contains("File too large"), "{behind}");
    limit_file_sizes(&server, None);
    server.line("action: repair_bets_csv | result: success");
    server.stop(Signal::TERM);
    assert_eq!(stored(&dir.path().join("data"), &agencies), [10_000; 2]);
}

/// Returns a command under a limit of no bytes at all for the files that it writes.
fn without_file_sizes(program: &std::process::Command, dir: &std::path::Path) -> std::process::Command {
    let mut limited = command("sh", dir);
    without_coverage(&mut limited)
        .args(["-c", "ulimit -f 0; exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(program.get_args());
    limited
}

fn log_lines_over_the_limit_of_file_sizes_stop_no_server(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut server = server_at(runtime, dir.path(), address);
    server.args(["--agencies", "1", "--store", "memory"]);
    let log = std::fs::File::create(dir.path().join("log")).unwrap();
    let server = Process::spawn(without_file_sizes(&server, dir.path()).stdout(log));
    let bets = Bets::make(dir.path(), 1, 1000);
    let client = Process::start(&mut agency(runtime, dir.path(), &bets, address));
    let (code, stdout, stderr) = client.end(4 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    bets.check_winners();
    server.ready();
    server.signal(Signal::TERM);
    assert_eq!(server.end(SOON).0, Some(0));
}

fn winners_over_the_limit_of_file_sizes_are_an_error(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let server = Process::start(server_at(runtime, dir.path(), address).args(["--agencies", "1"]));
    server.address();
    let bets = Bets::make(dir.path(), 1, 1000);
    let client = agency(runtime, dir.path(), &bets, address);
    let (code, stdout, stderr) = Process::start(&mut without_file_sizes(&client, dir.path())).end(4 * SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stdout:#?} {stderr:#?}");
    assert!(stderr[0].contains("File too large"), "{stderr:#?}");
    server.stop(Signal::TERM);
}
