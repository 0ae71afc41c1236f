//! Time for which `bets.csv` has been behind the log by much: the thread that writes it is too slow.

use std::time::Duration;

/// Bytes by which the file may be behind. A pause of the disk is less.
const MUCH: u64 = 64 << 20;
/// Time for which it may be behind by more.
const LONG: Duration = Duration::from_secs(10);

/// State of the file, as far as it was logged.
#[derive(Debug, Default)]
pub(super) struct Lag {
    /// Time since which it has been behind by much.
    since: Option<Duration>,
    logged: bool,
}

/// Change that is to be logged.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The file has been behind by much for long.
    Behind,
    /// It has caught up.
    InStep,
}

impl Lag {
    /// Notes that the file is behind by so many bytes now. Returns a change once.
    pub(super) fn notice(&mut self, now: Duration, behind: u64) -> Option<Notice> {
        if behind <= MUCH {
            self.since = None;
            let caught_up = self.logged && behind == 0;
            self.logged &= !caught_up;
            return caught_up.then_some(Notice::InStep);
        }
        let since = *self.since.get_or_insert(now);
        let late = !self.logged && now.saturating_sub(since) >= LONG;
        self.logged |= late;
        late.then_some(Notice::Behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_far_behind_for_long_is_logged_once_and_again_when_it_has_caught_up() {
        let mut lag = Lag::default();
        let mut at = |millis, behind| lag.notice(Duration::from_millis(millis), behind);
        assert_eq!(at(0, MUCH + 1), None);
        assert_eq!(at(9_999, u64::MAX), None);
        assert_eq!(at(9_999, MUCH), None, "the time begins again");
        assert_eq!(at(10_000, MUCH + 1), None);
        assert_eq!(at(19_999, MUCH + 1), None);
        assert_eq!(at(20_000, MUCH + 1), Some(Notice::Behind));
        assert_eq!(at(90_000, u64::MAX), None);
        assert_eq!(at(90_001, 1), None, "it has not caught up yet");
        assert_eq!(at(90_002, 0), Some(Notice::InStep));
        assert_eq!(at(90_003, 0), None);
    }
}
