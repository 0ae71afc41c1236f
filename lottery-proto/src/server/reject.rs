//! How the server machine refuses: a message, what follows it, or the whole connection.

use alloc::string::ToString;

use super::Server;
use super::event::{Next, RefusedBy, What};
use crate::agency::AgencyId;
use crate::error::{CloseReason, DecodeError, Problem, Violation};
use crate::failure::{Code, Failure};
use crate::time::Instant;
use crate::wire::{Kind, PendingReply};

impl Server {
    /// A connection speaks for one agency, and it is one of those that there are.
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

    /// A message of `len` bytes is wrong: only it is refused, or the connection ends.
    pub(super) fn refused(
        &mut self,
        now: Instant,
        len: usize,
        error: DecodeError,
        due: Option<PendingReply>,
    ) {
        let named = due.as_ref().and_then(|owed| AgencyId::new(owed.agency));
        let error = self.bind(named).err().unwrap_or(error);
        let goes_on = self.dialect.is_some_and(|dialect| dialect.wire().goes_on_after(&error));
        if !goes_on {
            self.decoded -= len;
            return self.violated(now, error, due);
        }
        let agency = named.or(self.agency);
        let understood = due.is_some();
        let number = self.slots.push(due.unwrap_or(PendingReply::new(Kind::Unknown, 0)));
        if !understood {
            // It may have been bets.
            self.bets_refused(number);
        }
        let what = What::Doomed { number, agency, error: RefusedBy::Malformed(error) };
        self.queue.push_back(Next { len, what });
        if !self.stops_at_a_refusal() {
            self.refuse_at(now, self.queue.len() - 1);
        }
    }

    pub(super) fn stops_at_a_refusal(&self) -> bool {
        self.dialect.is_some_and(|dialect| dialect.wire().stops_at_a_refusal())
    }

    /// After a refusal, on a wire that stops there, what was received since will be refused, too.
    pub(super) fn doom_the_rest(&mut self) {
        if self.refused.is_none() || !self.stops_at_a_refusal() {
            return;
        }
        for next in &mut self.queue {
            if let What::Request { request, number } = &next.what
                && request.kind != Kind::Hello
            {
                let (number, agency) = (*number, request.agency);
                next.what = What::Doomed { number, agency, error: RefusedBy::EarlierBets };
            }
        }
    }

    /// Refuses what is to be refused and has come to the front: a doomed request, and each Finished, if bets of its
    /// connection were refused.
    pub(super) fn refuse_front(&mut self, now: Instant) {
        while let Some(index) = self.queue.iter().position(|next| !matches!(next.what, What::Refused { .. }))
        {
            let due = match self.queue.get(index).map(|next| &next.what) {
                Some(What::Doomed { number, .. }) => self.slots.is_front(*number),
                Some(What::Request { request, number }) => {
                    self.refused.is_some_and(|refused| refused < *number)
                        && matches!(request.kind, Kind::Finished | Kind::AwaitWinners)
                        && self.slots.is_front(*number)
                }
                Some(What::Refused { .. }) | None => false,
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
        let (number, agency, error) = match &next.what {
            What::Doomed { number, agency, error } => (*number, *agency, *error),
            What::Request { request, number } => (*number, request.agency, RefusedBy::EarlierBets),
            What::Refused { .. } => return,
        };
        next.what = What::Refused { agency, error };
        let code = match &error {
            RefusedBy::Malformed(error) => code_of(error),
            RefusedBy::EarlierBets => Code::Malformed,
        };
        self.answer_failure(now, number, Failure { code, text: &error.to_string() });
    }

    /// Bets in request `number` were not stored.
    pub(super) fn bets_refused(&mut self, number: u64) {
        self.refused = Some(self.refused.map_or(number, |first| first.min(number)));
    }

    /// The peer broke the protocol.
    pub(super) fn violated(&mut self, now: Instant, error: DecodeError, due: Option<PendingReply>) {
        let reason = CloseReason::Peer(Violation::Malformed(error));
        self.fail(now, reason, Failure { code: code_of(&error), text: &error.to_string() }, due);
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
