//! Commit queue: bounded queue of requests from connections to the committer, in which each connection has
//! its share.

mod turns;

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lottery_proto::ConnId;
use lottery_runtime::Mailbox;

use self::turns::Turns;
use crate::memory::queue_room::Rooms;
pub use crate::memory::queue_room::{OWN_ROOM, Room};
use crate::messages::{Notice, Request};

/// Time of one wait of the committer for clients that are about to send again, before it takes a long batch
/// that would delay them.
const MOMENT: Duration = Duration::from_millis(1);

/// Queue between connections and the committer.
///
/// It is bounded: a connection gets room for the bets of a request before it takes them from its machine, and
/// one that gets none reads no more from its peer. [`OWN_ROOM`] is reserved for each connection, so that it
/// can always send something; the rest is shared, and a connection gets at most an eighth of it, or one
/// request. A command without bets needs no room: a machine limits its requests without a reply.
///
/// The committer takes requests in groups, each connection in its turn.
#[derive(Debug)]
pub struct CommitQueue {
    rooms: Rooms,
    state: Mutex<State>,
    ready: Condvar,
    /// Signals that the committer has come for requests.
    came: Condvar,
}

#[derive(Debug, Default)]
struct State {
    turns: Turns,
    closed: bool,
    /// True while the committer waits for requests, and is to be woken: a call to the system.
    waits: bool,
    /// Number of calls of [`CommitQueue::is_attended`], and the last of them that the committer has seen.
    asked: u64,
    seen: u64,
}

impl CommitQueue {
    /// Creates a commit queue with about `limit` bytes of shared room for requests, besides the room of each
    /// connection.
    pub fn new(limit: usize) -> Self {
        let (state, ready, came) = (Mutex::default(), Condvar::new(), Condvar::new());
        Self { rooms: Rooms::new(limit), state, ready, came }
    }

    /// Returns room for `bytes` of bets. If there is none, `mailbox` gets [`Notice::Room`] when it is time to
    /// ask again.
    pub fn room(&self, conn: ConnId, bytes: usize, mailbox: &Mailbox<Notice>) -> Option<Room> {
        self.rooms.take(conn, bytes, || {
            let mailbox = mailbox.clone();
            Mailbox::new(move |()| mailbox.deliver(Notice::Room))
        })
    }

    /// Returns true if a connection waits for room.
    pub fn is_full(&self) -> bool {
        self.rooms.are_full()
    }

    /// Returns true if no request waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.lock().turns.is_empty()
    }

    /// Submits a request.
    ///
    /// # Errors
    /// Returns the request if the commit queue is closed.
    pub fn submit(&self, request: Request) -> Result<(), Request> {
        let mut state = self.lock();
        if state.closed {
            return Err(request);
        }
        state.turns.push(request);
        let waits = mem::take(&mut state.waits);
        drop(state);
        if waits {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Removes a connection that is gone. Its requests stay.
    pub fn leave(&self, conn: ConnId) {
        self.rooms.leave(conn);
        self.lock().turns.leave(conn);
    }

    /// Waits for requests and takes the next group of them, about `limit` bytes at most; `None` once the
    /// commit queue is closed and empty.
    pub fn take(&self, limit: usize) -> Option<Vec<Request>> {
        self.take_within(limit, None)
    }

    /// Does as [`CommitQueue::take`], but waits no longer than `pause`: then the list is empty.
    pub fn take_within(&self, limit: usize, pause: Option<Duration>) -> Option<Vec<Request>> {
        let mut state = self.lock();
        let is_idle = |state: &mut State| {
            self.is_seen(state);
            state.waits = state.turns.is_empty() && !state.closed;
            state.waits
        };
        state = match pause {
            None => self.ready.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner),
            Some(pause) => {
                let waited = self.ready.wait_timeout_while(state, pause, is_idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        let waits = |state: &mut State| {
            state.waits = state.turns.should_wait() && !state.closed;
            state.waits
        };
        while waits(&mut state) {
            let waited = self.ready.wait_timeout_while(state, MOMENT, waits);
            let (after, over) = waited.unwrap_or_else(PoisonError::into_inner);
            state = after;
            if over.timed_out() {
                state.turns.has_waited();
            }
        }
        Self::take_from(state, limit)
    }

    /// Waits for this time, also if there are requests, or until the commit queue is closed.
    pub fn rest(&self, pause: Duration) {
        let rests = |state: &mut State| {
            self.is_seen(state);
            !state.closed
        };
        drop(self.ready.wait_timeout_while(self.lock(), pause, rests));
    }

    /// Wakes the callers of [`CommitQueue::is_attended`].
    fn is_seen(&self, state: &mut State) {
        if state.seen != state.asked {
            state.seen = state.asked;
            self.came.notify_all();
        }
    }

    /// Returns true if the committer takes requests within `limit`; one that hangs in the middle of a group
    /// does not.
    pub fn is_attended(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        state.asked += 1;
        let this = state.asked;
        self.ready.notify_one();
        let waits = |state: &mut State| state.seen < this && !state.closed;
        let waited = self.came.wait_timeout_while(state, limit, waits);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.seen >= this && !state.closed
    }

    /// Does as [`CommitQueue::take`], without waiting: the list is empty if there is nothing.
    pub fn try_take(&self, limit: usize) -> Option<Vec<Request>> {
        Self::take_from(self.lock(), limit)
    }

    fn take_from(mut state: MutexGuard<'_, State>, limit: usize) -> Option<Vec<Request>> {
        if state.turns.is_empty() && state.closed {
            return None;
        }
        if state.turns.should_wait() {
            state.turns.expect_nobody();
        }
        Some(state.turns.take(limit))
    }

    /// Rejects requests from now on. Those that are queued can still be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.rooms.close();
        self.ready.notify_all();
        self.came.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
