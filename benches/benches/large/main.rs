//! Large lotteries, on each runtime: the peak memory of a server that takes 5 and 20 million bets, the time of a draw
//! over 20 million, and the time in which a server that was killed listens again. All bets are stored durably, and
//! come from five processes over the loopback interface.
//!
//! The draw is timed from the last agency's Finished to the winners, when the server has nothing else to do; the start
//! from that of the process to its first reply. It is the same store on every runtime: the start with 40 million is
//! measured on one.
//!
//! `cargo bench -p benches --bench large [-- --rounds N] [-- --csv]`; run as a test, it is one round with few bets.
//! It takes 4 GB of disk, and writes 12.

mod draw;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::input::{Blocks, agencies};
use benches::load::{self, send_all};
use benches::median;
use benches::options::Options;
use benches::process::{Server, role, run_server};

const RUNTIMES: [&str; 3] = ["tokio", "std", "smol"];
/// Runtime of the largest lottery.
const LARGEST: &str = "tokio";
/// Million bets of the lotteries.
const MILLIONS: [f64; 3] = [5.0, 20.0, 40.0];
/// Window of the agencies, in batches.
const WINDOW: usize = 16;
/// Time without processor use after which a server has nothing to do.
const REST: Duration = Duration::from_millis(500);

/// Measurements of a runtime.
#[derive(Debug, Default)]
struct Found {
    /// Peak memory with the first two numbers of bets, in MiB.
    peaks: [Vec<f64>; 2],
    /// Peak memory after the draw, in MiB.
    drawn: Vec<f64>,
    /// Time of the draw, in seconds.
    draw: Vec<f64>,
    /// Times of the start after a kill with the first number of bets, and of one without bets, in seconds.
    starts: [Vec<f64>; 2],
}

fn main() -> ExitCode {
    match role().as_deref() {
        None => measure(&Options::read()),
        Some(load::ROLE) => load::run(),
        Some(runtime) => return run_server(runtime).expect("a runtime"),
    }
    ExitCode::SUCCESS
}

fn measure(options: &Options) {
    let rounds = if options.is_test { 1 } else { options.number("--rounds", 1) };
    let millions = if options.is_test { [0.02; 3] } else { MILLIONS };
    let [few, many, most] = millions.map(batches);
    let mut found = RUNTIMES.map(|_| Found::default());
    let mut largest = Vec::new();
    for _ in 0..rounds {
        for (runtime, found) in RUNTIMES.iter().zip(&mut found) {
            let (peak, starts) = kill(runtime, few);
            found.peaks[0].push(peak);
            found.starts.iter_mut().zip(starts).for_each(|(all, time)| all.push(time));
            let (peak, drawn, draw) = draw(runtime, many);
            found.peaks[1].push(peak);
            found.drawn.push(drawn);
            found.draw.push(draw);
        }
        largest.push(kill(LARGEST, most).1[0]);
    }
    let [few, many, most] = millions;
    for (runtime, found) in RUNTIMES.iter().zip(found) {
        let Found { peaks: [peak_few, peak_many], drawn, draw, starts: [start, empty] } = found;
        show(options.csv, runtime, &format!("peak MiB with {few} million bets"), &peak_few);
        show(options.csv, runtime, &format!("peak MiB with {many} million bets"), &peak_many);
        show(options.csv, runtime, &format!("peak MiB after the draw over {many} million bets"), &drawn);
        show(options.csv, runtime, &format!("s: draw over {many} million bets"), &draw);
        show(options.csv, runtime, "s: start without bets", &empty);
        show(options.csv, runtime, &format!("s: start after a kill at {few} million bets"), &start);
    }
    show(options.csv, LARGEST, &format!("s: start after a kill at {most} million bets"), &largest);
}

fn show(csv: bool, runtime: &str, what: &str, values: &[f64]) {
    let value = median(values.to_vec());
    if csv {
        println!("large,{runtime},{what},{value:.4}");
    } else {
        println!("{runtime:6} {value:>10.3} {what}");
    }
}

/// Returns the number of batches that each agency sends so that all together are about so many million bets.
fn batches(millions: f64) -> usize {
    let agencies = agencies();
    let blocks = Blocks::of(&agencies);
    let of_a_batch = blocks.bets() / blocks.blocks().count();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few million")]
    let bets = (millions * 1e6) as usize;
    (bets / agencies.len()).div_ceil(of_a_batch)
}

/// Stores bets and kills the server as soon as the last is acknowledged. Returns the server's peak memory in MiB, and
/// the times of a start after that and of the first start, without bets, in seconds.
fn kill(runtime: &str, batches: usize) -> (f64, [f64; 2]) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let (server, empty) = start(runtime, dir.path());
    send_all(server.address(), WINDOW, batches);
    let peak = server.peak() / 1024.0;
    drop(server);
    let (_server, seconds) = start(runtime, dir.path());
    (peak, [seconds, empty])
}

/// Stores bets and holds the draw. Returns the server's peak memory before and after it, in MiB, and the time of the
/// draw, in seconds.
fn draw(runtime: &str, batches: usize) -> (f64, f64, f64) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let (server, _) = start(runtime, dir.path());
    send_all(server.address(), WINDOW, batches);
    rest(&server, &dir.path().join("bets.csv"));
    let peak = server.peak() / 1024.0;
    let seconds = draw::hold(server.address(), agencies().len());
    (peak, server.peak() / 1024.0, seconds)
}

/// Waits until the server has nothing to do: it uses no processor time, and `bets.csv` does not grow. Writing it may
/// wait for the disk.
fn rest(server: &Server, csv: &Path) {
    let mut before = None;
    loop {
        server.rest(REST);
        let size = csv.metadata().map(|file| file.len()).ok();
        if size == before {
            return;
        }
        before = size;
    }
}

/// Starts a server, and waits until it replies. Returns the seconds that this took.
fn start(runtime: &str, dir: &Path) -> (Server, f64) {
    let agencies = agencies().len().to_string();
    let dir = dir.to_str().expect("its name is text");
    let begin = Instant::now();
    let server =
        Server::start(runtime, ["--log-level", "WARNING", "--data-dir", dir, "--agencies", &agencies]);
    draw::ping(server.address());
    (server, begin.elapsed().as_secs_f64())
}
