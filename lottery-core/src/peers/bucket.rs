//! Token bucket: limits the rate of an event.

use lottery_proto::Instant;

/// Size of a bucket, and rate at which it fills.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Maximum number of tokens.
    pub(super) max: u32,
    /// Number of tokens that come back each second.
    pub(super) each_second: u32,
}

/// Tokens that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    left: u32,
    /// Time up to which the bucket was filled.
    filled: Instant,
}

impl Bucket {
    /// Creates a full bucket.
    pub(super) fn full(now: Instant, rate: Rate) -> Self {
        Self { left: rate.max, filled: now }
    }

    /// Takes a token, if one is left.
    pub(super) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        self.fill(now, rate);
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }

    /// Returns the number of tokens that are missing.
    pub(super) fn missing(&mut self, now: Instant, rate: Rate) -> u32 {
        self.fill(now, rate);
        rate.max.saturating_sub(self.left)
    }

    fn fill(&mut self, now: Instant, rate: Rate) {
        // Only whole tokens are added: the rest of the time counts for the next.
        let each = u64::from(rate.each_second.max(1));
        let millis = u64::try_from(now.duration_since(self.filled).as_millis()).unwrap_or(u64::MAX);
        let more = millis.saturating_mul(each) / 1000;
        if more == 0 {
            return;
        }
        self.left = self.left.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(rate.max);
        self.filled = self.filled.after(std::time::Duration::from_millis(more.saturating_mul(1000) / each));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(millis: u64) -> Instant {
        Instant::from_epoch(Duration::from_millis(millis))
    }

    #[test]
    fn a_bucket_gives_its_tokens_and_those_that_come_with_time() {
        let rate = Rate { max: 3, each_second: 4 };
        let mut bucket = Bucket::full(at(0), rate);
        let mut taken = |now, max| (0..max).take_while(|_| bucket.take(at(now), rate)).count();
        assert_eq!(taken(0, 10), 3);
        assert_eq!(taken(249, 10), 0);
        assert_eq!(taken(250, 10), 1);
        // Frequent calls get as much as one late call.
        assert_eq!((0..10).map(|step| taken(300 + step * 100, 10)).sum::<usize>(), 3);
        assert_eq!(taken(9_000_000_000, 10), 3, "no more than it holds");
    }

    #[test]
    fn a_bucket_fills_up_with_time() {
        let rate = Rate { max: 2, each_second: 1 };
        let mut bucket = Bucket::full(at(0), rate);
        assert!(bucket.take(at(0), rate));
        assert_eq!([999, 1000, 2000].map(|millis| bucket.missing(at(millis), rate)), [1, 0, 0]);
    }
}
