//! Notices to connections: replies of the committer, and signals of memory and places.

use lottery_proto::{AgencyId, AnonymousWaiter, Batch, Finished, Hello, SingleBet, Ticket, WinnersQuery};

use super::{HelloOutcome, Outcome, QueuedBatch};
use crate::store::{Draw, WinnersList, WinnersPiece};

/// Winners of an agency in the draw: the size of the list, which is read piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Won {
    /// Number of the agency.
    pub agency: u32,
    /// Size of the list.
    pub list: WinnersList,
}

impl Won {
    /// Returns those of an agency in a draw.
    pub fn of(draw: &Draw, agency: AgencyId) -> Self {
        let agency = agency.get();
        Self { agency, list: draw.winners.get(&agency).copied().unwrap_or_default() }
    }
}

/// Notice to a connection: most carry the ticket of a request, with the result.
#[derive(Debug)]
pub enum Notice {
    /// Reply to [`Command::Hello`](super::Command::Hello).
    Hello(Ticket<Hello>, HelloOutcome),
    /// A newer session of the same agency took over.
    Superseded,
    /// Reply to [`Command::Bet`](super::Command::Bet).
    Bet(Ticket<SingleBet>, QueuedBatch, Outcome),
    /// Reply to [`Command::Batch`](super::Command::Batch).
    Batch(Ticket<Batch>, QueuedBatch, Outcome),
    /// Reply to [`Command::Finished`](super::Command::Finished).
    Finished(Ticket<Finished>, Outcome),
    /// Reply to [`Command::Winners`](super::Command::Winners); `None`: the draw has not taken place.
    Winners(Ticket<WinnersQuery>, Option<Won>),
    /// Reply to [`Command::Piece`](super::Command::Piece).
    Piece(WinnersPiece),
    /// Reply to [`Command::AnonymousWaiter`](super::Command::AnonymousWaiter): the draw has taken place.
    AnonymousWaiter(Ticket<AnonymousWaiter>),
    /// Reply to [`Command::AnonymousWaiter`](super::Command::AnonymousWaiter): the client does not stand in for an agency, for this reason.
    TurnedAway(Ticket<AnonymousWaiter>, &'static str),
    /// The connection has to end at once: another one needs its place.
    Displaced,
    /// Room on the commit queue is free again.
    Room,
    /// The memory that the connection has waited for is there.
    Memory,
}
