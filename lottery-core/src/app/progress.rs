//! How far an agency is, on a terminal only: a bar below the log lines.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::agency::Progress;

/// The bar, hidden where nobody could see it.
#[derive(Clone, Debug)]
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// A bar on standard error, if that is a terminal.
    pub(super) fn new() -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} bets  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Shows that an agency has come so far.
    pub(super) fn show(&self, progress: Progress) {
        self.0.set_length(progress.total as u64);
        self.0.set_position(progress.sent as u64);
        self.0.set_message(match progress {
            Progress { cut_off: true, .. } => "cut off, trying again",
            Progress { stored: true, .. } => "stored, waiting for the draw",
            Progress { .. } => "sending",
        });
        self.0.enable_steady_tick(Duration::from_millis(250));
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// Standard output for log lines: the bar makes room for each.
#[derive(Clone, Debug)]
pub(super) struct Lines(pub(super) Bar);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.0.suspend(|| io::stdout().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stands_where_the_agency_is_and_says_what_it_does() {
        let bar = Bar::new();
        let progress = Progress { sent: 3, total: 9, stored: false, cut_off: false };
        for (progress, message) in [
            (progress, "sending"),
            (Progress { cut_off: true, ..progress }, "cut off, trying again"),
            (Progress { sent: 9, stored: true, ..progress }, "stored, waiting for the draw"),
        ] {
            bar.show(progress);
            assert_eq!((bar.0.position(), bar.0.length()), (progress.sent as u64, Some(9)));
            assert_eq!(bar.0.message(), message);
        }
        assert!(!bar.0.is_finished());
        bar.clear();
        assert!(bar.0.is_finished());
    }
}
