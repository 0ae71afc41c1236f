//! Search for the end of the reply at the front of the receive buffer, and the end of replies.

use core::ops::Range;

use super::Client;
use super::send::Asked;
use crate::close_reason::{CloseReason, Violation};
use crate::conn::{Instant, Transition};
use crate::error::{DecodeError, Problem};
use crate::wire::{FrameCursor, Kind, Limits};

impl Client {
    /// Frames the next reply and sets the timers. Every method that changes something calls it last.
    pub(super) fn settle(&mut self, now: Instant) {
        self.now = now;
        if self.lifecycle.is_open() {
            self.kept = self.recv.bytes().len();
        }
        self.frame();
        self.arm(now);
    }

    /// Takes the reply at the front, of `len` bytes, and returns its place.
    pub(super) fn take_front(&mut self, len: usize) -> Range<usize> {
        let place = self.recv.take_place(len);
        self.kept = self.kept.saturating_sub(len);
        self.frame();
        self.arm(self.now);
        place
    }

    /// Finds the end of the reply at the front of the receive buffer. Nothing behind that is looked at before the reply is
    /// handed out.
    fn frame(&mut self) {
        // Bytes that came after this side has ended are dropped.
        if !self.lifecycle.is_open() {
            self.recv.truncate(self.kept);
        }
        while self.front.is_none() && self.frame_next() {}
        if self.front.is_none() && self.lifecycle.peer_ended {
            self.peer_ended();
        }
        if self.front.is_none() && !self.lifecycle.is_open() {
            self.drop_replies();
        }
    }

    /// Frames the next reply, or skips it if it says nothing. Returns false if it is not complete.
    fn frame_next(&mut self) -> bool {
        let received = self.recv.bytes();
        if received.is_empty() {
            return false;
        }
        let limits = Limits { message: self.recv.limit(), ended: self.lifecycle.peer_ended };
        match self.codec.frame(&mut self.cursor, received, limits) {
            Ok(Some(len)) => {
                let is_filler = self.codec.is_filler(received.get(..len).unwrap_or_default());
                self.cursor = FrameCursor::default();
                self.begun = None;
                if is_filler {
                    self.recv.take(len);
                    self.kept = self.kept.saturating_sub(len);
                } else {
                    self.active = self.now;
                    self.front = Some(len);
                }
                true
            }
            Ok(None) if received.len() >= limits.message => {
                let problem = Problem::TooLong { size: received.len() + 1, max: limits.message };
                self.malformed(DecodeError::new(0, problem));
                false
            }
            Ok(None) => false,
            Err(error) => {
                self.malformed(error);
                false
            }
        }
    }

    /// Ends the connection because the server broke the protocol.
    pub(super) fn malformed(&mut self, error: DecodeError) {
        self.end(self.now, CloseReason::Peer(Violation::Malformed(error)));
        self.drop_replies();
    }

    fn drop_replies(&mut self) {
        self.kept = 0;
        self.recv.truncate(0);
    }

    /// True if the server's end says that it has received Finished, to which it does not reply.
    fn end_is_a_reply(&self) -> bool {
        let is_finished = |asked: &Asked| asked.reply.kind == Kind::Finished;
        !self.config.dialect.profile().answers_finished
            && self.lifecycle.is_open()
            && self.recv.bytes().is_empty()
            && self.output.pending().is_empty()
            && self.asked.front().is_some_and(is_finished)
    }

    /// Ends the connection because the server has ended its side: unsent bytes would reach nobody.
    fn peer_ended(&mut self) {
        if self.end_is_a_reply() {
            self.front = Some(0);
            return;
        }
        let received = self.recv.bytes().len();
        let reason = if received > 0 {
            CloseReason::Peer(Violation::Truncated { received })
        } else if self.waits_for_welcome() {
            CloseReason::NoSession
        } else if !self.asked.is_empty() || !self.output.pending().is_empty() {
            CloseReason::Peer(Violation::Unanswered)
        } else {
            CloseReason::Done
        };
        self.output.sent(usize::MAX);
        self.lifecycle.apply(Transition::PeerEnded, reason);
    }
}
