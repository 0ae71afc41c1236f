//! The clock.

use lottery_proto::Instant;

/// Time since this runtime was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock(tokio::time::Instant);

impl Clock {
    /// Its epoch is now.
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_epoch(self.0.elapsed())
    }

    /// `None`: so far away that it never comes.
    pub(crate) fn at(self, time: Instant) -> Option<tokio::time::Instant> {
        self.0.checked_add(time.since_epoch())
    }
}
