//! Bytes and processor time of a session over the loopback interface.

use benches::median;
use benches::options::Options;
use benches::process::{Server, this_program};
use benches::worker::Worker;

use crate::RUNTIMES;

/// Windows, in batches.
const WINDOWS: [usize; 2] = [1, 16];
/// Bets of the agency: enough that the system's hundredths of a second are a small part of the processor time.
const BETS: usize = 4_000_000;
/// Number of bets in a test.
const FEW: usize = 10_000;

/// Measurements of a run. Each is for a million bets.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Megabytes that the agency has sent.
    up: f64,
    /// Megabytes that the agency has received.
    down: f64,
    /// Processor time of the server, in seconds.
    server: f64,
    /// Processor time of the agency, in seconds.
    agency: f64,
}

/// Measures each runtime with each window, and prints medians.
pub(crate) fn compare(options: &Options) {
    let (rounds, bets) = if options.is_test { (1, FEW) } else { (options.number("--rounds", 5), BETS) };
    if !options.csv {
        println!("{rounds} rounds; medians, for a million bets over the loopback interface.");
        println!(
            "{:>6} {:6} {:>8} {:>8} {:>12} {:>12}",
            "window", "", "MB up", "MB down", "server CPU s", "agency CPU s"
        );
    }
    for window in WINDOWS {
        let mut runs = RUNTIMES.map(|_| Vec::new());
        for _ in 0..rounds {
            for (runtime, runs) in RUNTIMES.iter().zip(&mut runs) {
                runs.push(measure(runtime, window, bets));
            }
        }
        for (runtime, runs) in RUNTIMES.iter().zip(&runs) {
            let of = |value: fn(&Run) -> f64| median(runs.iter().map(value).collect());
            let (up, down) = (of(|run| run.up), of(|run| run.down));
            let (server, agency) = (of(|run| run.server), of(|run| run.agency));
            if options.csv {
                println!("sessions,{window},{runtime},{up:.3},{down:.3},{server:.3},{agency:.3}");
            } else {
                println!("{window:>6} {runtime:6} {up:>8.3} {down:>8.3} {server:>12.3} {agency:>12.3}");
            }
        }
    }
}

fn measure(runtime: &str, window: usize, bets: usize) -> Run {
    let server = Server::start(&format!("lottery/{runtime}"), ["--window", &window.to_string()]);
    let before = server.cpu();
    let mut agency = this_program(&format!("agency/{runtime}"));
    agency.args(["--server", &server.address().to_string(), "--bets", &bets.to_string()]);
    let mut agency = Worker::start(&mut agency).expect("this program starts");
    let [sent, received, seconds, bets] = agency.numbers()[..] else { panic!("the agency fails") };
    let server = server.cpu() - before;
    agency.finish();
    // Megabytes for a million bets are bytes for a bet.
    Run { up: sent / bets, down: received / bets, server: server / bets * 1e6, agency: seconds / bets * 1e6 }
}
