//! Memory that connections share, beyond their own.

mod pool;
pub(crate) mod queue_room;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_proto::{ConnId, Lender};

pub(crate) use self::pool::Wake;
use self::pool::{Pool, Waiting};

/// Memory that the connections of a server share.
///
/// A connection that waits is served in its turn, with all that its message can need: none holds a part and
/// waits for more, so there is no deadlock. A reserve is kept for the first of those that wait, so that
/// others cannot starve it.
#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
    /// True while a connection waits.
    wanted: AtomicBool,
}

#[derive(Debug)]
struct State {
    pool: Pool,
    /// Bytes given to connections that waited and have not taken them yet.
    granted: BTreeMap<ConnId, usize>,
}

impl Memory {
    /// Creates memory of `limit` bytes, of which `reserve` are for connections that wait.
    pub fn new(limit: usize, reserve: usize) -> Arc<Self> {
        let state = State { pool: Pool::with_reserve(limit, reserve), granted: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state), wanted: AtomicBool::new(false) })
    }

    /// Returns the number of bytes that are lent.
    pub fn used(&self) -> usize {
        self.lock().pool.used()
    }

    /// Returns the share of a connection. `wake` makes the call that it gets when the memory that it has waited for is
    /// there.
    pub(crate) fn lender<W: Fn() -> Wake>(self: &Arc<Self>, conn: ConnId, wake: W) -> Share<W> {
        Share { memory: Arc::clone(self), conn, wake, held: 0, waits: false }
    }

    /// Gives memory to the connections that wait, as far as it goes, and notifies them.
    fn grant(&self, mut state: MutexGuard<'_, State>) {
        let mut woken = Vec::new();
        while let Some(Waiting { conn, bytes, wake, .. }) = state.pool.grant() {
            *state.granted.entry(conn).or_default() += bytes;
            woken.push(wake);
        }
        self.wanted.store(state.pool.is_waited_for(), Ordering::Relaxed);
        drop(state);
        // Called without the lock: a mailbox runs code of the runtime.
        for wake in woken {
            wake.deliver(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Share of a connection.
pub(crate) struct Share<W> {
    memory: Arc<Memory>,
    conn: ConnId,
    wake: W,
    held: usize,
    waits: bool,
}

impl<W> Share<W> {
    /// Reduces the share to `bytes`, and stops waiting.
    fn give(&mut self, bytes: usize) {
        let mut state = self.memory.lock();
        if std::mem::take(&mut self.waits) {
            state.pool.leave(self.conn);
        }
        self.held += state.granted.remove(&self.conn).unwrap_or(0);
        state.pool.give(self.held.saturating_sub(bytes));
        self.held = self.held.min(bytes);
        self.memory.grant(state);
    }
}

impl<W: Fn() -> Wake> Share<W> {
    /// Raises the share to `bytes` and returns true, or waits for them.
    fn take(&mut self, bytes: usize, waits: bool) -> bool {
        let mut state = self.memory.lock();
        if let Some(granted) = state.granted.remove(&self.conn) {
            self.held += granted;
            self.waits = false;
        }
        let more = bytes.saturating_sub(self.held);
        let held = more == 0 || (!self.waits && state.pool.take(more));
        if held {
            self.held = self.held.max(bytes);
        } else if waits && !self.waits {
            self.waits = true;
            state.pool.wait(Waiting { conn: self.conn, bytes: more, held: self.held, wake: (self.wake)() });
            // The memory may be there, but reserved for connections that wait.
            self.memory.grant(state);
        }
        held
    }
}

impl<W: Fn() -> Wake + Send + Sync> Lender for Share<W> {
    fn hold(&mut self, bytes: usize) -> bool {
        if bytes <= self.held {
            self.give(bytes);
            return true;
        }
        self.take(bytes, false)
    }

    fn wait_for(&mut self, bytes: usize) -> bool {
        self.take(bytes, true)
    }

    fn held(&mut self, bytes: usize) {
        let more = bytes.saturating_sub(self.held);
        self.memory.lock().pool.force(more);
        self.held += more;
    }

    fn is_wanted(&self) -> bool {
        self.memory.wanted.load(Ordering::Relaxed)
    }
}

impl<W> Drop for Share<W> {
    fn drop(&mut self) {
        self.give(0);
    }
}

impl<W> fmt::Debug for Share<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({})", self.held)
    }
}
