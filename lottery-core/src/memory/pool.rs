//! Pool of memory that connections share: those that find too little wait, and are served in their order.

use std::collections::VecDeque;

use lottery_proto::ConnId;
use lottery_runtime::Mailbox;

/// Wakes a connection that has waited: its creator chose the notice for that.
pub(crate) type Wake = Mailbox<()>;

/// Connection that waits for memory.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) conn: ConnId,
    pub(crate) bytes: usize,
    /// Number of bytes that it holds already.
    pub(crate) held: usize,
    pub(crate) wake: Wake,
}

/// Bounded number of bytes.
#[derive(Debug)]
pub(crate) struct Pool {
    limit: usize,
    /// Number of bytes reserved for connections that have waited.
    reserve: usize,
    used: usize,
    waiting: VecDeque<Waiting>,
}

impl Pool {
    /// Creates a pool of `limit` bytes. A request larger than the pool is let in when nothing else is in it.
    pub(crate) fn new(limit: usize) -> Self {
        Self::with_reserve(limit, 0)
    }

    /// Does as [`Pool::new`], with `reserve` of the bytes only for connections that have waited.
    pub(crate) fn with_reserve(limit: usize, reserve: usize) -> Self {
        Self { limit, reserve: reserve.min(limit), used: 0, waiting: VecDeque::new() }
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Returns true if a connection waits.
    pub(crate) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes bytes and returns true, if they are free and no connection waits.
    #[must_use]
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let taken = self.waiting.is_empty() && self.fits(bytes, 0, self.limit - self.reserve);
        if taken {
            self.used += bytes;
        }
        taken
    }

    /// Adds a connection to those that wait.
    pub(crate) fn wait(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Stops the wait of a connection.
    pub(crate) fn leave(&mut self, conn: ConnId) {
        self.waiting.retain(|waiting| waiting.conn != conn);
    }

    /// Takes bytes that are in use already, even beyond the limit.
    pub(crate) fn force(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// Gives bytes back.
    pub(crate) fn give(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Takes the bytes for the first connection that waits, if they are free, and returns it to be notified.
    pub(crate) fn grant(&mut self) -> Option<Waiting> {
        let first = self.waiting.front()?;
        if !self.fits(first.bytes, first.held, self.limit) {
            return None;
        }
        self.used += first.bytes;
        self.waiting.pop_front()
    }

    /// Returns true if this many bytes are free, or none are used but those that the connection holds.
    fn fits(&self, bytes: usize, held: usize, limit: usize) -> bool {
        self.used <= held || bytes <= limit.saturating_sub(self.used)
    }
}
