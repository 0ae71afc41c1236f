//! Anonymous peers, peers that are no agency: they hold nothing, end no lottery, and fill no log.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use conformance::dialects::codec;
use conformance::raw::Raw;
use lottery_proto::Dialect;
use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::peer::{ask_on, connect, served};
use crate::support::{Process, SOON, client, server};

on_every_runtime!(
    waiters_that_leave_hold_nothing,
    waiters_that_stay_end_no_lottery,
    endless_rejections_do_not_fill_the_log,
    probes_leave_one_line_each,
    an_address_has_a_limit_of_connections,
);

const END: &[u8] = b"00000003END";

/// Runs agencies that send their bets and get their winners.
fn lottery(runtime: &str, dir: &std::path::Path, bets: &[Bets], address: SocketAddr) {
    let agencies: Vec<Process> = bets
        .iter()
        .map(|bets| {
            let mut client = client(runtime, dir, bets.agency, address);
            client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
            Process::start(client.args(["--retry-for", "30s"]))
        })
        .collect();
    for (agency, bets) in agencies.into_iter().zip(bets) {
        let (code, stdout, stderr) = agency.end(6 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
}

/// Many times more peers than there are connections connect, send END, and close: in a second or two they
/// would hold all connections until the draw.
fn waiters_that_leave_hold_nothing(runtime: &str) {
    for allowed in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let bets = [1, 2].map(|agency| Bets::make(dir.path(), agency, 60));
        let mut server = server(runtime, dir.path());
        server.args(["--agencies", "2", "--max-connections", "50"]);
        if allowed {
            server.arg("--anonymous-finish");
        }
        let server = Process::start(&mut server);
        let address = server.address();
        // The server has all descriptors of its own once it has served a connection and rests.
        let _agency = served(address);
        let before = descriptors_at_rest(&server);
        for _ in 0..400 {
            let mut waiter = connect(address);
            // The connection may be rejected already.
            let _ = waiter.write_all(END);
        }
        drop(served(address));
        let start = Instant::now();
        while server.has("fd") > before {
            assert!(start.elapsed() < SOON, "{} descriptors are held", server.has("fd") - before);
            thread::sleep(Duration::from_millis(20));
        }
        lottery(runtime, dir.path(), &bets, address);
        server.stop(Signal::TERM);
        assert_eq!(stored(&dir.path().join("data"), &bets), [60, 60]);
    }
}

/// Returns the number of descriptors once it no longer changes: a runtime may make what the next connection needs
/// behind the reply.
fn descriptors_at_rest(server: &Process) -> usize {
    let (mut found, mut same) = (server.has("fd"), 0);
    while same < 10 {
        thread::sleep(Duration::from_millis(20));
        let now = server.has("fd");
        same = if now == found { same + 1 } else { 0 };
        found = now;
    }
    found
}

/// As many peers as there are agencies send END, and stay: the draw takes place all the same, over all bets.
fn waiters_that_stay_end_no_lottery(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = [1, 2, 3].map(|agency| Bets::make(dir.path(), agency, 40));
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "3"]));
    let address = server.address();
    for _ in 0..5 {
        let mut waiter = Raw::connect(address);
        waiter.send(END);
        assert_eq!(waiter.receive_all(), b"", "nobody stands for an agency without saying which");
    }
    lottery(runtime, dir.path(), &bets, address);
    let lines = server.stop(Signal::TERM);
    let draws = lines.iter().filter(|line| line.contains("action: sorteo"));
    assert_eq!(draws.count(), 1, "{lines:#?}");
    let reason = "it has finished without saying which agency it is, and --anonymous-finish is off";
    assert_eq!(lines.iter().filter(|line| line.contains(reason)).count(), 5, "{lines:#?}");
    assert_eq!(stored(&dir.path().join("data"), &bets), [40; 3]);
}

/// Each byte would be many bytes of log.
fn endless_rejections_do_not_fill_the_log(runtime: &str) {
    const PEERS: usize = 100;
    let dir = tempfile::tempdir().unwrap();
    let mut server = server(runtime, dir.path());
    server.args(["--log-level", "DEBUG"]);
    let server = Process::start(&mut server);
    let address = server.address();
    let agency = connect(address);
    assert_eq!(ask_on(&agency, 1).as_deref(), Some(&b"0"[..]));
    let flood = [&b"Q{AgencyID:;"[..], &b"x;".repeat(100_000)].concat();
    let mut sent = 0;
    for _ in 0..PEERS {
        let mut peer = connect(address);
        // The server closes long before all of it is sent, with a reset if there is more.
        let mut rest = &flood[..];
        while let Ok(some @ 1..) = peer.write(rest) {
            rest = &rest[some..];
            sent += some;
        }
        let _ = peer.read_to_end(&mut Vec::new());
    }
    assert_eq!(ask_on(&agency, 1).as_deref(), Some(&b"0"[..]), "who was there is served");
    // The limit on rejections does no harm to other connections of the same address.
    assert_eq!(ask_on(&connect(address), 2).as_deref(), Some(&b"0"[..]));
    drop(agency);
    let lines = server.stop(Signal::TERM);
    let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    println!("{runtime}: {bytes} bytes of log, {} lines, for {sent} bytes that were refused", lines.len());
    let about = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    assert_eq!(about("action: accept_connections | result: success"), PEERS + 2);
    assert!(about("action: apuesta_recibida | result: fail") <= 5 * PEERS, "{} lines", lines.len());
    assert!(lines.len() < 8 * PEERS, "{} lines", lines.len());
    let counted = "reason: too much of what was sent was refused | refused: 1";
    assert!(about(counted) > 5, "it is said how many there were: {:#?}", &lines[..40.min(lines.len())]);
}

/// Scanner, browser, load balancer: one line each, and no warning.
fn probes_leave_one_line_each(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let mut hello = vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3];
    hello.extend((0..506).map(|nth| u8::try_from(nth * 7 % 251).unwrap()));
    let request = b"GET / HTTP/1.1\r\nHost: server\r\nUser-Agent: probe\r\n\r\n";
    for probe in [&hello[..], request] {
        let mut peer = Raw::connect(address);
        peer.send(probe);
        assert_eq!(peer.receive_all(), b"", "a clean end, and no word");
        let mut peer = Raw::connect(address);
        peer.send(probe);
        peer.vanish();
    }
    Raw::connect(address).vanish();
    Raw::connect(address).fin();
    server.accepted(6);
    // All lines about earlier peers are written when the next is served.
    assert_eq!(ask_on(&connect(address), 1).as_deref(), Some(&b"0"[..]));
    let lines = server.stop(Signal::TERM);
    let caused = lines.iter().filter(|line| line.contains(" | ip: "));
    let served = lines.iter().filter(|line| line.contains("action: accept_connections | result: success"));
    // Seven ends: that of the last one is missing.
    assert_eq!((caused.count(), served.count()), (8, 7), "{lines:#?}");
    assert!(lines.iter().all(|line| line.contains(" INFO ")), "{lines:#?}");
}

/// Addresses have a limit of connections, and the idle make room.
fn an_address_has_a_limit_of_connections(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(server(runtime, dir.path()).args(["--max-connections-per-ip", "3"]));
    let address = server.address();
    let agencies = [1, 2, 3].map(|agency| {
        let peer = connect(address);
        assert_eq!(ask_on(&peer, agency).as_deref(), Some(&b"0"[..]));
        peer
    });
    let mut rejected = Raw::connect(address);
    rejected.send(&codec(Dialect::FRAMED).probe(4));
    assert_eq!(
        rejected.receive_all(),
        codec(Dialect::FRAMED).failure("too many connections from this address")
    );
    let rejected = "WARNING  action: accept_connections | result: fail | ip: 127.0.0.1 | reason: too many connections \
                   from this address";
    assert!(server.line("result: fail").ends_with(rejected));
    for (peer, agency) in agencies.iter().zip([1, 2, 3]) {
        assert_eq!(ask_on(peer, agency).as_deref(), Some(&b"0"[..]), "agency {agency} keeps its place");
    }
    drop(agencies);
    server.stop(Signal::TERM);
}
