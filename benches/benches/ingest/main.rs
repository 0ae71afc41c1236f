//! Durable ingest: a centre and its agencies as processes, over the loopback interface, on each runtime and with windows
//! of 1 and 16 batches; beside a bare sink, which does no more than append the same blocks, sync them by groups and
//! acknowledge them.
//!
//! The contenders take turns. `cargo bench -p benches --bench ingest [-- --rounds N] [-- --csv]`; run as a test, it is one
//! short round.

mod load;
mod run;
mod sink;

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::median;
use benches::options::Options;
use benches::process::{Server, centre, role};
use run::{Run, measure};

/// What is compared. The first is what the others are compared with.
const CONTENDERS: [&str; 4] = ["sink", "tokio", "std", "smol"];
/// How many batches of an agency may be unacknowledged, and how many each agency sends.
const WINDOWS: [(usize, usize); 2] = [(1, 200), (16, 1600)];

fn main() -> ExitCode {
    match role().as_deref() {
        None => compare(&Options::read()),
        Some("load") => load::run(),
        Some("sink") => sink::run(),
        Some(runtime) => return centre(runtime).expect("a contender"),
    }
    ExitCode::SUCCESS
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
    for (window, batches) in WINDOWS {
        let batches = if is_test { 20 } else { batches };
        let mut runs: Vec<Vec<Run>> = CONTENDERS.iter().map(|_| Vec::new()).collect();
        let mut syncs = Vec::new();
        for _ in 0..rounds {
            for (contender, runs) in CONTENDERS.iter().zip(&mut runs) {
                let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
                let server = Server::start(contender, arguments(dir.path()));
                runs.push(measure(&server, window, batches));
            }
            syncs.push(lone_sync(if is_test { 3 } else { 50 }));
        }
        for (contender, own) in CONTENDERS.iter().zip(&runs) {
            let of = |value: fn(&Run) -> f64| median(own.iter().map(value).collect());
            let ratio =
                median(own.iter().zip(&runs[0]).map(|(run, sink)| run.seconds / sink.seconds).collect());
            let (mbets, p50, p99) =
                (of(|run| run.bets / run.seconds / 1e6), of(|run| run.p50), of(|run| run.p99));
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
        let sync = median(syncs);
        if csv {
            println!("sync,{window},{sync:.0}");
        } else {
            println!("{window:>6} a lone write + fdatasync of a block: {sync:.0} us (median)");
        }
    }
}

fn arguments(dir: &Path) -> [&OsStr; 4] {
    ["--data-dir".as_ref(), dir.as_os_str(), "--log-level".as_ref(), "WARNING".as_ref()]
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
