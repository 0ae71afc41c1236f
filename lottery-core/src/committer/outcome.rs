//! What becomes of a request to store.

use lottery_proto::Code;

use crate::store::AgencyRecord;

/// Proof that what was asked is durable: only a commit makes one, and only with one can it be acknowledged.
#[derive(Debug)]
pub struct Durable {
    total: u64,
}

impl Durable {
    /// Only the committer makes one, and only when a commit has returned.
    pub(super) const fn new(total: u64) -> Self {
        Self { total }
    }

    /// How many bets of the agency are durable.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// What became of a request to store.
#[derive(Debug)]
pub enum Outcome {
    /// It is durable.
    Stored(Durable),
    /// Nothing of it is stored, and why.
    Refused {
        /// The kind of failure.
        code: Code,
        /// What happened.
        reason: String,
    },
}

/// What becomes of the wish for a session.
#[derive(Debug)]
pub enum HelloOutcome {
    /// It is the newest session of its agency, of which so much is durable.
    Welcome(AgencyRecord),
    /// There is none, and why.
    Refused {
        /// The kind of failure.
        code: Code,
        /// What happened.
        reason: String,
    },
}
