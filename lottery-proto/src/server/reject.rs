//! Rejection of a message, of the requests behind it, or of the whole connection (`docs/protocol.md#errors`).

use alloc::string::ToString;

use super::Server;
use super::event::{Next, RejectedBy, What};
use crate::bet::AgencyId;
use crate::conn::Instant;
use crate::error::{CloseReason, DecodeError, Problem, Violation};
use crate::wire::{Code, Failure, Kind, PendingReply};

impl Server {
    /// Binds the connection to an agency. Fails if the server has no such agency, or if the connection is bound to
    /// another.
    pub(super) fn bind(&mut self, agency: Option<AgencyId>) -> Result<(), DecodeError> {
        let Some(agency) = agency else { return Ok(()) };
        let most = self.config.agencies;
        let found = agency.get();
        if found > most {
            return Err(DecodeError::new(0, Problem::UnknownAgency { agency: found, max: most }));
        }
        let expected = self.agency.get_or_insert(agency).get();
        if found != expected {
            return Err(DecodeError::new(0, Problem::AgencyMismatch { found, expected }));
        }
        Ok(())
    }

    /// Rejects a wrong message of `len` bytes, and ends the connection if the dialect does not go on after such a
    /// mistake.
    pub(super) fn rejected(
        &mut self,
        now: Instant,
        len: usize,
        error: DecodeError,
        due: Option<PendingReply>,
    ) {
        let named = due.as_ref().and_then(|owed| AgencyId::new(owed.agency));
        let error = self.bind(named).err().unwrap_or(error);
        let goes_on = self.dialect.is_some_and(|dialect| dialect.server().goes_on_after(&error));
        if !goes_on {
            self.decoded -= len;
            return self.violated(now, error, due);
        }
        let agency = named.or(self.agency);
        let understood = due.is_some();
        let number = self.slots.push(due.unwrap_or(PendingReply::new(Kind::Unknown, 0)));
        if !understood {
            // A message that was not understood may have held bets.
            self.bets_rejected(number);
        }
        let what = What::Doomed { number, agency, error: RejectedBy::Malformed(error) };
        self.queue.push_back(Next { len, what });
        if !self.stops_at_a_rejection() {
            self.reject_at(now, self.queue.len() - 1);
        }
    }

    pub(super) fn stops_at_a_rejection(&self) -> bool {
        self.dialect.is_some_and(|dialect| dialect.server().stops_at_a_rejection())
    }

    /// Dooms the requests that are queued behind a rejection, in a dialect that stops there.
    pub(super) fn doom_the_rest(&mut self) {
        if self.rejected.is_none() || !self.stops_at_a_rejection() {
            return;
        }
        for next in &mut self.queue {
            if let What::Request { request, number } = &next.what
                && request.kind != Kind::Hello
            {
                let (number, agency) = (*number, request.agency);
                next.what = What::Doomed { number, agency, error: RejectedBy::EarlierBets };
            }
        }
    }

    /// Rejects the requests that are due for it and have come to the front: doomed ones, and each Finished of a
    /// connection on which earlier bets were rejected.
    pub(super) fn reject_front(&mut self, now: Instant) {
        while let Some(index) = self.queue.iter().position(|next| !matches!(next.what, What::Rejected { .. }))
        {
            let due = match self.queue.get(index).map(|next| &next.what) {
                Some(What::Doomed { number, .. }) => self.slots.is_front(*number),
                Some(What::Request { request, number }) => {
                    self.rejected.is_some_and(|rejected| rejected < *number)
                        && matches!(request.kind, Kind::Finished | Kind::AwaitWinners)
                        && self.slots.is_front(*number)
                }
                Some(What::Rejected { .. }) | None => false,
            };
            if !due {
                return;
            }
            self.reject_at(now, index);
        }
    }

    /// Rejects the request at that index of the queue.
    fn reject_at(&mut self, now: Instant, index: usize) {
        let Some(next) = self.queue.get_mut(index) else { return };
        let (number, agency, error) = match &next.what {
            What::Doomed { number, agency, error } => (*number, *agency, *error),
            What::Request { request, number } => (*number, request.agency, RejectedBy::EarlierBets),
            What::Rejected { .. } => return,
        };
        next.what = What::Rejected { agency, error };
        let code = match &error {
            RejectedBy::Malformed(error) => code_of(error),
            RejectedBy::EarlierBets => Code::Malformed,
        };
        self.answer_failure(now, number, Failure { code, text: &error.to_string() });
    }

    /// Records that the bets of request `number` were not stored.
    pub(super) fn bets_rejected(&mut self, number: u64) {
        self.rejected = Some(self.rejected.map_or(number, |first| first.min(number)));
    }

    /// Ends the connection because the peer broke the protocol.
    pub(super) fn violated(&mut self, now: Instant, error: DecodeError, due: Option<PendingReply>) {
        let reason = CloseReason::Peer(Violation::Malformed(error));
        self.fail(now, reason, Failure { code: code_of(&error), text: &error.to_string() }, due);
    }
}

/// Returns the error code of a mistake.
fn code_of(error: &DecodeError) -> Code {
    match error.problem {
        Problem::UnknownAgency { .. } => Code::UnknownAgency,
        Problem::AgencyMismatch { .. } => Code::AgencyMismatch,
        Problem::UnsupportedVersion => Code::UnsupportedVersion,
        _ => Code::Malformed,
    }
}
