//! Timer of a driver, set as rarely as possible.

use std::time::Instant;

/// Time for which the timer of a connection is set.
///
/// Nearly every input moves the deadlines of a machine back, and to set a timer costs a lock, or a system call. So one
/// that is set too early stays: when it goes off, the driver polls the machine again, and sets it to the deadline
/// of then.
#[derive(Debug, Default)]
pub struct Alarm {
    set: Option<Instant>,
    /// True if the machine has a deadline.
    is_wanted: bool,
}

impl Alarm {
    /// Takes the machine's deadline. Returns the time to set the timer to, if it has to be set.
    pub fn reset(&mut self, deadline: Option<Instant>) -> Option<Instant> {
        self.is_wanted = deadline.is_some();
        let earlier = deadline.filter(|deadline| self.set.is_none_or(|set| *deadline < set))?;
        self.set = Some(earlier);
        self.set
    }

    /// Returns true if the driver has to wait for the timer, too.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Notes that the timer has gone off.
    pub fn went_off(&mut self) {
        self.set = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_timer_is_set_anew_only_for_an_earlier_deadline_or_after_it_has_gone_off() {
        let start = Instant::now();
        let at = |seconds| Some(start + Duration::from_secs(seconds));
        let mut alarm = Alarm::default();
        assert_eq!((alarm.reset(None), alarm.is_wanted()), (None, false));
        assert_eq!((alarm.reset(at(10)), alarm.is_wanted()), (at(10), true));
        assert_eq!([10, 20].map(|seconds| alarm.reset(at(seconds))), [None, None]);
        assert_eq!((alarm.reset(None), alarm.is_wanted()), (None, false));
        assert_eq!((alarm.reset(at(30)), alarm.is_wanted()), (None, true), "it is still set to 10");
        assert_eq!(alarm.reset(at(9)), at(9));
        alarm.went_off();
        assert_eq!(alarm.reset(at(30)), at(30));
    }
}
