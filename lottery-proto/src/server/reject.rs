//! Rejection of a message, of the requests behind it, or of the whole connection (`docs/protocol.md#errors`).

use alloc::string::ToString;

use super::Server;
use super::event::RejectedBy;
use crate::bet::AgencyId;
use crate::close_reason::{CloseReason, Violation};
use crate::conn::Instant;
use crate::error::{DecodeError, Problem};
use crate::wire::{Code, Failure, PendingReply};

impl Server {
    /// Presets the agency that this connection speaks for, as something else than its messages has shown, a certificate for
    /// example. Must be called before the first byte of the peer is reported.
    ///
    /// A message that names another agency is rejected like one that names a second agency, and END of `framed`, which
    /// names none, is this agency's own.
    pub fn speaks_for(&mut self, agency: AgencyId) {
        self.agency = Some(agency);
    }

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

    /// True if a rejected batch causes everything behind it to be rejected.
    pub(super) fn stops_at_a_rejection(&self) -> bool {
        self.dialect.is_some_and(|dialect| dialect.server().stops_at_a_rejection())
    }

    /// Rejects request `number`.
    pub(super) fn answer_rejection(&mut self, number: u64, error: RejectedBy) {
        let code = match &error {
            RejectedBy::Malformed(error) => code_of(error),
            RejectedBy::EarlierBets => Code::Malformed,
        };
        self.answer_failure(self.now, number, Failure { code, text: &error.to_string() });
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
