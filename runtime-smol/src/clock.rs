//! Clock of this runtime.

use lottery_proto::Instant;

/// Time since the runtime was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock(std::time::Instant);

impl Clock {
    /// Starts a clock; its epoch is now.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_epoch(self.0.elapsed())
    }

    /// Converts a time; `None`: it is too far away to come.
    pub(crate) fn at(self, time: Instant) -> Option<std::time::Instant> {
        self.0.checked_add(time.since_epoch())
    }
}
