//! Server and agencies that are killed at random moments, and started again: every bet is stored once and in
//! order.

use std::path::Path;
use std::thread;
use std::time::Duration;

use lottery_testkit::Rng;
use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::{Process, SOON, client, free_address, number_of_kills, server_at};

on_every_runtime!(killed_programs_lose_no_bet_and_store_none_twice);

/// Bets of each agency for each kill: none has sent them all before the last.
const BETS: usize = 60;

fn start(runtime: &str, dir: &Path, bets: &Bets, address: std::net::SocketAddr) -> Process {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path()).arg("--force");
    Process::start(client.args(["--batch-max-amount", "2"]))
}

fn killed_programs_lose_no_bet_and_store_none_twice(runtime: &str) {
    let mut rng = Rng::new(runtime.len() as u64);
    let kills = number_of_kills(12);
    let count = kills * BETS;
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2, 3, 4].map(|agency| Bets::make(dir.path(), agency, u32::try_from(count).unwrap()));
    let address = free_address();
    let mut server = server_at(runtime, dir.path(), address);
    server.args(["--agencies", "4"]);
    let mut running = vec![Process::start(&mut server)];
    running[0].address();
    // The last agency is missing: so there are no winners, and nobody ends by itself, as long as there are
    // kills.
    running.extend(agencies[..3].iter().map(|bets| start(runtime, dir.path(), bets, address)));
    for nth in 0..kills {
        // Each process has its turn; the pause is at times too short to start.
        let victim = if nth < running.len() { nth } else { rng.index(4) };
        thread::sleep(Duration::from_micros(rng.below(120_000)));
        let process = running.remove(victim);
        process.signal(Signal::KILL);
        let (code, stdout, stderr) = process.end(SOON);
        assert_eq!(code, None, "{stdout:#?} {stderr:#?}");
        let again = match victim.checked_sub(1) {
            None => Process::start(&mut server),
            Some(agency) => start(runtime, dir.path(), &agencies[agency], address),
        };
        running.insert(victim, again);
    }
    running.push(start(runtime, dir.path(), &agencies[3], address));
    for (process, bets) in running.drain(1..).zip(&agencies) {
        let (code, stdout, stderr) = process.end(6 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
    running.remove(0).stop(Signal::TERM);
    assert_eq!(stored(&dir.path().join("data"), &agencies), [count; 4]);
}
