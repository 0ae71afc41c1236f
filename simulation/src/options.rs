//! What one seed is about: everything that is chosen before the first step.

use std::time::Duration;

use crate::random::Random;
use crate::tally::Fault;

/// The options of a seed.
#[derive(Clone, Debug)]
pub struct Options {
    /// All of it comes from this.
    pub seed: u64,
    /// Whether the store is the real one, on simulated disks.
    pub real_store: bool,
    /// How many bets each agency has.
    pub bets: Vec<usize>,
    /// Which agencies begin without a session.
    pub plain: Vec<bool>,
    /// Batches that may be unacknowledged.
    pub window: u32,
    /// Requests that a connection takes before the first is answered.
    pub in_flight: usize,
    /// Bytes of requests on the commit queue.
    pub commit_queue: usize,
    /// Bytes on the way in each direction.
    pub pipe: usize,
    /// The most bytes that are read or written at once.
    pub piece: usize,
    /// The longest way of a byte, in milliseconds.
    pub delay: u64,
    /// For how long an agency tries to connect.
    pub retry_for: Duration,
    /// Which faults there are.
    pub faults: Vec<Fault>,
    /// A fault once in so many steps.
    pub fault_every: u64,
    /// For so many steps; then all is well.
    pub chaos: u64,
    /// A commit is put off, so many times out of 8.
    pub lazy_commits: u64,
    /// So many bytes of winners are gathered before they are stored.
    pub gathered: usize,
}

impl Options {
    /// Those of that seed. Also returns where all later chance comes from.
    pub fn of(seed: u64) -> (Self, Random) {
        let mut random = Random::new(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x6C6F_7474_6572_7921);
        let rng = &mut random;
        let agencies = rng.between(1, 4);
        let most = rng.pick(&[3, 8, 20, 40]);
        let faults = Fault::ALL.iter().copied().filter(|_| rng.one_in(2)).collect();
        let mut options = Self {
            seed,
            real_store: rng.one_in(16),
            bets: (0..agencies).map(|_| rng.index(most + 1)).collect(),
            plain: (0..agencies).map(|_| rng.one_in(6)).collect(),
            window: rng.pick(&[1, 2, 4, 16]),
            in_flight: rng.pick(&[1, 2, 5, 32]),
            commit_queue: rng.pick(&[1, 1, 2000, 1 << 20]),
            pipe: rng.pick(&[1000, 9000, 20_000, 100_000]),
            piece: rng.pick(&[500, 3000, 10_000, 100_000]),
            delay: rng.pick(&[0, 1, 20, 300]),
            retry_for: Duration::from_secs(rng.pick(&[5, 60, 60, 600])),
            faults,
            fault_every: rng.pick(&[5, 20, 60, 200]),
            chaos: rng.pick(&[100, 400, 1000, 2000]),
            lazy_commits: rng.pick(&[0, 4, 7]),
            gathered: rng.pick(&[1, 20, 1 << 20]),
        };
        if options.plain.contains(&true) {
            // Without a session nothing stops what was sent behind a refused batch, and there would be a hole.
            options.faults.retain(|fault| *fault != Fault::DiskFull);
        }
        (options, random)
    }
}
