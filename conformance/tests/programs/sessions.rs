//! Sessions of the real programs: agencies whose connection, file or session is taken away.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use conformance::dialects::block;
use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::peer::{BLOCK, accept, connect};
use crate::support::{Process, SOON, client, free_address, given_up, server, server_at};

on_every_runtime!(
    a_client_killed_after_its_last_bet_asks_again,
    a_server_killed_after_the_draw_reports_the_same_winners,
    a_file_that_was_changed_is_not_sent,
    a_second_process_takes_over,
    a_missing_server_is_given_up,
    a_server_that_does_not_come_back_is_given_up,
    a_client_that_waits_to_connect_ends_for_a_signal,
    a_rejected_batch_is_named,
    an_agency_beyond_the_last_is_rejected,
);

const ASK: &str = "the command winners asks for the winners of an agency that has finished";

const SENT: &str = "action: apuestas_enviadas | result: success";

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr) -> Command {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
    client.args(["--log-level", "DEBUG", "--batch-max-amount", "2"]);
    client
}

/// Checks that the client ends well, with its winners, and returns its lines.
#[track_caller]
fn done(client: Process, bets: &Bets) -> Vec<String> {
    let (code, stdout, stderr) = client.end(4 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    bets.check_winners();
    stdout
}

/// Checks that the client fails with one line, and returns it.
#[track_caller]
fn failed(client: Process) -> String {
    let (code, stdout, stderr) = client.end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stdout:#?} {stderr:#?}");
    stderr[0].clone()
}

fn kill(process: Process) -> Vec<String> {
    process.signal(Signal::KILL);
    let (code, stdout, _) = process.end(SOON);
    assert_eq!(code, None, "killed");
    stdout
}

fn a_client_killed_after_its_last_bet_asks_again(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let both = [1, 2].map(|agency| Bets::make(dir.path(), agency, 50));
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "2"]));
    let address = server.address();
    let first = Process::start(&mut agency(runtime, dir.path(), &both[0], address));
    first.line(SENT);
    kill(first);
    let again = Process::start(&mut agency(runtime, dir.path(), &both[0], address));
    again.line("action: session | result: success | client_id: 1 | stored: 50 | finished: true");
    done(Process::start(&mut agency(runtime, dir.path(), &both[1], address)), &both[1]);
    done(again, &both[0]);
    server.stop(Signal::TERM);
    assert_eq!(stored(&dir.path().join("data"), &both), [50, 50]);
}

fn a_server_killed_after_the_draw_reports_the_same_winners(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 50);
    let address = free_address();
    let server = Process::start(server_at(runtime, dir.path(), address).args(["--agencies", "1"]));
    server.address();
    done(Process::start(&mut agency(runtime, dir.path(), &bets, address)), &bets);
    server.line("action: sorteo | result: success");
    kill(server);
    fs::remove_file(bets.winners_path()).unwrap();
    // The agency comes while there is no server, and waits for one.
    let client = Process::start(&mut agency(runtime, dir.path(), &bets, address));
    client.line("action: reconnect");
    let again = || server_at(runtime, dir.path(), address);
    let other = Process::start(again().args(["--agencies", "1", "--winning-number", "10001"]));
    let (code, _, stderr) = other.end(SOON);
    let begun = "error: the lottery was begun with 1 agencies and the winning number 7574, not with 1 agencies and the \
                 winning number 10001: ";
    assert!(code == Some(2) && stderr.len() == 1 && stderr[0].starts_with(begun), "{stderr:#?}");
    let server = Process::start(again().args(["--agencies", "1"]));
    done(client, &bets);
    let lines = server.stop(Signal::TERM);
    assert!(!lines.iter().any(|line| line.contains("action: sorteo")), "{lines:#?}");
    assert_eq!(stored(&dir.path().join("data"), &[bets]), [50]);
}

fn a_file_that_was_changed_is_not_sent(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 3000);
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "2"]));
    let address = server.address();
    let text = fs::read_to_string(&bets.path).unwrap();
    let rejects = |changed: &str, what: &str| {
        fs::write(&bets.path, changed).unwrap();
        let error = failed(Process::start(&mut agency(runtime, dir.path(), &bets, address)));
        let begin = format!("error: {address} holds ");
        let end = format!(" of {}: {what}", bets.path.display());
        assert!(error.starts_with(&begin) && error.ends_with(&end), "{error}");
        error[begin.len()..].split(' ').next().unwrap().parse::<usize>().unwrap()
    };
    let first = Process::start(&mut agency(runtime, dir.path(), &bets, address));
    first.line("enviadas: 40 ");
    kill(first);
    let other = text.replacen("José 0,", "Josè 0,", 1);
    let held = rejects(&other, "their digest is another one");
    assert!((40..3000).contains(&held), "{held}");
    assert_eq!(rejects(&other, "their digest is another one"), held, "nothing was sent");
    let short: String = text.split_inclusive("\r\n").take(held - 1).collect();
    assert_eq!(rejects(&short, "the file is shorter"), held);

    // Bets that are not stored yet may change; this file is as long as it began.
    fs::write(&bets.path, &text).unwrap();
    let whole = Process::start(&mut agency(runtime, dir.path(), &bets, address));
    whole.line(SENT);
    kill(whole);
    let long = format!("{text}Eva,Sosa,3,1999-12-31,1\r\n");
    let finished = format!("it counts this agency as finished; {ASK}");
    assert_eq!(rejects(&long, &finished), 3000);
    server.stop(Signal::TERM);
    assert_eq!(stored(&dir.path().join("data"), &[bets]), [3000]);
}

fn a_second_process_takes_over(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let both = [1, 2].map(|agency| Bets::make(dir.path(), agency, 2000));
    // With a larger window it would have sent all of them before it is superseded.
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "2", "--window", "2"]));
    let address = server.address();
    let start = || Process::start(&mut agency(runtime, dir.path(), &both[0], address));
    let superseded =
        "error: the server refused the session: superseded: a newer session of this agency took over";
    // Once while bets are sent, once as soon as it goes on with them, once while it waits for its winners.
    let mut newest = start();
    for line in ["enviadas: 20 ", "action: session | result: success", SENT] {
        newest.line(line);
        let newer = start();
        assert_eq!(failed(newest), superseded);
        newest = newer;
    }
    assert!(!both[0].winners_path().exists());
    done(Process::start(&mut agency(runtime, dir.path(), &both[1], address)), &both[1]);
    done(newest, &both[0]);
    server.stop(Signal::TERM);
    assert_eq!(stored(&dir.path().join("data"), &both), [2000, 2000]);
}

fn a_missing_server_is_given_up(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 50);
    let address = free_address();
    let start = Instant::now();
    let mut client = agency(runtime, dir.path(), &bets, address);
    let error = failed(Process::start(client.args(["--retry-for", "1s"])));
    assert!(start.elapsed() >= Duration::from_secs(1), "{start:?}");
    let rejected = format!("cannot connect to {address}: Connection refused (os error 111)");
    assert_eq!(given_up(&error, 1.0), format!("{rejected}; 0 of 50 bets are stored"));
}

fn a_server_that_does_not_come_back_is_given_up(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 3000);
    let first = Process::start(&mut server(runtime, dir.path()));
    let mut client = agency(runtime, dir.path(), &bets, first.address());
    let client = Process::start(client.args(["--retry-for", "500ms"]));
    client.line("enviadas: 40 ");
    kill(first);
    let error = failed(client);
    let said = error.strip_suffix(" of 3000 bets are stored").and_then(|error| error.rsplit(' ').next());
    let said: usize = said.unwrap_or_else(|| panic!("{error}")).parse().unwrap();
    assert!(said >= 40, "{error}");
    // Opened and closed once, so that both files are whole.
    let again = Process::start(&mut server(runtime, dir.path()));
    again.address();
    again.stop(Signal::TERM);
    let kept = stored(&dir.path().join("data"), &[bets])[0];
    assert!(kept >= said && kept < 3000, "{said} acknowledged, {kept} stored");
}

fn a_client_that_waits_to_connect_ends_for_a_signal(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 50);
    for signal in [Signal::TERM, Signal::INT] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Process::start(&mut agency(runtime, dir.path(), &bets, listener.local_addr().unwrap()));
        // After this rejection it pauses for five seconds or more.
        let mut server = accept(&listener);
        server.read_exact(&mut [0; BLOCK]).unwrap();
        server.write_all(&block(9, 1, b"timeout|too slow")).unwrap();
        drop(server);
        client.line("action: reconnect");
        let start = Instant::now();
        assert_eq!(client.stop_early(signal), "50 of 50 bets are left");
        assert!(start.elapsed() < Duration::from_millis(4500), "{:?}", start.elapsed());
    }
}

fn a_rejected_batch_is_named(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 3000);
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "2"]));
    let address = server.address();
    let client = Process::start(&mut agency(runtime, dir.path(), &bets, address));
    client.line("enviadas: 40 ");
    // Another peer sends the agency's Finished in `block`.
    let (mut other, mut block) = (connect(address), vec![0; BLOCK]);
    block[..4].copy_from_slice(&[4, 1, 4, 0]);
    other.write_all(&block).unwrap();
    other.read_exact(&mut block).unwrap();
    assert_eq!(block[..5], [5, 1, 5, 0, b'1']);
    let error = failed(client);
    server.stop(Signal::TERM);
    let kept = stored(&dir.path().join("data"), std::slice::from_ref(&bets))[0];
    let lines = format!("{}: lines {} to {}", bets.path.display(), kept + 1, kept + 2);
    assert_eq!(
        error,
        format!("error: the server refused a batch: {lines}: finished: the agency is finished; {ASK}")
    );
}

fn an_agency_beyond_the_last_is_rejected(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 3, 50);
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "2"]));
    let error = failed(Process::start(&mut agency(runtime, dir.path(), &bets, server.address())));
    let expected = "error: the server refused the session: unknown-agency: ";
    assert!(error.starts_with(expected) && error.len() > expected.len(), "{error}");
    server.stop(Signal::TERM);
    assert_eq!(fs::read_to_string(dir.path().join("data/bets.csv")).unwrap(), "");
}
