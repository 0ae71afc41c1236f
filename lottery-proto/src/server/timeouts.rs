//! Deadlines of the server machine, and its conditions for reading (`docs/protocol.md#deadlines`).

use core::time::Duration;

use super::Server;
use crate::conn::{Instant, State, Timer, Transition, message_limit};
use crate::error::CloseReason;
use crate::wire::{Code, Failure, Kind};

/// Maximum number of bytes that are read and dropped at the end of a connection. Reading without end would cost as much
/// as serving, so a peer that goes on sending may lose the reply: the system drops it together with unread bytes
/// (`docs/protocol.md#ending-a-connection`).
pub(crate) const MAX_DROPPED: usize = 256 * 1024;

impl Server {
    /// True if more requests would be decoded as soon as they come.
    pub(super) fn takes_requests(&self) -> bool {
        // Rejected requests are answered already, but the application has not seen them.
        let waiting = self.slots.len().max(self.queue.len());
        let room = waiting < self.lent.requests && self.output.pending().len() < self.max_unsent();
        self.lifecycle.is_open() && room
    }

    /// True if the application may be handed that request now.
    ///
    /// A list of winners may be long: a client that queries again and again must read one list before the next is made.
    pub(super) fn may_be_asked(&self, kind: Kind, number: u64) -> bool {
        match kind {
            Kind::Finished => self.slots.is_front(number),
            Kind::Winners | Kind::AwaitWinners => {
                self.slots.is_front(number) && self.output.pending().len() < self.max_unsent()
            }
            _ => true,
        }
    }

    pub(super) fn wants_read(&self) -> bool {
        let open = (self.takes_requests() || self.listens()) && self.recv.has_room(self.decoded);
        // Read and drop what the peer sends after a rejection: closing with unread data sends a reset, which may
        // destroy the reply.
        let dropping = matches!(self.lifecycle.state(), State::Draining | State::Lingering)
            && self.queue.is_empty()
            && self.dropped < MAX_DROPPED;
        !self.lifecycle.peer_ended && (open || dropping)
    }

    /// True if the machine reads on although it takes no more requests until more memory is lent. Only by reading does
    /// it notice that the peer has ended, or that there are requests to borrow memory for.
    fn listens(&self) -> bool {
        let waiting = self.slots.len().max(self.queue.len());
        let nothing_read = self.recv.bytes().len() == self.decoded;
        let room = waiting < self.config.max_in_flight && self.output.pending().len() < self.max_unsent();
        self.lifecycle.is_open() && nothing_read && room
    }

    /// Closes a lingering connection that has dropped as many bytes as it may.
    pub(super) fn drop_no_more(&mut self) {
        if self.lifecycle.state() == State::Lingering && self.dropped >= MAX_DROPPED {
            self.lifecycle.apply(Transition::GaveUp, CloseReason::Rejected);
        }
    }

    pub(super) fn fin_due(&self) -> bool {
        self.lifecycle.state() == State::Draining && self.slots.is_empty() && self.output.pending().is_empty()
    }

    /// Sets every timer from the state.
    pub(super) fn arm(&mut self, now: Instant) {
        let reading = self.lifecycle.is_open() && self.wants_read();
        let received = self.recv.bytes().len().saturating_sub(self.decoded);
        // Behind bets that wait there may be whole messages.
        let partial = reading && received > 0 && !self.holds_bets();
        self.begun = if partial { self.begun.or(Some(now)) } else { None };
        self.unsent = if self.output.pending().is_empty() { None } else { self.unsent.or(Some(now)) };

        let waits = reading && !partial && self.slots.is_empty() && self.unsent.is_none();
        let config = &self.config;
        let deadline = |since: Option<Instant>, limit: Duration| since.map(|since| since.after(limit));
        self.timers.set(Timer::Idle, deadline(waits.then_some(self.heard), self.idle_limit()));
        let line = (partial && self.dialect.is_some_and(|dialect| dialect.profile().has_lines))
            .then_some(self.active);
        self.timers.set(Timer::Line, deadline(line, config.line_timeout));
        self.timers
            .set(Timer::Message, deadline(self.begun, message_limit(config.message_timeout, received)));
        self.timers.set(Timer::Stall, deadline(self.unsent, config.stall_timeout));
        self.timers.set(Timer::Linger, deadline(self.ending, config.linger_timeout));
        self.arm_shrink(0);
    }

    /// Sets the timer that gives memory back, as it will be when the first `taken` received bytes are taken.
    pub(super) fn arm_shrink(&mut self, taken: usize) {
        let emptied = self.recv.bytes().len() == taken;
        let grown = (emptied && (self.recv.is_grown() || self.spans.is_grown() || self.has_surplus()))
            || self.output.is_grown();
        let deadline = grown.then(|| self.active.after(self.config.shrink_after));
        self.timers.set(Timer::Shrink, deadline);
    }

    /// Returns the limit for silence. A client that got "pending" pauses for 1, 2, 4, … seconds, so each pause is about
    /// as long as all earlier ones together: the limit grows by twice the time from the first "pending" to the last
    /// query.
    fn idle_limit(&self) -> Duration {
        let asked_for = self.pending.map_or(Duration::ZERO, |first| self.heard.duration_since(first));
        self.config.idle_timeout.saturating_add(asked_for.saturating_mul(2))
    }

    /// Acts on a deadline that has come.
    pub(super) fn expired(&mut self, now: Instant, timer: Timer) {
        let silent = |text| Failure { code: Code::Timeout, text };
        match timer {
            Timer::Idle => self.fail(now, CloseReason::Idle, silent("nothing was sent for too long"), None),
            Timer::Message => {
                let text = if self.lent.is_short {
                    "there was no memory for a message in time"
                } else {
                    "a message was not completed in time"
                };
                self.fail(now, CloseReason::Incomplete, silent(text), None);
            }
            // Some clients send no line end: the original server replies to the bytes of one read.
            Timer::Line => self.line_over = true,
            Timer::Stall => self.lifecycle.apply(Transition::GaveUp, CloseReason::Stalled),
            Timer::Linger => self.lifecycle.apply(Transition::GaveUp, CloseReason::Rejected),
            Timer::Shrink => self.shrink(),
            Timer::Answer => {}
        }
    }
}
