//! Limits of waiting. None of them is a measurement: all of them are generous.

use std::panic;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longest time that a test may take.
pub const TEST: Duration = Duration::from_secs(30);

/// Longest time to an end after a stop.
pub const END: Duration = Duration::from_secs(5);

/// Longest time for what comes as soon as the machines get to it.
pub const SOON: Duration = Duration::from_secs(20);

/// Thread that can be joined with a limit.
#[derive(Debug)]
pub struct Task<T> {
    what: String,
    thread: JoinHandle<T>,
    ended: std::sync::mpsc::Receiver<()>,
}

impl<T: Send + 'static> Task<T> {
    /// Starts a thread.
    pub fn start(what: impl Into<String>, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (alive, ended) = channel();
        let thread = thread::spawn(move || {
            let _alive = alive;
            work()
        });
        Self { what: what.into(), thread, ended }
    }

    /// Waits for the thread's end, at most `limit`. Panics if the thread panicked.
    pub fn join(self, limit: Duration) -> T {
        let (what, ended) = (self.what, self.ended.recv_timeout(limit));
        assert!(ended != Err(RecvTimeoutError::Timeout), "{what} did not end within {limit:?}");
        self.thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    }

    /// Returns true if the thread has ended.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Waits until `is_so` returns true, at most [`SOON`].
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < SOON, "not so within {SOON:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
