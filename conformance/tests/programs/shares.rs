//! Acknowledgements of honest agencies beside connections that keep the store as busy as they can with long
//! batches, all of them valid: in turns with and without these, in one run.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use conformance::agency_files::File;
use conformance::dialects::codec;
use conformance::raw::Raw;
use lottery_proto::Dialect;
use rustix::process::{Signal, setpriority_process};

use crate::support::peer::{connect, session, session_batch, store};
use crate::support::{Process, SOON, server};

/// Number of honest agencies, each with a session.
const HONEST: u32 = 4;
/// Maximum number of other connections.
const OTHERS: u32 = 20;
/// Bets in a batch that is nearly as long as a message may be: 1 MiB.
const LONG: u32 = 25_000;
/// Number of turns of each kind; [`TURN`] is the length of each.
const TURNS: u32 = 3;
const TURN: Duration = Duration::from_millis(500);

/// Smallest share of the acknowledgements that honest agencies get alone.
const LEAST: f64 = 1.0 / 3.0;

#[test]
#[ignore = "it measures"]
fn long_batches_leave_agencies_a_third_of_their_acknowledgements() {
    let long = long_batches();
    let shares = ["tokio", "std", "smol"].map(|runtime| {
        let mut lottery = Lottery::start(runtime);
        let mut acks = [0.0; 3];
        for _ in 0..TURNS {
            for (acks, others) in acks.iter_mut().zip([0, 1, OTHERS as usize]) {
                *acks += f64::from(lottery.turn(&long[..others]));
            }
        }
        let [alone, beside_one, beside_all] = acks.map(|acks| acks / (TURNS * TURN).as_secs_f64());
        let shares = [beside_one / alone, beside_all / alone];
        println!(
            "acknowledgements a second on {runtime}: {alone:.0} alone, {beside_one:.0} beside 1 that sends batches of {} \
             bytes, {beside_all:.0} beside {OTHERS}: {:.2} and {:.2} times as many",
            long[0].len(),
            shares[0],
            shares[1]
        );
        shares
    });
    assert!(shares.as_flattened().iter().all(|share| *share >= LEAST), "{shares:.2?}");
}

/// Returns a long batch for each of the other connections.
fn long_batches() -> Vec<Vec<u8>> {
    let batch = |agency| codec(Dialect::FRAMED).batch(agency, &File::invented(agency, LONG).lines());
    (HONEST + 1..=HONEST + OTHERS).map(batch).collect()
}

/// Server, and its honest agencies.
struct Lottery {
    server: Process,
    agencies: Vec<Raw>,
    #[expect(dead_code, reason = "it lives as long")]
    dir: tempfile::TempDir,
}

impl Lottery {
    fn start(runtime: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Process::start(server(runtime, dir.path()).args(["--agencies", "99"]));
        let address = server.address();
        Self { server, agencies: (1..=HONEST).map(|agency| session(address, agency)).collect(), dir }
    }

    /// Returns the number of acknowledgements of honest agencies beside others, each of which sends one of
    /// these batches again and again.
    fn turn(&mut self, long: &[Vec<u8>]) -> u32 {
        let address = self.server.address();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let floods: Vec<_> =
                long.iter().map(|batch| scope.spawn(|| flood(address, batch, &over))).collect();
            // Time for the others to begin.
            thread::sleep(if long.is_empty() { Duration::ZERO } else { TURN });
            let senders: Vec<_> = (1..)
                .zip(&mut self.agencies)
                .map(|(agency, peer)| scope.spawn(move || send(agency, peer)))
                .collect();
            let acks = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
            over.store(true, Ordering::Relaxed);
            for flood in floods {
                flood.join().unwrap();
            }
            acks
        })
    }
}

impl Drop for Lottery {
    fn drop(&mut self) {
        self.server.signal(Signal::KILL);
    }
}

/// Sends batches, each when the one before is acknowledged, and returns their number.
fn send(agency: u32, peer: &mut Raw) -> u32 {
    let batch = session_batch(agency, 50);
    let start = Instant::now();
    let mut acks = 0;
    while start.elapsed() < TURN {
        store(peer, &batch);
        acks += 1;
    }
    acks
}

/// Sends a batch again and again, as fast as it is taken.
fn flood(address: SocketAddr, batch: &[u8], over: &AtomicBool) {
    // Elsewhere it would have a processor of its own: here it gets what the server and the agencies leave.
    setpriority_process(None, 19).unwrap();
    let (mut peer, mut rest) = (connect(address), batch);
    peer.set_nonblocking(true).unwrap();
    let mut last = Instant::now();
    while !over.load(Ordering::Relaxed) {
        let (sent, received) = (moved(peer.write(rest)), moved(peer.read(&mut [0; 4096])));
        rest = if sent == rest.len() { batch } else { &rest[sent..] };
        if sent + received > 0 {
            last = Instant::now();
        }
        assert!(last.elapsed() < 12 * SOON, "it is served, too");
        thread::sleep(Duration::from_millis(u64::from(sent + received == 0)));
    }
}

/// Returns the number of bytes that were written or read, 0 if none could be now.
fn moved(done: std::io::Result<usize>) -> usize {
    done.unwrap_or_else(|error| {
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
        0
    })
}
