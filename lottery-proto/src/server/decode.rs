//! Decoding of requests, replies, and the end of the server's side of a connection.

use core::mem;

use super::Server;
use super::event::{Next, RefusedBy, What};
use crate::bet::AgencyId;
use crate::conn::{Instant, Transition};
use crate::dialect::{Dialect, Foreign};
use crate::error::{CloseReason, DecodeError, Problem, Violation};
use crate::wire::{
    Answer, Code, Failure, FrameCursor, Kind, Limits, ListError, PendingReply, Refusal, Request, Side,
    TooLarge, detect, foreign,
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
        while self.takes_requests() || self.may_take_more() {
            if self.last_came {
                self.recv.truncate(self.decoded);
            }
            let received = self.recv.bytes().get(self.decoded..).unwrap_or_default();
            if received.is_empty() && self.lifecycle.peer_ended {
                self.lifecycle.apply(Transition::PeerEnded, CloseReason::Done);
                break;
            }
            let (limit, ended) = (self.recv.limit(), self.lifecycle.peer_ended);
            let Some(dialect) = self.dialect.or_else(|| detect(received, limit, ended)) else { break };
            if self.dialect.is_none() {
                self.dialect = Some(dialect);
                let foreign = foreign(received);
                self.greet(now, dialect, foreign);
                continue;
            }
            let codec = dialect.codec();
            let limits = Limits { message: limit, ended: ended || self.line_over };
            match codec.frame(&mut self.scan, received, Side::Client, limits) {
                Ok(Some(len)) => {
                    let message = received.get(..len).unwrap_or_default();
                    if dialect == Dialect::Echo
                        && let Some(protocol) = foreign(message)
                    {
                        self.end(now, CloseReason::Foreign(protocol));
                        break;
                    }
                    let request = (!codec.is_filler(message)).then(|| codec.request(message));
                    self.begun = None;
                    self.line_over = false;
                    self.scan = FrameCursor::default();
                    self.decoded += len;
                    match request {
                        None => self.pass_over(len),
                        Some(Ok(request)) => self.take(now, len, request),
                        Some(Err(Refusal { error, due })) => self.refused(now, len, error, due),
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
        self.refuse_front(now);
        if !self.lifecycle.is_open() {
            self.recv.truncate(self.decoded);
        }
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
        if let Some(failure) = self.refusal {
            self.fail(now, CloseReason::Refused, failure, None);
        } else if !self.config.dialects.contains(&dialect) {
            let failure = Failure { code: Code::Malformed, text: "this wire is not spoken here" };
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
            return self.refused(now, len, error, Some(owed(request.kind, echo)));
        }
        request.agency = self.agency;
        self.heard = now;
        self.last_came = request.awaits_winners;
        let awaits = request.awaits_winners.then(|| Request::new(Kind::AwaitWinners, self.agency));
        // A client that has named no agency has no bets to finish: its Finished only waits for the draw.
        let first = if awaits.is_some() && self.agency.is_none() { None } else { Some(request) };
        let mut len = len;
        for request in first.into_iter().chain(awaits) {
            let doomed = self.refused.is_some() && self.stops_at_a_refusal() && request.kind != Kind::Hello;
            let number = self.slots.push(owed(request.kind, mem::take(&mut echo)));
            let what = if doomed {
                What::Doomed { number, agency: self.agency, error: RefusedBy::EarlierBets }
            } else {
                What::Request { request, number }
            };
            self.queue.push_back(Next { len: mem::take(&mut len), what });
        }
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        // Also if the peer has ended already: a reply that is still owed to it may never come.
        self.ending.get_or_insert(now);
        let failure = Failure { code: Code::ShuttingDown, text: "the centre is stopping" };
        self.fail(now, CloseReason::Shutdown, failure, None);
        // This process will not see the draw that these queries wait for.
        while let Some(number) = self.slots.first_owed(Kind::AwaitWinners) {
            self.answer_failure(now, number, failure);
        }
    }

    /// Ends the connection like [`Server::fail`], if a winners query waits for the draw. The query gets the failure,
    /// which would have to wait behind it otherwise.
    pub(super) fn fail_waiting(&mut self, now: Instant, reason: CloseReason, failure: Failure<'_>) {
        while self.lifecycle.is_open()
            && let Some(number) = self.slots.first_owed(Kind::AwaitWinners)
        {
            self.end(now, reason);
            self.answer_failure(now, number, failure);
        }
    }

    /// Ends the connection from this side, with a failure as the last reply.
    pub(super) fn fail(
        &mut self,
        now: Instant,
        reason: CloseReason,
        failure: Failure<'_>,
        due: Option<PendingReply>,
    ) {
        if !self.lifecycle.is_open() {
            return;
        }
        let agency = self.agency.map_or(0, AgencyId::get);
        let due = due.unwrap_or(PendingReply::new(Kind::Unknown, agency));
        self.end(now, reason);
        let number = self.slots.push(due);
        let answered = self.answer(now, number, &Answer::Failed(failure));
        debug_assert!(answered.is_ok(), "every dialect can carry a failure");
    }

    /// Takes no more requests. `Done` and `Superseded` get no linger deadline yet: a client that was served may need
    /// time to read its last reply, and a superseded one that never learns of it would reconnect and supersede the
    /// newer session.
    fn end(&mut self, now: Instant, reason: CloseReason) {
        if !matches!(reason, CloseReason::Done | CloseReason::Superseded) {
            self.ending.get_or_insert(now);
        }
        self.lifecycle.apply(Transition::WeEnd, reason);
    }

    pub(super) fn answer_failure(&mut self, now: Instant, number: u64, failure: Failure<'_>) {
        let answered = self.answer(now, number, &Answer::Refused { failure, total: 0 });
        debug_assert!(answered.is_ok(), "every dialect can carry a failure");
    }

    /// Answers request `number`.
    pub(super) fn answer(&mut self, now: Instant, number: u64, answer: &Answer<'_>) -> Result<(), TooLarge> {
        let Some(kind) = self.slots.owed(number) else { return Ok(()) };
        let codec = self.dialect.unwrap_or(Dialect::Echo).codec();
        let answer = &match *answer {
            Answer::Refused { failure, .. } => Answer::Refused { failure, total: self.stored },
            Answer::Welcome { stored, finished, digest, .. } => {
                Answer::Welcome { stored, finished, window: self.config.window.max(1), digest }
            }
            answer => answer,
        };
        let end = self.slots.answer(number, answer, codec, &mut self.output)?;
        self.count_answer();
        self.active = now;
        match answer {
            Answer::Refused { .. } if matches!(kind, Kind::Bet | Kind::Batch) => {
                self.bets_refused(number);
                self.doom_the_rest();
            }
            Answer::Stored { total } | Answer::Welcome { stored: total, .. } => self.stored = *total,
            Answer::Pending => {
                self.pending.get_or_insert(now);
            }
            _ => {}
        }
        self.end_with(now, end);
        Ok(())
    }

    /// Appends the next documents of a list.
    pub(super) fn put_documents<'a>(
        &mut self,
        now: Instant,
        documents: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), ListError> {
        let codec = self.dialect.unwrap_or(Dialect::Echo).codec();
        let end = self.slots.put_winners(documents, codec, &mut self.output)?;
        self.active = now;
        self.end_with(now, end);
        Ok(())
    }

    /// Ends the connection after a reply, if there is a reason.
    fn end_with(&mut self, now: Instant, reason: Option<CloseReason>) {
        if let Some(reason) = reason {
            // Requests behind the last reply get none.
            self.drop_requests();
            self.end(now, reason);
        }
    }

    /// Forgets the unanswered requests. Rejections are still reported to the application.
    fn drop_requests(&mut self) {
        self.slots.clear();
        self.queue.retain(|next| matches!(next.what, What::Refused { .. }));
        self.queue.iter_mut().for_each(|next| next.len = 0);
        self.recv.take(self.decoded);
        self.decoded = 0;
    }
}
