//! Durable ingest: a centre and its agencies as processes, over the loopback interface, on each runtime and with windows
//! of 1 and 16 batches; beside a bare sink, which does no more than append the same blocks, sync them by groups and
//! acknowledge them; and beside the sink with a database behind it, which decodes the bets and inserts them as one would.
//! Both databases make each group durable before they say so.
//!
//! | | a group is |
//! | --- | --- |
//! | `sqlite` | a transaction, with a prepared `INSERT` for each bet; `journal_mode = WAL`, `synchronous = FULL` |
//! | `postgres` | a `COPY`, to a server with the settings that it comes with. Its processor time counts, its memory does not. It is skipped where there is no PostgreSQL |
//!
//! The contenders take turns. `cargo bench -p benches --bench ingest [-- --rounds N] [-- --csv]`; run as a test, it is one
//! short round.

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
use benches::process::{Server, argument, centre, role};

use cluster::Cluster;
use postgres::Postgres;
use run::{Run, measure};
use sink::Log;
use sqlite::Sqlite;

/// What is compared. The first is what the others are compared with.
const CONTENDERS: [&str; 5] = ["sink", "tokio", "std", "smol", "sqlite"];
/// One more, where it is to be had.
const POSTGRES: &str = "postgres";
/// Where a contender finds its database.
const DATABASE: &str = "--database";
/// How many batches of an agency may be unacknowledged, and how many each agency sends.
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
        Some(runtime) => return centre(runtime).expect("a contender"),
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

/// Shows a contender's runs, beside those of the sink.
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

/// The median time of a block's write and sync, in microseconds.
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
