//! Time as the machines see it: a distance from an epoch that the driver chose.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// Point in time, as a distance from an epoch of the driver's choice, in whole nanoseconds, of 584 years at most: that
/// is the end of time.
///
/// This crate has no clock. A driver makes an instant from its own clock and passes it in. Arithmetic saturates at both
/// ends.
// A number that is not zero, as a connection holds many that may be missing: half the memory of a `Duration`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

impl Instant {
    const END: Self = Self(NonZeroU64::MAX);

    /// Returns the point that lies `elapsed` after the epoch; the end of time if that is further.
    pub const fn from_epoch(elapsed: Duration) -> Self {
        let nanos = elapsed.as_nanos();
        if nanos >= Self::END.0.get() as u128 {
            return Self::END;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it was compared with the end")]
        match NonZeroU64::new(nanos as u64 + 1) {
            Some(number) => Self(number),
            None => Self::END,
        }
    }

    /// Returns the distance from the epoch; [`Duration::MAX`] for the end of time.
    pub const fn since_epoch(self) -> Duration {
        if self.0.get() == Self::END.0.get() {
            return Duration::MAX;
        }
        Duration::from_nanos(self.0.get() - 1)
    }

    /// Returns the point that lies `duration` after `self`; the end of time if that overflows.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self::from_epoch(self.since_epoch().saturating_add(duration))
    }

    /// Returns the time from `earlier` to `self`; zero if `self` is not later.
    pub const fn duration_since(self, earlier: Self) -> Duration {
        self.since_epoch().saturating_sub(earlier.since_epoch())
    }
}

/// The epoch.
impl Default for Instant {
    fn default() -> Self {
        Self(NonZeroU64::MIN)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.since_epoch()).finish()
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
        assert_eq!(Instant::from_epoch(Duration::ZERO), Instant::default());
        assert_eq!(size_of::<Option<Instant>>(), 8);
    }

    #[test]
    fn saturates_at_both_ends() {
        let end = Instant::from_epoch(Duration::MAX);
        assert_eq!(end.after(Duration::from_secs(1)), end);
        assert_eq!(Instant::default().duration_since(end), Duration::ZERO);
        assert_eq!(end.duration_since(Instant::default()), Duration::MAX);
        assert_eq!((end + Duration::from_secs(1), Instant::default() - end), (end, Duration::ZERO));
        let last = Duration::from_nanos(u64::MAX - 2);
        assert_eq!(Instant::from_epoch(last).since_epoch(), last);
        assert_eq!(Instant::from_epoch(last).after(Duration::from_nanos(1)), end);
        assert_eq!(Instant::from_epoch(Duration::from_nanos(u64::MAX)), end);
        let mut later = Instant::default();
        later += Duration::from_secs(2);
        assert_eq!(later - Instant::default(), Duration::from_secs(2));
    }
}
