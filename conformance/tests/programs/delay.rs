//! Time of an acknowledgement with hostile peers, compared to the time without them, in one run and in turns.
//! It is a measurement, and so not a part of the tests: `--ignored --nocapture`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use conformance::raw::Raw;
use rustix::process::{Signal, setpriority_process};

use crate::support::peer::{connect, question, session, session_batch, store};
use crate::support::{Process, server};

/// Number of turns without hostile peers, and of turns with them.
const TURNS: usize = 4;
/// Batches of an agency in a turn.
const BATCHES: usize = 250;

/// Limit of the ratio: time with hostile peers to time without.
const MOST: f64 = 2.0;

/// Number of peers that send nothing.
const SILENT: usize = 2000;
/// Number of peers that send a byte a second.
const SLOW: usize = 20;
/// Number of peers that never read their replies.
const DEAF: usize = 20;
/// Time without a sent byte after which a peer counts as not read.
const FULL: Duration = Duration::from_millis(100);
/// Time that a server needs to see that peers are gone.
const SETTLE: Duration = Duration::from_millis(500);

#[test]
#[ignore = "it measures"]
fn hostile_peers_at_most_double_the_time_of_acknowledgements() {
    let ratios = ["tokio", "std", "smol"].map(|runtime| {
        let [alone, beside] = measure(runtime);
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        println!(
            "p99 of acknowledgements on {runtime}: {alone:.1?} alone, {beside:.1?} beside: {ratio:.2} times"
        );
        ratio
    });
    assert!(ratios.iter().all(|ratio| *ratio <= MOST), "{ratios:.2?}: more than {MOST} times");
}

/// Returns the 99th percentile, alone and beside hostile peers.
fn measure(runtime: &str) -> [Duration; 2] {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let mut agencies: Vec<Raw> = (1..=4).map(|agency| session(address, agency)).collect();
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..2 * TURNS {
        let over = AtomicBool::new(turn % 2 == 0);
        let begun = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| attack(address, &begun, &over));
            begun.wait();
            let senders: Vec<_> = (1..)
                .zip(&mut agencies)
                .map(|(agency, peer)| scope.spawn(move || send(agency, peer)))
                .collect();
            let taken = senders.into_iter().flat_map(|sender| sender.join().unwrap());
            times[turn % 2].extend(taken);
            over.store(true, Ordering::Relaxed);
        });
    }
    server.signal(Signal::KILL);
    times.map(|mut times| {
        times.sort();
        times[times.len() * 99 / 100]
    })
}

/// Sends batches, each when the one before is acknowledged, and returns the time of each.
fn send(agency: u32, peer: &mut Raw) -> Vec<Duration> {
    let batch = session_batch(agency, 50);
    let mut acknowledged = || {
        let start = Instant::now();
        store(peer, &batch);
        start.elapsed()
    };
    (0..BATCHES).map(|_| acknowledged()).collect()
}

/// Runs peers that send nothing, that send a byte a second, that never read their replies; and garbage, on
/// ever new connections.
fn attack(address: SocketAddr, begun: &Barrier, over: &AtomicBool) {
    if over.load(Ordering::Relaxed) {
        begun.wait();
        return;
    }
    // Elsewhere they would have processors of their own: here they get what the server and the agencies
    // leave.
    setpriority_process(None, 19).unwrap();
    let silent: Vec<_> = (0..SILENT).map(|_| connect(address)).collect();
    let mut slow: Vec<_> = (0..SLOW).map(|_| connect(address)).collect();
    let deaf = deaf(address);
    begun.wait();
    let mut next_byte = Instant::now();
    while !over.load(Ordering::Relaxed) {
        if next_byte <= Instant::now() {
            next_byte += Duration::from_secs(1);
            for peer in &mut slow {
                let _ = peer.write(&[3]);
            }
        }
        let _ = connect(address).write_all(&[0xA5; 16_000]);
        thread::sleep(Duration::from_millis(2));
    }
    drop((silent, slow, deaf));
    thread::sleep(SETTLE);
}

/// Returns peers that have sent requests until nothing more was taken from them, and have read nothing.
fn deaf(address: SocketAddr) -> Vec<Raw> {
    let mut peers: Vec<_> = (0..DEAF).map(|_| Raw::connect_narrow(address)).collect();
    for peer in &peers {
        peer.0.set_nonblocking(true).unwrap();
    }
    let questions = question(5).repeat(4);
    let mut last = Instant::now();
    while last.elapsed() < FULL {
        for peer in &mut peers {
            if peer.0.write(&questions).is_ok() {
                last = Instant::now();
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    peers
}
