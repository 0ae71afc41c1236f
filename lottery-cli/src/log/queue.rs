//! Queue between threads that log and the thread that writes: none of the former waits for a reader of
//! standard output.
//!
//! A line that comes after a pause is written at once. Those that follow wait for each other for [`PAUSE`]
//! and are written together: a write for each line would wake its reader each time. Nobody waits at an end:
//! [`Queue::finish`] cuts the pause short.
//!
//! The queue is bounded in bytes. A line that does not fit is dropped and counted, and so are all after it until
//! the writer takes the queued lines; then a line in their place gives their number. Lines that could not
//! be written are reported the same way, as soon as one can be.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Maximum number of bytes of lines that wait, and of lines that are being written besides them.
pub const QUEUE_SIZE: usize = 1 << 20;

/// Pause between two writes: a line is written so much later at most, if it can be.
pub const PAUSE: Duration = Duration::from_millis(5);

/// Pause between two checks if the last lines can be written at all.
const TICK: Duration = Duration::from_millis(20);

/// Destination of lines. Only the writer's thread calls it, and it may block.
pub trait Sink: Send + 'static {
    /// Writes some of the bytes, as [`io::Write::write`] does.
    ///
    /// # Errors
    ///
    /// The operating system's error; the lines are lost.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize>;
}

/// Time for which the end of a program waits for the last lines while nobody reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Patience {
    /// Time from one line to the next.
    Idle(Duration),
    /// Time in all.
    Whole(Duration),
}

/// Queue of lines. Clones are the same queue.
#[derive(Clone, Debug)]
pub struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    pause: Duration,
    state: Mutex<State>,
    /// Signals that there is something to write, and that it cannot wait.
    filled: Condvar,
    /// Signals that everything is written.
    drained: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    /// Number of lines that did not fit behind these.
    lost: u64,
    /// True while the writer is at work.
    busy: bool,
    /// True while the writer waits for a line without a pause.
    sleeps: bool,
    /// Number of threads that wait until everything is written.
    finishing: usize,
}

impl Queue {
    /// Creates a queue of `limit` bytes, and starts the thread that writes its lines. `lost` makes a line, with its end,
    /// of the number of lines that were lost.
    ///
    /// # Errors
    ///
    /// No thread can be started.
    pub fn start(
        limit: usize,
        lost: impl Fn(u64) -> String + Send + 'static,
        sink: impl Sink,
    ) -> io::Result<Self> {
        Self::with_pause(PAUSE, limit, lost, sink)
    }

    /// Works like [`Queue::start`], with another pause between two writes.
    pub(crate) fn with_pause(
        pause: Duration,
        limit: usize,
        lost: impl Fn(u64) -> String + Send + 'static,
        mut sink: impl Sink,
    ) -> io::Result<Self> {
        let (state, filled, drained) = (Mutex::default(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { limit, pause, state, filled, drained });
        let queue = Self(Arc::clone(&shared));
        let mut writer = Writer { lost, owed: 0, torn: false };
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let mut pause = Duration::ZERO;
            loop {
                let (lines, lost) = shared.next(pause);
                writer.write(&mut sink, &lines, lost);
                pause = shared.pause;
            }
        })?;
        Ok(queue)
    }

    /// Queues a line, or counts it as lost. Never blocks.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.lock();
        if state.lost > 0 || state.lines.len().saturating_add(line.len()) > self.0.limit {
            state.lost += 1;
        } else {
            state.lines.extend_from_slice(line);
        }
        // A writer that is at work, or in its pause, looks for lines by itself.
        let wakes = state.sleeps || state.is_urgent(self.0.limit);
        state.sleeps = false;
        drop(state);
        if wakes {
            self.0.filled.notify_one();
        }
    }

    /// Waits until everything is written, and returns true. Gives up, and returns false, once `writable`
    /// has said for so long that nothing can be written.
    pub fn finish(&self, patience: Patience, writable: impl Fn() -> bool) -> bool {
        self.0.lock().finishing += 1;
        self.0.filled.notify_one();
        let is_written = self.wait(patience, writable);
        self.0.lock().finishing -= 1;
        is_written
    }

    fn wait(&self, patience: Patience, writable: impl Fn() -> bool) -> bool {
        let mut stuck = Duration::ZERO;
        loop {
            let state = self.0.lock();
            let waited = self.0.drained.wait_timeout_while(state, TICK, |state| !state.is_idle());
            if waited.unwrap_or_else(PoisonError::into_inner).0.is_idle() {
                return true;
            }
            let limit = match patience {
                Patience::Idle(limit) | Patience::Whole(limit) => limit,
            };
            // A writer that is only slow, on a busy machine, gets the time it needs.
            if !writable() {
                stuck += TICK;
            } else if matches!(patience, Patience::Idle(_)) {
                stuck = Duration::ZERO;
            }
            if stuck >= limit {
                return false;
            }
        }
    }
}

impl io::Write for Queue {
    /// Queues a line, whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    /// Waits for something to write, `pause` at least unless it is urgent. Returns the lines, and the number of lines lost behind them.
    fn next(&self, pause: Duration) -> (Vec<u8>, u64) {
        let mut state = self.lock();
        state.busy = false;
        if state.is_idle() {
            self.drained.notify_all();
        }
        let paused = self.filled.wait_timeout_while(state, pause, |state| !state.is_urgent(self.limit));
        state = paused.unwrap_or_else(PoisonError::into_inner).0;
        while state.is_idle() {
            state.sleeps = true;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (state.busy, state.sleeps) = (true, false);
        (std::mem::take(&mut state.lines), std::mem::take(&mut state.lost))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.lines.is_empty() && self.lost == 0 && !self.busy
    }

    /// True if the lines cannot wait for others: somebody waits for them, or room is getting short.
    fn is_urgent(&self, limit: usize) -> bool {
        self.finishing > 0 || self.lost > 0 || self.lines.len() > limit / 2
    }
}

/// State of the writer's thread.
struct Writer<L> {
    /// Function that makes a line of the number of lost ones.
    lost: L,
    /// Number of lost lines that have not been reported.
    owed: u64,
    /// True if the last line was written in part.
    torn: bool,
}

impl<L: Fn(u64) -> String> Writer<L> {
    fn write(&mut self, sink: &mut impl Sink, lines: &[u8], lost: u64) {
        let told = self.tell(sink);
        let taken = if told { self.put(sink, lines) } else { 0 };
        let unwritten = lines[taken..].split_inclusive(|byte| *byte == b'\n').count();
        self.owed += u64::try_from(unwritten).unwrap_or(u64::MAX) + lost;
        if taken == lines.len() {
            self.tell(sink);
        }
    }

    /// Reports the number of lost lines, if there are any. Returns true if nothing is left to report.
    fn tell(&mut self, sink: &mut impl Sink) -> bool {
        if self.owed > 0 {
            let line = (self.lost)(self.owed);
            if self.put(sink, line.as_bytes()) < line.len() {
                return false;
            }
            self.owed = 0;
        }
        true
    }

    /// Writes bytes. Returns the number written: all, unless it failed.
    fn put(&mut self, sink: &mut impl Sink, bytes: &[u8]) -> usize {
        // A torn line is ended first, so that the next begins on its own.
        if self.torn && !bytes.is_empty() {
            if !matches!(sink.write(b"\n"), Ok(1)) {
                return 0;
            }
            self.torn = false;
        }
        let mut taken = 0;
        while taken < bytes.len() {
            match sink.write(&bytes[taken..]) {
                Ok(0) => break,
                Ok(written) => taken += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        if taken > 0 {
            self.torn = bytes[taken - 1] != b'\n';
        }
        taken
    }
}

#[cfg(test)]
mod tests;
