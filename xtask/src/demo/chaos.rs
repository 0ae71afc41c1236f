//! Plan of the processes to kill and of the times, derived from a seed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use lottery_testkit::Rng;

use super::process::Role;

/// Longest pause between the bet that a kill waits for and the kill, in microseconds: about the start time of
/// a server, so that some are killed while they start.
const LONGEST_PAUSE: u64 = 30_000;

/// Kills that are left, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan(VecDeque<Kill>);

/// Kill of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kill {
    pub(super) victim: Role,
    /// Number of acknowledged bets of all agencies at which the pause begins.
    pub(super) bets: u64,
    /// Pause before the kill. It is cut short if the next kill is due as well.
    pub(super) pause: Duration,
}

impl Plan {
    /// Plans `kills` kills while `bets` bets are stored, but at least one of the server and of each agency.
    pub(super) fn new(seed: u64, kills: u16, agencies: u8, bets: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut victims: Vec<Role> =
            std::iter::once(Role::Server).chain((1..=agencies).map(Role::Client)).collect();
        while victims.len() < kills.into() {
            // Every third is the server, in which more can go wrong than in an agency.
            let server = rng.below(3) == 0;
            victims.push(if server { Role::Server } else { Role::Client(agency(&mut rng, agencies)) });
        }
        for last in (1..victims.len()).rev() {
            victims.swap(last, rng.index(last + 1));
        }
        // No kill waits for the last bets: once they are stored, the agencies get their winners at once and
        // end.
        let mut moments: Vec<u64> = victims.iter().map(|_| bets * rng.between(5, 800) / 1000).collect();
        moments.sort_unstable();
        let kill = |(victim, bets)| {
            let pause = Duration::from_micros(rng.below(LONGEST_PAUSE));
            Kill { victim, bets, pause }
        };
        Self(victims.into_iter().zip(moments).map(kill).collect())
    }

    /// Returns the number of kills that are left.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if `bets` acknowledged bets are enough for the next kill.
    pub(super) fn is_due(&self, bets: u64) -> bool {
        self.0.front().is_some_and(|kill| kill.bets <= bets)
    }

    /// Takes the next kill, if `bets` acknowledged bets are enough for it.
    pub(super) fn next(&mut self, bets: u64) -> Option<Kill> {
        if self.is_due(bets) { self.0.pop_front() } else { None }
    }
}

fn agency(rng: &mut Rng, agencies: u8) -> u8 {
    u8::try_from(rng.between(1, agencies.into())).unwrap_or(agencies)
}

/// Number of kills of each process.
#[derive(Clone, Debug, Default)]
pub(super) struct Killed(BTreeMap<Role, u32>);

impl Killed {
    /// Counts a kill.
    pub(super) fn add(&mut self, victim: Role) {
        *self.0.entry(victim).or_default() += 1;
    }

    /// Returns the number of all kills.
    pub(super) fn all(&self) -> u32 {
        self.0.values().sum()
    }

    /// Returns the first process that was never killed.
    pub(super) fn spared(&self, agencies: u8) -> Option<Role> {
        let mut all = std::iter::once(Role::Server).chain((1..=agencies).map(Role::Client));
        all.find(|role| !self.0.contains_key(role))
    }
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kills on the way", self.all())?;
        for (nth, (role, kills)) in self.0.iter().enumerate() {
            write!(f, "{} {role} {kills}", if nth == 0 { ":" } else { "," })?;
        }
        f.write_str(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_plan_with_everybody_in_it() {
        for seed in 0..200 {
            let mut plan = Plan::new(seed, 30, 5, 10_000);
            assert_eq!(plan, Plan::new(seed, 30, 5, 10_000));
            assert_ne!(plan, Plan::new(seed + 1, 30, 5, 10_000));
            let (mut killed, mut before) = (Killed::default(), 0);
            assert_eq!((plan.next(0), plan.is_due(0), plan.is_due(9_500)), (None, false, true));
            while let Some(kill) = plan.next(9_500) {
                assert!(kill.bets >= before && kill.pause < Duration::from_millis(30), "{kill:?}");
                before = kill.bets;
                killed.add(kill.victim);
            }
            assert!(!plan.is_due(10_000));
            assert_eq!((plan.len(), killed.all(), killed.spared(5)), (0, 30, None));
        }
    }

    #[test]
    fn more_agencies_than_kills_are_all_killed() {
        let plan = Plan::new(1, 3, 255, 10);
        assert_eq!(plan.len(), 256);
    }

    #[test]
    fn kills_are_counted_by_victim() {
        let mut killed = Killed::default();
        for victim in [Role::Client(2), Role::Server, Role::Client(2)] {
            killed.add(victim);
        }
        assert_eq!(killed.to_string(), "3 kills on the way: the server 1, agency 2 2.");
        assert_eq!((killed.spared(2), killed.spared(1)), (Some(Role::Client(1)), Some(Role::Client(1))));
    }
}
