//! How the server machine does with the memory that it gets.

use alloc::boxed::Box;

use super::Server;
use super::timeouts::MAX_UNSENT;
use crate::config::ServerConfig;
use crate::lender::Lender;
use crate::recv_buffer::FIRST_STEP;

/// What is lent to a connection, and what it may do with it.
#[derive(Debug)]
pub(super) struct Lent {
    /// `None`: as much as it wants.
    lender: Option<Box<dyn Lender>>,
    /// So many bytes besides its own.
    bytes: usize,
    /// So many requests may be unanswered.
    pub(super) requests: usize,
    /// A message waits for memory.
    pub(super) is_short: bool,
}

impl Lent {
    /// As much as it wants, for so many requests.
    pub(super) const fn without_end(requests: usize) -> Self {
        Self { lender: None, bytes: 0, requests, is_short: false }
    }

    /// What that lender gives.
    pub(super) const fn by(lender: Box<dyn Lender>) -> Self {
        Self { lender: Some(lender), bytes: 0, requests: 1, is_short: false }
    }

    /// Gets so many bytes, if there are so many.
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

    /// Gets so many bytes, if not now, then later.
    fn wait_for(&mut self, bytes: usize) -> bool {
        let Some(lender) = &mut self.lender else { return true };
        let held = bytes <= self.bytes || lender.wait_for(bytes);
        if held {
            self.bytes = self.bytes.max(bytes);
        }
        held
    }

    /// Gives back all but so many bytes.
    fn keep(&mut self, bytes: usize) {
        if let Some(lender) = &mut self.lender
            && bytes < self.bytes
        {
            // It always may.
            let _ = lender.hold(bytes);
            self.bytes = bytes;
        }
    }
}

impl Server {
    /// Lets all memory besides [`ServerConfig::OWN_MEMORY`] come from there. To be called first.
    #[must_use]
    pub fn with_lender(self, lender: Box<dyn Lender>) -> Self {
        Self { lent: Lent::by(lender), ..self }
    }

    /// So many bytes may wait to be sent while more requests are taken.
    pub(super) fn max_unsent(&self) -> usize {
        if self.lent.lender.is_none() { MAX_UNSENT } else { ServerConfig::unsent(self.lent.requests).max(1) }
    }

    /// More requests are there, it seems, than may be unanswered: whether more may be now.
    pub(super) fn may_take_more(&mut self) -> bool {
        let most = self.config.max_in_flight.max(1);
        let there = self.recv.bytes().len() > self.decoded || self.recv.is_full();
        if self.lent.requests >= most || !self.lifecycle.is_open() || !there {
            return false;
        }
        let requests = (self.lent.requests * 2 + 2).min(most);
        let may = self.lent.hold(ServerConfig::lent(self.recv.memory(), requests));
        if may {
            self.lent.requests = requests;
        }
        may
    }

    /// Lets the receive buffer grow, if it should and there is memory for it.
    pub(super) fn grow_inbox(&mut self) {
        let Some((size, needed)) = self.recv.growth(self.decoded) else { return };
        let (now, limit, requests) = (self.recv.memory(), self.recv.limit(), self.lent.requests);
        // While it moves to a larger place it is there twice.
        let lent = |size| ServerConfig::lent(if size > OWN_BUFFER { now + size } else { size }, requests);
        if !self.lent.is_short && self.lent.hold(lent(size)) {
            self.recv.grow(size);
        } else if needed {
            // All that the message can need: who has waited for it does not wait again.
            self.lent.is_short = !self.lent.wait_for(lent(limit));
            if !self.lent.is_short {
                self.recv.grow(limit);
            }
        }
    }

    /// What it needs now besides its own, if it gives back what is empty.
    fn needs(&self) -> (usize, usize) {
        let waiting = self.slots.len().max(self.queue.len());
        let unsent = self.output.pending().len().div_ceil(ServerConfig::USUAL_ANSWER);
        let requests = waiting.max(unsent + 1).clamp(1, self.lent.requests.max(1));
        (requests, ServerConfig::lent(self.recv.memory(), requests))
    }

    /// Whether memory could be given back besides empty buffers.
    pub(super) fn has_surplus(&self) -> bool {
        self.lent.bytes > 0 && self.lent.bytes > self.needs().1
    }

    /// Gives back the memory that a connection which waits does not need.
    pub(super) fn shrink(&mut self) {
        self.recv.shrink();
        self.output.shrink();
        self.slots.shrink();
        self.queue.shrink_to_fit();
        if self.lent.lender.is_some() {
            let (requests, bytes) = self.needs();
            self.lent.requests = requests;
            self.lent.keep(bytes);
        }
    }

    /// Gives back what others wait for, as soon as there is nothing in it.
    pub(super) fn share(&mut self) {
        let empty = self.lent.bytes > 0 && self.recv.bytes().is_empty();
        if empty && self.lent.lender.as_ref().is_some_and(|lender| lender.is_wanted()) {
            self.shrink();
        }
    }

    /// An answer may be longer than was reckoned with.
    pub(super) fn count_answer(&mut self) {
        let Some(lender) = &mut self.lent.lender else { return };
        let output = self.output.memory();
        let requests = self.lent.requests;
        if output > 2 * ((requests + 2) * ServerConfig::USUAL_ANSWER + ServerConfig::unsent(requests)) {
            let bytes = ServerConfig::lent(self.recv.memory(), requests).saturating_add(2 * output);
            if bytes > self.lent.bytes {
                lender.held(bytes);
                self.lent.bytes = bytes;
            }
        }
    }
}

/// The buffer that is a connection's own.
pub(crate) const OWN_BUFFER: usize = FIRST_STEP;
