//! Memory that is lent to the server machine.

use alloc::boxed::Box;

use super::Server;
use super::config::{MAX_UNSENT, OWN_BUFFER, ServerConfig};
use crate::conn::{Lender, RecvBuffer};

/// Memory that is lent to a connection, and the limits that follow from it.
#[derive(Debug)]
pub(super) struct Lent {
    /// Source of the memory; `None` if memory is not limited.
    lender: Option<Box<dyn Lender>>,
    /// Bytes that are lent, in addition to the connection's own.
    bytes: usize,
    /// Maximum number of unanswered requests.
    pub(super) requests: usize,
    /// True while a message waits for memory.
    pub(super) is_short: bool,
}

impl Lent {
    /// Returns unlimited memory for that many requests.
    pub(super) const fn without_end(requests: usize) -> Self {
        Self { lender: None, bytes: 0, requests, is_short: false }
    }

    /// Returns memory that `lender` lends, with none lent yet.
    pub(super) const fn by(lender: Box<dyn Lender>) -> Self {
        Self { lender: Some(lender), bytes: 0, requests: 1, is_short: false }
    }

    /// Raises the lent memory to `bytes` in all; false if there is not enough.
    fn hold(&mut self, bytes: usize) -> bool {
        let Some(lender) = &mut self.lender else { return true };
        if bytes > self.bytes {
            if !lender.hold(bytes) {
                return false;
            }
            self.bytes = bytes;
        }
        true
    }

    /// Raises the lent memory to `bytes` in all, or waits for that; false if it has to wait.
    fn wait_for(&mut self, bytes: usize) -> bool {
        let Some(lender) = &mut self.lender else { return true };
        let held = bytes <= self.bytes || lender.wait_for(bytes);
        if held {
            self.bytes = self.bytes.max(bytes);
        }
        held
    }

    /// Gives back all but `bytes`.
    fn keep(&mut self, bytes: usize) {
        if let Some(lender) = &mut self.lender
            && bytes < self.bytes
        {
            // A decrease always succeeds.
            let _ = lender.hold(bytes);
            self.bytes = bytes;
        }
    }
}

impl Server {
    /// Takes all memory besides [`ServerConfig::OWN_MEMORY`] from `lender`. Must be called before anything else.
    #[must_use]
    pub fn with_lender(self, lender: Box<dyn Lender>) -> Self {
        Self { lent: Lent::by(lender), ..self }
    }

    /// Returns the number of unsent bytes from which no more requests are taken.
    pub(super) fn max_unsent(&self) -> usize {
        if self.lent.lender.is_none() { MAX_UNSENT } else { ServerConfig::unsent(self.lent.requests).max(1) }
    }

    /// Raises the number of requests that may be unanswered, if more seem to have come and there is memory for them.
    pub(super) fn take_more(&mut self) {
        let most = self.config.max_in_flight;
        let there = !self.recv.bytes().is_empty() || self.recv.is_full();
        while there && self.lifecycle.is_open() && !self.takes_requests() && self.lent.requests < most {
            let requests = (self.lent.requests * 2 + 2).min(most);
            if !self.lent.hold(lent_beside(&self.recv, requests)) {
                return;
            }
            self.lent.requests = requests;
        }
    }

    /// Grows the receive buffer, if it should grow and there is memory for it.
    pub(super) fn grow_inbox(&mut self) {
        let Some((size, needed)) = self.recv.growth(self.waiting()) else { return };
        let (now, limit, requests) = (self.recv.memory(), self.recv.limit(), self.lent.requests);
        // Both copies exist while the buffer moves to a larger place.
        let lent =
            |size| ServerConfig::lent(if size > OWN_BUFFER { now + size } else { size }, size, requests);
        if !self.lent.is_short && self.lent.hold(lent(size)) {
            self.recv.grow(size);
        } else if needed && self.front.is_none() {
            // Borrows all that the message can need, so that it waits only once.
            self.lent.is_short = !self.lent.wait_for(lent(limit));
            if !self.lent.is_short {
                self.recv.grow(limit);
            }
        }
    }

    /// Returns the number of requests, and the bytes that must be lent for them, that the connection needs after it has
    /// given back all that is empty.
    fn needs(&self) -> (usize, usize) {
        let waiting = self.slots.len() + usize::from(self.front.is_some());
        let unsent = self.output.pending().len().div_ceil(ServerConfig::USUAL_ANSWER);
        let requests = waiting.max(unsent + 1).clamp(1, self.lent.requests.max(1));
        (requests, lent_beside(&self.recv, requests))
    }

    /// True if lent memory can be given back, besides empty buffers.
    pub(super) fn has_surplus(&self) -> bool {
        self.lent.bytes > 0 && self.lent.bytes > self.needs().1
    }

    /// Gives back the memory that a waiting connection does not need.
    pub(super) fn shrink(&mut self) {
        self.recv.shrink();
        if self.recv.bytes().is_empty() {
            self.spans.shrink();
        }
        self.output.shrink();
        self.slots.shrink();
        if self.lent.lender.is_some() {
            let (requests, bytes) = self.needs();
            self.lent.requests = requests;
            self.lent.keep(bytes);
        }
    }

    /// Gives back memory that other connections wait for, as soon as the receive buffer is empty.
    pub(super) fn share(&mut self) {
        let empty = self.lent.bytes > 0 && self.recv.bytes().is_empty();
        if empty && self.lent.lender.as_ref().is_some_and(|lender| lender.is_wanted()) {
            self.shrink();
        }
    }

    /// Reports memory to the lender that a reply took beyond the size reckoned with.
    pub(super) fn count_answer(&mut self) {
        let Some(lender) = &mut self.lent.lender else { return };
        let output = self.output.memory();
        let requests = self.lent.requests;
        if output > 2 * ((requests + 2) * ServerConfig::USUAL_ANSWER + ServerConfig::unsent(requests)) {
            let bytes = lent_beside(&self.recv, requests).saturating_add(2 * output);
            if bytes > self.lent.bytes {
                lender.held(bytes);
                self.lent.bytes = bytes;
            }
        }
    }
}

/// Returns the bytes that must be lent for this buffer, and for this many unanswered requests.
fn lent_beside(recv: &RecvBuffer, requests: usize) -> usize {
    ServerConfig::lent(recv.memory(), recv.memory(), requests)
}
