//! Campaign: many seeds, on a few threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::tally::Tally;
use crate::{report, run};

/// Interval of the seeds that run twice, and must give the same result both times.
const TWICE: u64 = 100;

/// Result of a campaign.
#[derive(Debug)]
pub struct Campaign {
    /// Counts of all seeds.
    pub tally: Tally,
    /// Failed seeds, the least first, each with its report.
    pub failures: Vec<(u64, String)>,
}

/// Runs the seeds from `start` on `jobs` threads, until `max_failures` have failed.
pub fn campaign(start: u64, seeds: u64, jobs: usize, max_failures: usize) -> Campaign {
    let (next, stop) = (AtomicU64::new(start), AtomicBool::new(false));
    let total = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        let mut tally = Tally::default();
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed - start >= seeds {
                break;
            }
            let outcome = run(seed, false);
            tally.add(&outcome.tally);
            let mut failure = outcome.failure;
            if failure.is_none() && seed.is_multiple_of(TWICE) && run(seed, false).hash != outcome.hash {
                failure = Some("it does not replay: something depends on more than the seed".to_owned());
            }
            if let (Some(failure), Ok(mut total)) = (failure, total.lock()) {
                total.1.push((seed, report(seed, &failure)));
                stop.store(total.1.len() >= max_failures, Ordering::Relaxed);
            }
        }
        if let Ok(mut total) = total.lock() {
            total.0.add(&tally);
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(work);
        }
    });
    let (tally, mut failures) = total.into_inner().unwrap_or_default();
    failures.sort();
    Campaign { tally, failures }
}
