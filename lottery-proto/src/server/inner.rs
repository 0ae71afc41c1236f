//! How the server machine decides: what was received, what is due, what comes next.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::time::Duration;

use super::Server;
use super::event::{Next, RefusedBy};
use crate::agency::AgencyId;
use crate::error::{CloseReason, Code, DecodeError, Failure, Problem, Violation};
use crate::life::{On, State};
use crate::time::Instant;
use crate::timer::Timer;
use crate::wire::{Answer, Kind, Owed, Refusal, Request, Scan, Then, TooLarge};

/// With more than so many bytes to send, no more requests are read.
const MAX_UNSENT: usize = 64 * 1024;

impl Server {
    /// Brings everything in line with what has just changed. Called last by whatever changes something.
    pub(super) fn settle(&mut self, now: Instant) {
        self.advance(now);
        self.arm(now);
        while !self.life.is_closed()
            && let Some(timer) = self.timers.expire(now)
        {
            self.expired(now, timer);
            self.advance(now);
            self.arm(now);
        }
        if self.life.is_closed() {
            self.queue.clear();
            self.slots.clear();
            self.timers.clear();
        }
    }

    /// Decodes what was received, as far as requests are taken.
    fn advance(&mut self, now: Instant) {
        while self.takes_requests() {
            let received = self.inbox.bytes().get(self.decoded..).unwrap_or_default();
            match self.wire.frame(&mut self.scan, received) {
                Ok(Some(len)) => {
                    let message = received.get(..len).unwrap_or_default();
                    let request = self.wire.request(message);
                    self.begun = None;
                    self.scan = Scan::default();
                    self.take(now, len, request);
                }
                Ok(None) if self.life.peer_ended => {
                    let reason = match received.len() {
                        0 => CloseReason::Done,
                        received => CloseReason::Peer(Violation::Truncated { received }),
                    };
                    self.life.on(On::PeerEnded, reason);
                }
                Ok(None) => break,
                Err(error) => self.violated(now, error, None),
            }
        }
        if !self.life.is_open() {
            self.inbox.truncate(self.decoded);
        }
        self.refuse_finished(now);
    }

    /// Whether more requests would be decoded, if they were there.
    fn takes_requests(&self) -> bool {
        self.life.is_open() && self.slots.len() < self.config.max_in_flight.max(1)
    }

    pub(super) fn wants_read(&self) -> bool {
        let open = self.takes_requests() && self.output.pending().len() < MAX_UNSENT && self.inbox.has_room();
        // Whoever is told no still sends what it had begun: it is read and dropped, or the system would drop
        // our answer with it.
        let dropping =
            matches!(self.life.state(), State::Draining | State::Lingering) && self.queue.is_empty();
        !self.life.peer_ended && (open || dropping)
    }

    pub(super) fn fin_due(&self) -> bool {
        self.life.state() == State::Draining && self.slots.is_empty() && self.output.pending().is_empty()
    }

    /// Takes a decoded message of `len` bytes: into the queue, or refuses it.
    fn take(&mut self, now: Instant, len: usize, request: Result<Request, Refusal>) {
        let request = match request {
            Ok(request) => request,
            Err(Refusal { error, due }) => return self.refused(now, len, error, due),
        };
        let owed = Owed { kind: request.kind, agency: request.agency.get(), echo: request.echo.clone() };
        if let Err(error) = self.bind(request.agency) {
            return self.violated(now, error, Some(owed));
        }
        let number = self.slots.push(owed);
        self.decoded += len;
        self.queue.push_back(Next::Request { request, number, len });
    }

    /// A connection speaks for one agency, and it is one of those that there are.
    fn bind(&mut self, agency: AgencyId) -> Result<(), DecodeError> {
        let most = self.config.agencies;
        let found = agency.get();
        if found > most {
            return Err(DecodeError::new(0, Problem::UnknownAgency { agency: found, most }));
        }
        let expected = self.agency.get_or_insert(agency).get();
        if found != expected {
            return Err(DecodeError::new(0, Problem::AgencyMismatch { found, expected }));
        }
        Ok(())
    }

    /// A message of `len` bytes is wrong: only its bets are refused, or the connection ends.
    fn refused(&mut self, now: Instant, len: usize, error: DecodeError, due: Option<Owed>) {
        let agency = due.as_ref().and_then(|owed| AgencyId::new(owed.agency));
        let (Some(owed), Some(agency), true) = (&due, agency, error.is_about_a_bet()) else {
            return self.violated(now, error, due);
        };
        if let Err(error) = self.bind(agency) {
            return self.violated(now, error, due);
        }
        let number = self.slots.push(owed.clone());
        self.decoded += len;
        self.queue.push_back(Next::Refused { agency, error: RefusedBy::Bet(error), len });
        self.answer_failure(now, number, Failure { code: Code::Malformed, text: &error.to_string() });
    }

    /// Answers each Finished that everything before is answered, if bets of its connection were refused.
    fn refuse_finished(&mut self, now: Instant) {
        while self.refused
            && let Some(first) = self.queue.iter_mut().find(|next| matches!(next, Next::Request { .. }))
            && let Next::Request { request, number, len } = &*first
            && request.kind == Kind::Finished
            && self.slots.is_front(*number)
        {
            let (number, len, agency, error) = (*number, *len, request.agency, RefusedBy::EarlierBets);
            *first = Next::Refused { agency, error, len };
            self.answer_failure(now, number, Failure { code: Code::Malformed, text: &error.to_string() });
        }
    }

    /// The peer broke the protocol.
    fn violated(&mut self, now: Instant, error: DecodeError, due: Option<Owed>) {
        let code = match error.problem {
            Problem::UnknownAgency { .. } => Code::UnknownAgency,
            Problem::AgencyMismatch { .. } => Code::AgencyMismatch,
            _ => Code::Malformed,
        };
        let reason = CloseReason::Peer(Violation::Malformed(error));
        self.fail(now, reason, Failure { code, text: &error.to_string() }, due);
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        // Also if the peer has ended already: an answer that is still owed to it may never come.
        self.ending.get_or_insert(now);
        let failure = Failure { code: Code::ShuttingDown, text: "the centre is stopping" };
        self.fail(now, CloseReason::Shutdown, failure, None);
    }

    /// Ends the connection from this side, with a failure as the last answer.
    pub(super) fn fail(
        &mut self,
        now: Instant,
        reason: CloseReason,
        failure: Failure<'_>,
        due: Option<Owed>,
    ) {
        if !self.life.is_open() {
            return;
        }
        let agency = self.agency.map_or(0, AgencyId::get);
        let due = due.unwrap_or(Owed { kind: Kind::Unknown, agency, echo: Box::default() });
        self.end(now, reason);
        let number = self.slots.push(due);
        self.answer_failure(now, number, failure);
    }

    /// Takes nothing more.
    fn end(&mut self, now: Instant, reason: CloseReason) {
        self.ending.get_or_insert(now);
        self.life.on(On::WeEnd, reason);
    }

    fn answer_failure(&mut self, now: Instant, number: u64, failure: Failure<'_>) {
        let answered = self.answer(now, number, &Answer::Refused(failure));
        debug_assert!(answered.is_ok(), "every wire can carry a failure");
    }

    /// Answers request `number`.
    pub(super) fn answer(&mut self, now: Instant, number: u64, answer: &Answer<'_>) -> Result<(), TooLarge> {
        let Some(kind) = self.slots.owed(number) else { return Ok(()) };
        let then = self.slots.answer(number, answer, self.wire, &mut self.output)?;
        self.active = now;
        let reason = match answer {
            Answer::Refused(_) => {
                self.refused |= matches!(kind, Kind::Bet | Kind::Batch);
                CloseReason::Refused
            }
            Answer::Pending => {
                self.pending.get_or_insert(now);
                CloseReason::Done
            }
            Answer::Stored { .. } | Answer::Winners(_) => CloseReason::Done,
        };
        if then == Then::Close {
            // What was asked behind the last answer gets none.
            self.slots.clear();
            self.queue.clear();
            self.inbox.take(self.decoded);
            self.decoded = 0;
            self.end(now, reason);
        }
        Ok(())
    }

    /// Sets every timer from the state.
    fn arm(&mut self, now: Instant) {
        let reading = self.life.is_open() && self.wants_read();
        let partial = reading && self.inbox.bytes().len() > self.decoded;
        self.begun = if partial { self.begun.or(Some(now)) } else { None };
        self.unsent = if self.output.pending().is_empty() { None } else { self.unsent.or(Some(now)) };

        let waits = reading && !partial && self.slots.is_empty() && self.unsent.is_none();
        let config = &self.config;
        let deadline = |since: Option<Instant>, limit: Duration| since.map(|since| since.after(limit));
        self.timers.set(Timer::Idle, deadline(waits.then_some(self.active), self.idle_limit()));
        self.timers.set(Timer::Message, deadline(self.begun, config.message_timeout));
        self.timers.set(Timer::Stall, deadline(self.unsent, config.stall_timeout));
        self.timers.set(Timer::Linger, deadline(self.ending, config.linger_timeout));
        self.arm_shrink(0);
    }

    /// Sets the timer that gives memory back, when the first `taken` bytes that were received are taken.
    pub(super) fn arm_shrink(&mut self, taken: usize) {
        let emptied = self.inbox.bytes().len() == taken;
        let grown = (emptied && self.inbox.is_grown()) || self.output.is_grown();
        let deadline = grown.then(|| self.active.after(self.config.shrink_after));
        self.timers.set(Timer::Shrink, deadline);
    }

    /// An agency that was told to ask again later pauses for 1, 2, 4, … seconds: each pause is about as long as
    /// all before it together.
    fn idle_limit(&self) -> Duration {
        let asked_for = self.pending.map_or(Duration::ZERO, |first| self.active.duration_since(first));
        self.config.idle_timeout.saturating_add(asked_for.saturating_mul(2))
    }

    fn expired(&mut self, now: Instant, timer: Timer) {
        let silent = |text| Failure { code: Code::Timeout, text };
        match timer {
            Timer::Idle => self.fail(now, CloseReason::Idle, silent("nothing was sent for too long"), None),
            Timer::Message => {
                self.fail(now, CloseReason::Incomplete, silent("a message was not completed in time"), None);
            }
            Timer::Stall => self.life.on(On::GaveUp, CloseReason::Stalled),
            Timer::Linger => self.life.on(On::GaveUp, CloseReason::Shutdown),
            Timer::Shrink => {
                self.inbox.shrink();
                self.output.shrink();
                self.slots.shrink();
                self.queue.shrink_to_fit();
            }
            Timer::Answer => {}
        }
    }
}
