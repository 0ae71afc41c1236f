//! The queue between those who log and the thread that writes: nobody waits for a reader of standard output.
//!
//! It is bounded in bytes. A line that does not fit is dropped and counted, and so are all after it until the writer takes
//! what is queued; then a line in their place says how many they were. The same is said of lines that could not be
//! written, as soon as one can be.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::Clock;

/// The most bytes of lines that wait, and the most that are being written besides them.
pub const QUEUE_SIZE: usize = 1 << 20;

/// A pause between two looks whether the last lines can be written at all.
const TICK: Duration = Duration::from_millis(20);

/// Where lines go. Only the writer's thread calls it, and it may block.
pub trait Sink: Send + 'static {
    /// Writes some of the bytes, as [`io::Write::write`] does.
    ///
    /// # Errors
    /// What the system says; the lines are lost.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Does what else is to be done, after [`Queue::wake`].
    fn beside(&mut self) {}
}

/// For how long the last lines are waited for while nobody takes any, at the end of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// So long from one line to the next.
    Idle(Duration),
    /// So long in all.
    Whole(Duration),
}

/// The end at which lines go in. Clones are the same queue.
#[derive(Clone, Debug)]
pub struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    state: Mutex<State>,
    /// There is something to write, or to do.
    filled: Condvar,
    /// The writer has done all that there was.
    drained: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    /// Lines that did not fit behind these.
    lost: u64,
    woken: bool,
    /// The writer is at work.
    busy: bool,
}

impl Queue {
    /// A queue of so many bytes, and the thread that writes what is in it.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(limit: usize, clock: Clock, mut sink: impl Sink) -> io::Result<Self> {
        let (state, filled, drained) = (Mutex::default(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { limit, state, filled, drained });
        let queue = Self(Arc::clone(&shared));
        let mut writer = Writer { clock, owed: 0, torn: false };
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            loop {
                let (lines, lost) = shared.next();
                sink.beside();
                writer.write(&mut sink, &lines, lost);
            }
        })?;
        Ok(queue)
    }

    /// Puts a line in, or counts it as lost. It never waits.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.lock();
        if state.lost > 0 || state.lines.len().saturating_add(line.len()) > self.0.limit {
            state.lost += 1;
        } else {
            state.lines.extend_from_slice(line);
        }
        drop(state);
        self.0.filled.notify_one();
    }

    /// Lets the writer do what else is to be done.
    pub fn wake(&self) {
        self.0.lock().woken = true;
        self.0.filled.notify_one();
    }

    /// Waits until all is written. It gives up after so long during which `writable` says that nothing can be.
    pub fn finish(&self, patience: Patience, writable: impl Fn() -> bool) -> bool {
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
            // A writer that is only slow, on a busy machine, is waited for.
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
    /// Puts a line in, whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    /// Waits for something to do: lines, and how many were lost behind them.
    fn next(&self) -> (Vec<u8>, u64) {
        let mut state = self.lock();
        state.busy = false;
        if state.is_idle() {
            self.drained.notify_all();
        }
        while state.is_idle() {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy = true;
        state.woken = false;
        (std::mem::take(&mut state.lines), std::mem::take(&mut state.lost))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.lines.is_empty() && self.lost == 0 && !self.woken && !self.busy
    }
}

/// The writer's side.
struct Writer {
    clock: Clock,
    /// Lines that were lost, which nobody has been told of.
    owed: u64,
    /// The last line was written in part.
    torn: bool,
}

impl Writer {
    fn write(&mut self, sink: &mut impl Sink, lines: &[u8], lost: u64) {
        let told = self.tell(sink);
        let taken = if told { self.put(sink, lines) } else { 0 };
        let unwritten = lines[taken..].split_inclusive(|byte| *byte == b'\n').count();
        self.owed += u64::try_from(unwritten).unwrap_or(u64::MAX) + lost;
        if taken == lines.len() {
            self.tell(sink);
        }
    }

    /// Says how many lines were lost, if some were. Returns whether nothing is owed any more.
    fn tell(&mut self, sink: &mut impl Sink) -> bool {
        if self.owed > 0 {
            let (time, lost) = (self.clock.time(), self.owed);
            let line = format!("{time} WARNING  action: log | result: fail | lost_lines: {lost}\n");
            if self.put(sink, line.as_bytes()) < line.len() {
                return false;
            }
            self.owed = 0;
        }
        true
    }

    /// Writes bytes, and returns how many; all, unless it failed.
    fn put(&mut self, sink: &mut impl Sink, bytes: &[u8]) -> usize {
        // What follows half a line begins in the next.
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
