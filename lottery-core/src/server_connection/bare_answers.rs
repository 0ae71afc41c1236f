//! Acknowledgement of a single bet in a dialect in which a batch of one looks the same (`docs/protocol.md#bare`).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use lottery_proto::AgencyId;

/// Acknowledgement of a single bet in `bare` (`docs/protocol.md#bare`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BareAnswer {
    /// Like a batch, if the agency has sent a batch of several bets before; else by its own bytes.
    #[default]
    Auto,
    /// By its own bytes.
    Echo,
    /// Like a batch.
    Ack,
}

/// Rule for these acknowledgements, and the agencies that have sent several bets in one message. All connections of a
/// server share it. There are no more numbers in it than agencies.
#[derive(Clone, Debug, Default)]
pub(crate) struct BareAnswers {
    pub(crate) rule: BareAnswer,
    batching: Arc<Mutex<BTreeSet<AgencyId>>>,
}

impl BareAnswers {
    /// Records a batch of the agency.
    pub(crate) fn saw_batch(&self, agency: AgencyId) {
        self.batching.lock().unwrap_or_else(PoisonError::into_inner).insert(agency);
    }

    /// True if a single bet of the agency is to be acknowledged like a batch.
    pub(crate) fn are_acks(&self, agency: AgencyId) -> bool {
        match self.rule {
            BareAnswer::Auto => {
                self.batching.lock().unwrap_or_else(PoisonError::into_inner).contains(&agency)
            }
            BareAnswer::Echo => false,
            BareAnswer::Ack => true,
        }
    }
}
