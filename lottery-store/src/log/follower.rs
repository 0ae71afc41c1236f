//! `bets.csv` behind the answers: a thread reads durable rows back from the log and appends them.
//!
//! It is handed no rows, only told that there are some, so nothing queues up: what it has not written yet is in
//! the log, whether that is the last group or, after a full disk, a million.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::lag::{Lag, Notice};
use super::rows::LogRows;
use crate::csv_file::CsvFile;

/// Interval at which the file is checked while there is nothing to write.
const PAUSE: Duration = Duration::from_secs(1);
/// Rest after each write: rows of several groups are written together then, instead of a file and a thread being woken
/// for each.
const REST: Duration = Duration::from_millis(5);
/// Time for missing rows when the store is closed. The next start writes what is missing then.
const AT_THE_END: Duration = Duration::from_secs(1);

/// Writer of `bets.csv`.
#[derive(Debug)]
pub(super) enum Follower {
    /// The file, which the owner writes at each call: on simulated disks.
    Inline(Box<CsvFile>, LogRows),
    /// A thread that has the file.
    Thread(Arc<Progress>, Option<JoinHandle<()>>),
}

/// Progress of the thread.
#[derive(Debug, Default)]
pub(super) struct Progress {
    numbers: Mutex<Numbers>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Numbers {
    /// Number of times that there were new rows.
    rung: u64,
    /// Value of `rung` that the thread saw before it last wrote all it could.
    done: u64,
    /// True while somebody waits for all rows.
    is_awaited: bool,
    /// True while the thread waits for new rows, and is to be woken: a call to the system.
    waits: bool,
    closing: bool,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to do, or for a while.
    fn wait(&self, done: u64) -> (u64, bool) {
        let waits = |numbers: &mut Numbers| {
            numbers.waits = numbers.rung == done && !numbers.closing;
            numbers.waits
        };
        let waited = self.changed.wait_timeout_while(self.lock(), PAUSE, waits);
        let (mut numbers, _) = waited.unwrap_or_else(PoisonError::into_inner);
        numbers.waits = false;
        (numbers.rung, numbers.closing)
    }

    /// Waits for this time, or until somebody waits for all rows.
    fn rest(&self, time: Duration) {
        let rests = |numbers: &mut Numbers| !numbers.is_awaited && !numbers.closing;
        drop(self.changed.wait_timeout_while(self.lock(), time, rests));
    }

    /// Notes that there are new rows, and returns the number of this time.
    fn ring(&self) -> u64 {
        let mut numbers = self.lock();
        numbers.rung += 1;
        if mem::take(&mut numbers.waits) {
            self.changed.notify_all();
        }
        numbers.rung
    }

    /// Does as [`Progress::ring`], and has all rows written now.
    fn ring_now(&self, closing: bool) -> u64 {
        let mut numbers = self.lock();
        numbers.rung += 1;
        numbers.is_awaited = true;
        numbers.closing |= closing;
        self.changed.notify_all();
        numbers.rung
    }

    /// Notes that all was written that there was at that time.
    fn done(&self, rung: u64) {
        let mut numbers = self.lock();
        numbers.done = rung;
        if numbers.is_awaited {
            numbers.is_awaited = numbers.rung > rung;
            self.changed.notify_all();
        }
    }

    fn run(&self, mut file: CsvFile, mut rows: LogRows) {
        let (mut done, mut lag, epoch) = (0, Lag::default(), Instant::now());
        loop {
            let (rung, closing) = self.wait(done);
            let start = Instant::now();
            while let Some(end) = rows.len() {
                let before = (file.len(), file.unchecked());
                file.follow(&mut rows, end);
                rows.followed(file.len());
                log_lag(&mut lag, epoch.elapsed(), end.saturating_sub(file.len()), &file);
                let late = self.lock().closing && start.elapsed() >= AT_THE_END;
                if (file.len(), file.unchecked()) == before || late {
                    break;
                }
            }
            done = rung;
            self.done(done);
            if closing {
                return;
            }
            self.rest(REST);
        }
    }
}

/// Logs that the file is behind by much for long, unless it has said why, and that it no longer is.
fn log_lag(lag: &mut Lag, now: Duration, behind: u64, file: &CsvFile) {
    match lag.notice(now, if file.has_said_why() { 0 } else { behind }) {
        Some(Notice::Behind) => warn!(action = "follow_bets_csv", result = "in_progress", behind),
        Some(Notice::InStep) if behind == 0 => {
            info!(action = "follow_bets_csv", result = "success", size = file.len());
        }
        _ => {}
    }
}

impl Follower {
    /// Starts the thread; without one the owner writes the file itself.
    pub(super) fn start(file: CsvFile, rows: LogRows) -> Self {
        let progress = Arc::new(Progress::default());
        // There may be something to compare, though no rows are new.
        progress.ring();
        rows.followed(file.len());
        let handed = Arc::new(Mutex::new(Some((file, rows))));
        let job = {
            let (progress, handed) = (Arc::clone(&progress), Arc::clone(&handed));
            move || {
                let handed = handed.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some((file, rows)) = handed {
                    progress.run(file, rows);
                }
            }
        };
        if let Ok(thread) = thread::Builder::new().name("lottery-csv".to_owned()).spawn(job) {
            return Self::Thread(progress, Some(thread));
        }
        let handed = handed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (file, rows) = handed.expect("no thread has taken it");
        Self::inline(file, rows)
    }

    /// Makes the owner write the file. All of it is compared at once.
    pub(super) fn inline(mut file: CsvFile, mut rows: LogRows) -> Self {
        while let Some(end) = rows.len() {
            let before = file.unchecked();
            if before > 0 {
                file.follow(&mut rows, end);
            }
            if file.unchecked() == before {
                break;
            }
        }
        rows.followed(file.len());
        Self::Inline(Box::new(file), rows)
    }

    /// Notes that there are new rows.
    pub(super) fn follow(&mut self) {
        match self {
            Self::Inline(file, rows) => {
                if let Some(end) = rows.len() {
                    file.follow(rows, end);
                    rows.followed(file.len());
                }
            }
            Self::Thread(progress, _) => {
                progress.ring();
            }
        }
    }

    /// Checks the file while there are no new rows. The thread does so by itself.
    pub(super) fn tend(&mut self) {
        if let Self::Inline(..) = self {
            self.follow();
        }
    }

    /// Waits until all rows are in the file, as far as it can be written.
    pub(super) fn complete(&self) {
        let Self::Thread(progress, Some(thread)) = self else { return };
        let rung = progress.ring_now(false);
        // A thread that panicked does nothing any more.
        let mut numbers = progress.lock();
        while numbers.done < rung && !thread.is_finished() {
            let waited = progress.changed.wait_timeout(numbers, PAUSE);
            numbers = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Self::Thread(progress, thread) = self {
            progress.ring_now(true);
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any test takes.
    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_rest_ends_when_somebody_waits_for_all_rows() {
        for closing in [false, true] {
            let progress = Progress::default();
            thread::scope(|scope| {
                scope.spawn(|| progress.rest(LONG));
                progress.ring_now(closing);
            });
            assert_eq!(progress.wait(0), (1, closing));
        }
    }

    #[test]
    fn rows_that_came_during_a_rest_are_written_after_it() {
        let progress = Progress::default();
        assert_eq!([progress.ring(), progress.ring()], [1, 2]);
        assert_eq!(progress.wait(0), (2, false), "both at once, without a wait");
        progress.done(2);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| progress.wait(2));
            progress.ring();
            assert_eq!(waiting.join().unwrap(), (3, false));
        });
    }

    #[test]
    fn a_wait_for_all_rows_includes_those_that_came_meanwhile() {
        let progress = Progress::default();
        let rung = progress.ring_now(false);
        assert_eq!(progress.wait(0), (rung, false));
        let later = progress.ring_now(false);
        progress.done(rung);
        progress.rest(LONG);
        assert_eq!(progress.wait(rung), (later, false));
        progress.done(later);
        assert!(!progress.lock().is_awaited);
    }
}
