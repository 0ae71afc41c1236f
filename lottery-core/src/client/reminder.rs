//! Reminder: logs every 30 seconds the thing that a client waits for, so that it is not taken for stuck.

use std::time::Duration;

use lottery_proto::{AgencyId, Instant};
use tracing::info;

/// Interval between two log lines.
const EVERY: Duration = Duration::from_secs(30);

/// The current wait, if there is one.
#[derive(Debug, Default)]
pub(super) struct Reminder(Option<Waiting>);

#[derive(Debug)]
struct Waiting {
    what: &'static str,
    /// Progress at the beginning of the wait: more progress ends it.
    reached: usize,
    since: Instant,
    /// Time of the next log line.
    next: Instant,
}

impl Reminder {
    /// Notes the thing that is waited for and the progress so far, and logs the wait if it is time.
    pub(super) fn look(
        &mut self,
        now: Instant,
        client_id: AgencyId,
        waits_for: Option<(&'static str, usize)>,
    ) {
        let Some((what, reached)) = waits_for else {
            self.0 = None;
            return;
        };
        let waiting = match &mut self.0 {
            Some(waiting) if (waiting.what, waiting.reached) == (what, reached) => waiting,
            other => other.insert(Waiting { what, reached, since: now, next: now.after(EVERY) }),
        };
        if waiting.next > now {
            return;
        }
        let since = now.duration_since(waiting.since);
        // Lines missed while the machine slept are not made up for.
        waiting.next = now.after(EVERY);
        let seconds = since.as_secs();
        info!(action = "wait", result = "in_progress", client_id = %client_id, what, seconds);
    }

    /// Returns the time of the next log line.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref().map(|waiting| waiting.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logged::logged;

    fn at(seconds: u64) -> Instant {
        Instant::from_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn a_wait_without_progress_is_logged_every_thirty_seconds() {
        let id = AgencyId::new(7).expect("an agency");
        let mut reminder = Reminder::default();
        let lines = logged(|| {
            for (second, waits_for, next) in [
                (0, Some(("an answer", 1)), Some(30)),
                (29, Some(("an answer", 1)), Some(30)),
                (29, Some(("an answer", 2)), Some(59)),
                (40, Some(("the draw", 2)), Some(70)),
                (70, Some(("the draw", 2)), Some(100)),
                (100, Some(("the draw", 2)), Some(130)),
                // The machine slept.
                (1000, Some(("the draw", 2)), Some(1030)),
                (1040, None, None),
                (1041, Some(("the draw", 2)), Some(1071)),
            ] {
                reminder.look(at(second), id, waits_for);
                assert_eq!(reminder.deadline(), next.map(at), "{second}");
            }
        });
        let line = |seconds| {
            format!(
                " INFO action=\"wait\" result=\"in_progress\" client_id=7 what=\"the draw\" seconds={seconds}\n"
            )
        };
        assert_eq!(lines, [30, 60, 960].map(line).concat());
    }
}
