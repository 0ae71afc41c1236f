//! What decoding a bet costs, in nanoseconds and beside other work on the same bytes.
//!
//! All kinds of work take turns, so that whatever else the machine does hits them alike; the figures are medians.
//! `cargo run --release -p benches --bin ratios [ROUNDS]`

use std::env;
use std::hint::black_box;
use std::time::Instant;

use benches::input::{Blocks, agencies};
use benches::work;

fn main() {
    let rounds = env::args().nth(1).map_or(101, |rounds| rounds.parse().expect("ROUNDS is a whole number"));
    let blocks = Blocks::of(&agencies());
    let mut copy = Vec::with_capacity(blocks.size());
    let mut times = vec![Vec::new(); work::ALL.len()];
    for _ in 0..rounds {
        for ((_, work), times) in work::ALL.iter().zip(&mut times) {
            let start = Instant::now();
            black_box(work(black_box(&blocks), &mut copy));
            times.push(start.elapsed().as_secs_f64() * 1e9);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "there are not so many bets")]
    let bets = blocks.bets() as f64;
    let medians: Vec<f64> = times.iter().map(|times| median(times.clone()) / bets).collect();
    println!("{} bets, {} bytes in packets, {rounds} rounds", blocks.bets(), blocks.size());
    print!("{:20} {:>10}", "", "ns per bet");
    for (name, _) in work::ALL {
        print!(" {:>22}", format!("x {name}"));
    }
    println!();
    for ((name, _), (own_times, ns)) in work::ALL.iter().zip(times.iter().zip(&medians)) {
        print!("{name:20} {ns:>10.2}");
        for others in &times {
            print!(" {:>22.2}", ratio(own_times, others));
        }
        println!();
    }
}

/// The median of the ratios of each round.
fn ratio(times: &[f64], others: &[f64]) -> f64 {
    median(times.iter().zip(others).map(|(time, other)| time / other).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
