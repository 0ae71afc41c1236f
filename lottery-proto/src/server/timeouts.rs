//! Deadlines of the server machine, and its conditions for reading (`docs/protocol.md#deadlines`).

use core::time::Duration;

use super::Server;
use crate::close_reason::CloseReason;
use crate::conn::{Instant, State, Timer, Transition, message_limit};
use crate::wire::{Code, Failure};

/// Maximum number of bytes that are read and dropped at the end of a connection. Reading without end would cost as much
/// as serving, so a peer that goes on sending may lose the reply: the system drops it together with unread bytes
/// (`docs/protocol.md#ending-a-connection`).
pub(crate) const MAX_DROPPED: usize = 256 * 1024;

impl Server {
    /// True if a request may be handed out as soon as it comes.
    pub(super) fn takes_requests(&self) -> bool {
        let room = self.slots.len() < self.lent.requests && self.output.pending().len() < self.max_unsent();
        self.lifecycle.is_open() && room
    }

    pub(super) fn wants_read(&self) -> bool {
        let reads = match self.lifecycle.state() {
            State::Open if self.last_came => true,
            State::Open => (self.takes_requests() || self.listens()) && self.recv.has_room(self.waiting()),
            // Read and drop what the peer sends after a rejection: closing with unread data sends a reset, which may
            // destroy the reply.
            State::Draining | State::Lingering => self.dropped < MAX_DROPPED,
            State::Closed => false,
        };
        !self.lifecycle.peer_ended && reads
    }

    /// True if the machine reads on although it takes no more requests until more memory is lent. Only by reading does
    /// it notice that the peer has ended, or that there are requests to borrow memory for.
    fn listens(&self) -> bool {
        let room =
            self.slots.len() < self.config.max_in_flight && self.output.pending().len() < self.max_unsent();
        self.lifecycle.is_open() && self.recv.bytes().is_empty() && room
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
        let received = self.recv.bytes().len();
        // A peer owes nothing while a whole message of it waits, and behind that there may be others.
        let owes = reading && self.front.is_none();
        let partial = owes && received > 0;
        self.begun = if partial { self.begun.or(Some(now)) } else { None };
        self.unsent = if self.output.pending().is_empty() { None } else { self.unsent.or(Some(now)) };

        let waits = owes && !partial && self.slots.is_empty() && self.unsent.is_none();
        let config = &self.config;
        let deadline = |since: Option<Instant>, limit: Duration| since.map(|since| since.after(limit));
        self.timers.set(Timer::Idle, deadline(waits.then_some(self.heard), self.idle_limit()));
        let line = (partial && self.dialect.is_some_and(|dialect| dialect.profile().has_lines))
            .then_some(self.active);
        self.timers.set(Timer::Line, deadline(line, config.line_timeout));
        self.timers
            .set(Timer::Message, deadline(self.begun, message_limit(config.message_timeout, received)));
        self.timers.set(Timer::Stall, deadline(self.unsent, config.stall_timeout));
        self.part_wanted = if self.wants_winners() { self.part_wanted.or(Some(now)) } else { None };
        let unanswered = self.slots.unanswered_since().into_iter().chain(self.part_wanted).min();
        self.timers.set(Timer::Reply, deadline(unanswered, config.reply_timeout));
        self.timers.set(Timer::Linger, deadline(self.ending, config.linger_timeout));
        let surplus = self.recv.is_grown() || self.spans.is_grown() || self.has_surplus();
        let grown = (received == 0 && surplus) || self.output.is_grown();
        self.timers.set(Timer::Shrink, deadline(grown.then_some(self.active), config.shrink_after));
    }

    /// Returns the limit for silence. A client that got "pending" pauses for 1, 2, 4, … seconds, so each pause is about
    /// as long as all earlier ones together: the limit grows by twice the time from the first "pending" to the last
    /// query.
    fn idle_limit(&self) -> Duration {
        let asked_for = self.pending.map_or(Duration::ZERO, |first| self.heard.duration_since(first));
        self.config.idle_timeout.saturating_add(asked_for.saturating_mul(2))
    }

    /// Ends the deadlines that have come by `now`. Everything that was there to read has been read before.
    pub(super) fn time_out(&mut self, now: Instant) {
        self.settle(now);
        while !self.lifecycle.is_closed()
            && let Some(timer) = self.timers.expire(now)
        {
            self.expired(now, timer);
            self.settle(now);
        }
    }

    /// Acts on a deadline that has come.
    fn expired(&mut self, now: Instant, timer: Timer) {
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
            Timer::Line => self.search.line_over = true,
            Timer::Stall => self.lifecycle.apply(Transition::GaveUp, CloseReason::Stalled),
            Timer::Reply => self.give_up_replies(now),
            Timer::Linger => self.lifecycle.apply(Transition::GaveUp, CloseReason::Rejected),
            Timer::Shrink => self.shrink(),
            Timer::Answer => {}
        }
    }
}
