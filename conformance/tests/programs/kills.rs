//! Server that is killed while agencies without sessions send: the acknowledged bets are there afterwards,
//! once and in order.

use std::thread;
use std::time::Duration;

use lottery_testkit::Rng;
use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::peer::winners;
use crate::support::{Process, SOON, client, number_of_kills, server};

on_every_runtime!(acknowledged_bets_survive_a_kill_of_the_server);

/// Approximate number of lines that the server logs in a round: 5 connections, 75 batches, 5 ends, the draw,
/// and 5 replies.
const LINES: usize = 95;

fn acknowledged_bets_survive_a_kill_of_the_server(runtime: &str) {
    let mut rng = Rng::new(runtime.len() as u64);
    let rounds = number_of_kills(10);
    for round in 0..rounds {
        // Every part of a run comes up, and not always at a line's end.
        let lines = (round * LINES + rng.index(LINES)) / rounds;
        kill_after(runtime, lines, Duration::from_micros(rng.below(2048)));
    }
}

fn kill_after(runtime: &str, lines: usize, pause: Duration) {
    let dir = tempfile::tempdir().unwrap();
    let agencies: Vec<_> = (1..=5).map(|agency| Bets::make(dir.path(), agency, 150)).collect();
    let first = Process::start(&mut server(runtime, dir.path()));
    let address = first.address();
    let clients: Vec<_> = agencies
        .iter()
        .map(|bets| {
            let mut client = client(runtime, dir.path(), bets.agency, address);
            client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
            // A lost connection is not retried.
            client.args(["--retry-for", "0s"]);
            Process::start(client.args(["--dialect", "block", "--batch-max-amount", "10"]))
        })
        .collect();
    // After the two lines with which the log begins.
    let seen = first.lines(2 + lines);
    assert!(seen.len() >= 2 + lines, "{seen:#?}");
    thread::sleep(pause);
    first.signal(Signal::KILL);
    let (code, log, _) = first.end(SOON);
    assert_eq!(code, None, "killed");

    let mut drawn = log.iter().any(|line| line.contains("action: sorteo | result: success"));
    let mut acknowledged = Vec::new();
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(SOON);
        if code == Some(0) {
            drawn = true;
            bets.check_winners();
            assert!(stderr.is_empty(), "{stderr:#?}");
        } else {
            assert_eq!((code, stderr.len()), (Some(1), 1), "{stdout:#?} {stderr:#?}");
            let (ended, rejected) = (
                format!("error: the connection to {address} ended: "),
                format!("error: cannot connect to {address}: "),
            );
            assert!(stderr[0].starts_with(&ended) || stderr[0].starts_with(&rejected), "{stderr:#?}");
            assert!(!bets.winners_path().exists());
        }
        acknowledged
            .push(stdout.iter().any(|line| line.contains("action: apuestas_enviadas | result: success")));
    }
    assert!(!drawn || log.len() > 80, "{log:#?}");

    // A draw that took place stays as it was.
    let again = Process::start(&mut server(runtime, dir.path()));
    let address = again.address();
    for bets in &agencies {
        let told = winners(address, u8::try_from(bets.agency).unwrap());
        match told {
            Some(told) if drawn => assert_eq!(told, bets.winners, "agency {}", bets.agency),
            told => assert!(!drawn, "{told:?}"),
        }
    }
    again.stop(Signal::TERM);
    let counts = stored(&dir.path().join("data"), &agencies);
    for ((count, acknowledged), bets) in counts.iter().zip(acknowledged).zip(&agencies) {
        assert!(count % 10 == 0, "part of a batch");
        assert!(!acknowledged || *count == bets.rows.len(), "agency {}: {count}", bets.agency);
    }
}
