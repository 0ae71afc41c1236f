//! Durable ingest on each runtime, with windows of 1 and 16 batches: a server and its clients as processes,
//! over the loopback interface. They are compared with a bare sink, which only appends the same packets, syncs
//! them by groups and acknowledges them; and with the sink in front of what else there is to keep bets in, which
//! makes each group durable before it is acknowledged.
//!
//! | | a group is |
//! | --- | --- |
//! | `sink` | its packets, appended to a file and synced |
//! | `zeroed` | its packets, written over the zeros of a file that was made ahead, and synced |
//! | `sqlite` | a transaction, with a prepared `INSERT` for each bet |
//! | `postgres` | a `COPY`, to a server with its default settings |
//! | `redis` | an `RPUSH` of the bets of each batch, to a server with `appendfsync always` |
//! | `nats` | a message for each batch, to a stream of a server with `sync_interval: always` |
//!
//! SQLite runs with `journal_mode = WAL` and `synchronous = FULL`. The processor time of the other servers counts,
//! their memory does not; those that are not installed are skipped (`benches/install-peers` installs them).
//!
//! The contenders take turns. `cargo bench -p benches --bench ingest [-- --rounds N] [-- --csv]`; run as a
//! test, it is one short round.

mod nats;
mod peer;
mod postgres;
mod raw;
mod redis;
mod run;
mod show;
mod sink;
mod sqlite;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use benches::load;
use benches::median;
use benches::options::Options;
use benches::process::{Server, argument, role, run_server};

use peer::Peer;
use run::{Run, measure};

/// Contenders, and the share of the batches that each is given: one of so many. What is slow gets fewer, as figures
/// are for a bet. The first is the reference for the others.
const CONTENDERS: [(&str, usize); 6] =
    [("sink", 1), ("zeroed", 1), ("tokio", 1), ("std", 1), ("smol", 1), ("sqlite", SLOW)];
/// Share of the batches of the other servers.
const SLOW: usize = 5;
/// Function that starts a server, or names what is missing.
type Start = fn() -> Result<Peer, String>;
/// Contenders that are servers of others.
const PEERS: [(&str, Start); 3] =
    [("postgres", postgres::start), ("redis", redis::start), ("nats", nats::start)];
/// Flag with the address of a contender's other server.
const PEER: &str = "--peer";
/// Window sizes in batches, and the number of batches that each agency sends.
const WINDOWS: [(usize, usize); 2] = [(1, 1000), (16, 4000)];
/// Number of batches that each agency sends in a test.
const FEW: usize = 20;

/// Contender with its runs.
struct Contender<'a> {
    name: &'static str,
    share: usize,
    peer: Option<&'a Peer>,
    runs: Vec<Run>,
}

fn main() -> ExitCode {
    match role().as_deref() {
        None => compare(&Options::read()),
        Some(load::ROLE) => load::run(),
        Some("sink") => sink::run(raw::Append::new(&data_dir())),
        Some("zeroed") => sink::run(raw::Zeroed::new(&data_dir())),
        Some("sqlite") => sink::run(sqlite::Sqlite::new(&data_dir())),
        Some("postgres") => sink::run(postgres::Postgres::new(peer_address())),
        Some("redis") => sink::run(redis::Redis::new(peer_address())),
        Some("nats") => sink::run(nats::Nats::new(peer_address())),
        Some(runtime) => return run_server(runtime).expect("a contender"),
    }
    ExitCode::SUCCESS
}

fn data_dir() -> PathBuf {
    argument("--data-dir").into()
}

fn peer_address() -> SocketAddr {
    argument(PEER).parse().expect("an address")
}

fn compare(options: &Options) {
    let rounds = if options.is_test { 1 } else { options.number("--rounds", 7) };
    show::head(options.csv, rounds);
    let peers: Vec<(&str, Result<Peer, String>)> =
        PEERS.iter().map(|(name, start)| (*name, start())).collect();
    for (name, peer) in &peers {
        if let Err(missing) = peer {
            eprintln!("*** SKIPPED: {name}: {missing} ***");
        }
    }
    for (window, batches) in WINDOWS {
        let own = CONTENDERS.map(|(name, share)| Contender { name, share, peer: None, runs: Vec::new() });
        let others = peers.iter().filter_map(|(name, peer)| {
            Some(Contender { name, share: SLOW, peer: Some(peer.as_ref().ok()?), runs: Vec::new() })
        });
        let mut contenders: Vec<Contender<'_>> = own.into_iter().chain(others).collect();
        let mut syncs = Vec::new();
        for _ in 0..rounds {
            for Contender { name, share, peer, runs } in &mut contenders {
                let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
                let server = Server::start(name, arguments(dir.path(), *peer));
                let batches = if options.is_test { FEW } else { batches / *share };
                runs.push(measure(&server, *peer, window, batches));
            }
            syncs.push(lone_sync(if options.is_test { 3 } else { 100 }));
        }
        for contender in &contenders {
            show::contender(options.csv, window, contender, &contenders);
        }
        show::sync(options.csv, window, median(syncs));
    }
}

fn arguments(dir: &Path, peer: Option<&Peer>) -> Vec<OsString> {
    let mut arguments = vec!["--data-dir".into(), dir.into(), "--log-level".into(), "WARNING".into()];
    arguments.extend(peer.into_iter().flat_map(|peer| [PEER.into(), peer.address().to_string().into()]));
    arguments
}

/// Returns the median time of a block's write and sync, in microseconds.
fn lone_sync(times: usize) -> f64 {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let mut file = File::create(Path::new(dir.path()).join("log")).expect("a new file");
    let block = [7; lottery_proto::block::BLOCK_SIZE];
    let sync = |_| {
        let start = Instant::now();
        file.write_all(&block).expect("the disk works");
        file.sync_data().expect("the disk works");
        start.elapsed().as_secs_f64() * 1e6
    };
    median((0..times).map(sync).collect())
}
