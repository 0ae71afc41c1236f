//! Notices to connections: replies of the committer, and signals of memory and places.

use lottery_proto::{AgencyId, Failure, HelloReply, Ticket, WinnersReply};

use super::{HelloOutcome, Outcome, Submission};
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
    Hello(Ticket<HelloReply<'static>>, AgencyId, HelloOutcome),
    /// A newer session of the same agency took over.
    Superseded,
    /// Reply to [`Command::Store`](super::Command::Store).
    Stored(Submission, Outcome),
    /// Reply to [`Command::Winners`](super::Command::Winners) of an agency; `None`: the draw has not taken
    /// place.
    Winners(Ticket<WinnersReply<'static>>, AgencyId, Option<Won>),
    /// Reply to [`Command::Winners`](super::Command::Winners) of an anonymous client: the draw has taken place.
    Drawn(Ticket<WinnersReply<'static>>),
    /// Reply to [`Command::Winners`](super::Command::Winners) of an anonymous client: it does not stand in for
    /// an agency, for this reason.
    TurnedAway(Ticket<WinnersReply<'static>>, &'static str),
    /// Reply to [`Command::Piece`](super::Command::Piece).
    Piece(WinnersPiece),
    /// The request was dropped without a reply: what was to carry it out has panicked, or has ended.
    Lost(Ticket<Failure<'static>>),
    /// The connection has to end at once: another one needs its place.
    Displaced,
    /// Room on the commit queue is free again.
    Room,
    /// The memory that the connection has waited for is there.
    Memory,
}
