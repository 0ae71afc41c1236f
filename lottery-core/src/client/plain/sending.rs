//! Messages of a client, each as soon as it is due: bets, Finished, the query; and the steps between them.

use lottery_proto::{CloseReason, Instant, SendError, WinnersFlow};
use tracing::info;

use super::{ClientError, Phase, PlainClient};
use crate::client::reason;

impl PlainClient {
    /// Sends the next message, if it is due.
    pub(super) fn step(&mut self, now: Instant) -> Result<(), SendError> {
        let profile = self.connection.profile();
        let may_send = self.attempt.fresh || !profile.one_message;
        let Some(client) = self.connection.client() else { return Ok(()) };
        match self.phase {
            Phase::Sending if !may_send => return Ok(()),
            Phase::Sending if self.sent < self.bets.len() => {
                if !client.can_send() {
                    return Err(SendError::Busy);
                }
                let max = self.job.batch_max.unwrap_or(profile.batch_bets);
                let max = if profile.one_bet { 1 } else { max };
                self.sent += client.send_batch_of(now, self.bets.slice(self.sent, max))?;
                self.report();
            }
            // The last reply is all that is left.
            Phase::Sending if !profile.has_finished => return Ok(()),
            Phase::Sending => {
                client.send_finished(now)?;
                self.phase = Phase::Listening;
            }
            Phase::Naming => {
                client.send_batch(now, &[])?;
                self.phase = Phase::Listening;
            }
            Phase::Waiting(until)
                if until <= now
                    && (self.attempt.fresh || profile.winners_flow != WinnersFlow::NewConnection) =>
            {
                client.ask_winners(now)?;
                self.phase = Phase::Listening;
            }
            Phase::Listening | Phase::Waiting(_) | Phase::Done => return Ok(()),
        }
        self.attempt.fresh = false;
        Ok(())
    }

    /// Handles the acknowledgement of all that was sent. The next message goes on another connection if the dialect has
    /// one for each.
    pub(super) fn batch_stored(&mut self, now: Instant) {
        self.stored = self.sent;
        self.retry.succeeded();
        if self.end_check(now) {
            return;
        }
        self.end_without_finished(now);
        if self.connection.profile().one_message {
            self.leave(now);
        }
    }

    /// Ends a client that has nothing left to send in a dialect without Finished.
    pub(super) fn end_without_finished(&mut self, now: Instant) {
        let is_done = self.phase == Phase::Sending && self.stored == self.bets.len();
        if is_done && !self.connection.profile().has_finished {
            self.log_sent();
            self.end_without_winners(now);
        }
    }

    /// Ends a client in a dialect in which nobody can ask for winners.
    pub(super) fn end_without_winners(&mut self, now: Instant) {
        let (client_id, dialect) = (self.connection.id(), self.job.connection.dialect());
        let reason = "the dialect has no question for the winners";
        info!(action = "skip_winners", result = "success", client_id = %client_id, dialect = %dialect, reason);
        self.end(now, Ok(Vec::new()));
    }

    /// Leaves this connection for another one.
    pub(super) fn leave(&mut self, now: Instant) {
        self.attempt.leaving = true;
        self.connection.hang_up(now);
    }

    /// Handles the end of a connection of one message before its reply. Returns false if no bets wait for one that may be
    /// stored.
    pub(super) fn unacknowledged(&mut self, now: Instant, end: CloseReason) -> bool {
        let profile = self.connection.profile();
        if self.settled || self.stored == self.sent || !profile.one_message {
            return false;
        }
        if !self.attempt.written {
            self.sent = self.stored;
            return false;
        }
        if let Some(reason) = reason::of_end(profile.rejection, end) {
            self.batch_rejected(now, None, None, reason);
            return true;
        }
        let (what, reason) = (self.place(None), self.connection.closed(end).to_string());
        self.end(now, Err(ClientError::Unconfirmed { what, reason }));
        true
    }

    /// Returns the place, in their file, of the bets that wait for their reply, or of that one of them.
    pub(super) fn place(&self, bet: Option<usize>) -> String {
        let only = (self.sent - self.stored == 1).then_some(1);
        self.bets.place_of(self.stored, self.sent, bet.or(only))
    }
}
