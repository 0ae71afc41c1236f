//! Program of the simulation: see the crate's documentation.

use std::process::ExitCode;
use std::time::Instant;

use simulation::campaign::campaign;
use simulation::{report, run};

const USAGE: &str =
    "usage: simulation [--seeds N] [--start N] [--jobs N] | --replay SEED [--verbose] | --planted";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let number = |name: &str, otherwise: u64| match args.iter().position(|arg| arg == name) {
        None => Ok(otherwise),
        Some(at) => args.get(at + 1).and_then(|text| text.parse().ok()).ok_or(USAGE),
    };
    let known = ["--seeds", "--start", "--jobs", "--replay", "--verbose", "--planted"];
    if args.iter().any(|arg| arg.parse::<u64>().is_err() && !known.contains(&arg.as_str())) {
        return usage();
    }
    if has("--planted") {
        return planted();
    }
    let (Ok(seeds), Ok(start), Ok(jobs), Ok(seed)) =
        (number("--seeds", 20_000), number("--start", 0), number("--jobs", 2), number("--replay", 0))
    else {
        return usage();
    };
    if has("--replay") {
        let outcome = run(seed, has("--verbose"));
        print!("{}", outcome.tally.table());
        println!("hash {:016x}", outcome.hash);
        return match outcome.failure {
            None => ExitCode::SUCCESS,
            Some(failure) => fail(&report(seed, &failure)),
        };
    }
    std::panic::set_hook(Box::new(|_| ()));
    let began = Instant::now();
    let done = campaign(start, seeds, usize::try_from(jobs).unwrap_or(1), 5);
    let seconds = began.elapsed().as_secs_f64();
    print!("{}", done.tally.table());
    println!(
        "{:.1} s, {:.0} seeds/s",
        seconds,
        f64::from(u32::try_from(done.tally.seeds).unwrap_or(0)) / seconds
    );
    for (_, failure) in &done.failures {
        eprintln!("\n{failure}");
    }
    let missing = done.tally.missing();
    if !missing.is_empty() && done.failures.is_empty() {
        return fail(&format!("never came about: {}", missing.join("; ")));
    }
    if done.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn planted() -> ExitCode {
    std::panic::set_hook(Box::new(|_| ()));
    let (table, all) = simulation::planted::search();
    print!("{table}");
    if all { ExitCode::SUCCESS } else { fail("a planted mistake was not found") }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn fail(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::FAILURE
}
