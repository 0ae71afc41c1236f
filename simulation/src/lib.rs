#![doc = include_str!("../README.md")]

pub mod campaign;
mod checks;
mod clients;
mod fast_store;
mod faults;
mod link;
mod media;
pub mod mistakes;
pub mod model;
pub mod options;
mod pipe;
pub mod planted;
mod server;
mod steps;
pub mod tally;
mod tap;
mod time;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mistakes::Mistake;
use options::Options;
use tally::Tally;

/// Result of a seed.
#[derive(Debug)]
pub struct Outcome {
    /// Counts of the seed.
    pub tally: Tally,
    /// Hash of all that happened: the same for the same seed.
    pub hash: u64,
    /// Broken invariant, if there is one.
    pub failure: Option<String>,
}

/// Runs one seed, and prints each step if `verbose`.
pub fn run(seed: u64, verbose: bool) -> Outcome {
    run_with(seed, None, verbose)
}

/// Runs one seed with a mistake, if there is one to plant.
pub fn run_with(seed: u64, mistake: Option<Mistake>, verbose: bool) -> Outcome {
    let mut world = world::World::new(seed, mistake, verbose);
    let result = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        Err(format!("panicked: {text}"))
    });
    Outcome { tally: world.tally.clone(), hash: world.hash, failure: result.err() }
}

/// Returns the report of a failed seed: its options, and the command that replays it.
pub fn report(seed: u64, failure: &str) -> String {
    let (options, _) = Options::of(seed);
    format!(
        "seed {seed}: {failure}\n{options:?}\nreplay it: cargo run --release -p simulation -- --replay {seed} --verbose"
    )
}
