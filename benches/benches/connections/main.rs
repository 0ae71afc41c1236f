//! Many connections, on each runtime: thousands of idle ones and their cost; then, while those stay open, a
//! lottery of as many agencies as the dialect has numbers for, all at once.
//!
//! The server is a separate process, started anew for each dialect. One address has some 28,000 ports for
//! connections to one server, which bounds the number of connections.
//!
//! `cargo bench -p benches --bench connections [-- --idle N] [-- --csv]`; run as a test, it opens few
//! connections and runs few agencies.

mod crowd;
mod idle;

use std::process::ExitCode;
use std::time::Duration;

use benches::median;
use benches::options::Options;
use benches::process::{Server, allow_descriptors, role, run_server};
use lottery_proto::Dialect;

use idle::Idle;

/// Runtimes, and the number of descriptors that a connection takes on each: on std, its mailbox has one, too.
const RUNTIMES: [(&str, u64); 3] = [("tokio", 1), ("std", 2), ("smol", 1)];
/// Dialects, and the number of agencies in each: 255 is all that the dialect has numbers for
/// (`docs/protocol.md#limits`), 1000 is enough here.
const DIALECTS: [(Dialect, u32); 3] =
    [(Dialect::BRACES, 1000), (Dialect::BLOCK, 255), (Dialect::SESSION, 255)];
/// Descriptors for everything else that a process has open.
const OTHERS: u64 = 128;

fn main() -> ExitCode {
    if let Some(runtime) = role() {
        return run_server(&runtime).expect("a runtime");
    }
    let options = Options::read();
    let (wanted, pause) = if options.is_test {
        (50, Duration::from_millis(100))
    } else {
        (options.number("--idle", 10_000), Duration::from_secs(3))
    };
    if !options.csv {
        println!("{:8} {:>6} {:>12} {:>12} {:>14}", "", "idle", "bytes each", "accepted/s", "CPU s in 1 s");
    }
    for (runtime, descriptors) in RUNTIMES {
        compare(runtime, descriptors, wanted, pause, &options);
    }
    ExitCode::SUCCESS
}

/// Measures a runtime, once for each dialect, and prints the medians of the idle connections and the time of
/// each lottery.
fn compare(runtime: &str, descriptors: u64, wanted: usize, pause: Duration, options: &Options) {
    let (mut idles, mut crowds) = (Vec::new(), Vec::new());
    for (dialect, agencies) in DIALECTS {
        let agencies = if options.is_test { 20 } else { agencies };
        let fits = room(wanted, agencies, descriptors);
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
        let dir = dir.path().to_str().expect("its name is text").to_owned();
        let count = agencies.to_string();
        let flags = [
            "--idle-timeout",
            "1h",
            "--max-connections",
            "1000000",
            "--max-memory",
            "1024GiB",
            "--listen-backlog",
            "65535",
        ];
        let server = Server::start(
            runtime,
            flags.into_iter().chain(["--log-level", "WARNING", "--data-dir", &dir, "--agencies", &count]),
        );
        let idle = Idle::open(&server, fits, pause);
        if idle.alive() < wanted {
            eprintln!(
                "*** {runtime}: {} connections, not {wanted}: {fits} fit into the descriptors that a process may have \
                 here, and {} of them were dropped. ***",
                idle.alive(),
                fits - idle.alive()
            );
        }
        let seconds = crowd::hold(server.address(), dialect, agencies).as_secs_f64();
        crowds.push((dialect, agencies, seconds));
        idles.push(idle.into_found());
    }
    let of = |value: fn(&idle::Found) -> f64| median(idles.iter().map(value).collect());
    let (count, bytes) = (of(|found| found.count), of(|found| found.bytes));
    let (rate, cpu) = (of(|found| found.rate), of(|found| found.cpu));
    if options.csv {
        println!("connections,{runtime},{count},{bytes:.0},{rate:.0},{cpu:.4}");
    } else {
        println!("{runtime:8} {count:>6} {bytes:>12.0} {rate:>12.0} {cpu:>14.4}");
    }
    for (dialect, agencies, seconds) in crowds {
        let dialect = dialect.name();
        if options.csv {
            println!("crowd,{runtime},{dialect},{agencies},{seconds:.3}");
        } else {
            println!(
                "{runtime:8} {agencies:>6} agencies on {dialect}: the last has its winners after {seconds:.3} s"
            );
        }
    }
}

/// Returns the number of idle connections, `wanted` at most, that fit into the descriptors of a process
/// beside those of the agencies.
fn room(wanted: usize, agencies: u32, descriptors: u64) -> usize {
    let all = |connections: u64| (connections + u64::from(agencies)) * descriptors + OTHERS;
    let least = all(wanted as u64);
    let allowed = allow_descriptors(least);
    let fits = (allowed.saturating_sub(OTHERS) / descriptors).saturating_sub(agencies.into());
    usize::try_from(fits).unwrap_or(usize::MAX).min(wanted)
}
