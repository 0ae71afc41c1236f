//! Ends of the server's side of a connection (`docs/protocol.md#ending-a-connection`).

use super::Server;
use crate::bet::AgencyId;
use crate::close_reason::CloseReason;
use crate::conn::{Instant, Transition};
use crate::dialect::Dialect;
use crate::wire::{Answer, Code, Failure, Kind, PendingReply};

impl Server {
    /// Rejects this connection. The peer gets the failure once its dialect is known, if that has a message for it.
    pub fn reject(&mut self, now: Instant, failure: Failure<'static>) {
        self.rejection = Some(failure);
        self.ending.get_or_insert(now);
        if self.dialect.is_some() {
            self.fail(now, CloseReason::Rejected, failure, None);
        }
        self.settle(now);
    }

    /// Ends this connection because a newer session of the same agency took over.
    pub fn supersede(&mut self, now: Instant) {
        let failure = Failure { code: Code::Superseded, text: "a newer session of this agency took over" };
        self.fail_waiting(now, CloseReason::Superseded, failure);
        self.fail(now, CloseReason::Superseded, failure, None);
        self.settle(now);
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        // Also if the peer has ended already: a reply that is still owed to it may never come.
        self.ending.get_or_insert(now);
        let failure = Failure { code: Code::ShuttingDown, text: "the server is stopping" };
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
        // If a whole message waits, it is what fails.
        let due = due.or_else(|| self.due_at_front()).unwrap_or(PendingReply::new(Kind::Unknown, agency));
        self.end(now, reason);
        let number = self.slots.push(due, now);
        let answered = self.answer(now, number, &Answer::Failed(failure));
        debug_assert!(answered.is_ok(), "every dialect can carry a failure");
    }

    /// Ends the connection because the application did not reply in time. The failure takes the place of the first reply
    /// that is owed; those behind it never leave.
    pub(super) fn give_up_replies(&mut self, now: Instant) {
        let failure = Failure { code: Code::Storage, text: "no answer was given in time" };
        self.slots.give_up(failure, self.dialect.unwrap_or(Dialect::ECHO).server(), &mut self.output);
        // The peer may have ended its side, and the reason be known as `Done` since.
        self.lifecycle.spoil(CloseReason::NoReply);
        self.end(now, CloseReason::NoReply);
    }

    /// Takes no more requests. `Done` and `Superseded` get no linger deadline yet: a client that was served may need
    /// time to read its last reply, and a superseded one that never learns of it would reconnect and supersede the
    /// newer session.
    pub(super) fn end(&mut self, now: Instant, reason: CloseReason) {
        if !matches!(reason, CloseReason::Done | CloseReason::Superseded) {
            self.ending.get_or_insert(now);
        }
        self.lifecycle.apply(Transition::WeEnd, reason);
    }

    /// Ends the connection after a reply, if there is a reason.
    pub(super) fn end_with(&mut self, now: Instant, reason: Option<CloseReason>) {
        if let Some(reason) = reason {
            // Requests behind the last reply get none.
            self.slots.clear();
            self.end(now, reason);
        }
    }
}
