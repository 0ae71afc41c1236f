//! Time as the machines see it: a distance from an epoch that the driver chose.

use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// Point in time, as a distance from an epoch of the driver's choice.
///
/// This crate has no clock. A driver makes an instant from its own clock and passes it in. Arithmetic saturates at both
/// ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// Returns the point that lies `elapsed` after the epoch.
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Returns the distance from the epoch.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// Returns the point that lies `duration` after `self`; the end of time if that overflows.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// Returns the time from `earlier` to `self`; zero if `self` is not later.
    pub const fn duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Works like [`Instant::after`].
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.after(duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = self.after(duration);
    }
}

/// Works like [`Instant::duration_since`].
impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_distance_from_the_epoch() {
        let elapsed = Duration::new(7, 9);
        assert_eq!(Instant::from_epoch(elapsed).since_epoch(), elapsed);
    }

    #[test]
    fn saturates_at_both_ends() {
        let end = Instant::from_epoch(Duration::MAX);
        assert_eq!(end.after(Duration::from_secs(1)), end);
        assert_eq!(Instant::default().duration_since(end), Duration::ZERO);
        assert_eq!(end.duration_since(Instant::default()), Duration::MAX);
        assert_eq!((end + Duration::from_secs(1), Instant::default() - end), (end, Duration::ZERO));
        let mut later = Instant::default();
        later += Duration::from_secs(2);
        assert_eq!(later - Instant::default(), Duration::from_secs(2));
    }
}
