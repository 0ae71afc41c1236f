//! Whole lottery as its users run it: a server and a program for each agency, from their start to the last list of
//! winners, with the input's files. Ours, on each runtime, every bet durable; beside stand-ins for the programs that
//! students begin with, which sync nothing.
//!
//! The stand-ins are ours, written for this comparison in the usual way: a server in Python (`plain.py`: a thread for
//! each connection, a read for each message, `csv` for the file), and agencies that read with the `csv` crate, write
//! with `write!` and wait. They validate little, and hold no lottery but this one.
//!
//! Processor time is that of all processes, with their start. The system counts it in hundredths of a second, so it
//! is a mean of all rounds; times are medians. The contenders take turns.
//!
//! `cargo bench -p benches --bench lottery [-- --rounds N] [-- --csv]`; run as a test, it is one round.

mod hold;
mod plain;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use benches::median;
use benches::options::Options;
use benches::process::{argument, role, run_client, run_server};
use lottery_proto::Dialect;

use hold::{Held, hold};

/// Contenders. The last is the reference for the others.
const CONTENDERS: [&str; 4] = ["tokio", "std", "smol", PLAIN];
/// Contender that consists of stand-ins.
const PLAIN: &str = "plain";
const DIALECTS: [Dialect; 3] = [Dialect::BLOCK, Dialect::BRACES, Dialect::FRAMED];
/// Pause of an agency that has to ask again for the winners.
const PAUSE: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let Some(role) = role() else {
        compare(&Options::read());
        return ExitCode::SUCCESS;
    };
    match role.split_once('/').expect("a program and a contender") {
        ("server", runtime) => run_server(runtime).expect("a runtime"),
        ("client", PLAIN) => plain_agency(),
        (_, runtime) => run_client(runtime).expect("a runtime"),
    }
}

/// Runs the agency of the stand-ins, with the flags of ours.
fn plain_agency() -> ExitCode {
    let dialect: Dialect = argument("--dialect").parse().expect("a dialect");
    let number = argument("--agency").parse().expect("a number");
    let winners = plain::run(&argument("--server"), dialect, number, Path::new(&argument("--bets")));
    let documents = winners.expect("the server answers").join("\n");
    let lines = if documents.is_empty() { documents } else { documents + "\n" };
    std::fs::write(argument("--winners"), lines).expect("the disk works");
    ExitCode::SUCCESS
}

fn compare(options: &Options) {
    let rounds = if options.is_test { 1 } else { options.number("--rounds", 7) };
    let mut contenders = CONTENDERS.to_vec();
    if let Err(missing) = hold::python() {
        eprintln!("*** SKIPPED: {PLAIN}: {missing} ***");
        contenders.pop();
    }
    if !options.csv {
        println!(
            "{rounds} rounds. x plain: the processor time, and the time as the median of the rounds' ratios."
        );
        println!("{:8} {:8} {:>8} {:>8} {:>8} {:>8}", "dialect", "", "CPU s", "x plain", "s", "x plain");
    }
    for dialect in DIALECTS {
        let mut held: Vec<Vec<Held>> = contenders.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (contender, held) in contenders.iter().zip(&mut held) {
                held.push(hold(contender, dialect));
            }
        }
        let all = held.iter().flatten();
        assert!(all.clone().all(|one| one.winners == held[0][0].winners), "all have the same winners");
        for (contender, own) in contenders.iter().zip(&held) {
            let reference = held.get(CONTENDERS.len() - 1);
            show(options.csv, (dialect, contender), own, reference);
        }
    }
}

/// Prints the figures of a contender, and what they are of the reference's, if there is one.
fn show(csv: bool, (dialect, contender): (Dialect, &str), own: &[Held], reference: Option<&Vec<Held>>) {
    let cpu =
        |all: &[Held]| all.iter().map(|one| one.cpu).sum::<f64>() / all.iter().map(|_| 1.0).sum::<f64>();
    let (own_cpu, seconds) = (cpu(own), median(own.iter().map(|one| one.seconds).collect()));
    let ratios = reference.map(|reference| {
        let pairs = own.iter().zip(reference);
        (own_cpu / cpu(reference), median(pairs.map(|(one, other)| one.seconds / other.seconds).collect()))
    });
    let (of_cpu, of_seconds) = ratios.unwrap_or((f64::NAN, f64::NAN));
    if csv {
        println!("lottery,{dialect},{contender},{own_cpu:.3},{of_cpu:.4},{seconds:.3},{of_seconds:.3}");
    } else {
        println!("{dialect:8} {contender:8} {own_cpu:>8.3} {of_cpu:>8.3} {seconds:>8.3} {of_seconds:>8.3}");
    }
}
