//! Options of a seed: everything that is chosen before the first step.

use std::time::Duration;

use lottery_testkit::Rng;

use crate::mistakes::Mistake;
use crate::tally::Fault;

/// Options of a seed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seed that all of them come from.
    pub seed: u64,
    /// True if the store is the real one, on simulated disks.
    pub real_store: bool,
    /// Number of bets of each agency.
    pub bets: Vec<usize>,
    /// True for each agency that begins without a session.
    pub plain: Vec<bool>,
    /// Number of batches that may be unacknowledged.
    pub window: u32,
    /// Number of requests that a connection takes before the first is answered.
    pub in_flight: usize,
    /// Bytes of requests on the commit queue.
    pub commit_queue: usize,
    /// Bytes on the way in each direction.
    pub pipe: usize,
    /// Maximum number of bytes that are read or written at once.
    pub piece: usize,
    /// Longest time of a byte on the way, in milliseconds.
    pub delay: u64,
    /// Time for which an agency tries to connect.
    pub retry_for: Duration,
    /// Faults that occur.
    pub faults: Vec<Fault>,
    /// Average number of steps between faults.
    pub fault_every: u64,
    /// Number of steps with faults; after them all is well.
    pub chaos: u64,
    /// Share of commits that are put off, in eighths.
    pub lazy_commits: u64,
    /// Bytes of winners that are gathered before they are stored.
    pub gathered: usize,
    /// Mistake that is planted.
    pub mistake: Option<Mistake>,
}

impl Options {
    /// Returns the options of that seed, and the source of all later chance.
    pub fn of(seed: u64) -> (Self, Rng) {
        let mut random = Rng::new(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x6C6F_7474_6572_7921);
        let rng = &mut random;
        let agencies = rng.between(1, 4);
        let max = *rng.pick(&[3, 8, 20, 40]);
        let faults = Fault::ALL.iter().copied().filter(|_| rng.one_in(2)).collect();
        let mut options = Self {
            seed,
            real_store: rng.one_in(16),
            bets: (0..agencies).map(|_| rng.index(max + 1)).collect(),
            plain: (0..agencies).map(|_| rng.one_in(6)).collect(),
            window: *rng.pick(&[1, 2, 4, 16]),
            in_flight: *rng.pick(&[1, 2, 5, 32]),
            commit_queue: *rng.pick(&[1, 1, 2000, 1 << 20]),
            pipe: *rng.pick(&[1000, 9000, 20_000, 100_000]),
            piece: *rng.pick(&[500, 3000, 10_000, 100_000]),
            delay: *rng.pick(&[0, 1, 20, 300]),
            retry_for: Duration::from_secs(*rng.pick(&[5, 60, 60, 600])),
            faults,
            fault_every: *rng.pick(&[5, 20, 60, 200]),
            chaos: *rng.pick(&[100, 400, 1000, 2000]),
            lazy_commits: *rng.pick(&[0, 4, 7]),
            gathered: *rng.pick(&[1, 20, 1 << 20]),
            mistake: None,
        };
        if options.plain.contains(&true) {
            // Without a session nothing rejects batches in flight behind a rejected one, and there would be a
            // hole.
            options.faults.retain(|fault| *fault != Fault::DiskFull);
        }
        (options, random)
    }
}
