//! How long an acknowledgement takes when there are hostile peers, beside how long it takes without them, in one run and
//! in turns. It measures, and so it is not a part of the tests: `--ignored --nocapture`.

mod process;

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use conformance::files::File;
use conformance::raw::Raw;
use conformance::wire::{block, wire};
use lottery_proto::Dialect;
use process::wire::{BLOCK, connect, question};
use process::{Process, server};
use rustix::process::{Signal, setpriority_process};

/// Turns without hostile peers, and as many with them.
const TURNS: usize = 5;
/// Batches of an agency in a turn.
const BATCHES: usize = 100;

#[test]
#[ignore = "it measures"]
fn acknowledgements_beside_hostile_peers() {
    for runtime in ["tokio", "std", "smol"] {
        let [alone, beside] = measure(runtime);
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        println!(
            "p99 of acknowledgements on {runtime}: {alone:.1?} alone, {beside:.1?} beside: {ratio:.2} times"
        );
    }
}

/// The 99th percentile, alone and beside hostile peers.
fn measure(runtime: &str) -> [Duration; 2] {
    let dir = tempfile::tempdir().unwrap();
    let centre = Process::start(&mut server(runtime, dir.path()));
    let address = centre.address();
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
    centre.signal(Signal::KILL);
    times.map(|mut times| {
        times.sort();
        times[times.len() * 99 / 100]
    })
}

fn session(address: SocketAddr, agency: u32) -> Raw {
    let mut peer = Raw::connect(address);
    peer.send(&block(7, agency, b"2"));
    assert_eq!(peer.receive(BLOCK)[0], 8, "welcome");
    peer
}

/// Sends batches, each when the one before is acknowledged: how long each took.
fn send(agency: u32, peer: &mut Raw) -> Vec<Duration> {
    let batch = wire(Dialect::Block).batch(agency, &File::invented(agency, 50).lines());
    let mut acknowledged = || {
        let start = Instant::now();
        peer.send(&batch);
        assert_eq!(peer.receive(BLOCK)[4], b'1', "stored");
        start.elapsed()
    };
    (0..BATCHES).map(|_| acknowledged()).collect()
}

/// Silent peers, peers that never read, peers that send a byte at a time, and garbage on ever new connections.
fn attack(address: SocketAddr, begun: &Barrier, over: &AtomicBool) {
    if over.load(Ordering::Relaxed) {
        begun.wait();
        return;
    }
    // Elsewhere they would have processors of their own: here they get what the centre and the agencies leave.
    setpriority_process(None, 19).unwrap();
    let silent: Vec<_> = (0..500).map(|_| connect(address)).collect();
    let mut deaf: Vec<_> = (0..20).map(|_| Raw::connect_narrow(address)).collect();
    let mut slow: Vec<_> = (0..20).map(|_| connect(address)).collect();
    let questions = question(5).repeat(4);
    begun.wait();
    while !over.load(Ordering::Relaxed) {
        for peer in &mut deaf {
            peer.0.set_nonblocking(true).unwrap();
            let _ = peer.0.write(&questions);
        }
        for peer in &mut slow {
            let _ = peer.write(&[3]);
        }
        let _ = connect(address).write_all(&[0xA5; 16_000]);
        thread::sleep(Duration::from_millis(2));
    }
    drop(silent);
}
