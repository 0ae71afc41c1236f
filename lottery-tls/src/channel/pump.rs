//! Way of the bytes through a channel, in both directions.

use lottery_proto::{Endpoint, Input, Instant};

use super::{Channel, Inside, RECORD, State};
use crate::failure::NO_WORDS;

impl Channel {
    /// Moves bytes in both directions as far as they go. Everything that changes something calls it last, so that
    /// polling changes nothing.
    pub(crate) fn pump(&mut self, now: Instant, inside: &mut impl Inside) {
        self.now = now;
        while self.step(now, inside) {}
        self.drop_if_over(now, inside);
        let waits = self.owed == 0 && !self.unsent_bytes().is_empty() && self.state == State::Open;
        self.unsent = if waits { self.unsent.or(Some(now)) } else { None };
    }

    /// Does one thing; false if there is nothing to do.
    fn step(&mut self, now: Instant, inside: &mut impl Inside) -> bool {
        match self.state {
            State::Handshake => self.step_of_handshake(now, inside),
            State::Open => self.decrypt(now, inside) || self.encrypt(inside),
            State::Failed | State::Closed => false,
        }
    }

    fn step_of_handshake(&mut self, now: Instant, inside: &mut impl Inside) -> bool {
        self.session.take_output(&mut self.out);
        if let Some(error) = self.session.failure() {
            self.fail(now, error, inside);
            return false;
        }
        if !self.session.is_handshaking() {
            (self.state, self.deadline) = (State::Open, None);
            inside.opened(now, self.session.agency());
            return true;
        }
        self.receive()
    }

    /// Hands received bytes to the session; false if there are none.
    fn receive(&mut self) -> bool {
        let received = self.recv.get(self.taken..self.filled).unwrap_or_default();
        if received.is_empty() {
            return false;
        }
        self.taken += self.session.receive(received).clamp(1, received.len());
        if self.taken >= self.filled {
            (self.taken, self.filled) = (0, 0);
        }
        true
    }

    /// Moves bytes to the inside, or its end.
    fn decrypt(&mut self, now: Instant, inside: &mut impl Inside) -> bool {
        let Some(endpoint) = inside.endpoint() else { return false };
        let Some(io) = endpoint.poll_io() else { return false };
        if self.session.has_decrypted() {
            let read = self.session.read(io.recv);
            if read > 0 {
                endpoint.handle(now, Input::Received(read));
            } else if self.session.failure().is_some() {
                // The inside takes nothing now, and nothing more will come.
                return self.fail_with_session(now, inside);
            }
            return read > 0;
        }
        if self.session.failure().is_some() {
            return self.fail_with_session(now, inside);
        }
        if self.session.peer_closed() {
            let tells = !self.peer_ended && !io.recv.is_empty();
            if tells {
                self.peer_ended = true;
                endpoint.handle(now, Input::Eof);
            }
            return tells;
        }
        self.receive()
    }

    fn fail_with_session(&mut self, now: Instant, inside: &mut impl Inside) -> bool {
        if let Some(error) = self.session.failure() {
            self.fail(now, error, inside);
        }
        false
    }

    /// Moves bytes from the inside into records. A record is made once the one before has left: until then its bytes stay
    /// where they are, and few are held twice.
    fn encrypt(&mut self, inside: &mut impl Inside) -> bool {
        self.session.take_output(&mut self.out);
        let Some(endpoint) = inside.endpoint() else { return false };
        let Some(io) = endpoint.poll_io() else { return false };
        if self.owed > io.send.len() {
            // It has given up what was to be sent: the rest of a record would be of no use.
            (self.out, self.sent, self.owed) = (Vec::new(), 0, 0);
            self.is_torn = true;
        }
        if self.is_torn || self.is_closing || self.sent < self.out.len() {
            return false;
        }
        if !io.send.is_empty() {
            let record = io.send.get(..RECORD).unwrap_or(io.send);
            self.owed = self.session.write(record);
            self.session.take_output(&mut self.out);
        } else if io.fin {
            self.session.close();
            self.is_closing = true;
            self.session.take_output(&mut self.out);
        }
        false
    }

    /// Drops the connection once the machine inside has ended without an end to be sent, or does so in the handshake.
    fn drop_if_over(&mut self, now: Instant, inside: &mut impl Inside) {
        let is_handshake = self.state == State::Handshake;
        if !is_handshake && self.state != State::Open {
            return;
        }
        let is_over = match inside.endpoint() {
            None => !is_handshake,
            Some(endpoint) => match endpoint.poll_io() {
                None => true,
                Some(io) => is_handshake && io.fin,
            },
        };
        if is_over && is_handshake {
            // It may wait for its end to be sent, which has no place in a handshake.
            inside.failed(now, NO_WORDS);
        }
        if is_over {
            self.abandon();
        }
    }
}
