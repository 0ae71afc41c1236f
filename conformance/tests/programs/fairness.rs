//! Number and time of honest agencies' acknowledgements beside two peers that send cheap bytes as fast as
//! they are taken, in turns with and without these peers, in one run, on one core and on two.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use conformance::agency_files::File;
use conformance::dialects::codec;
use conformance::raw::Raw;
use lottery_proto::Dialect;
use rustix::process::{Signal, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::support::peer::{question, session, session_batch, store};
use crate::support::{Process, server};

/// Number of honest agencies, each with a session.
const HONEST: u32 = 4;
/// Number of hostile peers.
const HOSTILE: usize = 2;
/// Number of turns of each kind; [`TURN`] is the length of each.
const TURNS: usize = 3;
const TURN: Duration = Duration::from_millis(700);

/// Smallest share of the acknowledgements that honest agencies get alone, and largest factor on the time of
/// 99 of 100 of them, beside connections that stay.
const STAYING: (f64, f64) = (1.0 / 3.0, 5.0);
/// The same beside peers that come back, two thousand times a second, when they are closed.
const COMING_BACK: (f64, f64) = (1.0 / 4.0, 8.0);

#[test]
#[ignore = "it measures"]
fn two_floods_leave_agencies_a_share_of_their_acknowledgements() {
    let mut unfair = Vec::new();
    for cores in [1, 2] {
        for runtime in ["tokio", "std", "smol"] {
            for flood in floods() {
                let [alone, beside] = measure(runtime, cores, &flood);
                let share = beside.acks / alone.acks;
                let times = beside.p99.as_secs_f64() / alone.p99.as_secs_f64();
                let line = format!(
                    "{runtime} on {cores} beside {HOSTILE} that send {}: {:.0} a second alone, {:.0} beside: {share:.2} times \
                     as many; p99 {:.1?} and {:.1?}: {times:.1} times",
                    flood.kind, alone.acks, beside.acks, alone.p99, beside.p99
                );
                println!("{line}");
                let (least, most) = if flood.stays { STAYING } else { COMING_BACK };
                if share < least || times > most {
                    unfair.push(line);
                }
            }
        }
    }
    assert!(unfair.is_empty(), "{unfair:#?}");
}

/// Bytes that hostile peers send again and again.
struct Flood {
    kind: &'static str,
    bytes: Vec<u8>,
    /// True if the server keeps its connection as long as the peer does.
    stays: bool,
}

fn floods() -> Vec<Flood> {
    let flood =
        |kind, bytes: &[u8], stays| Flood { kind, bytes: bytes.repeat(64 * 1024 / bytes.len()), stays };
    let fillers = [b"Q{AgencyID:5};", &b";".repeat(32 * 1024)[..]].concat();
    let batch = codec(Dialect::BLOCK).batch(HONEST + 1, &File::invented(HONEST + 1, 50).lines());
    vec![
        flood("fillers on braces", &fillers, true),
        flood("empty batches on fixed", b"A0000500000", true),
        flood("empty batches on framed", b"000000045;0\n", true),
        flood("messages of a byte on framed", b"00000001x", false),
        flood("messages that are refused on braces", b"B{;", false),
        flood("questions on block", &question(5), true),
        flood("batches on block", &batch, true),
        flood("lines", b"hello\n", false),
    ]
}

/// Service that honest agencies get.
struct Service {
    /// Acknowledgements a second.
    acks: f64,
    /// Time of the 99th of 100 of them.
    p99: Duration,
}

/// Measures alone, and beside peers that send this.
fn measure(runtime: &str, cores: usize, flood: &Flood) -> [Service; 2] {
    let dir = tempfile::tempdir().unwrap();
    let server = start(runtime, dir.path(), cores);
    let address = server.address();
    let mut agencies: Vec<Raw> = (1..=HONEST).map(|agency| session(address, agency)).collect();
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..2 * TURNS {
        let hostile = if turn % 2 == 0 { 0 } else { HOSTILE };
        times[turn % 2].extend(beside(hostile, address, flood, &mut agencies));
    }
    server.signal(Signal::KILL);
    times.map(|mut times| {
        times.sort();
        let seconds = f64::from(u32::try_from(TURNS).unwrap()) * TURN.as_secs_f64();
        Service {
            acks: f64::from(u32::try_from(times.len()).unwrap()) / seconds,
            p99: times[times.len() * 99 / 100],
        }
    })
}

/// Starts a server that may use `cores` processors.
fn start(runtime: &str, dir: &Path, cores: usize) -> Process {
    let all = sched_getaffinity(None).unwrap();
    let mut some = CpuSet::new();
    (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).take(cores).for_each(|core| some.set(core));
    // A process inherits the processors of the thread that starts it.
    sched_setaffinity(None, &some).unwrap();
    let server = Process::start(server(runtime, dir).args(["--agencies", "99"]));
    sched_setaffinity(None, &all).unwrap();
    server
}

/// Runs a turn, and returns the time of each acknowledgement.
fn beside(hostile: usize, address: SocketAddr, flood: &Flood, agencies: &mut [Raw]) -> Vec<Duration> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..hostile {
            scope.spawn(|| attack(address, flood, &over));
        }
        // Time for the hostile peers to begin.
        thread::sleep(TURN / 2);
        let senders: Vec<_> =
            (1..).zip(agencies).map(|(agency, peer)| scope.spawn(move || send(agency, peer))).collect();
        let times = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
        over.store(true, Ordering::Relaxed);
        times
    })
}

/// Sends batches, each when the one before is acknowledged, and returns the time of each.
fn send(agency: u32, peer: &mut Raw) -> Vec<Duration> {
    let batch = session_batch(agency, 50);
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < TURN {
        let sent = Instant::now();
        store(peer, &batch);
        times.push(sent.elapsed());
    }
    times
}

/// Sends bytes again and again, as fast as they are taken, and reads what comes; on a new connection when it
/// is closed.
fn attack(address: SocketAddr, flood: &Flood, over: &AtomicBool) {
    // Elsewhere it would have a processor of its own: here it gets what the server and the agencies leave.
    setpriority_process(None, 19).unwrap();
    while !over.load(Ordering::Relaxed) {
        let Ok(mut peer) = TcpStream::connect(address) else { continue };
        peer.set_nonblocking(true).unwrap();
        let (mut rest, mut answer) = (&flood.bytes[..], vec![0; 64 * 1024]);
        while !over.load(Ordering::Relaxed) {
            let (Ok(sent), Ok(received)) = (moved(peer.write(rest)), moved(peer.read(&mut answer))) else {
                break;
            };
            rest = if sent == rest.len() { &flood.bytes } else { &rest[sent..] };
            if sent + received == 0 {
                thread::sleep(Duration::from_micros(100));
            }
        }
    }
}

/// Returns the number of bytes that were written or read, 0 if none could be now.
fn moved(done: std::io::Result<usize>) -> Result<usize, ErrorKind> {
    match done {
        // Reading found the end.
        Ok(0) => Err(ErrorKind::UnexpectedEof),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        Err(error) => Err(error.kind()),
    }
}
