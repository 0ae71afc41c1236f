//! Memory that connections share, for what is not always their own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_proto::{ConnId, Lender};
use lottery_runtime::Mailbox;

use crate::commit_queue::Notice;
use crate::pool::{Pool, Waiting};

/// What the connections of a centre share.
///
/// Who waits gets it in its turn, and all that its message can need: nobody holds something and waits for more in a
/// circle. A part is kept for who is first among those who wait, so that it does not wait for as long as others come.
#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
    /// Whether somebody waits.
    wanted: AtomicBool,
}

#[derive(Debug)]
struct State {
    pool: Pool,
    /// What was given to those who waited, and have not come for it.
    granted: BTreeMap<ConnId, usize>,
}

impl Memory {
    /// Memory of `limit` bytes, of which `reserve` are for who waits.
    pub fn new(limit: usize, reserve: usize) -> Arc<Self> {
        let state = State { pool: Pool::with_reserve(limit, reserve), granted: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state), wanted: AtomicBool::new(false) })
    }

    /// How many bytes are lent.
    pub fn used(&self) -> usize {
        self.lock().pool.used()
    }

    /// What that connection has of it.
    pub(crate) fn lender(self: &Arc<Self>, conn: ConnId, mailbox: Mailbox<Notice>) -> Share {
        Share { memory: Arc::clone(self), conn, mailbox, held: 0, waits: false }
    }

    /// Gives those who wait what there is by now, and tells them.
    fn grant(&self, mut state: MutexGuard<'_, State>) {
        let mut told = Vec::new();
        while let Some(Waiting { conn, bytes, mailbox, .. }) = state.pool.grant() {
            *state.granted.entry(conn).or_default() += bytes;
            told.push(mailbox);
        }
        self.wanted.store(state.pool.is_waited_for(), Ordering::Relaxed);
        drop(state);
        // Not under the lock: a mailbox is another's.
        for mailbox in told {
            mailbox.deliver(Notice::Memory);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a connection has of the memory that is shared.
pub(crate) struct Share {
    memory: Arc<Memory>,
    conn: ConnId,
    mailbox: Mailbox<Notice>,
    held: usize,
    waits: bool,
}

impl Share {
    /// Fewer bytes are held, or none are waited for any more.
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

    /// Gets so many bytes, or waits for them.
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
            state.pool.wait(Waiting {
                conn: self.conn,
                bytes: more,
                held: self.held,
                mailbox: self.mailbox.clone(),
            });
            // It may be there, but not for who does not wait.
            self.memory.grant(state);
        }
        held
    }
}

impl Lender for Share {
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

impl Drop for Share {
    fn drop(&mut self) {
        self.give(0);
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({})", self.held)
    }
}
