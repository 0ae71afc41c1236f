//! How the server machine decides: what was received, what is due, what comes next.

use alloc::string::ToString;
use core::time::Duration;

use super::Server;
use super::event::{Next, RefusedBy};
use crate::agency::AgencyId;
use crate::error::{CloseReason, Code, DecodeError, Failure, Problem, Violation};
use crate::life::{On, State};
use crate::time::Instant;
use crate::timer::Timer;
use crate::wire::{
    Answer, Dialect, Kind, Limits, Owed, Refusal, Request, Scan, Side, Then, TooLarge, detect,
};

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
            self.drop_requests();
            self.timers.clear();
        }
    }

    /// Decodes what was received, as far as requests are taken.
    fn advance(&mut self, now: Instant) {
        while self.takes_requests() {
            let received = self.inbox.bytes().get(self.decoded..).unwrap_or_default();
            if received.is_empty() && self.life.peer_ended {
                self.life.on(On::PeerEnded, CloseReason::Done);
                break;
            }
            let Some(dialect) = self.dialect.or_else(|| detect(received, self.life.peer_ended)) else {
                break;
            };
            if self.dialect.is_none() {
                self.dialect = Some(dialect);
                self.greet(now, dialect);
                continue;
            }
            let wire = dialect.wire();
            let limits = Limits { message: self.config.max_message, ended: self.life.peer_ended };
            match wire.frame(&mut self.scan, received, Side::Agency, limits) {
                Ok(Some(len)) => {
                    let message = received.get(..len).unwrap_or_default();
                    let request = (!wire.is_filler(message)).then(|| wire.request(message));
                    self.begun = None;
                    self.scan = Scan::default();
                    self.decoded += len;
                    match request {
                        None => self.queue.push_back(Next::Filler { len }),
                        Some(Ok(request)) => self.take(now, len, request),
                        Some(Err(Refusal { error, due })) => self.refused(now, len, error, due),
                    }
                }
                Ok(None) if self.life.peer_ended => {
                    let reason = CloseReason::Peer(Violation::Truncated { received: received.len() });
                    self.life.on(On::PeerEnded, reason);
                }
                Ok(None) => break,
                Err(error) => self.violated(now, error, None),
            }
        }
        if !self.life.is_open() {
            self.inbox.truncate(self.decoded);
        }
        self.refuse_front(now);
    }

    /// The peer's wire is known: refuses it, if it is not spoken here or if the peer is not to be served.
    fn greet(&mut self, now: Instant, dialect: Dialect) {
        if let Some(failure) = self.refusal {
            self.fail(now, CloseReason::Refused, failure, None);
        } else if !self.config.dialects.contains(&dialect) {
            let failure = Failure { code: Code::Malformed, text: "this wire is not spoken here" };
            self.fail(now, CloseReason::NotSpoken(dialect), failure, None);
        }
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

    /// Takes a request, decoded from a message of `len` bytes, into the queue; or refuses it.
    fn take(&mut self, now: Instant, len: usize, mut request: Request) {
        let named = request.agency.map_or(0, AgencyId::get);
        let owed = |kind| Owed { kind, agency: named, echo: request.echo.clone() };
        if let Err(error) = self.bind(request.agency) {
            return self.refused(now, len, error, Some(owed(request.kind)));
        }
        request.agency = self.agency;
        let awaits = request.awaits_winners.then(|| Request::new(Kind::AwaitWinners, self.agency));
        // Who has not said which agency it is has no bets to be finished with.
        let first = if awaits.is_some() && self.agency.is_none() { None } else { Some(request) };
        let mut len = len;
        for request in first.into_iter().chain(awaits) {
            let owed = Owed { kind: request.kind, agency: named, echo: request.echo.clone() };
            let number = self.slots.push(owed);
            let next = if self.refused && self.stops_at_a_refusal() && !matches!(request.kind, Kind::Hello) {
                Next::Doomed { number, agency: self.agency, error: RefusedBy::EarlierBets, len }
            } else {
                Next::Request { request, number, len }
            };
            self.queue.push_back(next);
            len = 0;
        }
    }

    /// A connection speaks for one agency, and it is one of those that there are.
    fn bind(&mut self, agency: Option<AgencyId>) -> Result<(), DecodeError> {
        let Some(agency) = agency else { return Ok(()) };
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

    /// A message of `len` bytes is wrong: only it is refused, or the connection ends.
    fn refused(&mut self, now: Instant, len: usize, error: DecodeError, due: Option<Owed>) {
        let named = due.as_ref().and_then(|owed| AgencyId::new(owed.agency));
        let error = self.bind(named).err().unwrap_or(error);
        let goes_on = self.dialect.is_some_and(|dialect| dialect.wire().goes_on_after(&error));
        if !goes_on {
            self.decoded -= len;
            return self.violated(now, error, due);
        }
        let agency = named.or(self.agency);
        let error = RefusedBy::Malformed(error);
        let number = self.slots.push(due.unwrap_or(Owed::new(Kind::Unknown, 0)));
        self.queue.push_back(Next::Doomed { number, agency, error, len });
        if !self.stops_at_a_refusal() {
            self.refuse_at(now, self.queue.len() - 1);
        }
    }

    fn stops_at_a_refusal(&self) -> bool {
        self.dialect.is_some_and(|dialect| dialect.wire().stops_at_a_refusal())
    }

    /// Refuses what is to be refused and has come to the front: a doomed request, and each Finished, if bets of its
    /// connection were refused.
    fn refuse_front(&mut self, now: Instant) {
        loop {
            let is_told = |next: &Next| matches!(next, Next::Refused { .. } | Next::Filler { .. });
            let Some(index) = self.queue.iter().position(|next| !is_told(next)) else { return };
            let due = match self.queue.get(index) {
                Some(Next::Doomed { number, .. }) => self.slots.is_front(*number),
                Some(Next::Request { request, number, .. }) => {
                    self.refused
                        && matches!(request.kind, Kind::Finished | Kind::AwaitWinners)
                        && self.slots.is_front(*number)
                }
                _ => false,
            };
            if !due {
                return;
            }
            self.refuse_at(now, index);
        }
    }

    /// Refuses the request at that place of the queue.
    fn refuse_at(&mut self, now: Instant, index: usize) {
        let Some(next) = self.queue.get_mut(index) else { return };
        let (number, agency, error, len) = match &*next {
            Next::Doomed { number, agency, error, len } => (*number, *agency, *error, *len),
            Next::Request { request, number, len } => (*number, request.agency, RefusedBy::EarlierBets, *len),
            Next::Refused { .. } | Next::Filler { .. } => return,
        };
        *next = Next::Refused { agency, error, len };
        let code = match &error {
            RefusedBy::Malformed(error) => code_of(error),
            RefusedBy::EarlierBets => Code::Malformed,
        };
        self.answer_failure(now, number, Failure { code, text: &error.to_string() });
    }

    /// The peer broke the protocol.
    fn violated(&mut self, now: Instant, error: DecodeError, due: Option<Owed>) {
        let reason = CloseReason::Peer(Violation::Malformed(error));
        self.fail(now, reason, Failure { code: code_of(&error), text: &error.to_string() }, due);
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        // Also if the peer has ended already: an answer that is still owed to it may never come.
        self.ending.get_or_insert(now);
        let failure = Failure { code: Code::ShuttingDown, text: "the centre is stopping" };
        // The draw that some wait for will not be seen by this process any more.
        while let Some(number) = self.slots.first_owed(Kind::AwaitWinners) {
            self.answer_failure(now, number, failure);
        }
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
        let due = due.unwrap_or(Owed::new(Kind::Unknown, agency));
        self.end(now, reason);
        let number = self.slots.push(due);
        let answered = self.answer(now, number, &Answer::Failed(failure));
        debug_assert!(answered.is_ok(), "every wire can carry a failure");
    }

    /// Takes nothing more. Who was served to the end may take the time that it needs to read the last answer.
    fn end(&mut self, now: Instant, reason: CloseReason) {
        if reason != CloseReason::Done {
            self.ending.get_or_insert(now);
        }
        self.life.on(On::WeEnd, reason);
    }

    fn answer_failure(&mut self, now: Instant, number: u64, failure: Failure<'_>) {
        let answered = self.answer(now, number, &Answer::Refused { failure, total: 0 });
        debug_assert!(answered.is_ok(), "every wire can carry a failure");
    }

    /// Answers request `number`.
    pub(super) fn answer(&mut self, now: Instant, number: u64, answer: &Answer<'_>) -> Result<(), TooLarge> {
        let Some(kind) = self.slots.owed(number) else { return Ok(()) };
        let wire = self.dialect.unwrap_or(Dialect::Echo).wire();
        let answer = &match *answer {
            Answer::Refused { failure, .. } => Answer::Refused { failure, total: self.stored },
            Answer::Welcome { stored, finished, digest, .. } => {
                Answer::Welcome { stored, finished, window: self.config.window.max(1), digest }
            }
            answer => answer,
        };
        let then = self.slots.answer(number, answer, wire, &mut self.output)?;
        self.active = now;
        if let Answer::Stored { total } | Answer::Welcome { stored: total, .. } = answer {
            self.stored = *total;
        }
        let reason = match answer {
            Answer::Failed(_) => CloseReason::Refused,
            Answer::Refused { .. } => {
                self.refused |= matches!(kind, Kind::Bet | Kind::Batch | Kind::Unknown);
                CloseReason::Refused
            }
            Answer::Pending => {
                self.pending.get_or_insert(now);
                CloseReason::Done
            }
            Answer::Welcome { .. } | Answer::Stored { .. } | Answer::Winners(_) | Answer::Echo(_) => {
                CloseReason::Done
            }
        };
        if then == Then::Close {
            // What was asked behind the last answer gets none.
            self.drop_requests();
            self.end(now, reason);
        }
        Ok(())
    }

    /// Forgets the requests that are not answered; what was refused is still told.
    fn drop_requests(&mut self) {
        self.slots.clear();
        self.queue.retain(|next| matches!(next, Next::Refused { .. }));
        for next in &mut self.queue {
            if let Next::Refused { len, .. } = next {
                *len = 0;
            }
        }
        self.inbox.take(self.decoded);
        self.decoded = 0;
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
            Timer::Linger => self.life.on(On::GaveUp, CloseReason::Refused),
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

/// The code of the failure that a mistake is answered with.
fn code_of(error: &DecodeError) -> Code {
    match error.problem {
        Problem::UnknownAgency { .. } => Code::UnknownAgency,
        Problem::AgencyMismatch { .. } => Code::AgencyMismatch,
        Problem::UnsupportedVersion => Code::UnsupportedVersion,
        _ => Code::Malformed,
    }
}
