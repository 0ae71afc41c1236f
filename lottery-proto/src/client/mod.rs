//! The agency's side of a connection.

mod event;

pub use event::{Documents, Event};

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use crate::bet::{Bet, FieldError};
use crate::config::ClientConfig;
use crate::error::{CloseReason, DecodeError, Problem, SendError, Violation};
use crate::inbox::Inbox;
use crate::life::{Life, On, State};
use crate::machine::{Input, Io};
use crate::outbox::Output;
use crate::time::Instant;
use crate::timer::{Timer, Timers};
use crate::wire::{Dialect, Kind, Limits, MAX_LINE, Owed, Scan, Side, Wire};
use event::Next;

/// What the receive buffer grows to as long as answers keep coming.
const BUSY_SIZE: usize = 64 * 1024;

/// So many questions may wait for their answers.
const MAX_ASKED: usize = 64;

/// The agency's side of one connection: bets and questions in, answers out.
///
/// Every method may be called at any time, in any order, any number of times. As long as it is open it reads:
/// that is why two machines of this crate, joined by pipes however small, cannot wait for each other.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    wire: &'static dyn Wire,
    inbox: Inbox,
    output: Output,
    /// What the centre has to answer, in order.
    asked: VecDeque<Owed>,
    life: Life,
    timers: Timers,
    /// What is to be handed out, in the order in which it stands at the front of the inbox.
    queue: VecDeque<Next>,
    /// So many bytes at the front of the inbox belong to the queue.
    decoded: usize,
    /// How far the message behind them was looked at.
    scan: Scan,
    /// When an answer was last complete, or a byte sent.
    active: Instant,
    /// Since when the centre has taken nothing of what is to be sent.
    unsent: Option<Instant>,
    /// Since when this side is ending the connection.
    ending: Option<Instant>,
}

impl Client {
    /// The machine of a new connection.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        Self {
            wire: config.dialect.wire(),
            // By one byte more it is seen that an answer is too long, even where nothing else says so.
            inbox: Inbox::new(BUSY_SIZE, config.max_message.saturating_add(1)),
            output: Output::default(),
            asked: VecDeque::new(),
            life: Life::new(),
            timers: Timers::default(),
            queue: VecDeque::new(),
            decoded: 0,
            scan: Scan::default(),
            active: now,
            unsent: None,
            ending: None,
            config,
        }
    }

    /// What to do now; `None` once the socket should be dropped.
    pub fn poll_io(&mut self) -> Option<Io<'_>> {
        if self.life.is_closed() {
            return None;
        }
        let fin = self.fin_due();
        let recv = if self.life.peer_ended { &mut [] } else { self.inbox.recv() };
        Some(Io { recv, send: self.output.pending(), fin, deadline: self.timers.next() })
    }

    /// Tells the machine what happened at `now`.
    ///
    /// Never fails: what the centre does wrong ends in [`Event::Closed`], the last event.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            _ if self.life.is_closed() => return,
            Input::Received(received @ 1..) => self.inbox.filled(received),
            Input::Eof => self.life.peer_ended = true,
            Input::Sent(sent @ 1..) => {
                self.active = now;
                self.unsent = None;
                self.output.sent(sent);
            }
            Input::FinSent if self.fin_due() => {
                self.ending = Some(now);
                let on = if self.life.peer_ended { On::BothEnded } else { On::FinSent };
                self.life.on(on, CloseReason::Done);
            }
            // A count of nothing is no progress.
            Input::FinSent | Input::Timeout | Input::Received(_) | Input::Sent(_) => {}
            Input::Shutdown => self.end(now, CloseReason::Shutdown),
            Input::Failed => self.life.on(On::GaveUp, CloseReason::Lost),
        }
        self.settle(now);
    }

    /// The next thing for the application, borrowed from the receive buffer.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        loop {
            let Some(Next { answer, len }) = self.queue.pop_front() else {
                return self.life.tell().map(Event::Closed);
            };
            self.decoded -= len;
            let Some((kind, response)) = answer else {
                self.inbox.take(len);
                continue;
            };
            return Some(Event::new(kind, response, self.inbox.take(len), self.wire));
        }
    }

    /// Whether a `send_…` or `ask_…` would be taken now. It becomes true again only in [`Client::handle`].
    pub fn can_send(&self) -> bool {
        let waits = self.config.dialect.manner().waits_for_answers && !self.asked.is_empty();
        let room = self.asked.len() < MAX_ASKED && self.output.pending().len() < self.config.max_unsent;
        self.life.is_open() && !waits && room
    }

    /// Sends as many of `bets` as one batch carries, and says how many that is.
    ///
    /// # Errors
    /// Nothing was sent: not now, a bet among `bets` that this wire cannot carry, or an agency that it cannot name.
    pub fn send_batch(&mut self, now: Instant, bets: &[Bet<'_>]) -> Result<usize, SendError> {
        let (agency, limit) = (self.config.agency, self.config.max_batch.min(self.config.max_message));
        let wrong = bets.iter().enumerate().find_map(|(at, bet)| Some((at, self.check(bet).err()?)));
        if let Some((bet, error)) = wrong {
            return Err(SendError::Unsendable { bet, error });
        }
        self.send(now, Kind::Batch, |wire, out| {
            Ok((wire.put_batch(agency, bets, limit, out)?, Box::default()))
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
    /// Nothing was sent: not now, a line that holds a line end or is longer than 8192 bytes, or another wire than
    /// `echo`.
    pub fn send_line(&mut self, now: Instant, line: &str) -> Result<(), SendError> {
        if self.config.dialect != Dialect::Echo {
            return Err(SendError::NotOnThisWire);
        }
        if line.len() > MAX_LINE || line.contains('\n') {
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
        self.life.state()
    }

    /// How many bytes wait to be sent.
    pub fn unsent(&self) -> usize {
        self.output.pending().len()
    }

    fn check(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        self.wire.check_sendable(bet)
    }

    /// Sends what `put` appends; the answer will repeat the other thing that it returns.
    fn send<T>(
        &mut self,
        now: Instant,
        kind: Kind,
        put: impl FnOnce(&dyn Wire, &mut Vec<u8>) -> Result<(T, Box<[u8]>), SendError>,
    ) -> Result<T, SendError> {
        if !self.life.is_open() {
            return Err(SendError::Closed);
        }
        if !self.can_send() {
            return Err(SendError::Busy);
        }
        let (sent, echo) = put(self.wire, self.output.buffer())?;
        if let Some(kind) = self.wire.answered_by(kind) {
            self.asked.push_back(Owed { kind, agency: self.config.agency.get(), echo });
        }
        self.active = now;
        self.settle(now);
        Ok(sent)
    }

    fn fin_due(&self) -> bool {
        self.life.state() == State::Draining && self.output.pending().is_empty()
    }

    /// Sends and asks nothing more. What is to be sent still may take its time, if all is well.
    fn end(&mut self, now: Instant, reason: CloseReason) {
        if reason != CloseReason::Done {
            self.ending.get_or_insert(now);
        }
        self.life.on(On::WeEnd, reason);
    }

    /// Brings everything in line with what has just changed. Called last by whatever changes something.
    fn settle(&mut self, now: Instant) {
        while self.life.is_open() && self.decode_next(now) {}
        if !self.life.is_open() {
            self.inbox.truncate(self.decoded);
        }
        if self.life.peer_ended {
            self.peer_ended();
        }
        self.arm(now);
        while let Some(timer) = self.timers.expire(now) {
            let reason = match timer {
                Timer::Stall => CloseReason::Stalled,
                Timer::Linger => CloseReason::Done,
                _ => CloseReason::NoAnswer,
            };
            self.life.on(On::GaveUp, reason);
        }
        if self.life.is_closed() {
            self.timers.clear();
        }
    }

    /// Decodes the next answer, if it is there.
    fn decode_next(&mut self, now: Instant) -> bool {
        let received = self.inbox.bytes().get(self.decoded..).unwrap_or_default();
        if received.is_empty() {
            return false;
        }
        let limits = Limits { message: self.config.max_message, ended: self.life.peer_ended };
        let decoded = match self.wire.frame(&mut self.scan, received, Side::Centre, limits) {
            Ok(None) => return false,
            Ok(Some(len)) => {
                let message = received.get(..len).unwrap_or_default();
                match self.asked.front() {
                    _ if self.wire.is_filler(message) => Ok((None, len)),
                    None => Err(DecodeError::new(0, Problem::Unasked)),
                    Some(asked) => {
                        let response = self.wire.response(asked, message);
                        response.map(|response| (Some((asked.kind, response)), len))
                    }
                }
            }
            Err(error) => Err(error),
        };
        self.scan = Scan::default();
        match decoded {
            Ok((answer, len)) => {
                self.active = now;
                self.decoded += len;
                if answer.is_some() {
                    self.asked.pop_front();
                }
                self.queue.push_back(Next { answer, len });
            }
            Err(error) => self.end(now, CloseReason::Peer(Violation::Malformed(error))),
        }
        true
    }

    /// The centre has ended its side: whatever is still to be sent would reach nobody.
    fn peer_ended(&mut self) {
        let received = self.inbox.bytes().len() - self.decoded;
        let reason = if received > 0 {
            CloseReason::Peer(Violation::Truncated { received })
        } else if !self.asked.is_empty() || !self.output.pending().is_empty() {
            CloseReason::Peer(Violation::Unanswered)
        } else {
            CloseReason::Done
        };
        self.output.sent(usize::MAX);
        self.life.on(On::PeerEnded, reason);
    }

    /// Sets every timer from the state.
    fn arm(&mut self, now: Instant) {
        self.unsent = if self.output.pending().is_empty() { None } else { self.unsent.or(Some(now)) };
        // For the draw it waits as long as it takes.
        let answer_due = self.asked.front().is_some_and(|asked| asked.kind != Kind::AwaitWinners);
        let waits = self.life.is_open() && self.unsent.is_none() && answer_due;
        let deadline = |since: Option<Instant>, limit: Duration| since.map(|since| since.after(limit));
        self.timers.set(Timer::Answer, deadline(waits.then_some(self.active), self.config.answer_timeout));
        self.timers.set(Timer::Stall, deadline(self.unsent, self.config.stall_timeout));
        self.timers.set(Timer::Linger, deadline(self.ending, self.config.linger_timeout));
    }
}
