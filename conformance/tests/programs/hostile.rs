//! Hostile peers against the real programs, with four honest agencies beside them: these lose nothing, and
//! get their winners.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use conformance::agency_files::File;
use conformance::dialects::{block, codec};
use conformance::raw::Raw;
use conformance::running::alone;
use lottery_proto::Dialect;
use lottery_testkit::Rng;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::skip;
use crate::support::flag::SetOnDrop;
use crate::support::peer::{BLOCK, connect, question};
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(
    a_byte_at_a_time,
    connections_that_say_nothing,
    replies_that_are_not_read,
    floods_of_garbage,
    ends_and_resets_at_every_stage,
    few_descriptors,
    rivals_without_a_session,
    rivals_in_sessions,
);

/// Log line of a connection that did not end well.
const FAILED: &str = "action: close_connection | result: fail";
/// Log line of a connection that is served.
const ACCEPTED: &str = "action: accept_connections | result: success";

/// Number of bets of an honest agency.
const BETS: u32 = 400;
/// Number of bets in a rival's batch.
const RIVAL_BETS: u32 = 20;

/// Returns a batch of an agency's first bets, and their rows. None of them is in an honest agency's file.
fn batch(agency: u32, bets: u32) -> (Vec<u8>, Vec<String>) {
    let file = File::invented(agency, bets);
    let rows = file.text.lines().map(|line| format!("{agency},{line}")).collect();
    (codec(Dialect::Block).batch(agency, &file.lines()), rows)
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr) -> Process {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
    Process::start(client.args(["--batch-max-amount", "10", "--retry-for", "60s"]))
}

/// Runs four agencies while `attack` goes on; it is called again and again until they have their winners, and
/// is there before they come. The attack must show in the server's log.
fn beside<Attack: FnMut() + Send>(
    runtime: &str,
    server: impl FnOnce(&Path) -> Command,
    notices: &str,
    begin: impl FnOnce(&Process, SocketAddr) -> Attack,
) {
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2, 3, 4].map(|agency| Bets::make(dir.path(), agency, BETS));
    let server = Process::start(server(dir.path()).args(["--agencies", "4"]));
    let address = server.address();
    let mut attack = begin(&server, address);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                attack();
            }
        });
        let _over = SetOnDrop(&over);
        let clients = agencies.each_ref().map(|bets| agency(runtime, dir.path(), bets, address));
        for (client, bets) in clients.into_iter().zip(&agencies) {
            let (code, stdout, stderr) = client.end(12 * SOON);
            assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
            bets.check_winners();
        }
        server.line(notices);
    });
    // The attackers are still there.
    server.stop(Signal::TERM);
    drop(attack);
    assert_eq!(stored(&dir.path().join("data"), &agencies), [BETS as usize; 4]);
}

/// Returns the command of a server with these settings.
fn with<'a>(runtime: &'a str, settings: &'a [&'a str]) -> impl FnOnce(&Path) -> Command + 'a {
    move |dir| {
        let mut server = server(runtime, dir);
        server.args(settings);
        server
    }
}

fn a_byte_at_a_time(runtime: &str) {
    beside(runtime, with(runtime, &["--message-timeout", "200ms"]), FAILED, |_, address| {
        let (batch, _) = batch(1, 60);
        let mut peers: Vec<_> = (0..20).map(|_| (connect(address), 0)).collect();
        move || {
            thread::sleep(Duration::from_millis(2));
            for (peer, sent) in &mut peers {
                // The last byte of a batch is never sent.
                if *sent == BLOCK - 1 || peer.write_all(&batch[*sent..=*sent]).is_err() {
                    (*peer, *sent) = (connect(address), 0);
                } else {
                    *sent += 1;
                }
            }
        }
    });
}

/// The limit of descriptors is this process's, and the processes that it starts inherit it.
fn connections_that_say_nothing(runtime: &str) {
    let name = format!("{}::on_{runtime}::connections_that_say_nothing", module_path!());
    alone(&name, || many_connections_that_say_nothing(runtime));
}

fn many_connections_that_say_nothing(runtime: &str) {
    const SILENT: usize = 2_000;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    if limit.maximum.is_some_and(|most| most < SILENT as u64 + 500) {
        return skip(&format!("only {limit:?} descriptors may be had here"));
    }
    beside(runtime, with(runtime, &[]), ACCEPTED, |server, address| {
        let peers: Vec<_> = (0..SILENT).map(|_| connect(address)).collect();
        server.accepted(SILENT);
        move || {
            assert_eq!(peers.len(), SILENT);
            thread::sleep(Duration::from_millis(20));
        }
    });
}

fn replies_that_are_not_read(runtime: &str) {
    beside(runtime, with(runtime, &["--stall-timeout", "200ms"]), FAILED, |_, address| {
        let mut peers: Vec<_> = (0..20).map(|_| Raw::connect_narrow(address)).collect();
        let questions = question(1).repeat(8);
        for peer in &mut peers {
            peer.0.set_nonblocking(true).unwrap();
        }
        move || {
            for peer in &mut peers {
                // Cut anywhere: bytes that follow may be nonsense, and their replies are not read either.
                let _ = peer.0.write(&questions);
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
}

fn floods_of_garbage(runtime: &str) {
    beside(runtime, with(runtime, &[]), FAILED, |_, address| {
        let mut rng = Rng::new(7);
        move || {
            let mut peer = connect(address);
            let mut garbage: Vec<u8> = (0..20_000).map(|_| u8::try_from(rng.below(256)).unwrap()).collect();
            // Each dialect gets its share.
            garbage[0] = *rng.pick(b"\x01\x03\x04\x06\x07A0BNQ");
            let _ = peer.write_all(&garbage);
            if rng.below(2) == 0 {
                Raw(peer).vanish();
            }
        }
    });
}

fn ends_and_resets_at_every_stage(runtime: &str) {
    beside(runtime, with(runtime, &[]), FAILED, |_, address| {
        let (batch, _) = batch(1, 60);
        let script = [question(1), batch].concat();
        // Before anything; in a header; in a payload; behind a query; in a batch; before its last byte.
        let stages = [0, 1, 3, 5, 4096, BLOCK, BLOCK + 2, BLOCK + 3000, 2 * BLOCK - 1];
        let mut kept = Vec::new();
        let mut nth = 0;
        move || {
            let mut peer = Raw::connect(address);
            let stage = stages[nth / 3 % stages.len()];
            peer.send(&script[..stage]);
            match nth % 3 {
                0 => peer.vanish(),
                // Half of the peer is closed, and the reply is awaited or not.
                1 => {
                    peer.fin();
                    let answers = peer.try_receive_all().unwrap_or_default();
                    assert!(stage < BLOCK || answers.len() >= BLOCK, "{stage}: {} bytes", answers.len());
                }
                _ => {
                    let _ = peer.0.shutdown(Shutdown::Read);
                    kept.push(peer);
                }
            }
            nth += 1;
            kept.drain(..kept.len().saturating_sub(50));
        }
    });
}

fn few_descriptors(runtime: &str) {
    let limited = |dir: &Path| {
        let mut limited = command("prlimit", dir);
        limited.args(["--nofile=64", "--"]).arg(server_program(runtime));
        limited.args(["--listen", "127.0.0.1:0", "--data-dir", "data", "--idle-timeout", "300ms"]);
        limited
    };
    beside(runtime, limited, "accept_connections | result: fail", |_, address| {
        let mut peers: Vec<TcpStream> = (0..100).map(|_| connect(address)).collect();
        move || {
            // A closed peer is there again at once; each is read from only for a moment.
            thread::sleep(Duration::from_millis(50));
            for peer in &mut peers {
                peer.set_nonblocking(true).unwrap();
                if matches!(peer.read(&mut [0; 100]), Ok(0)) {
                    *peer = connect(address);
                }
            }
        }
    });
}

/// Runs peers that send the same batch for agency 5, again and again, while four honest agencies send for
/// themselves. `rival` returns the number of times that each of its bets may be stored: at least as often as
/// it was acknowledged.
fn rivals(runtime: &str, rival: fn(SocketAddr, &[u8]) -> RangeInclusive<usize>) {
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2, 3, 4].map(|agency| Bets::make(dir.path(), agency, BETS));
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let clients = agencies.each_ref().map(|bets| agency(runtime, dir.path(), bets, address));
    let (batch, sent) = batch(5, RIVAL_BETS);
    let promised = rival(address, &batch);
    assert!(*promised.start() > 0);
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(12 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
    server.stop(Signal::TERM);
    let text = std::fs::read_to_string(dir.path().join("data/bets.csv")).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    for bets in &agencies {
        let own = format!("{},", bets.agency);
        assert!(rows.iter().filter(|row| row.starts_with(&own)).eq(&bets.rows), "agency {}", bets.agency);
    }
    for bet in &sent {
        let stored = rows.iter().filter(|row| *row == bet).count();
        assert!(promised.contains(&stored), "{bet}: {promised:?} times promised, {stored} times stored");
    }
}

fn rivals_without_a_session(runtime: &str) {
    rivals(runtime, |address, batch| {
        let mut peers = [Raw::connect(address), Raw::connect(address)];
        for _ in 0..10 {
            for peer in &mut peers {
                peer.send(batch);
            }
        }
        let mut acknowledged = 0;
        for peer in &mut peers {
            peer.send(&block(4, 5, b""));
            // Batches may come when the other rival has finished: then they are rejected with that reason.
            let answer = peer.receive(BLOCK);
            assert_eq!(answer[..4], [5, 5, 5, 0]);
            if answer[4] == b'1' {
                acknowledged += 10;
            }
        }
        acknowledged..=20
    });
}

/// Returns the number of stored bets in a packet of a session, `2|stored|…` or `1|stored`
/// (`docs/protocol.md#sessions`).
fn stored_in(packet: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&packet[4..usize::from(packet[2])]);
    text.split('|').nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

fn rivals_in_sessions(runtime: &str) {
    rivals(runtime, |address, batch| {
        let open = || {
            let mut peer = Raw::connect(address);
            peer.send(&block(7, 5, b"2"));
            let welcome = peer.receive(BLOCK);
            assert_eq!(welcome[0], 8, "welcome");
            (peer, stored_in(&welcome))
        };
        // From its welcome on, only this session stores bets of the agency: each acknowledgement shows it.
        let acknowledged = |begin: usize, answers: &[u8]| {
            let acknowledged =
                answers.chunks_exact(BLOCK).filter(|answer| (answer[0], answer[4]) == (5, b'1'));
            let totals: Vec<usize> = acknowledged.map(stored_in).collect();
            assert!(
                totals.iter().zip(1..).all(|(total, nth)| *total == begin + nth * RIVAL_BETS as usize),
                "{totals:?}"
            );
            totals.len()
        };
        let mut older = Vec::new();
        for nth in 0..10 {
            let (mut peer, begin) = open();
            peer.send(&batch.repeat(3));
            // The next session supersedes this one while it waits for two replies, or for three.
            let answered = if nth % 2 == 0 { peer.receive(BLOCK) } else { Vec::new() };
            older.push((peer, begin, answered));
        }
        let (mut last, begin) = open();
        let mut promised = 0;
        for (mut peer, begin, mut answers) in older {
            // The superseded session goes on sending. It may be told too late to hear it.
            let _ = peer.0.write_all(batch);
            let heard = peer.0.read_to_end(&mut answers);
            let end = answers.chunks_exact(BLOCK).last().unwrap_or_default();
            let told = end.starts_with(b"\x09\x05") && end[4..].starts_with(b"superseded|");
            assert!(told || heard.is_err(), "{heard:?}");
            promised += acknowledged(begin, &answers);
        }
        last.send(batch);
        let answer = last.receive(BLOCK);
        promised += acknowledged(begin, &answer);
        let times = stored_in(&answer) / RIVAL_BETS as usize;
        assert!(promised <= times, "{promised} times acknowledged, {times} times stored");
        last.send(&block(4, 5, b""));
        assert_eq!(last.receive(BLOCK)[4], b'1');
        times..=times
    });
}
