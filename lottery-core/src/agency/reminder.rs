//! Word from who waits: every 30 seconds what for, so that nobody takes it for stuck.

use std::time::Duration;

use lottery_proto::{AgencyId, Instant};
use tracing::info;

/// How often it is said.
const EVERY: Duration = Duration::from_secs(30);

/// What is waited for, and since when.
#[derive(Debug, Default)]
pub(super) struct Reminder(Option<Waiting>);

#[derive(Debug)]
struct Waiting {
    what: &'static str,
    /// How far it was when it began to wait: whoever gets further does not wait.
    reached: usize,
    since: Instant,
    /// When it is said next.
    next: Instant,
}

impl Reminder {
    /// Takes note of what is waited for now, by who has come so far, and says so if it is time.
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
        // Of those that were slept through none is made up for.
        waiting.next = now.after(EVERY);
        let seconds = since.as_secs();
        info!(action = "wait", result = "in_progress", client_id = %client_id, what, seconds);
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref().map(|waiting| waiting.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lottery_testkit::log::{Level, logged};

    fn at(seconds: u64) -> Instant {
        Instant::from_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn who_waits_says_so_every_thirty_seconds_and_who_goes_on_does_not() {
        let id = AgencyId::new(7).expect("an agency");
        let mut reminder = Reminder::default();
        let lines = logged(Level::Info, || {
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
                "INFO     action: wait | result: in_progress | client_id: 7 | what: the draw | seconds: {seconds}"
            )
        };
        assert_eq!(lines, [line(30), line(60), line(960)]);
    }
}
