//! Sync of the server's disk that fails: the server ends with 74, and no acknowledged bet is missing when it
//! is started again.

use std::net::SocketAddr;
use std::path::Path;

use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::{Tracer, failing_sync, has_failed, may_trace, skip};
use crate::support::{Process, SOON, client, free_address, server_at};

/// Number of syncs that no run reaches.
const MANY: u32 = 300;

#[test]
fn a_failed_sync_loses_nothing_acknowledged_on_tokio() {
    let failed = fails_at("tokio", 1..MANY);
    assert!(failed.is_none_or(|failed| failed >= 10), "{failed:?} failed");
}

#[test]
fn a_failed_sync_loses_nothing_acknowledged_on_std() {
    fails_at("std", [1, 2, 5]);
}

#[test]
fn a_failed_sync_loses_nothing_acknowledged_on_smol() {
    fails_at("smol", [1, 2, 5]);
}

#[test]
fn a_failed_sync_at_the_start_is_an_error_and_loses_nothing() {
    if !may_trace() {
        return skip("strace may not be used here, so no sync fails at the start");
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let bets = [Bets::make(dir, 1, 20)];
    let address = free_address();
    // Once with an empty directory, and once with the files that a kill has left behind.
    for kept in [false, true] {
        for nth in 1..MANY {
            let log = dir.join("strace.log");
            let normal = server_at("tokio", dir, address);
            let mut server = failing_sync(dir, nth, &log);
            // strace is not the parent: signals and the exit code are the server's.
            server.arg("-D").arg(normal.get_program()).args(normal.get_args());
            let server = Process::start(server.args(["--agencies", "2"]));
            let listens = server.lines(4).iter().any(|line| line.contains("action: listen"));
            if listens && !has_failed(&log) {
                assert!(nth > 1, "nothing failed");
                server.stop(Signal::TERM);
                break;
            }
            let (code, _, stderr) = server.end(SOON);
            assert_eq!((code, stderr.len()), (Some(1), 1), "sync {nth}: {stderr:#?}");
            let clear = stderr[0].starts_with("error: ") && stderr[0].contains(": cannot be used: ");
            assert!(clear && stderr[0].contains("os error 5"), "sync {nth}: {stderr:#?}");
            if !kept {
                let _ = std::fs::remove_dir_all(dir.join("data"));
            }
        }
        let server = Process::start(server_at("tokio", dir, address).args(["--agencies", "2"]));
        server.address();
        if !kept {
            let agency = agency("tokio", dir, &bets[0], address);
            agency.line("action: apuestas_enviadas");
        }
        server.signal(Signal::KILL);
        server.end(SOON);
    }
    let server = Process::start(server_at("tokio", dir, address).args(["--agencies", "2"]));
    server.address();
    server.stop(Signal::TERM);
    assert_eq!(stored(&dir.join("data"), &bets), [20]);
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr) -> Process {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path()).arg("--force");
    Process::start(client.args(["--batch-max-amount", "1"]))
}

/// Makes each of these syncs fail, until one does not take place any more, and returns the number of
/// failures. `None` if strace cannot do it.
fn fails_at(runtime: &str, syncs: impl IntoIterator<Item = u32>) -> Option<u32> {
    if !may_trace() {
        skip(&format!("strace may not be used here, so no sync fails on {runtime}"));
        return None;
    }
    let mut failed = 0;
    for nth in syncs {
        if !fails(runtime, nth) {
            break;
        }
        failed += 1;
    }
    assert!(failed > 0);
    Some(failed)
}

/// Makes the `nth` sync of the committer fail. Returns true if it took place.
fn fails(runtime: &str, nth: u32) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let agencies = [1, 2].map(|agency| Bets::make(dir, agency, 60));
    let address = free_address();
    // With a small window there are many groups, and so many syncs.
    let server = Process::start(server_at(runtime, dir, address).args(["--agencies", "2", "--window", "4"]));
    server.address();
    let log = dir.join("strace.log");
    let tracer = Tracer::attach(&server, failing_sync(dir, nth, &log)).unwrap();
    // The clients know which bets were acknowledged, and report missing ones.
    let clients = agencies.each_ref().map(|bets| agency(runtime, dir, bets, address));
    while server.is_running() && clients.iter().any(Process::is_running) {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let fatal = clients.iter().any(Process::is_running);
    if fatal {
        let (code, stdout, stderr) = server.end(SOON);
        assert_eq!((code, stderr.len()), (Some(74), 1), "sync {nth}: {stdout:#?} {stderr:#?}");
        let clear = stderr[0]
            .starts_with("error: data/log/00000001.log: failed, the last group may be stored or not: ");
        assert!(clear && stderr[0].contains("os error 5"), "sync {nth}: {stderr:#?}");
        let again = Process::start(server_at(runtime, dir, address).args(["--agencies", "2"]));
        ends_well(again, clients, &agencies);
    } else {
        // If a sync fails at the end, all bets had been durable.
        ends_well(server, clients, &agencies);
    }
    drop(tracer);
    let again = Process::start(server_at(runtime, dir, address).args(["--agencies", "2"]));
    again.address();
    again.stop(Signal::TERM);
    assert_eq!(stored(&dir.join("data"), &agencies), [60, 60], "sync {nth}");
    has_failed(&log)
}

fn ends_well(server: Process, clients: [Process; 2], agencies: &[Bets; 2]) {
    for (client, bets) in clients.into_iter().zip(agencies) {
        let (code, stdout, stderr) = client.end(3 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
    server.stop(Signal::TERM);
}
