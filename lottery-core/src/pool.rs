//! Memory that connections share: who finds too little waits, and those who wait get theirs one after the other.

use std::collections::VecDeque;

use lottery_proto::ConnId;
use lottery_runtime::Mailbox;

use crate::commit_queue::Notice;

/// A connection that waits for memory.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) conn: ConnId,
    pub(crate) bytes: usize,
    /// So many it has already.
    pub(crate) held: usize,
    pub(crate) mailbox: Mailbox<Notice>,
}

/// A bounded number of bytes.
#[derive(Debug)]
pub(crate) struct Pool {
    limit: usize,
    /// So many bytes are for those who have waited.
    reserve: usize,
    used: usize,
    waiting: VecDeque<Waiting>,
}

impl Pool {
    /// A pool of `limit` bytes. What is larger than all of it is let in when nothing else is there.
    pub(crate) fn new(limit: usize) -> Self {
        Self::with_reserve(limit, 0)
    }

    /// As [`Pool::new`], but so many bytes are only for those who have waited.
    pub(crate) fn with_reserve(limit: usize, reserve: usize) -> Self {
        Self { limit, reserve: reserve.min(limit), used: 0, waiting: VecDeque::new() }
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Whether somebody waits.
    pub(crate) fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes bytes, if they are there and nobody waits who came before.
    #[must_use]
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let taken = self.waiting.is_empty() && self.fits(bytes, 0, self.limit - self.reserve);
        if taken {
            self.used += bytes;
        }
        taken
    }

    /// Puts a connection at the end of those who wait.
    pub(crate) fn wait(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// A connection waits for nothing any more.
    pub(crate) fn leave(&mut self, conn: ConnId) {
        self.waiting.retain(|waiting| waiting.conn != conn);
    }

    /// Takes bytes that are there already, though there may be no room for them.
    pub(crate) fn force(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// Gives bytes back.
    pub(crate) fn give(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// The first of those who wait, if there is now what it waits for: it has it from here on, and is to be told.
    pub(crate) fn grant(&mut self) -> Option<Waiting> {
        let first = self.waiting.front()?;
        if !self.fits(first.bytes, first.held, self.limit) {
            return None;
        }
        self.used += first.bytes;
        self.waiting.pop_front()
    }

    /// Whether there are so many, or nobody has any but who asks.
    fn fits(&self, bytes: usize, held: usize, limit: usize) -> bool {
        self.used <= held || bytes <= limit.saturating_sub(self.used)
    }
}
