//! Outcomes of requests to the committer.

use lottery_proto::Code;

use crate::store::{AgencyRecord, Durable};

/// Outcome of a request to store.
#[derive(Debug)]
pub enum Outcome {
    /// The request is durable.
    Stored {
        /// Number of durable bets of the agency.
        total: u64,
        /// Proof of it.
        proof: Durable,
    },
    /// The request is rejected: nothing of it is stored.
    Rejected {
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
    Rejected {
        /// Kind of failure.
        code: Code,
        /// Description of the failure.
        reason: String,
    },
}
