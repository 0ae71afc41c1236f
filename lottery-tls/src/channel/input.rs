//! Inputs of a channel.

use std::mem;

use lottery_proto::{Endpoint, Input, Instant, SocketError};

use super::{BUSY_ROOM, Channel, Inside, LINGER, MAX_DROPPED, MAX_HANDSHAKE, State};
use crate::failure::{CUT, ENDED, LONG, SLOW};

impl Channel {
    /// Reports an event that happened at `now`.
    pub(crate) fn handle(&mut self, now: Instant, input: Input, inside: &mut impl Inside) {
        self.now = now;
        match input {
            _ if self.is_closed() => return,
            Input::Received(received) => self.received(now, received, inside),
            Input::Eof => self.ended(now, inside),
            Input::Sent(sent) => self.wrote(now, sent, inside),
            Input::FinSent => self.fin_sent(now, inside),
            Input::Timeout => self.time_out(now, inside),
            Input::Unacked(_) if self.state == State::Open => tell(now, input, inside),
            Input::Shutdown if self.state != State::Failed => tell(now, input, inside),
            Input::Failed(error) => {
                if self.state != State::Failed {
                    inside.failed(now, error);
                }
                self.abandon();
            }
            _ => {}
        }
        self.pump(now, inside);
    }

    /// Takes the first bytes, which were received elsewhere.
    pub(crate) fn begin(&mut self, now: Instant, first: &[u8], inside: &mut impl Inside) {
        self.recv.resize(first.len().max(self.recv.len()), 0);
        let room = self.recv.iter_mut();
        room.zip(first).for_each(|(to, from)| *to = *from);
        self.handle(now, Input::Received(first.len()), inside);
    }

    fn received(&mut self, now: Instant, received: usize, inside: &mut impl Inside) {
        let room = self.recv.len() - self.filled;
        let received = received.min(room);
        if received == 0 {
            return;
        }
        self.filled += received;
        self.active = now;
        self.counted = self.counted.saturating_add(received);
        match self.state {
            State::Handshake if self.counted > MAX_HANDSHAKE => self.fail(now, LONG, inside),
            State::Failed => {
                (self.taken, self.filled) = (0, 0);
                if self.counted > MAX_DROPPED {
                    self.abandon();
                }
            }
            _ => self.pump(now, inside),
        }
        // A read that has filled the room is probably followed by others.
        if received == room && self.taken == self.filled && !self.is_closed() {
            (self.taken, self.filled) = (0, 0);
            self.recv.resize(BUSY_ROOM.max(self.recv.len()), 0);
        }
    }

    fn ended(&mut self, now: Instant, inside: &mut impl Inside) {
        let was_ended = mem::replace(&mut self.peer_ended, true);
        match self.state {
            _ if was_ended => {}
            State::Handshake => {
                inside.failed(now, ENDED);
                self.abandon();
            }
            State::Open if inside.mistrusts_a_cut() && !self.session.peer_closed() => {
                inside.failed(now, CUT);
                self.abandon();
            }
            State::Open => tell(now, Input::Eof, inside),
            State::Failed if self.fin_sent => self.abandon(),
            State::Failed | State::Closed => {}
        }
    }

    /// Notes that records have left, and reports the same part of the inside's bytes as sent: its own deadline for a peer
    /// that takes nothing stays exact, and the last byte has left when the last record has.
    fn wrote(&mut self, now: Instant, sent: usize, inside: &mut impl Inside) {
        let before = self.unsent_bytes().len();
        let sent = sent.min(before);
        if sent == 0 {
            return;
        }
        self.active = now;
        self.unsent = self.unsent.map(|_| now);
        self.sent += sent;
        let left = before - sent;
        if left == 0 {
            (self.sent, self.unsent) = (0, None);
            self.out.clear();
        }
        let owed = self.owed.saturating_mul(left).div_ceil(before);
        let of_inside = mem::replace(&mut self.owed, owed) - owed;
        if of_inside > 0 && self.state == State::Open {
            tell(now, Input::Sent(of_inside), inside);
        }
    }

    fn fin_sent(&mut self, now: Instant, inside: &mut impl Inside) {
        let is_due = self.poll_io(inside).is_some_and(|io| io.fin);
        if !is_due {
            return;
        }
        self.fin_sent = true;
        match self.state {
            State::Open => tell(now, Input::FinSent, inside),
            State::Failed if self.peer_ended => self.abandon(),
            _ => {}
        }
    }

    fn time_out(&mut self, now: Instant, inside: &mut impl Inside) {
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        match self.state {
            State::Handshake if is_due(self.deadline) => {
                // A peer that does not read gets no alert, either.
                (self.out, self.sent) = (Vec::new(), 0);
                return self.fail(now, SLOW, inside);
            }
            State::Failed if is_due(self.deadline) => return self.abandon(),
            State::Open if is_due(self.stalls_at()) => {
                inside.failed(now, SocketError::TimedOut);
                return self.abandon();
            }
            _ => {}
        }
        if is_due(self.shrinks_at()) {
            self.shrink();
        }
        if self.state != State::Failed {
            tell(now, Input::Timeout, inside);
        }
    }

    /// Ends the channel for a reason: what is to be sent is, an alert at its end, and what still comes is dropped.
    pub(super) fn fail(&mut self, now: Instant, error: SocketError, inside: &mut impl Inside) {
        let unsent = self.out.len();
        self.session.take_output(&mut self.out);
        if self.is_closing || self.is_torn {
            // Nothing follows the end of TLS.
            self.out.truncate(unsent);
        }
        self.state = State::Failed;
        self.deadline = Some(now.after(LINGER));
        (self.taken, self.filled, self.counted) = (0, 0, 0);
        (self.owed, self.unsent) = (0, None);
        inside.failed(now, error);
    }
}

/// Reports an input to the machine inside, if it has a connection.
fn tell(now: Instant, input: Input, inside: &mut impl Inside) {
    if let Some(endpoint) = inside.endpoint() {
        endpoint.handle(now, input);
    }
}
