//! Cost of decoding, reading, encoding, the machines and the store for a bet or a batch, beside other work on the same
//! bets.
//!
//! In each group all kinds of work take turns, so that other load on the machine affects them alike; the
//! figures are medians, also of the ratios of each turn.
//!
//! `cargo run --release -p benches --bin ratios [ROUNDS [NAME …]]`; with `--csv` as the last argument, the
//! lines are `group,name,nanoseconds,times the group's first`.

use std::env;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use benches::encode::encoding;
use benches::group::{Groups, SIZES};
use benches::input::{Blocks, agencies};
use benches::machine::machines;
use benches::median;
use benches::producers::{PRODUCERS, Taken, produce};
use benches::read::reading;
use benches::work::{Work, decoding};
use lottery_testkit::table;

/// Number of rounds on disk: fewer, because the disk is slow.
const ROUNDS_ON_DISK: usize = 21;

fn main() {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let csv = arguments.pop_if(|last| last == "--csv").is_some();
    let mut arguments = arguments.into_iter();
    let rounds = arguments.next().map_or(101, |rounds| rounds.parse().expect("ROUNDS is a whole number"));
    let names: Vec<String> = arguments.collect();
    let agencies = agencies();
    let blocks = Blocks::of(&agencies);
    #[expect(clippy::cast_precision_loss, reason = "there are not so many bets")]
    let bets = blocks.bets() as f64;
    for (group, mut works) in [
        ("decode", decoding(&agencies, &blocks)),
        ("read", reading(&agencies)),
        ("encode", encoding(&agencies, &blocks)),
        ("machine", machines(&blocks)),
    ] {
        let first = works[0].name;
        let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
        works.retain(|work| work.name == first || wanted(work.name));
        let mut times = vec![Vec::new(); works.len()];
        for _ in 0..rounds {
            for (Work { run, .. }, times) in works.iter_mut().zip(&mut times) {
                let start = Instant::now();
                black_box(run());
                times.push(nanos(start.elapsed()) / bets);
            }
        }
        let names = works.iter().map(|work| work.name.to_owned());
        show(csv, &format!("{group}, for a bet"), names.zip(times).collect());
    }
    if names.is_empty() {
        on_disk(csv, &blocks);
    }
}

fn on_disk(csv: bool, blocks: &Blocks) {
    // A directory beside this program is on the disk: one for temporary files may be in memory.
    let program = env::current_exe().expect("this program");
    let dir = tempfile::tempdir_in(program.parent().expect("a directory")).expect("a temporary directory");
    let mut groups = Groups::new(blocks, dir.path());
    for size in SIZES {
        let (mut raw, mut committed) = (Vec::new(), Vec::new());
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let batches = size as f64;
        for _ in 0..ROUNDS_ON_DISK {
            raw.push(nanos(groups.write_and_sync(size)) / batches);
            committed.push(nanos(groups.commit(size)) / batches);
        }
        let both = vec![("write-and-sync".to_owned(), raw), ("committer".to_owned(), committed)];
        show(csv, &format!("store {size}, for a batch"), both);
    }
    producing(csv, blocks, dir.path());
}

/// Measures batches of many producers at once, by groups and one by one.
fn producing(csv: bool, blocks: &Blocks, dir: &Path) {
    for (producers, each) in PRODUCERS {
        let mut times: Vec<(String, Vec<f64>)> =
            Taken::ALL.iter().map(|taken| (taken.name().to_owned(), Vec::new())).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let batches = (producers * each) as f64;
        for _ in 0..ROUNDS_ON_DISK {
            for (taken, (_, times)) in Taken::ALL.iter().zip(&mut times) {
                times.push(nanos(produce(blocks, dir, (producers, each), *taken)) / batches);
            }
        }
        show(csv, &format!("producers {producers}, for a batch"), times);
    }
}

/// Prints the times of a group.
fn show(csv: bool, group: &str, works: Vec<(String, Vec<f64>)>) {
    let first = works[0].clone();
    let mut rows = Vec::new();
    for (name, times) in works {
        let ratio = median(times.iter().zip(&first.1).map(|(time, first)| time / first).collect());
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        let median = median(times);
        if csv {
            let group = group.split(',').next().unwrap_or(group);
            println!("{group},{name},{median:.2},{ratio:.4}");
        } else {
            rows.push([name, format!("{median:.2}"), format!("{least:.2}"), format!("{ratio:.2}")]);
        }
    }
    if !csv {
        print!("{}", table([group, ">ns", ">least", &format!(">x {}", first.0)], rows));
    }
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
