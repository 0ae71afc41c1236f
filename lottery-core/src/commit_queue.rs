//! Where connections hand in requests and the committer takes them: a bounded queue, in which each connection has its share.

mod rooms;
mod turns;

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lottery_proto::{
    AgencyId, AnonymousWaiter, Batch, ConnId, Finished, Hello, SingleBet, Ticket, WinnersQuery,
};
use lottery_runtime::Mailbox;

use self::rooms::Rooms;
pub use self::rooms::{OWN_ROOM, Room};
use self::turns::Turns;
use crate::committer::{HelloOutcome, Outcome};
use crate::encoded_bets::EncodedBets;
use crate::store::{Draw, WinnersList, WinnersPiece};

/// A request on its way to the committer.
#[derive(Debug)]
pub struct Request {
    /// Where the answer goes.
    pub from: Mailbox<Notice>,
    /// Whether it belongs to a session: then it counts only as long as that is the newest of its agency.
    pub in_session: bool,
    /// Whether nothing else of its connection is unanswered: so ask those who wait for each answer.
    pub alone: bool,
    /// What is asked.
    pub command: Command,
}

/// What is asked.
#[derive(Debug)]
pub enum Command {
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
    /// For a piece of the winners of an agency, of which [`Won`] says how many there are.
    Piece {
        /// The connection that asks.
        conn: ConnId,
        /// The agency.
        agency: u32,
        /// Which piece, from 0.
        number: u64,
    },
    /// To stand for an agency that nothing was heard of, and to be told when the draw has taken place.
    AnonymousWaiter(Ticket<AnonymousWaiter>),
    /// Not to stand for an agency any more: the peer has ended its side, and may be gone. If it is not, it is told
    /// all the same.
    Ended(ConnId),
    /// Nothing any more: the connection is gone, and what it waits for with it.
    Gone(ConnId),
}

impl Command {
    /// How much room it takes in the queue, in bytes.
    fn size(&self) -> usize {
        let bets = match self {
            Self::Bet(_, bets) | Self::Batch(_, bets) => bets.size(),
            Self::Hello(_)
            | Self::Finished(_)
            | Self::Winners { .. }
            | Self::Piece { .. }
            | Self::AnonymousWaiter(_)
            | Self::Ended(_)
            | Self::Gone(_) => 0,
        };
        bets + size_of::<Request>()
    }

    /// The connection that asks.
    pub fn conn(&self) -> ConnId {
        match self {
            Self::Hello(ticket) => ticket.conn(),
            Self::Bet(ticket, _) => ticket.conn(),
            Self::Batch(ticket, _) => ticket.conn(),
            Self::Finished(ticket) => ticket.conn(),
            Self::Winners { ticket, .. } => ticket.conn(),
            Self::AnonymousWaiter(ticket) => ticket.conn(),
            Self::Piece { conn, .. } | Self::Ended(conn) | Self::Gone(conn) => *conn,
        }
    }

    /// Whether there is an answer to it.
    fn is_answered(&self) -> bool {
        !matches!(self, Self::Ended(_) | Self::Gone(_))
    }
}

/// The winners of an agency: how many there are. They are asked for piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Won {
    /// Whose winners they are.
    pub agency: u32,
    /// How many.
    pub list: WinnersList,
}

impl Won {
    /// Those of that agency in a draw.
    pub fn of(draw: &Draw, agency: AgencyId) -> Self {
        let agency = agency.get();
        #[cfg(feature = "planted")]
        let agency = agency + u32::from(crate::planted::is(crate::planted::Mistake::OthersWinners));
        Self { agency, list: draw.winners.get(&agency).copied().unwrap_or_default() }
    }
}

/// What a connection is told: its request comes back with the answer.
#[derive(Debug)]
pub enum Notice {
    /// The answer to [`Command::Hello`].
    Hello(Ticket<Hello>, HelloOutcome),
    /// A newer session of the same agency took over.
    Superseded,
    /// The answer to [`Command::Bet`].
    Bet(Ticket<SingleBet>, EncodedBets, Outcome),
    /// The answer to [`Command::Batch`].
    Batch(Ticket<Batch>, EncodedBets, Outcome),
    /// The answer to [`Command::Finished`].
    Finished(Ticket<Finished>, Outcome),
    /// The answer to [`Command::Winners`]; without a draw: not yet.
    Winners(Ticket<WinnersQuery>, Option<Won>),
    /// The answer to [`Command::Piece`].
    Piece(WinnersPiece),
    /// The answer to [`Command::AnonymousWaiter`]: the draw has taken place.
    AnonymousWaiter(Ticket<AnonymousWaiter>),
    /// The answer to [`Command::AnonymousWaiter`]: it stands for nobody, and why.
    TurnedAway(Ticket<AnonymousWaiter>, &'static str),
    /// Another connection needs its place: it is to go at once.
    Displaced,
    /// There is room on the commit queue again.
    Room,
    /// There is memory again that the connection has waited for.
    Memory,
}

/// How long the committer waits at a time for those who are about to ask again, before it takes what they would have to wait
/// for.
const MOMENT: Duration = Duration::from_millis(1);

/// The queue between connections and the committer.
///
/// It is bounded: a connection gets room for the bets of a request before it takes them from its machine, and one that
/// finds none reads no more from its peer. A little room is each connection's own ([`OWN_ROOM`]), so that it can always
/// ask something; the rest they share, and none gets more of it than an eighth, or one request. What has no bets needs no
/// room: a machine has so many requests unanswered at most.
///
/// The committer takes requests by groups, of each connection in its turn.
#[derive(Debug)]
pub struct CommitQueue {
    rooms: Rooms,
    state: Mutex<State>,
    ready: Condvar,
    /// The committer has come.
    came: Condvar,
}

#[derive(Debug, Default)]
struct State {
    turns: Turns,
    closed: bool,
    /// How often it was asked whether anybody takes requests, and the last of these times that was seen by who does.
    asked: u64,
    seen: u64,
}

impl CommitQueue {
    /// A commit queue with about `limit` bytes of room for requests, besides what is each connection's own.
    pub fn new(limit: usize) -> Self {
        let (state, ready, came) = (Mutex::default(), Condvar::new(), Condvar::new());
        Self { rooms: Rooms::new(limit), state, ready, came }
    }

    /// Room for `bytes` of bets. If there is none, `mailbox` gets [`Notice::Room`] when it is to be asked for again.
    pub fn room(&self, conn: ConnId, bytes: usize, mailbox: &Mailbox<Notice>) -> Option<Room> {
        self.rooms.take(conn, bytes, mailbox)
    }

    /// Whether somebody waits for room.
    pub fn is_full(&self) -> bool {
        self.rooms.are_full()
    }

    /// Hands a request in.
    ///
    /// # Errors
    /// The commit queue is closed; the request comes back.
    pub fn submit(&self, request: Request) -> Result<(), Request> {
        let mut state = self.lock();
        if state.closed {
            return Err(request);
        }
        state.turns.push(request);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// That connection is gone. What it has handed in stays.
    pub fn leave(&self, conn: ConnId) {
        self.rooms.leave(conn);
        self.lock().turns.leave(conn);
    }

    /// Waits for requests and takes the next group of them, at most about `limit` bytes; `None` once the commit queue is
    /// closed and empty.
    pub fn take(&self, limit: usize) -> Option<Vec<Request>> {
        self.take_within(limit, None)
    }

    /// As [`CommitQueue::take`], but waits no longer than `pause`: then the list is empty.
    pub fn take_within(&self, limit: usize, pause: Option<Duration>) -> Option<Vec<Request>> {
        let mut state = self.lock();
        let is_idle = |state: &mut State| {
            self.is_seen(state);
            state.turns.is_empty() && !state.closed
        };
        state = match pause {
            None => self.ready.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner),
            Some(pause) => {
                let waited = self.ready.wait_timeout_while(state, pause, is_idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        let waits = |state: &mut State| state.turns.should_wait() && !state.closed;
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

    /// Waits for so long, whatever is there, or until the commit queue is closed.
    pub fn rest(&self, pause: Duration) {
        let rests = |state: &mut State| {
            self.is_seen(state);
            !state.closed
        };
        drop(self.ready.wait_timeout_while(self.lock(), pause, rests));
    }

    /// Whoever asks whether somebody comes for requests is told.
    fn is_seen(&self, state: &mut State) {
        if state.seen != state.asked {
            state.seen = state.asked;
            self.came.notify_all();
        }
    }

    /// Whether somebody comes for requests, within so long: who hangs in the middle of a group does not.
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

    /// As [`CommitQueue::take`], without waiting: an empty list if there is nothing.
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

    /// Takes no more requests. What is queued is still handed out.
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
