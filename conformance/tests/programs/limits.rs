//! Limits of a server: too many connections, and a system that has nothing left for it.

use std::io::Read as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::peer::{ask_on, connect, served};
use crate::support::{Process, SOON, client, command, server, server_program, without_coverage};

on_every_runtime!(connections_over_the_limit_are_closed_and_others_served);

#[test]
fn a_server_without_descriptors_serves_again_once_some_are_free_on_tokio() {
    no_descriptors("tokio");
}

#[test]
fn a_server_without_descriptors_serves_again_once_some_are_free_on_smol() {
    no_descriptors("smol");
}

#[test]
fn a_server_without_descriptors_serves_again_once_some_are_free_on_std() {
    no_descriptors("std");
}

fn connections_over_the_limit_are_closed_and_others_served(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(server(runtime, dir.path()).args(["--max-connections", "2"]));
    let address = server.address();
    let (first, second) = (served(address), served(address));
    for _ in 0..3 {
        let mut third = connect(address);
        assert_eq!(third.read(&mut [0; 100]).unwrap(), 0, "closed without a word");
    }
    let bets = Bets::make(dir.path(), 1, 3);
    let mut plain = client(runtime, dir.path(), 1, address);
    let (code, _, stderr) =
        Process::start(plain.args(["--dialect", "block", "--bets"]).arg(&bets.path)).end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
    assert!(stderr[0].starts_with(&format!("error: the connection to {address} ended: ")), "{stderr:#?}");
    // Connections that were there are still served.
    assert_eq!(ask_on(&first, 1).as_deref(), Some(&b"0"[..]));
    drop(second);
    served(address);
    let lines = server.stop(Signal::TERM);
    let rejected =
        "WARNING  action: accept_connections | result: fail | ip: 127.0.0.1 | reason: too many connections";
    assert!(lines.iter().filter(|line| line.ends_with(rejected)).count() >= 4, "{lines:#?}");
}

/// New connections wait to be served meanwhile; with an even and with an odd number of descriptors, as some
/// runtimes take two for a connection.
fn no_descriptors(runtime: &str) {
    no_descriptors_but(runtime, 8);
    no_descriptors_but(runtime, 9);
    a_signal_ends_it_all_the_same(runtime);
}

/// Limits a server to `more` of these than it has for itself, a number that differs between machines.
fn leave(server: &Process, dir: &Path, limit: &str, what: &str, more: usize, user: Option<u32>) {
    let most = server.has(what) + more;
    let mut prlimit = match user {
        Some(user) => {
            let mut setpriv = command("setpriv", dir);
            setpriv.args([&format!("--reuid={user}"), "--clear-groups", "--", "prlimit"]);
            setpriv
        }
        None => command("prlimit", dir),
    };
    prlimit.args(["--pid", &server.pid().to_string(), &format!("--{limit}={most}:")]);
    let done = Process::start(&mut prlimit).end(SOON);
    assert_eq!(done.0, Some(0), "{done:?}");
}

/// Starts a server with this number of descriptors for connections.
fn with_descriptors(runtime: &str, dir: &Path, descriptors: usize) -> Process {
    let server = Process::start(&mut server(runtime, dir));
    // The server has all descriptors of its own once it has served a connection.
    drop(served(server.address()));
    server.line("action: close_connection");
    leave(&server, dir, "nofile", "fd", descriptors, None);
    server
}

/// More connections wait than there are descriptors for.
fn a_signal_ends_it_all_the_same(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = with_descriptors(runtime, dir.path(), 8);
    let address = server.address();
    let _sockets: Vec<_> = (0..40).map(|_| connect(address)).collect();
    server.line("action: accept_connections | result: fail");
    server.stop(Signal::TERM);
}

fn no_descriptors_but(runtime: &str, descriptors: usize) {
    let dir = tempfile::tempdir().unwrap();
    let server = with_descriptors(runtime, dir.path(), descriptors);
    let address = server.address();
    let sockets: Vec<_> = (0..40).map(|_| connect(address)).collect();
    server.line("action: accept_connections | result: fail");
    let before = server.cpu();
    thread::sleep(Duration::from_secs(1));
    let spent = server.cpu().saturating_sub(before);
    assert!(spent < Duration::from_millis(200), "{spent:?} of CPU in a second");
    assert!(server.is_running());
    for (nth, socket) in sockets.into_iter().enumerate() {
        assert_eq!(ask_on(&socket, 1).as_deref(), Some(&b"0"[..]), "connection {nth}");
    }
    let lines = server.stop(Signal::TERM);
    let rejected =
        lines.iter().filter(|line| line.contains("action: accept_connections | result: fail | reason: "));
    assert!((1..200).contains(&rejected.count()), "{lines:#?}");
}

/// The limit counts the threads of a user, and does not hold for root: so the test needs root, to become
/// another user.
#[test]
fn a_server_without_threads_serves_again_once_some_are_free() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can start the server as somebody else");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // A user without other processes.
    let user = 1_000_000 + std::process::id();
    std::os::unix::fs::chown(dir.path(), Some(user), Some(user)).unwrap();
    let program = dir.path().join("server");
    std::fs::copy(server_program("std"), &program).unwrap();
    let mut limited = command("setpriv", dir.path());
    limited.args([&format!("--reuid={user}"), "--clear-groups", "--"]).arg(program);
    let server = Process::start(without_coverage(&mut limited).args([
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        "data",
    ]));
    let address = server.address();
    server.ready();
    leave(&server, dir.path(), "nproc", "task", 2, Some(user));
    let sockets: Vec<_> = (0..10).map(|_| connect(address)).collect();
    let rejected = server.line("action: accept_connections | result: fail");
    assert!(rejected.contains("reason: Resource temporarily unavailable (os error 11)"), "{rejected}");
    assert_eq!(sockets.iter().filter(|socket| ask_on(socket, 1).is_some()).count(), 2);
    assert!(server.is_running());
    // Threads are available again, once because others have ended, and once because more are allowed.
    drop(sockets);
    let mut kept = vec![served(address), served(address)];
    leave(&server, dir.path(), "nproc", "task", 40, Some(user));
    kept.extend((0..8).map(|_| served(address)));
    assert!(kept.iter().all(|socket| ask_on(socket, 1).is_some()));
    server.stop(Signal::TERM);
}
