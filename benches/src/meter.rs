//! Rate of a count that grows, once it has grown for a while.

use std::time::{Duration, Instant};

/// Measures a rate between two times after the first count.
#[derive(Debug)]
pub struct Meter {
    warm_up: Duration,
    measured: Duration,
    begin: Option<Instant>,
    /// Time and count at the end of the time to warm up.
    from: Option<(Instant, f64)>,
}

impl Meter {
    /// Creates a meter that takes no account of the time to warm up, and then measures for some time.
    pub fn new(warm_up: Duration, measured: Duration) -> Self {
        Self { warm_up, measured, begin: None, from: None }
    }

    /// Takes the count of now. Returns the rate for a second once the time is over.
    pub fn take(&mut self, now: Instant, count: f64) -> Option<f64> {
        let begin = *self.begin.get_or_insert(now);
        if now - begin < self.warm_up {
            return None;
        }
        let (from, _) = *self.from.get_or_insert((now, count));
        self.so_far(now, count).filter(|_| now - from >= self.measured)
    }

    /// Returns the rate for a second of what was measured so far, with the count of now; `None` before there is any.
    pub fn so_far(&self, now: Instant, count: f64) -> Option<f64> {
        let (from, before) = self.from.filter(|(from, _)| *from < now)?;
        Some((count - before) / (now - from).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_that_of_the_time_behind_the_warm_up() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut meter = Meter::new(Duration::from_secs(1), Duration::from_secs(2));
        for (millis, count) in [(0, 5.0), (999, 1000.0), (1500, 2000.0), (3499, 9000.0)] {
            assert_eq!(meter.take(at(millis), count), None);
        }
        assert_eq!(meter.so_far(at(2500), 3000.0), Some(1000.0));
        assert_eq!(meter.take(at(3500), 10_000.0), Some(4000.0));
    }

    #[test]
    fn nothing_is_known_while_it_warms_up() {
        let start = Instant::now();
        let mut meter = Meter::new(Duration::from_secs(1), Duration::ZERO);
        assert_eq!((meter.take(start, 1.0), meter.so_far(start, 1.0)), (None, None));
    }
}
