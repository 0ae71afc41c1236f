//! What signals mean, the same for every runtime.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use lottery_proto::Instant;
use signal_hook::consts::{SIGHUP, SIGXFSZ};

/// The exit code after a second signal, which does not wait for anything.
pub const EXIT_AT_ONCE: i32 = 1;

/// A supervisor may send a signal twice, to the process and to its group. A person needs longer to mean it.
const TWICE: Duration = Duration::from_millis(200);

/// The signals that tell a program to stop, as they arrive.
#[derive(Debug, Default)]
pub struct StopSignals {
    first: Option<Instant>,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Stop,
    /// It is the first one once more.
    Nothing,
    ExitAtOnce,
}

impl StopSignals {
    /// A signal has arrived: calls `stop` at the first, and ends the process at the second, which is one that comes 200 ms
    /// after the first or later.
    pub fn arrived(&mut self, now: Instant, stop: impl FnOnce()) {
        match self.asks(now) {
            Asks::Stop => stop(),
            Asks::Nothing => {}
            Asks::ExitAtOnce => std::process::exit(EXIT_AT_ONCE),
        }
    }

    fn asks(&mut self, now: Instant) -> Asks {
        match self.first {
            None => {
                self.first = Some(now);
                Asks::Stop
            }
            Some(first) if now.duration_since(first) < TWICE => Asks::Nothing,
            Some(_) => Asks::ExitAtOnce,
        }
    }
}

/// Whether SIGHUP stops the program, as SIGTERM does. Not if whoever started it had it ignored: `nohup` does that, so that
/// the program outlives its terminal.
pub fn hangup_stops() -> bool {
    !fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, SIGHUP))
}

/// Whether a process ignores a signal, as its `status` says in hexadecimal.
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal - 1) & 1 == 1
}

/// Lets a file that reaches the limit of the process's file sizes be a write that fails, as on a full disk: by default the
/// signal that comes with it ends the process.
pub fn outlive_file_size_limit() {
    // A handler that does nothing of interest: to ignore a signal takes `unsafe`. Without it all is as it was by default.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_signal_counts_from_200_ms_after_the_first() {
        let at = |micros| Instant::from_epoch(Duration::from_secs(9) + Duration::from_micros(micros));
        let mut signals = StopSignals::default();
        assert_eq!(signals.asks(at(0)), Asks::Stop);
        for early in [0, 7, 100_000, 199_999] {
            assert_eq!(signals.asks(at(early)), Asks::Nothing);
        }
        for late in [200_000, 200_001, 9_000_000] {
            assert_eq!(signals.asks(at(late)), Asks::ExitAtOnce);
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
