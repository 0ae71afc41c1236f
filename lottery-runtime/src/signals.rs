//! Handling of signals, the same for every runtime.
//!
//! A runtime asks [`hangup_stops`], then installs its handlers of SIGTERM, SIGINT and, if so, SIGHUP, and reports each
//! signal that arrives to one [`StopSignals`], with a function that stops its server or client. That function sends
//! [`Envelope::Shutdown`](crate::Envelope::Shutdown), for example, and does not wait.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use lottery_proto::Instant;
use signal_hook::consts::{SIGHUP, SIGXFSZ};

/// Exit code after a second signal, which ends the process at once.
pub const EXIT_AT_ONCE: i32 = 1;

/// Time within which a second signal is ignored: a supervisor may signal both the process and its group,
/// faster than a person.
const TWICE: Duration = Duration::from_millis(200);

/// State of the signals that stop a program.
#[derive(Debug, Default)]
pub struct StopSignals {
    first: Option<Instant>,
}

/// Effect of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Stop,
    /// The signal repeats the first one.
    Ignore,
    ExitAtOnce,
}

impl StopSignals {
    /// Handles a signal that arrived at `now`: calls `stop` at the first, ignores more of them within 200 ms, as
    /// a supervisor may signal both the process and its group, and ends the process with [`EXIT_AT_ONCE`] at one
    /// that comes later.
    pub fn arrived(&mut self, now: Instant, stop: impl FnOnce()) {
        match self.effect(now) {
            Effect::Stop => stop(),
            Effect::Ignore => {}
            Effect::ExitAtOnce => std::process::exit(EXIT_AT_ONCE),
        }
    }

    fn effect(&mut self, now: Instant) -> Effect {
        match self.first {
            None => {
                self.first = Some(now);
                Effect::Stop
            }
            Some(first) if now.duration_since(first) < TWICE => Effect::Ignore,
            Some(_) => Effect::ExitAtOnce,
        }
    }
}

/// Returns true if SIGHUP stops the program, as SIGTERM does. It does not if the program was started with
/// SIGHUP ignored, as `nohup` does so that the program outlives its terminal. To be asked before a handler of that
/// signal is installed, which ends its being ignored.
pub fn hangup_stops() -> bool {
    !fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, SIGHUP))
}

/// Returns true if a process ignores a signal, according to the hexadecimal mask in its `status`.
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal - 1) & 1 == 1
}

/// Turns SIGXFSZ into a failed write, as on a full disk. By default a file that reaches the process's limit
/// for file sizes ends the process. For a program that writes files, at its start; no runtime calls it.
pub fn outlive_file_size_limit() {
    // A handler without effect: ignoring a signal takes `unsafe`. If this fails, the default stays.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_signal_counts_from_200_ms_after_the_first() {
        let at = |micros| Instant::from_epoch(Duration::from_secs(9) + Duration::from_micros(micros));
        let mut signals = StopSignals::default();
        assert_eq!(signals.effect(at(0)), Effect::Stop);
        for early in [0, 7, 100_000, 199_999] {
            assert_eq!(signals.effect(at(early)), Effect::Ignore);
        }
        for late in [200_000, 200_001, 9_000_000] {
            assert_eq!(signals.effect(at(late)), Effect::ExitAtOnce);
        }
        let mut stopped = 0;
        let mut signals = StopSignals::default();
        signals.arrived(at(1), || stopped += 1);
        signals.arrived(at(2), || stopped += 1);
        assert_eq!(stopped, 1);
    }

    #[test]
    fn an_ignored_signal_is_seen_in_the_status() {
        let status =
            "Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000001\n";
        assert!(ignores(status, 1) && ignores(status, 13));
        assert!(!ignores(status, 2) && !ignores("SigIgn:\tx\n", 1) && !ignores("", 1));
    }
}
