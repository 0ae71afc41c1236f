//! Peers that send the same batches for one agency, at the same time.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use conformance::dialects::{block, packet, without_padding};
use conformance::raw::Raw;
use lottery_testkit::session_packets;
use rustix::process::Signal;

use super::{BETS, agency, batch};
use crate::support::agency_files::Bets;
use crate::support::peer::{BLOCK, stored_in, welcomed};
use crate::support::{Process, SOON, server};

on_every_runtime!(
    rivals_without_a_session_have_stored_what_is_acknowledged,
    of_rivals_in_sessions_only_the_newest_stores_bets
);

/// Number of bets in a rival's batch.
const RIVAL_BETS: u32 = 20;

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

fn rivals_without_a_session_have_stored_what_is_acknowledged(runtime: &str) {
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

fn of_rivals_in_sessions_only_the_newest_stores_bets(runtime: &str) {
    rivals(runtime, |address, block| {
        let batch = without_padding(block);
        let open = || {
            let mut peer = Raw::connect(address);
            let stored = welcomed(&mut peer, 5);
            (peer, stored)
        };
        // From its welcome on, only this session stores bets of the agency: each acknowledgement shows it.
        let acknowledged = |begin: usize, answers: &[u8]| {
            let packets = session_packets(answers).into_iter();
            let acknowledged = packets.filter(|answer| (answer[0], answer[4]) == (5, b'1'));
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
            let answered = if nth % 2 == 0 { peer.receive_packet() } else { Vec::new() };
            older.push((peer, begin, answered));
        }
        let (mut last, begin) = open();
        let mut promised = 0;
        for (mut peer, begin, mut answers) in older {
            // The superseded session goes on sending. It may be told too late to hear it.
            let _ = peer.0.write_all(batch);
            let heard = peer.0.read_to_end(&mut answers);
            let end = session_packets(&answers).last().copied().unwrap_or_default();
            let told = end.starts_with(b"\x09\x05") && end[4..].starts_with(b"superseded|");
            assert!(told || heard.is_err(), "{heard:?}");
            promised += acknowledged(begin, &answers);
        }
        last.send(batch);
        let answer = last.receive_packet();
        promised += acknowledged(begin, &answer);
        let times = stored_in(&answer) / RIVAL_BETS as usize;
        assert!(promised <= times, "{promised} times acknowledged, {times} times stored");
        last.send(&packet(4, 5, b""));
        assert_eq!(last.receive_packet()[4], b'1');
        times..=times
    });
}
