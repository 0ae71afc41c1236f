//! Retry schedule: pauses that double, with a random part, so that clients cut off together do not return
//! together.

use std::time::Duration;

use lottery_proto::Instant;

/// First pause, about.
const FIRST: Duration = Duration::from_millis(50);
/// Longest pause, about.
const LONGEST: Duration = Duration::from_secs(5);

/// First pause of a client that was too slow for the server, about: a shared line is free again when others
/// are done.
const FIRST_OF_SLOW: Duration = Duration::from_secs(10);
/// Longest pause of such a client, about.
const LONGEST_OF_SLOW: Duration = Duration::from_secs(60);

/// State of the retries.
#[derive(Clone, Debug)]
pub(super) struct Retry {
    /// Time for which a failure is retried.
    limit: Duration,
    pause: Duration,
    failing_since: Option<Instant>,
    random: u64,
}

impl Retry {
    pub(super) fn new(limit: Duration, seed: u64) -> Self {
        Self { limit, pause: FIRST, failing_since: None, random: seed }
    }

    /// Notes a reply that made progress. A connection alone is no success: a full server accepts one again
    /// and again, to reject it.
    pub(super) fn succeeded(&mut self) {
        self.pause = FIRST;
        self.failing_since = None;
    }

    /// Returns the time at which the client gives up if nothing succeeds from now on.
    pub(super) fn end(&self, now: Instant) -> Instant {
        self.failing_since.unwrap_or(now).after(self.limit)
    }

    /// Notes a failure and returns the time of the next attempt. `slow`: a message of this client took too
    /// long, and sending it again at once would not help.
    ///
    /// # Errors
    /// Returns the time spent on retries, if that has reached the limit.
    pub(super) fn failed(&mut self, now: Instant, slow: bool) -> Result<Instant, Duration> {
        let since = *self.failing_since.get_or_insert(now);
        let end = self.end(now);
        if end <= now {
            return Err(now.duration_since(since));
        }
        let longest = if slow { LONGEST_OF_SLOW } else { LONGEST };
        if slow {
            self.pause = self.pause.max(FIRST_OF_SLOW);
        }
        // The pause is random, between half of it and all of it.
        let half = self.pause / 2;
        let pause = half + half.mul_f64(self.chance());
        self.pause = (self.pause * 2).min(longest);
        Ok(now.after(pause).min(end))
    }

    /// Returns a number from 0 to 1, by `SplitMix64`, so that a seed gives the same pauses everywhere.
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        f64::from(u32::try_from(z >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_limit() {
        let mut retry = Retry::new(Duration::from_secs(60), 7);
        let mut now = Instant::from_epoch(Duration::from_secs(9));
        let mut expected = FIRST;
        let mut pauses = Vec::new();
        let tried = loop {
            match retry.failed(now, false) {
                Err(tried) => break tried,
                Ok(at) => {
                    let pause = at.duration_since(now);
                    pauses.push(pause);
                    let whole = now.duration_since(Instant::from_epoch(Duration::from_secs(9)))
                        < Duration::from_secs(55);
                    assert!(!whole || (pause >= expected / 2 && pause <= expected), "{pause:?} {expected:?}");
                    expected = (expected * 2).min(LONGEST);
                    now = at;
                }
            }
        };
        assert_eq!(tried, Duration::from_secs(60));
        assert!(pauses.len() > 15, "{pauses:?}");
    }

    #[test]
    fn a_client_that_was_too_slow_pauses_for_seconds_and_then_longer() {
        let mut retry = Retry::new(Duration::from_secs(3600), 7);
        let now = Instant::default();
        for (slow, min, max) in [
            (false, 25, 50),
            (true, 5_000, 10_000),
            (true, 10_000, 20_000),
            (true, 20_000, 40_000),
            (true, 30_000, 60_000),
            (true, 30_000, 60_000),
            // A failure of another kind keeps the long pause once, then returns to short ones.
            (false, 30_000, 60_000),
            (false, 2_500, 5_000),
        ] {
            let pause = retry.failed(now, slow).map(|at| at.since_epoch().as_millis());
            assert!(pause.is_ok_and(|pause| (min..=max).contains(&pause)), "{pause:?}, {min}");
        }
    }

    #[test]
    fn chance_is_that_of_split_mix_64() {
        let mut retry = Retry::new(Duration::ZERO, 0);
        // Numbers that the reference implementation gives for this seed.
        for number in [
            0xE220_A839_7B1D_CDAF_u64,
            0x6E78_9E6A_A1B9_65F4,
            0x06C4_5D18_8009_454F,
            0xF88B_B8A8_724C_81EC,
            0x1B39_896A_51A8_749B,
        ] {
            let upper = u32::try_from(number >> 32).expect("32 bits");
            assert_eq!(retry.chance().to_bits(), (f64::from(upper) / f64::from(u32::MAX)).to_bits());
        }
    }

    #[test]
    fn a_success_begins_anew_and_a_seed_repeats_itself() {
        let pauses = |seed| {
            let mut retry = Retry::new(Duration::from_secs(60), seed);
            let now = Instant::default();
            let first: Vec<_> = (0..5).map(|_| retry.failed(now, false)).collect();
            retry.succeeded();
            (first, retry.failed(now, false).map(|at| at.since_epoch() <= FIRST))
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1).0, pauses(2).0);
        assert_eq!(pauses(3).1, Ok(true));
    }
}
