#![doc = include_str!("../README.md")]

mod agencies;
pub mod campaign;
mod centre;
mod checks;
mod disk;
mod fast_store;
mod faults;
mod link;
mod media;
pub mod model;
pub mod options;
mod pipe;
#[cfg(feature = "planted")]
pub mod planted;
pub mod random;
mod steps;
pub mod tally;
mod tap;
mod time;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use options::Options;
use tally::Tally;

/// How a seed ended.
#[derive(Debug)]
pub struct Outcome {
    /// What was counted.
    pub tally: Tally,
    /// Of all that happened: the same for the same seed.
    pub hash: u64,
    /// What should never be.
    pub failure: Option<String>,
}

/// Runs one seed; `verbose`: and prints each step.
pub fn run(seed: u64, verbose: bool) -> Outcome {
    let mut world = world::World::new(seed, verbose);
    let result = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        Err(format!("panicked: {text}"))
    });
    Outcome { tally: world.tally.clone(), hash: world.hash, failure: result.err() }
}

/// What to say about a seed that failed: its options, and how to see it again.
pub fn report(seed: u64, failure: &str) -> String {
    let (options, _) = Options::of(seed);
    format!(
        "seed {seed}: {failure}\n{options:?}\nreplay it: cargo run --release -p simulation -- --replay {seed} --verbose"
    )
}
