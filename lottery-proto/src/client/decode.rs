//! Decoding of replies, and timers of the client's side of a connection.

use core::time::Duration;

use super::Client;
use super::send::Asked;
use crate::close_reason::CloseReason;
use crate::conn::{Instant, State, Timer, Transition, message_limit};
use crate::error::{DecodeError, Problem};
use crate::wire::{Kind, PendingReply, Response};

impl Client {
    pub(super) fn fin_due(&self) -> bool {
        self.lifecycle.state() == State::Draining && self.output.pending().is_empty()
    }

    /// Sends no more requests. After `Done` the bytes that are still to be sent have no linger deadline yet.
    pub(super) fn end(&mut self, now: Instant, reason: CloseReason) {
        if reason != CloseReason::Done {
            self.ending.get_or_insert(now);
        }
        self.lifecycle.apply(Transition::WeEnd, reason);
    }

    /// Ends the deadlines that have come by `now`. Everything that was there to read has been read before.
    pub(super) fn time_out(&mut self, now: Instant) {
        self.settle(now);
        while let Some(timer) = self.timers.expire(now) {
            let reason = match timer {
                Timer::Stall => CloseReason::Stalled,
                Timer::Linger => CloseReason::Done,
                // A server that has not got Hello is not silent: the line is.
                _ if self.begun.is_none() && self.waits_for_welcome() && self.unacked.unwrap_or(0) == 0 => {
                    CloseReason::NoSession
                }
                _ => CloseReason::NoAnswer,
            };
            self.lifecycle.apply(Transition::GaveUp, reason);
        }
    }

    /// Decodes the reply at the front, of `len` bytes, which are none if it is the server's end, and returns the kind of the request that it answers, and the number of
    /// bets that a rejection can be about.
    pub(super) fn response(&mut self, len: usize) -> Result<((Kind, usize), Response), DecodeError> {
        let message = self.recv.bytes_mut(0, len);
        let largest = self.largest;
        // No message has no bytes: it is the end that answers Finished.
        if len == 0 {
            return Ok(((Kind::Finished, largest), Response::Stored { total: None }));
        }
        if let Some(reason) = self.codec.failure(message) {
            return Ok(((Kind::Unknown, largest), Response::Failed(reason)));
        }
        if let Some(Asked { reply, bets, .. }) = self.asked.front() {
            let about_bets = matches!(reply.kind, Kind::Bet | Kind::Batch);
            let bets = if about_bets { *bets } else { largest };
            return Ok(((reply.kind, bets), self.codec.response(reply, message)?));
        }
        // A message that answers no request can only be a failure.
        let nothing = PendingReply::new(Kind::Unknown, self.config.agency.get());
        match self.codec.response(&nothing, message) {
            Ok(rejected @ Response::Rejected { .. }) => Ok(((Kind::Unknown, largest), rejected)),
            _ => Err(DecodeError::new(0, Problem::Unasked)),
        }
    }

    /// Records a reply, before it is handed out.
    pub(super) fn answered(&mut self, response: &Response) {
        match response {
            Response::Winners { last: false, .. } => return,
            Response::Welcome { window, .. } => self.window = *window,
            // The server owes nothing any more.
            Response::Failed(_) => {
                self.asked.clear();
                self.in_flight = (0, 0);
            }
            _ => {}
        }
        if let Some(Asked { batch, .. }) = self.asked.pop_front() {
            self.in_flight = (self.in_flight.0 - usize::from(batch > 0), self.in_flight.1 - batch);
        }
    }

    /// Records the number of bytes that have not reached the server. While it falls, the server owes no reply yet and
    /// takes what is sent, so its time begins anew, for the last time when it reaches 0.
    pub(super) fn still_on_its_way(&mut self, now: Instant, left: usize) {
        let before = self.unacked.replace(left);
        if before.map_or(left > 0, |before| left < before) {
            self.active = now;
            self.unsent = self.unsent.map(|_| now);
        }
    }

    pub(super) fn waits_for_welcome(&self) -> bool {
        self.asked.front().is_some_and(|asked| asked.reply.kind == Kind::Hello)
    }

    /// Sets every timer from the state.
    pub(super) fn arm(&mut self, now: Instant) {
        self.unsent = if self.output.pending().is_empty() { None } else { self.unsent.or(Some(now)) };
        // The wait for the draw has no deadline, but the rest of a reply that has begun has one.
        let answer_due = self.asked.front().is_some_and(|asked| asked.reply.kind != Kind::AwaitWinners);
        // A whole reply waits for the application, and not for the server.
        let reads = self.lifecycle.is_open() && self.front.is_none();
        let received = self.recv.bytes().len();
        self.begun = if reads && received > 0 { self.begun.or(Some(now)) } else { None };
        let waits = reads && self.unsent.is_none() && answer_due;
        let since = self.begun.or(waits.then_some(self.active));
        let timeout = self.config.answer_timeout;
        let greets = self.begun.is_none() && self.waits_for_welcome();
        let timeout = if greets { timeout.min(self.config.hello_timeout) } else { timeout };
        let limit = message_limit(timeout, received);
        let deadline = |since: Option<Instant>, limit: Duration| since.map(|since| since.after(limit));
        self.timers.set(Timer::Answer, deadline(since, limit));
        self.timers.set(Timer::Stall, deadline(self.unsent, self.config.stall_timeout));
        self.timers.set(Timer::Linger, deadline(self.ending, self.config.linger_timeout));
    }
}
