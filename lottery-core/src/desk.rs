//! Where connections hand in requests and the committer takes them: a bounded queue.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lottery_proto::{Batch, ConnId, Finished, Hello, SingleBet, Stranger, Ticket, WinnersQuery};

use crate::committer::{Greeting, Outcome};
use crate::encoded_bets::EncodedBets;
use crate::seam::Mailbox;
use crate::store::Draw;

/// A request on its way to the committer.
#[derive(Debug)]
pub struct Request {
    /// Where the answer goes.
    pub from: Mailbox<Notice>,
    /// Whether it belongs to a session: then it counts only as long as that is the newest of its agency.
    pub in_session: bool,
    /// What is asked.
    pub asks: Asks,
}

/// What is asked.
#[derive(Debug)]
pub enum Asks {
    /// For a session.
    Hello(Ticket<Hello>),
    /// To store a bet.
    Bet(Ticket<SingleBet>, EncodedBets),
    /// To store bets, all or none.
    Batch(Ticket<Batch>, EncodedBets),
    /// To count the agency as finished.
    Finished(Ticket<Finished>),
    /// Who won. If it waits, it is answered when the draw has taken place.
    Winners {
        /// To answer with.
        ticket: Ticket<WinnersQuery>,
        /// Whether it waits.
        wait: bool,
    },
    /// To stand for an agency that nothing was heard of, and to be told when the draw has taken place.
    Stranger(Ticket<Stranger>),
    /// Not to stand for an agency any more: the peer has ended its side, and may be gone. If it is not, it is told
    /// all the same.
    Ended(ConnId),
    /// Nothing any more: the connection is gone, and what it waits for with it.
    Gone(ConnId),
}

impl Asks {
    /// How much room it takes in the queue, in bytes.
    fn size(&self) -> usize {
        let bets = match self {
            Self::Bet(_, bets) | Self::Batch(_, bets) => bets.size(),
            Self::Hello(_)
            | Self::Finished(_)
            | Self::Winners { .. }
            | Self::Stranger(_)
            | Self::Ended(_)
            | Self::Gone(_) => 0,
        };
        bets + size_of::<Request>()
    }
}

/// What a connection is told: its request comes back with the answer.
#[derive(Debug)]
pub enum Notice {
    /// The answer to [`Asks::Hello`].
    Hello(Ticket<Hello>, Greeting),
    /// A newer session of the same agency took over.
    Superseded,
    /// The answer to [`Asks::Bet`].
    Bet(Ticket<SingleBet>, EncodedBets, Outcome),
    /// The answer to [`Asks::Batch`].
    Batch(Ticket<Batch>, EncodedBets, Outcome),
    /// The answer to [`Asks::Finished`].
    Finished(Ticket<Finished>, Outcome),
    /// The answer to [`Asks::Winners`]; without a draw: not yet.
    Winners(Ticket<WinnersQuery>, Option<Arc<Draw>>),
    /// The answer to [`Asks::Stranger`]: the draw has taken place.
    Stranger(Ticket<Stranger>),
    /// The answer to [`Asks::Stranger`]: it stands for nobody, and why.
    TurnedAway(Ticket<Stranger>, &'static str),
    /// Another connection needs its place: it is to go at once.
    Displaced,
    /// There is room on the desk again.
    Room,
}

/// The queue between connections and the committer.
///
/// It is bounded by what is offered to it: a connection asks for room before it takes a request from its
/// machine, and one that finds none reads no more from its peer. So it holds at most its limit, and one request
/// more of each connection.
#[derive(Debug)]
pub struct Desk {
    limit: usize,
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Request>,
    size: usize,
    waiting: Vec<Mailbox<Notice>>,
    closed: bool,
}

impl Desk {
    /// A desk for about `limit` bytes of requests.
    pub fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), ready: Condvar::new() }
    }

    /// Whether there is room. If not, `mailbox` gets [`Notice::Room`] when there is.
    pub fn has_room(&self, mailbox: &Mailbox<Notice>) -> bool {
        let mut state = self.lock();
        let room = state.size < self.limit || state.closed;
        if !room {
            state.waiting.push(mailbox.clone());
        }
        room
    }

    /// Hands a request in.
    ///
    /// # Errors
    /// The desk is closed; the request comes back.
    pub fn submit(&self, request: Request) -> Result<(), Request> {
        let mut state = self.lock();
        if state.closed {
            return Err(request);
        }
        state.size += request.asks.size();
        state.queue.push_back(request);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for requests and takes all that there are, at most about `limit` bytes; `None` once the desk is
    /// closed and empty.
    pub fn take(&self, limit: usize) -> Option<Vec<Request>> {
        self.take_within(limit, None)
    }

    /// As [`Desk::take`], but waits no longer than `pause`: then the list is empty.
    pub fn take_within(&self, limit: usize, pause: Option<Duration>) -> Option<Vec<Request>> {
        let mut state = self.lock();
        while state.queue.is_empty() && !state.closed {
            let Some(pause) = pause else {
                state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state = self.ready.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
            break;
        }
        Self::take_from(state, limit)
    }

    /// As [`Desk::take`], without waiting: an empty list if there is nothing.
    pub fn try_take(&self, limit: usize) -> Option<Vec<Request>> {
        Self::take_from(self.lock(), limit)
    }

    fn take_from(mut state: MutexGuard<'_, State>, limit: usize) -> Option<Vec<Request>> {
        if state.queue.is_empty() && state.closed {
            return None;
        }
        let mut taken = Vec::new();
        let mut size = 0;
        while size < limit
            && let Some(request) = state.queue.pop_front()
        {
            size += request.asks.size();
            taken.push(request);
        }
        state.size -= size;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        for mailbox in waiting {
            mailbox.deliver(Notice::Room);
        }
        Some(taken)
    }

    /// Takes no more requests. What is queued is still handed out.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        self.ready.notify_all();
        for mailbox in waiting {
            mailbox.deliver(Notice::Room);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
