//! The agency's side of a connection.

mod decode;
mod event;

pub use event::{Documents, Event};

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::bet::Bet;
use crate::config::ClientConfig;
use crate::error::{CloseReason, SendError};
use crate::lifecycle::{Lifecycle, State, Transition};
use crate::machine::{Input, Io};
use crate::recv_buffer::RecvBuffer;
use crate::send_buffer::SendBuffer;
use crate::time::Instant;
use crate::timer::{Timer, Timers};
use crate::wire::{Dialect, FrameCursor, Kind, MAX_LINE, PendingReply, Wire};
use event::Next;

/// What the receive buffer grows to as long as answers keep coming.
const BUSY_SIZE: usize = 64 * 1024;

/// So many questions may wait for their answers.
const MAX_ASKED: usize = 64;
/// So many answers are decoded ahead of the application. The bytes of the others wait as they came.
const MAX_QUEUED: usize = 64;

/// More memory than questions and answers take besides the buffers, in bytes: for each of them less than 100, and what its
/// answer repeats, less than 32; and twice that while a queue grows.
pub(crate) const MAX_QUEUES: usize = 32_768;

/// The agency's side of one connection: bets and questions in, answers out.
///
/// Every method may be called at any time, in any order, any number of times. As long as it is open it reads:
/// that is why two machines of this crate, joined by pipes however small, cannot wait for each other.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    wire: &'static dyn Wire,
    recv: RecvBuffer,
    output: SendBuffer,
    /// What the centre has to answer, in order.
    asked: VecDeque<PendingReply>,
    /// How many batches may be unacknowledged in this session; 0 before there is one.
    window: u32,
    lifecycle: Lifecycle,
    timers: Timers,
    /// What is to be handed out, in the order in which it stands at the front of the inbox.
    queue: VecDeque<Next>,
    /// So many bytes at the front of the inbox belong to the queue.
    decoded: usize,
    /// How far the message behind them was looked at.
    scan: FrameCursor,
    /// When something was last told.
    now: Instant,
    /// When an answer was last complete, a byte sent, or one seen to have arrived.
    active: Instant,
    /// Since when the answer behind the decoded ones is incomplete.
    begun: Option<Instant>,
    /// Since when the centre has taken nothing of what is to be sent.
    unsent: Option<Instant>,
    /// How much of what was sent had not arrived when that was last told.
    unacked: Option<usize>,
    /// Since when this side is ending the connection.
    ending: Option<Instant>,
}

impl Client {
    /// The machine of a new connection.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        Self {
            wire: config.dialect.wire(),
            recv: RecvBuffer::new(BUSY_SIZE, config.max_answer),
            output: SendBuffer::default(),
            asked: VecDeque::new(),
            window: 0,
            lifecycle: Lifecycle::new(),
            timers: Timers::default(),
            queue: VecDeque::new(),
            decoded: 0,
            scan: FrameCursor::default(),
            now,
            active: now,
            begun: None,
            unsent: None,
            unacked: None,
            ending: None,
            config,
        }
    }

    /// What to do now; `None` once the socket should be dropped.
    pub fn poll_io(&mut self) -> Option<Io<'_>> {
        if self.lifecycle.is_closed() {
            return None;
        }
        let fin = self.fin_due();
        let recv = if self.lifecycle.peer_ended { &mut [] } else { self.recv.recv(self.decoded) };
        let unacked = self.timers.is_set(Timer::Answer) || self.timers.is_set(Timer::Stall);
        Some(Io { recv, send: self.output.pending(), fin, deadline: self.timers.next(self.now), unacked })
    }

    /// Tells the machine what happened at `now`.
    ///
    /// Never fails: what the centre does wrong ends in [`Event::Closed`], the last event.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            _ if self.lifecycle.is_closed() => return,
            Input::Received(received @ 1..) => self.recv.filled(received),
            Input::Eof => self.lifecycle.peer_ended = true,
            Input::Sent(sent @ 1..) => {
                self.active = now;
                self.unsent = None;
                self.unacked = None;
                self.output.sent(sent);
            }
            Input::FinSent if self.fin_due() => {
                self.ending = Some(now);
                let on = if self.lifecycle.peer_ended { Transition::BothEnded } else { Transition::FinSent };
                self.lifecycle.apply(on, CloseReason::Done);
            }
            // A count of nothing is no progress.
            Input::FinSent | Input::Received(_) | Input::Sent(_) => {}
            Input::Unacked(left) => self.still_on_its_way(now, left),
            Input::Timeout => return self.time_out(now),
            Input::Shutdown => self.end(now, CloseReason::Shutdown),
            Input::Failed => self.lifecycle.apply(Transition::GaveUp, CloseReason::Lost),
        }
        self.settle(now);
    }

    /// The next thing for the application, borrowed from the receive buffer. Call it until there is none, after each
    /// [`Client::handle`].
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        if self.queue.is_empty() {
            // Behind as many as the queue holds there may be more.
            self.settle(self.now);
        }
        let Some(Next { kind, response, len }) = self.queue.pop_front() else {
            return self.lifecycle.tell().map(Event::Closed);
        };
        self.decoded -= len;
        Some(Event::new(kind, response, self.recv.take(len), self.wire))
    }

    /// Whether a `send_…` or `ask_…` would be taken now. It becomes true again only in [`Client::handle`].
    pub fn can_send(&self) -> bool {
        let profile = self.config.dialect.profile();
        let batches = self.asked.iter().filter(|asked| asked.kind == Kind::Batch).count();
        let waits = (profile.waits_for_answers && !self.asked.is_empty())
            || (profile.has_sessions && batches >= usize::try_from(self.window).unwrap_or(usize::MAX));
        self.lifecycle.is_open() && !waits && self.has_room()
    }

    fn has_room(&self) -> bool {
        self.asked.len() < MAX_ASKED && self.output.pending().len() < self.config.max_unsent
    }

    /// Begins a session. Nothing else is sent before its answer, [`Event::Welcome`].
    ///
    /// # Errors
    /// Nothing was sent: another wire than `session`, not on a new connection, too much that waits to be sent, or an agency that it
    /// cannot name.
    pub fn hello(&mut self, now: Instant) -> Result<(), SendError> {
        let agency = self.config.agency;
        // A centre may refuse again and again what it has not read: that still waits to be sent.
        let again = self.window > 0 || !self.asked.is_empty();
        if again || !self.has_room() {
            return Err(SendError::Busy);
        }
        self.put(now, Kind::Hello, |wire, out| {
            wire.put_hello(agency, out)?;
            Ok(((), Box::default()))
        })
    }

    /// Sends as many of `bets` as one batch carries, and says how many that is.
    ///
    /// # Errors
    /// Nothing was sent: not now, a bet that this wire cannot carry among those that it would send, or an agency that it
    /// cannot name.
    pub fn send_batch(&mut self, now: Instant, bets: &[Bet<'_>]) -> Result<usize, SendError> {
        let (agency, limit) = (self.config.agency, self.config.max_batch.min(self.config.max_message));
        self.send(now, Kind::Batch, |wire, out| {
            let start = out.len();
            let taken = wire.put_batch(agency, bets, limit, out)?;
            // Those that are not sent may be of another batch, on another wire.
            for (bet, sent) in bets.iter().take(taken).enumerate() {
                wire.check_sendable(sent).map_err(|error| {
                    out.truncate(start);
                    SendError::Unsendable { bet, error }
                })?;
            }
            Ok((taken, Box::default()))
        })
    }

    /// Sends one bet: as a message of its own where the wire has one, else as a batch of one.
    ///
    /// # Errors
    /// As [`Client::send_batch`].
    pub fn send_bet(&mut self, now: Instant, bet: &Bet<'_>) -> Result<(), SendError> {
        let agency = self.config.agency;
        self.check(bet).map_err(|error| SendError::Unsendable { bet: 0, error })?;
        self.send(now, Kind::Bet, |wire, out| Ok(((), wire.put_bet(agency, bet, out)?)))
    }

    /// Says that this agency has sent its last bet.
    ///
    /// # Errors
    /// Nothing was sent: not now, or an agency that this wire cannot name.
    pub fn send_finished(&mut self, now: Instant) -> Result<(), SendError> {
        let agency = self.config.agency;
        self.send(now, Kind::Finished, |wire, out| Ok((wire.put_finished(agency, out)?, Box::default())))
    }

    /// Asks who won in this agency. On a wire where Finished asks that, too, there is no such question.
    ///
    /// # Errors
    /// As [`Client::send_finished`].
    pub fn ask_winners(&mut self, now: Instant) -> Result<(), SendError> {
        let agency = self.config.agency;
        self.send(now, Kind::Winners, |wire, out| Ok((wire.put_winners_query(agency, out)?, Box::default())))
    }

    /// Sends a line to be sent back: the health check.
    ///
    /// # Errors
    /// Nothing was sent: not now, a line of more than 8192 bytes, one that holds a line end, or another wire than
    /// `echo`.
    pub fn send_line(&mut self, now: Instant, line: &str) -> Result<(), SendError> {
        if self.config.dialect != Dialect::Echo {
            return Err(SendError::NotOnThisWire);
        }
        if line.contains('\n') {
            return Err(SendError::NotOnThisWire);
        }
        if line.len() > MAX_LINE {
            return Err(SendError::TooLong);
        }
        self.send(now, Kind::Echo, |_, out| {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
            Ok(((), Box::default()))
        })
    }

    /// There is nothing more to send or to ask: ends the connection.
    pub fn close(&mut self, now: Instant) {
        self.end(now, CloseReason::Done);
        self.settle(now);
    }

    /// The state in which the connection is.
    pub fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// How many bytes wait to be sent.
    pub fn unsent(&self) -> usize {
        self.output.pending().len()
    }

    /// How many bytes of memory this machine holds, itself included.
    pub fn memory(&self) -> usize {
        let asked: usize = self.asked.iter().map(|asked| asked.echo.len()).sum();
        let queues =
            self.asked.capacity() * size_of::<PendingReply>() + self.queue.capacity() * size_of::<Next>();
        size_of::<Self>() + self.recv.memory() + self.output.memory() + queues + asked
    }
}
