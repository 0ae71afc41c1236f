//! `bets.csv` behind the answers: a thread reads durable rows back from the log and appends them.
//!
//! It is handed no rows, only told that there are some, so nothing queues up: what it has not written yet is in
//! the log, whether that is the last group or, after a full disk, a million.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::lag::{Lag, Notice};
use super::rows::LogRows;
use crate::csv_file::CsvFile;

/// Interval at which the file is checked while there is nothing to write.
const PAUSE: Duration = Duration::from_secs(1);
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
    closing: bool,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to do, or for a while.
    fn wait(&self, done: u64) -> (u64, bool) {
        let waits = |numbers: &mut Numbers| numbers.rung == done && !numbers.closing;
        let waited = self.changed.wait_timeout_while(self.lock(), PAUSE, waits);
        let (numbers, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (numbers.rung, numbers.closing)
    }

    fn ring(&self, closing: bool) -> u64 {
        let mut numbers = self.lock();
        numbers.rung += 1;
        numbers.closing |= closing;
        self.changed.notify_all();
        numbers.rung
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
            self.lock().done = done;
            self.changed.notify_all();
            if closing {
                return;
            }
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
        progress.ring(false);
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
                progress.ring(false);
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
        let rung = progress.ring(false);
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
            progress.ring(true);
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}
