//! Decoding of requests.

use core::mem;

use super::Server;
use super::event::{Next, RejectedBy, What};
use crate::bet::AgencyId;
use crate::conn::{Instant, Transition};
use crate::dialect::{Dialect, Foreign};
use crate::error::{CloseReason, DecodeError, Problem, Violation};
use crate::wire::{
    Code, Failure, FrameCursor, Kind, Limits, PendingReply, Rejection, Request, detect, foreign,
};

impl Server {
    /// Decodes, shares memory and sets the timers. Every method that changes something calls it last.
    pub(super) fn settle(&mut self, now: Instant) {
        self.now = now;
        self.advance(now);
        self.drop_no_more();
        self.share();
        self.arm(now);
        if self.lifecycle.is_closed() {
            self.drop_requests();
        }
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

    /// Decodes the bytes that were received, as long as requests are taken.
    fn advance(&mut self, now: Instant) {
        while !self.holds_bets() && (self.takes_requests() || self.may_take_more()) {
            if self.last_came {
                self.recv.truncate(self.decoded);
            }
            let received = self.recv.bytes().get(self.decoded..).unwrap_or_default();
            if received.is_empty() && self.lifecycle.peer_ended {
                self.lifecycle.apply(Transition::PeerEnded, CloseReason::Done);
                break;
            }
            let limits = Limits { message: self.recv.limit(), ended: self.lifecycle.peer_ended };
            let spoken = &self.config.dialects;
            let Some(dialect) = self.dialect.or_else(|| detect(spoken, received, limits)) else { break };
            if self.dialect.is_none() {
                self.dialect = Some(dialect);
                let foreign = foreign(received);
                self.greet(now, dialect, foreign);
                continue;
            }
            let codec = dialect.server();
            let limits = Limits { ended: limits.ended || self.line_over, ..limits };
            match codec.frame(&mut self.scan, received, limits) {
                Ok(Some(len)) => {
                    let message = received.get(..len).unwrap_or_default();
                    if dialect.profile().has_lines
                        && let Some(protocol) = foreign(message)
                    {
                        self.end(now, CloseReason::Foreign(protocol));
                        break;
                    }
                    let request = (!codec.is_filler(message))
                        .then(|| codec.request(self.recv.bytes_mut(self.decoded, len), &mut self.spans));
                    self.begun = None;
                    self.line_over = false;
                    self.scan = FrameCursor::default();
                    self.decoded += len;
                    match request {
                        None => self.pass_over(len),
                        Some(Ok(request)) => self.take(now, len, request),
                        Some(Err(Rejection { error, due })) => self.rejected(now, len, error, due),
                    }
                }
                Ok(None) if self.lifecycle.peer_ended => {
                    let reason = CloseReason::Peer(Violation::Truncated { received: received.len() });
                    self.lifecycle.apply(Transition::PeerEnded, reason);
                }
                Ok(None) if received.len() >= limits.message => {
                    let problem = Problem::TooLong { size: received.len() + 1, max: limits.message };
                    self.violated(now, DecodeError::new(0, problem), None);
                }
                Ok(None) => break,
                Err(error) => self.violated(now, error, None),
            }
        }
        self.reject_front(now);
        if !self.lifecycle.is_open() {
            self.recv.truncate(self.decoded);
        }
    }

    /// True if bets wait to be handed out. Nothing behind them is decoded before, so that there is one list of places.
    pub(super) fn holds_bets(&self) -> bool {
        let last = self.queue.back().map(|next| &next.what);
        matches!(last, Some(What::Request { request, .. }) if matches!(request.kind, Kind::Bet | Kind::Batch))
    }

    /// Skips the last message, an empty one of `len` bytes. Its bytes are taken together with the message before it, if
    /// that is still queued.
    fn pass_over(&mut self, len: usize) {
        if let Some(next) = self.queue.back_mut() {
            next.len += len;
        } else {
            self.decoded -= len;
            self.recv.take(len);
        }
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

    /// Queues a request that was decoded from a message of `len` bytes, or rejects it.
    fn take(&mut self, now: Instant, len: usize, mut request: Request) {
        let named = request.agency.map_or(0, AgencyId::get);
        let owed = |kind, echo| PendingReply { kind, agency: named, echo };
        let mut echo = mem::take(&mut request.echo);
        if let Err(error) = self.bind(request.agency) {
            return self.rejected(now, len, error, Some(owed(request.kind, echo)));
        }
        request.agency = self.agency;
        self.heard = now;
        self.last_came = request.awaits_winners;
        let awaits = request.awaits_winners.then(|| Request::new(Kind::AwaitWinners, self.agency));
        // A client that has named no agency has no bets to finish: its Finished only waits for the draw.
        let first = if awaits.is_some() && self.agency.is_none() { None } else { Some(request) };
        let mut len = len;
        for request in first.into_iter().chain(awaits) {
            let doomed =
                self.rejected.is_some() && self.stops_at_a_rejection() && request.kind != Kind::Hello;
            let number = self.slots.push(owed(request.kind, mem::take(&mut echo)));
            let what = if doomed {
                What::Doomed { number, agency: self.agency, error: RejectedBy::EarlierBets }
            } else {
                What::Request { request, number }
            };
            self.queue.push_back(Next { len: mem::take(&mut len), what });
        }
    }
}
