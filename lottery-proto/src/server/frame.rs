//! Search for the end of the message at the front of the receive buffer.

use super::Server;
use super::decode::Front;
use crate::close_reason::{CloseReason, Violation};
use crate::conn::{Instant, Transition};
use crate::dialect::{Dialect, Foreign};
use crate::error::{DecodeError, Problem};
use crate::wire::{Code, Failure, FrameCursor, Limits, detect, foreign};

/// Progress of the search for the end of a message.
#[derive(Debug, Default)]
pub(super) struct Search {
    cursor: FrameCursor,
    /// True if an unfinished line counts as complete, because nothing has come for long enough.
    pub(super) line_over: bool,
}

impl Server {
    /// Frames the next message, shares memory and sets the timers. Every method that changes something calls it last.
    pub(super) fn settle(&mut self, now: Instant) {
        self.now = now;
        self.frame();
        self.drop_no_more();
        self.share();
        self.arm(now);
    }

    /// Finds the end of the message at the front of the receive buffer. Nothing behind that is looked at before the
    /// message is handed out.
    pub(super) fn frame(&mut self) {
        while self.lifecycle.is_open() && self.front.is_none() && self.frame_next() {}
        if !self.lifecycle.is_open() {
            self.front = None;
            self.recv.truncate(0);
        }
        if self.fin_due() && self.resets() {
            self.lifecycle.apply(Transition::GaveUp, CloseReason::Rejected);
        }
        if self.lifecycle.is_closed() {
            self.slots.clear();
        }
        self.take_more();
    }

    /// Frames the next message, or skips it if it says nothing. Returns false if it is not complete.
    fn frame_next(&mut self) -> bool {
        if self.last_came {
            self.recv.truncate(0);
        }
        let received = self.recv.bytes();
        let now = self.now;
        let limits = Limits { message: self.recv.limit(), ended: self.lifecycle.peer_ended };
        if received.is_empty() {
            if limits.ended {
                self.lifecycle.apply(Transition::PeerEnded, CloseReason::Done);
            }
            return false;
        }
        let Some(dialect) = self.dialect else {
            let Some(dialect) = detect(&self.config.dialects, received, limits) else { return false };
            let foreign = foreign(received);
            self.dialect = Some(dialect);
            self.greet(now, dialect, foreign);
            return true;
        };
        let codec = dialect.server();
        let ended = limits.ended;
        let limits = Limits { ended: ended || self.search.line_over, ..limits };
        match codec.frame(&mut self.search.cursor, received, limits) {
            Ok(Some(len)) => {
                let message = received.get(..len).unwrap_or_default();
                let foreign = if dialect.profile().has_lines { foreign(message) } else { None };
                self.begun = None;
                self.search = Search::default();
                if let Some(protocol) = foreign {
                    self.end(now, CloseReason::Foreign(protocol));
                } else if codec.is_filler(message) {
                    self.recv.take(len);
                } else {
                    self.front = Some(Front { len, decoded: None });
                }
            }
            Ok(None) if ended => {
                let reason = CloseReason::Peer(Violation::Truncated { received: received.len() });
                self.lifecycle.apply(Transition::PeerEnded, reason);
            }
            Ok(None) if received.len() >= limits.message => {
                let problem = Problem::TooLong { size: received.len() + 1, max: limits.message };
                self.violated(now, DecodeError::new(0, problem), None);
            }
            Ok(None) => return false,
            Err(error) => self.violated(now, error, None),
        }
        true
    }

    /// Rejects the peer once its dialect is known, if that dialect is not spoken here or the peer is not to be served.
    fn greet(&mut self, now: Instant, dialect: Dialect, foreign: Option<Foreign>) {
        if let Some(failure) = self.rejection {
            self.fail(now, CloseReason::Rejected, failure, None);
        } else if !self.config.dialects.contains(&dialect) {
            let failure = Failure { code: Code::Malformed, text: "this dialect is not spoken here" };
            let reason = foreign.map_or(CloseReason::NotSpoken(dialect), CloseReason::Foreign);
            self.fail(now, reason, failure, None);
        }
    }
}
