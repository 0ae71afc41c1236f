//! Cost of receiving: a server's processor time for a gigabyte of batches, over the loopback interface.
//!
//! A client in a session sends packets full of bets as fast as the server takes them, and reads the replies:
//! an acknowledgement for each. It observes no window: the server decides how much
//! is in flight. The servers are separate processes, and all do the same work, on each runtime:
//!
//! | | reads | looks at | writes |
//! | --- | --- | --- | --- |
//! | `loop` | a packet, through a buffer of 8 KiB, with `read_exact` | headers | a reply for each packet, with `write_all` |
//! | `driver` | what has arrived, 16 KiB at most | headers | the replies to everything that it has read at once |
//! | `server` | the same | each bet | the same |
//! | `lottery` | the same | each bet | the replies to a group |
//!
//! `driver` is our driver with a machine that counts packets. `server` is our driver with the protocol's
//! `Server`, which validates every batch; each is reported as stored at once. `lottery` is the whole lottery,
//! with a store that keeps nothing: bets become rows and a digest.
//!
//! The difference between `driver` and `loop` is what larger reads and writes save. `server` does far more
//! than `loop`. All processor time of the process counts, from the first packet to the last acknowledgement,
//! including that in the kernel, which is mostly copying.
//!
//! `cargo bench -p benches --bench receive [-- --rounds N] [-- --megabytes N] [-- --csv]`; run as a test, it
//! is one short round.

mod load;
mod machines;
mod plain;
mod servers;

use std::process::ExitCode;

use benches::framing::packets;
use benches::input::{Blocks, agencies};
use benches::median;
use benches::options::Options;
use benches::process::{Server, role};

const RUNTIMES: [&str; 3] = ["tokio", "std", "smol"];
/// Kinds of server. The first is the reference for the others.
const KINDS: [&str; 4] = ["loop", "driver", "server", "lottery"];

/// Measurements of a run.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Processor time of the server for a gigabyte, in seconds.
    cpu: f64,
    /// Gigabytes per second.
    rate: f64,
}

fn main() -> ExitCode {
    if let Some(role) = role() {
        let (runtime, kind) = role.split_once('/').expect("a runtime and a kind");
        servers::run(runtime, kind);
        return ExitCode::SUCCESS;
    }
    let options = Options::read();
    let (rounds, megabytes) = if options.is_test {
        (1, 4)
    } else {
        (options.number("--rounds", 5), options.number("--megabytes", 1000))
    };
    let batches = Blocks::of(&agencies()).sessions().max_by_key(Vec::len).expect("there are agencies");
    let count = megabytes * 1_000_000 * packets(&batches).count() / batches.len();
    if !options.csv {
        println!("{rounds} rounds of {megabytes} MB; medians.");
        println!("{:7} {:8} {:>14} {:>10} {:>8}", "", "", "CPU s for 1 GB", "x loop", "GB/s");
    }
    for runtime in RUNTIMES {
        let mut runs = KINDS.map(|_| Vec::new());
        for _ in 0..rounds {
            for (kind, runs) in KINDS.iter().zip(&mut runs) {
                let nothing: [&str; 0] = [];
                let server = Server::start(&format!("{runtime}/{kind}"), nothing);
                runs.push(measure(&server, &batches, count));
            }
        }
        show(runtime, &runs, options.csv);
    }
    ExitCode::SUCCESS
}

fn measure(server: &Server, batches: &[u8], count: usize) -> Run {
    let agency = load::Agency::enter(server.address(), batches);
    let before = server.cpu();
    let load::Sent { time, bytes } = agency.send(count);
    #[expect(clippy::cast_precision_loss, reason = "a few gigabytes")]
    let gigabytes = bytes as f64 / 1e9;
    Run { cpu: (server.cpu() - before) / gigabytes, rate: gigabytes / time.as_secs_f64() }
}

fn show(runtime: &str, runs: &[Vec<Run>; KINDS.len()], csv: bool) {
    for (kind, own) in KINDS.iter().zip(runs) {
        let of = |value: fn(&Run) -> f64| median(own.iter().map(value).collect());
        let (cpu, rate) = (of(|run| run.cpu), of(|run| run.rate));
        // With too little to measure, `first.cpu` may be zero, and the ratio infinite or not a number.
        let ratio = median(own.iter().zip(&runs[0]).map(|(run, first)| run.cpu / first.cpu).collect());
        if csv {
            println!("receive,{runtime},{kind},{cpu:.3},{ratio:.3},{rate:.2}");
        } else {
            println!("{runtime:7} {kind:8} {cpu:>14.3} {ratio:>10.2} {rate:>8.2}");
        }
    }
}
