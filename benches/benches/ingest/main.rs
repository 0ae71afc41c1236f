//! Durable ingest on each runtime, with windows of 1 and 16 batches: a server and its clients as processes,
//! over the loopback interface. They are compared with a bare sink, which only appends the same blocks, syncs
//! them by groups and acknowledges them; and with the sink in front of a database, which decodes the bets and
//! inserts them in the usual way. Both databases make each group durable before it is acknowledged.
//!
//! | | a group is |
//! | --- | --- |
//! | `sqlite` | a transaction, with a prepared `INSERT` for each bet |
//! | `postgres` | a `COPY`, to a server with its default settings |
//!
//! SQLite runs with `journal_mode = WAL` and `synchronous = FULL`. PostgreSQL's processor time counts, its
//! memory does not; it is skipped where it is not installed.
//!
//! The contenders take turns. `cargo bench -p benches --bench ingest [-- --rounds N] [-- --csv]`; run as a
//! test, it is one short round.

mod cluster;
mod load;
mod postgres;
mod run;
mod sink;
mod sqlite;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::median;
use benches::options::Options;
use benches::process::{Server, argument, role, run_server};

use cluster::Cluster;
use postgres::Postgres;
use run::{Run, measure};
use sink::Log;
use sqlite::Sqlite;

/// Contenders. The first is the reference for the others.
const CONTENDERS: [&str; 5] = ["sink", "tokio", "std", "smol", "sqlite"];
/// Contender that is skipped where PostgreSQL is not installed.
const POSTGRES: &str = "postgres";
/// Flag with the address of a contender's database.
const DATABASE: &str = "--database";
/// Window sizes in batches, and the number of batches that each agency sends.
const WINDOWS: [(usize, usize); 2] = [(1, 200), (16, 1600)];

fn main() -> ExitCode {
    match role().as_deref() {
        None => compare(&Options::read()),
        Some("load") => load::run(),
        Some("sink") => sink::run(Log::new(&data_dir())),
        Some("sqlite") => sink::run(Sqlite::new(&data_dir())),
        Some(POSTGRES) => {
            sink::run(Postgres::new(argument(DATABASE).parse().expect("an address")));
        }
        Some(runtime) => return run_server(runtime).expect("a contender"),
    }
    ExitCode::SUCCESS
}

fn data_dir() -> PathBuf {
    argument("--data-dir").into()
}

fn compare(options: &Options) {
    let (is_test, csv) = (options.is_test, options.csv);
    let rounds = if is_test { 1 } else { options.number("--rounds", 7) };
    if !csv {
        println!("{rounds} rounds; medians. x sink: time, as the median of the rounds' ratios.");
        println!(
            "{:>6} {:8} {:>12} {:>8} {:>10} {:>10} {:>14} {:>14} {:>8}",
            "window",
            "",
            "Mbets/s",
            "x sink",
            "p50 us",
            "p99 us",
            "server s/Mbet",
            "client s/Mbet",
            "peak MiB"
        );
    }
    let cluster = Cluster::start();
    if let Err(missing) = &cluster {
        eprintln!("*** SKIPPED: {POSTGRES}: {missing} ***");
    }
    let cluster = cluster.as_ref().ok();
    let contenders: Vec<&str> = CONTENDERS.into_iter().chain(cluster.map(|_| POSTGRES)).collect();
    for (window, batches) in WINDOWS {
        let batches = if is_test { 20 } else { batches };
        let mut runs: Vec<Vec<Run>> = contenders.iter().map(|_| Vec::new()).collect();
        let mut syncs = Vec::new();
        for _ in 0..rounds {
            for (contender, runs) in contenders.iter().zip(&mut runs) {
                let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
                let database = cluster.filter(|_| *contender == POSTGRES);
                let server = Server::start(contender, arguments(dir.path(), database));
                runs.push(measure(&server, database, window, batches));
            }
            syncs.push(lone_sync(if is_test { 3 } else { 50 }));
        }
        for (contender, own) in contenders.iter().zip(&runs) {
            show(window, contender, own, &runs[0], csv);
        }
        let sync = median(syncs);
        if csv {
            println!("sync,{window},{sync:.0}");
        } else {
            println!("{window:>6} a lone write + fdatasync of a block: {sync:.0} us (median)");
        }
    }
}

/// Prints the medians of a contender's runs, and its time relative to the sink's.
fn show(window: usize, contender: &str, own: &[Run], sink: &[Run], csv: bool) {
    let of = |value: fn(&Run) -> f64| median(own.iter().map(value).collect());
    let ratio = median(own.iter().zip(sink).map(|(run, sink)| run.seconds / sink.seconds).collect());
    let (mbets, p50, p99) = (of(|run| run.bets / run.seconds / 1e6), of(|run| run.p50), of(|run| run.p99));
    let server = of(|run| run.server_cpu / run.bets * 1e6);
    let (client, peak) = (of(|run| run.client_cpu / run.bets * 1e6), of(|run| run.peak_kib / 1024.0));
    if csv {
        println!(
            "ingest,{window},{contender},{mbets:.3},{ratio:.3},{p50:.0},{p99:.0},{server:.2},{client:.2},{peak:.1}"
        );
    } else {
        println!(
            "{window:>6} {contender:8} {mbets:>12.2} {ratio:>8.2} {p50:>10.0} {p99:>10.0} {server:>14.2} {client:>14.2} {peak:>8.1}"
        );
    }
}

fn arguments(dir: &Path, database: Option<&Cluster>) -> Vec<OsString> {
    let mut arguments = vec!["--data-dir".into(), dir.into(), "--log-level".into(), "WARNING".into()];
    arguments.extend(
        database.into_iter().flat_map(|database| [DATABASE.into(), database.address().to_string().into()]),
    );
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
        micros(start.elapsed())
    };
    median((0..times).map(sync).collect())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
