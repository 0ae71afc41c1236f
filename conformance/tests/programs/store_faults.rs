//! Faults of each system call that the server's store makes: it fails once, or the server is killed at it.
//! The server ends with 74 (1 if it has not begun) and a clear line, or goes on; started again it has the
//! acknowledged bets, and the agency gets all its bets stored, once.
//!
//! Quick: some calls on each runtime. `--ignored`: every call.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::{Tracer, has_failed, may_trace, skip};
use crate::support::{Process, client, command, free_address, scaled, server_at, server_program};

const BETS: u32 = 30;
/// Number of calls that no run reaches.
const MANY: usize = 200;

/// Limit for the end of a server, which syncs some ten times, on a disk that others may keep busy.
const AT_LAST: Duration = Duration::from_secs(20);

/// System calls on the store's files; `write` counts for them only.
const CALLS: [&str; 7] = ["openat", "pread64", "pwrite64", "write", "fdatasync", "ftruncate", "statx"];
/// Files of the store. A segment has the second name until it is complete.
const FILES: [&str; 5] =
    ["data/log/00000001.log", "data/log/next.part", "data/log", "data/bets.csv", "data/lottery.lock"];
const FAULTS: [&str; 4] = ["error=EIO", "error=ENOSPC", "error=EINTR", "signal=KILL"];

/// Time at which strace is attached: from the beginning, or when the server listens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Start,
    RunningServer,
}

#[test]
fn some_failing_calls_lose_nothing_acknowledged_on_tokio() {
    fails("tokio", 7);
}

#[test]
fn some_failing_calls_lose_nothing_acknowledged_on_std() {
    fails("std", 11);
}

#[test]
fn some_failing_calls_lose_nothing_acknowledged_on_smol() {
    fails("smol", 11);
}

#[test]
#[ignore = "it takes minutes"]
fn no_failing_call_loses_an_acknowledged_bet_on_tokio() {
    every_call("tokio");
}

#[test]
#[ignore = "it takes minutes"]
fn no_failing_call_loses_an_acknowledged_bet_on_std() {
    every_call("std");
}

#[test]
#[ignore = "it takes minutes"]
fn no_failing_call_loses_an_acknowledged_bet_on_smol() {
    every_call("smol");
}

/// Makes every call fail, or that share of them that is to be tried.
fn every_call(runtime: &str) {
    let share = scaled(100);
    let failed = fails(runtime, 100 / share);
    assert!(share < 100 || failed.is_none_or(|failed| failed >= 100), "{failed:?} failed");
}

/// Makes every `step`th call fail in each way, from the first of each kind on, and returns the number of
/// failures.
fn fails(runtime: &str, step: usize) -> Option<usize> {
    if !may_trace() {
        skip(&format!("strace may not be used here, so no call fails on {runtime}"));
        return None;
    }
    let mut failed = 0;
    for phase in [Phase::Start, Phase::RunningServer] {
        for call in CALLS {
            for fault in FAULTS {
                failed +=
                    (1..MANY).step_by(step).take_while(|nth| fail(runtime, phase, call, fault, *nth)).count();
            }
        }
    }
    println!("{failed} calls failed on {runtime}");
    assert!(failed > 0);
    Some(failed)
}

fn strace(dir: &Path, call: &str, fault: &str, nth: usize, log: &Path) -> Command {
    let mut strace = command("strace", dir);
    strace.args(["-f", "-q", "-e", &format!("trace={call}"), "-o"]).arg(log);
    for file in FILES {
        strace.args(["-P", file, "-P"]).arg(dir.join(file));
    }
    strace.args(["-e", &format!("inject={call}:{fault}:when={nth}")]);
    strace
}

/// Returns true if there is such a call, and so it failed.
fn fail(runtime: &str, phase: Phase, call: &str, fault: &str, nth: usize) -> bool {
    let case = format!("{phase:?}, {call} {nth}, {fault}");
    let dir = tempfile::tempdir().unwrap();
    let dir = &dir.path().canonicalize().unwrap();
    std::fs::create_dir(dir.join("data")).unwrap();
    let bets = [Bets::make(dir, 1, BETS)];
    let address = free_address();
    let log = dir.join("strace.log");
    let mut strace = strace(dir, call, fault, nth, &log);
    let mut plain = server_at(runtime, dir, address);
    plain.args(["--agencies", "1"]);
    let (server, tracer) = if phase == Phase::Start {
        // The server is the child, and strace watches from behind.
        strace.args(["-D", "--"]).arg(server_program(runtime)).args(plain.get_args());
        (Process::start(&mut strace), None)
    } else {
        let server = Process::start(&mut plain);
        server.address();
        let tracer = Tracer::attach(&server, strace);
        (server, Some(tracer.expect("it was permitted")))
    };
    let mut agency = client(runtime, dir, 1, address);
    agency.arg("--bets").arg(&bets[0].path).arg("--winners").arg(bets[0].winners_path()).arg("--force");
    let agency = Process::start(agency.args(["--batch-max-amount", "10", "--retry-for", "20s"]));
    while server.is_running() && agency.is_running() {
        std::thread::sleep(Duration::from_millis(2));
    }
    if agency.is_running() {
        ended(server, fault, &case);
    } else {
        // The last calls are made when it ends.
        let (code, _, stderr) = told_to_end(server);
        let killed = code.is_none() && fault == "signal=KILL";
        assert!(
            killed || code == Some(0) || code == Some(74) && stderr.len() == 1,
            "{case}: {code:?} {stderr:#?}"
        );
    }
    let again = Process::start(&mut plain);
    let (code, stdout, stderr) = agency.end(AT_LAST);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{case}: {stdout:#?}");
    bets[0].check_winners();
    again.address();
    let (code, stdout, stderr) = told_to_end(again);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{case}: {stdout:#?}");
    drop(tracer);
    assert_eq!(stored(&dir.join("data"), &bets), [BETS as usize], "{case}");
    has_failed(&log) || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("killed by SIGKILL"))
}

fn told_to_end(server: Process) -> (Option<i32>, Vec<String>, Vec<String>) {
    server.ready();
    // The server may have noticed the failure while it was idle, and ended.
    if server.is_running() {
        server.signal(Signal::TERM);
    }
    server.end(AT_LAST)
}

/// Checks that the server has ended by itself, as documented.
fn ended(server: Process, fault: &str, case: &str) {
    let (code, stdout, stderr) = server.end(AT_LAST);
    if fault == "signal=KILL" {
        assert_eq!(code, None, "{case}: {stdout:#?} {stderr:#?}");
        return;
    }
    // A failure before it listens is an error as any other.
    let listened = stdout.iter().any(|line| line.contains("action: listen"));
    let promised = Some(if listened { 74 } else { 1 });
    assert_eq!((code, stderr.len()), (promised, 1), "{case}: {stdout:#?} {stderr:#?}");
    let clear = stderr[0].starts_with("error: data") && stderr[0].contains("os error ");
    assert!(clear, "{case}: {stderr:#?}");
}
