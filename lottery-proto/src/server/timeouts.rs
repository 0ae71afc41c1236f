//! What the server machine waits for, until when, and what it does then.

use core::time::Duration;

use super::Server;
use crate::error::CloseReason;
use crate::failure::{Code, Failure};
use crate::lifecycle::{State, Transition};
use crate::time::Instant;
use crate::timer::{Timer, message_limit};
use crate::wire::{Dialect, Kind};

/// With more than so many bytes to send, no more requests are read.
pub(crate) const MAX_UNSENT: usize = 64 * 1024;

/// Bytes that are read and dropped at the end of a connection. Reading without end costs as much as serving: a peer that
/// goes on sending may lose the answer, which the system drops with what was not read (`docs/protocol.md#ending-a-connection`).
pub(crate) const MAX_DROPPED: usize = 256 * 1024;

impl Server {
    /// Whether more requests would be decoded, if they were there.
    pub(super) fn takes_requests(&self) -> bool {
        // What was refused is answered already, but the application has not seen it.
        let waiting = self.slots.len().max(self.queue.len());
        let room = waiting < self.lent.requests && self.output.pending().len() < self.max_unsent();
        self.lifecycle.is_open() && room
    }

    /// Whether the application may be handed that request now.
    ///
    /// The winners are a list that may be long: who asks for it again and again is to read one before the next is made.
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
        // Whoever is told no still sends what it had begun: it is read and dropped, or the system would drop
        // our answer with it.
        let dropping = matches!(self.lifecycle.state(), State::Draining | State::Lingering)
            && self.queue.is_empty()
            && self.dropped < MAX_DROPPED;
        !self.lifecycle.peer_ended && (open || dropping)
    }

    /// Whether it reads on though it may take no more requests before more is lent to it: only so does it see that its peer
    /// has ended, or that there are more requests to ask for.
    fn listens(&self) -> bool {
        let waiting = self.slots.len().max(self.queue.len());
        let nothing_read = self.recv.bytes().len() == self.decoded;
        let room = waiting < self.config.max_in_flight && self.output.pending().len() < self.max_unsent();
        self.lifecycle.is_open() && nothing_read && room
    }

    /// Ends a connection of which all that may be dropped was.
    pub(super) fn drop_no_more(&mut self) {
        if self.lifecycle.state() == State::Lingering && self.dropped >= MAX_DROPPED {
            self.lifecycle.apply(Transition::GaveUp, CloseReason::Refused);
        }
    }

    pub(super) fn fin_due(&self) -> bool {
        self.lifecycle.state() == State::Draining && self.slots.is_empty() && self.output.pending().is_empty()
    }

    /// Sets every timer from the state.
    pub(super) fn arm(&mut self, now: Instant) {
        let reading = self.lifecycle.is_open() && self.wants_read();
        let received = self.recv.bytes().len().saturating_sub(self.decoded);
        let partial = reading && received > 0;
        self.begun = if partial { self.begun.or(Some(now)) } else { None };
        self.unsent = if self.output.pending().is_empty() { None } else { self.unsent.or(Some(now)) };

        let waits = reading && !partial && self.slots.is_empty() && self.unsent.is_none();
        let config = &self.config;
        let deadline = |since: Option<Instant>, limit: Duration| since.map(|since| since.after(limit));
        self.timers.set(Timer::Idle, deadline(waits.then_some(self.heard), self.idle_limit()));
        let line = (partial && self.dialect == Some(Dialect::Echo)).then_some(self.active);
        self.timers.set(Timer::Line, deadline(line, config.line_timeout));
        self.timers
            .set(Timer::Message, deadline(self.begun, message_limit(config.message_timeout, received)));
        self.timers.set(Timer::Stall, deadline(self.unsent, config.stall_timeout));
        self.timers.set(Timer::Linger, deadline(self.ending, config.linger_timeout));
        self.arm_shrink(0);
    }

    /// Sets the timer that gives memory back, when the first `taken` bytes that were received are taken.
    pub(super) fn arm_shrink(&mut self, taken: usize) {
        let emptied = self.recv.bytes().len() == taken;
        let grown = (emptied && (self.recv.is_grown() || self.has_surplus())) || self.output.is_grown();
        let deadline = grown.then(|| self.active.after(self.config.shrink_after));
        self.timers.set(Timer::Shrink, deadline);
    }

    /// An agency that was told to ask again later pauses for 1, 2, 4, … seconds: each pause is about as long as
    /// all before it together.
    fn idle_limit(&self) -> Duration {
        let asked_for = self.pending.map_or(Duration::ZERO, |first| self.heard.duration_since(first));
        self.config.idle_timeout.saturating_add(asked_for.saturating_mul(2))
    }

    /// The deadline of that timer has come.
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
            // The original centre answers whatever one read gives it.
            Timer::Line => self.line_over = true,
            Timer::Stall => self.lifecycle.apply(Transition::GaveUp, CloseReason::Stalled),
            Timer::Linger => self.lifecycle.apply(Transition::GaveUp, CloseReason::Refused),
            Timer::Shrink => self.shrink(),
            Timer::Answer => {}
        }
    }
}
