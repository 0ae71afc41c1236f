//! Sessions and a bare copy on a line with a long round trip.

use std::process::Command;
use std::thread;
use std::time::Duration;

use benches::input::crate_dir;
use benches::median;
use benches::options::Options;
use benches::process::{Server, argument, this_program, this_program_by};
use benches::worker::Worker;

use crate::RUNTIMES;

/// Contenders. The first is the reference for the others.
const CONTENDERS: [&str; 4] = ["copy", RUNTIMES[0], RUNTIMES[1], RUNTIMES[2]];
/// Address that servers listen at, and the one at which they are reached over the line.
const NEAR: &str = "10.77.0.1";
const FAR: &str = "10.77.0.2";
/// Delay of each direction, in milliseconds.
const DELAY: u64 = 50;
/// Bets of an agency: more than it sends in the time.
const BETS: usize = 4_000_000;
/// Milliseconds that do not count, and those that do.
const TIMES: [u64; 2] = [4000, 6000];
/// The same for a test.
const FEW: usize = 200_000;
const SHORT: [u64; 2] = [300, 300];
/// Seconds that a contender takes at most, besides those.
const PATIENCE: u64 = 30;

/// Measures each contender on the line, and prints medians.
pub(crate) fn compare(options: &Options) {
    let rounds = if options.is_test { 1 } else { options.number("--rounds", 5) };
    let (bets, [warm_up, measured]) = if options.is_test { (FEW, SHORT) } else { (BETS, TIMES) };
    let mut line = this_program_by("unshare", &["--net", "--"], "line");
    line.args(["--rounds", &rounds.to_string(), "--bets", &bets.to_string()]);
    line.args(["--warm-up", &warm_up.to_string(), "--measured", &measured.to_string()]);
    let fail = |missing: &str| eprintln!("*** SKIPPED: the line of {} ms: {missing} ***", 2 * DELAY);
    let mut line = match Worker::start(&mut line) {
        Ok(line) => line,
        Err(error) => return fail(&format!("unshare: {error}")),
    };
    let first = line.line();
    if first != "ready" {
        return fail(if first.is_empty() { "no namespace, setpriv or python3" } else { &first });
    }
    let mut runs = CONTENDERS.map(|_| Vec::new());
    for _ in 0..rounds {
        for runs in &mut runs {
            let [rate] = line.numbers()[..] else { panic!("the line fails") };
            runs.push(rate / 1e6);
        }
    }
    line.finish();
    show(options.csv, &runs);
}

fn show(csv: bool, runs: &[Vec<f64>; CONTENDERS.len()]) {
    if !csv {
        println!("On a line of {} ms; medians. x copy: of the rounds' ratios.", 2 * DELAY);
        println!("{:6} {:>8} {:>8}", "", "MB/s", "x copy");
    }
    for (contender, own) in CONTENDERS.iter().zip(runs) {
        let rate = median(own.clone());
        let ratio = median(own.iter().zip(&runs[0]).map(|(run, copy)| run / copy).collect());
        if csv {
            println!("line,{contender},{rate:.2},{ratio:.3}");
        } else {
            println!("{contender:6} {rate:>8.2} {ratio:>8.2}");
        }
    }
}

/// Runs the process in the namespace: makes the line, prints `ready` or what is missing, and then for each contender of
/// each round the bytes that it carries in a second.
pub(crate) fn run() {
    let number = |flag| argument(flag).parse::<u64>().expect("a whole number");
    let (rounds, own) = (number("--rounds"), (number("--warm-up") + number("--measured")).div_ceil(1000));
    let longest = (own + PATIENCE) * rounds * CONTENDERS.len() as u64;
    let mut line = Command::new("setpriv");
    line.args(["--pdeathsig=KILL", "--", "python3"]).arg(crate_dir().join("benches/sessions/line.py"));
    line.args([NEAR, &DELAY.to_string(), &longest.to_string()]);
    let mut line = match Worker::start(&mut line) {
        Ok(line) => line,
        Err(error) => return println!("setpriv: {error}"),
    };
    let first = line.line();
    println!("{first}");
    if first != "ready" {
        return;
    }
    let mut ports = 7001..;
    for _ in 0..rounds {
        for contender in CONTENDERS {
            let port = ports.next().expect("there are thousands");
            println!("{}", if contender == "copy" { copy(port) } else { session(contender, port) });
            // The last packets of the one before arrive.
            thread::sleep(Duration::from_millis(6 * DELAY));
        }
    }
}

/// Returns the bytes that a bare copy carries in a second.
fn copy(port: u16) -> f64 {
    let receiver = timed("copy/receiver", &["--listen", &format!("{NEAR}:{port}")]);
    let mut receiver = start(receiver);
    assert_eq!(receiver.line(), "ready");
    let _sender = start(timed("copy/sender", &["--server", &format!("{FAR}:{port}")]));
    rate(&mut receiver)
}

/// Returns the bytes of the bets that are acknowledged in a second, with the programs of that runtime.
fn session(runtime: &str, port: u16) -> f64 {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let address = format!("{NEAR}:{port}");
    let mut server = this_program(&format!("server/{runtime}"));
    server
        .args(["--listen", &address, "--agencies", "1", "--log-level", "WARNING", "--data-dir"])
        .arg(dir.path());
    let _server = Server::start_program(server, address.parse().expect("an address"));
    let role = format!("sender/{runtime}");
    let sender = timed(&role, &["--server", &format!("{FAR}:{port}"), "--bets", &argument("--bets")]);
    rate(&mut start(sender))
}

fn rate(worker: &mut Worker) -> f64 {
    let [rate] = worker.numbers()[..] else { panic!("nothing was measured") };
    rate
}

/// Returns a command of a role that measures for the times of this process.
fn timed(role: &str, arguments: &[&str]) -> Command {
    let mut command = this_program(role);
    command.args(arguments);
    for flag in ["--warm-up", "--measured"] {
        command.args([flag, &argument(flag)]);
    }
    command
}

fn start(mut command: Command) -> Worker {
    Worker::start(&mut command).expect("this program starts")
}
