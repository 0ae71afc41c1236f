//! Progress of an agency, on a terminal only: a bar below the log lines. The thread that writes the lines
//! draws it, so that a stopped terminal stops nothing else.

use std::io::{self, IsTerminal as _};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lottery_core::agency::Progress;

use crate::log::{Patience, Queue, Sink, StandardOutput, writable};

/// Time for which output other than log lines waits until earlier lines are written, while nobody reads
/// them.
const SETTLING: Duration = Duration::from_secs(1);

/// Handle with which an agency shows its progress. Clones are the same bar.
#[derive(Clone, Debug)]
pub(super) struct Bar(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// True if standard error is a terminal.
    is_seen: bool,
    wanted: Mutex<Wanted>,
    /// Queue whose thread draws.
    queue: OnceLock<Queue>,
}

/// Change that is to be drawn.
#[derive(Debug, Default)]
struct Wanted {
    progress: Option<Progress>,
    is_over: bool,
}

impl Bar {
    /// Creates a bar on standard error, if that is a terminal.
    pub(super) fn new() -> Self {
        let is_seen = io::stderr().is_terminal();
        Self(Arc::new(Shared { is_seen, wanted: Mutex::default(), queue: OnceLock::new() }))
    }

    /// True if the bar is drawn on a terminal.
    pub(super) fn is_seen(&self) -> bool {
        self.0.is_seen
    }

    /// Returns standard output for log lines: the bar makes room for each.
    pub(super) fn lines(&self) -> io::Result<Lines> {
        Ok(Lines { output: StandardOutput::new()?, drawn: Drawn::new(self.0.is_seen), bar: self.clone() })
    }

    /// Sets the queue whose thread writes the lines.
    pub(super) fn beside(&self, queue: &Queue) {
        // The first one counts.
        let _ = self.0.queue.set(queue.clone());
    }

    /// Shows the progress of an agency.
    pub(super) fn show(&self, progress: Progress) {
        self.want(|wanted| wanted.progress = Some(progress));
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        self.want(|wanted| wanted.is_over = true);
    }

    /// Waits until the lines so far are written, as long as somebody reads them.
    pub(super) fn settle(&self) {
        if let Some(queue) = self.0.queue.get() {
            queue.finish(Patience::Idle(SETTLING), || writable(io::stdout(), Duration::ZERO));
        }
    }

    fn want(&self, change: impl FnOnce(&mut Wanted)) {
        if self.0.is_seen {
            change(&mut self.wanted());
            if let Some(queue) = self.0.queue.get() {
                queue.wake();
            }
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Destination of log lines.
#[derive(Debug)]
pub(super) struct Lines {
    output: StandardOutput,
    drawn: Drawn,
    bar: Bar,
}

impl Sink for Lines {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let output = &mut self.output;
        self.drawn.0.suspend(|| output.write(lines))
    }

    fn beside(&mut self) {
        let wanted = mem::take(&mut *self.bar.wanted());
        self.drawn.draw(&wanted);
    }
}

/// The bar on the terminal.
#[derive(Debug)]
struct Drawn(ProgressBar);

impl Drawn {
    fn new(is_seen: bool) -> Self {
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} bets  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn draw(&self, Wanted { progress, is_over }: &Wanted) {
        if let Some(progress) = progress {
            self.0.set_length(progress.total as u64);
            self.0.set_position(progress.sent as u64);
            self.0.set_message(match progress {
                Progress { cut_off: true, .. } => "cut off, trying again",
                Progress { stored: true, .. } => "stored, waiting for the draw",
                Progress { .. } => "sending",
            });
            self.0.enable_steady_tick(Duration::from_millis(250));
        }
        if *is_over {
            self.0.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stands_where_the_agency_is_and_says_what_it_does() {
        let drawn = Drawn::new(false);
        let progress = Progress { sent: 3, total: 9, stored: false, cut_off: false };
        for (progress, message) in [
            (progress, "sending"),
            (Progress { cut_off: true, ..progress }, "cut off, trying again"),
            (Progress { sent: 9, stored: true, ..progress }, "stored, waiting for the draw"),
        ] {
            drawn.draw(&Wanted { progress: Some(progress), is_over: false });
            assert_eq!((drawn.0.position(), drawn.0.length()), (progress.sent as u64, Some(9)));
            assert_eq!(drawn.0.message(), message);
        }
        assert!(!drawn.0.is_finished());
        drawn.draw(&Wanted { progress: None, is_over: true });
        assert!(drawn.0.is_finished());
    }

    #[test]
    fn only_the_last_of_what_is_wanted_is_drawn() {
        let shared = Shared { is_seen: true, wanted: Mutex::default(), queue: OnceLock::new() };
        let bar = Bar(Arc::new(shared));
        let mut lines =
            Lines { output: StandardOutput::new().unwrap(), drawn: Drawn::new(false), bar: bar.clone() };
        for sent in 0..5 {
            bar.show(Progress { sent, total: 9, stored: false, cut_off: false });
        }
        lines.beside();
        assert_eq!(lines.drawn.0.position(), 4);
        bar.clear();
        lines.beside();
        assert!(lines.drawn.0.is_finished());
        assert_eq!(lines.write(b"").unwrap(), 0);
    }

    #[test]
    fn a_bar_that_nobody_could_see_is_not_drawn() {
        let bar = Bar::new();
        bar.show(Progress { sent: 1, total: 9, stored: false, cut_off: false });
        assert_eq!(bar.wanted().progress.is_some(), bar.is_seen());
    }
}
