//! Progress of the agencies: bars on a terminal, and elsewhere a line for each agency that is done.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::process::Role;

/// Largest number of agencies that are shown one by one.
const MOST_SHOWN: usize = 20;

const BAR: &str = "{prefix:>10} {bar:40} {pos:>8}/{len} {msg}";

/// Display of the agencies' progress, on standard error.
#[derive(Debug)]
pub(super) struct Progress {
    /// Bar of each agency; none without a terminal, or with more than [`MOST_SHOWN`] agencies.
    bars: Vec<ProgressBar>,
    all: MultiProgress,
    lines: bool,
    /// True for an agency that has lost its connection and has no new one yet.
    cut_off: Vec<bool>,
}

impl Progress {
    /// Creates the display for `agencies` agencies.
    pub(super) fn new(agencies: usize) -> Self {
        let shown = agencies <= MOST_SHOWN;
        let terminal = stderr().is_terminal();
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template(BAR).expect("the template is right");
        let bar = |agency| {
            let bar = ProgressBar::new(0).with_style(style.clone()).with_prefix(format!("agency {agency}"));
            all.add(bar)
        };
        Self {
            bars: (1..=agencies).filter(|_| shown && terminal).map(bar).collect(),
            all,
            lines: shown && !terminal,
            cut_off: vec![false; agencies],
        }
    }

    /// Shows that an agency has sent `bets` of its `total` bets.
    pub(super) fn sent(&mut self, agency: u8, bets: u64, total: u64) {
        self.cut_off[index(agency)] = false;
        if let Some(bar) = self.bar(agency).filter(|bar| !bar.is_finished()) {
            bar.set_length(total);
            bar.set_position(bets);
            bar.set_message("");
        }
    }

    /// Shows that all of an agency's bets are stored.
    pub(super) fn stored(&mut self, agency: u8, bets: u64, after: Duration) {
        self.cut_off[index(agency)] = false;
        if let Some(bar) = self.bar(agency) {
            bar.finish_with_message("stored");
        }
        if self.lines {
            // indicatif prints nothing where there is no terminal.
            eprintln!("agency {agency}: {bets} bets stored after {:.3} s", after.as_secs_f64());
        }
    }

    /// Shows that an agency has lost its connection, and tries again: once until it has another.
    pub(super) fn reconnects(&mut self, agency: u8) {
        if std::mem::replace(&mut self.cut_off[index(agency)], true) {
            return;
        }
        if let Some(bar) = self.bar(agency) {
            bar.set_message("reconnects");
        }
        if self.lines {
            eprintln!("agency {agency}: reconnects");
        }
    }

    /// Shows that a process was killed, and that `left` kills are left.
    pub(super) fn kills(&self, victim: Role, left: usize) {
        let line = format!("killed {victim}, {left} to go");
        if self.lines {
            eprintln!("{line}");
        } else {
            // The demo works without this line.
            let _ = self.all.println(line);
        }
    }

    fn bar(&self, agency: u8) -> Option<&ProgressBar> {
        self.bars.get(index(agency))
    }
}

fn index(agency: u8) -> usize {
    usize::from(agency - 1)
}
