//! Request to store, apart from what is stored.

use lottery_proto::{AgencyId, Receipt, Ticket};

use crate::memory::queue_room::Room;

/// Request of an agency to store something. It goes to the committer with the rows, and comes back without
/// them, with the outcome.
#[derive(Debug)]
pub struct Submission {
    /// Ticket for the reply.
    pub ticket: Ticket<Receipt<'static>>,
    /// Agency that sent it.
    pub agency: AgencyId,
    /// Subject, for the log.
    pub subject: Subject,
    /// Room on the commit queue, held until the connection has handled the outcome. Boxed, as requests are
    /// moved often.
    pub room: Option<Box<Room>>,
}

/// Subject of a request to store: what its log line names.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// Bet that was sent alone.
    Bet {
        /// Document.
        document: Box<str>,
        /// Number bet on.
        number: u32,
    },
    /// Batch of this many bets.
    Batch(u32),
    /// End of the agency's bets.
    Finished,
}

/// Omits the document: it is personal data.
impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bet { .. } => f.write_str("Bet"),
            Self::Batch(bets) => write!(f, "Batch({bets})"),
            Self::Finished => f.write_str("Finished"),
        }
    }
}
