//! Outcome of a request to the committer.

use lottery_proto::Code;

use crate::store::AgencyRecord;

/// Proof that a request is durable: only a commit makes one, and only with one can a request be acknowledged.
#[derive(Debug)]
pub struct Durable {
    total: u64,
}

impl Durable {
    /// Creates the proof. Call it only after a commit has returned.
    pub(super) const fn new(total: u64) -> Self {
        Self { total }
    }

    /// Returns the number of durable bets of the agency.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// Outcome of a request to store.
#[derive(Debug)]
pub enum Outcome {
    /// The request is durable.
    Stored(Durable),
    /// The request is rejected: nothing of it is stored.
    Refused {
        /// Kind of failure.
        code: Code,
        /// Description of the failure.
        reason: String,
    },
}

/// Outcome of a Hello.
#[derive(Debug)]
pub enum HelloOutcome {
    /// The session is the newest of its agency, which has this durable record.
    Welcome(AgencyRecord),
    /// There is no session.
    Refused {
        /// Kind of failure.
        code: Code,
        /// Description of the failure.
        reason: String,
    },
}
