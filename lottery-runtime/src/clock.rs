//! Clock of a runtime.

use lottery_proto::Instant;

/// Clock that counts from its start, the epoch of all times that a machine is told.
///
/// Machines read no clock: their driver passes the time to them. One clock serves all connections of a runtime.
#[derive(Clone, Copy, Debug)]
pub struct Clock(std::time::Instant);

impl Clock {
    /// Starts a clock; its epoch is now.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Returns the time since the start.
    pub fn now(self) -> Instant {
        Instant::from_epoch(self.0.elapsed())
    }

    /// Converts a time of this clock, as a deadline, to one of the standard library, for a timer; `None`: it is
    /// too far away to come.
    pub fn to_std(self, time: Instant) -> Option<std::time::Instant> {
        self.0.checked_add(time.since_epoch())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_starts_at_its_epoch_and_advances() {
        let clock = Clock::start();
        let first = clock.now();
        assert!(first.since_epoch() < Duration::from_secs(60), "{first:?}");
        assert!(clock.now() >= first);
    }

    #[test]
    fn a_deadline_too_far_away_has_no_time() {
        let clock = Clock::start();
        let after = |duration| clock.to_std(Instant::from_epoch(duration));
        let second = Duration::from_secs(1);
        assert_eq!(after(second).unwrap() - after(Duration::ZERO).unwrap(), second);
        assert_eq!(after(Duration::MAX), None);
    }
}
