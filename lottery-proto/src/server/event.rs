//! What the server machine hands to the application.

use core::fmt;

use crate::agency::AgencyId;
use crate::bets::{Bets, ReadBet};
use crate::error::{CloseReason, DecodeError};
use crate::ticket::{AnonymousWaiter, Batch, ConnId, Echo, Finished, Hello, SingleBet, Ticket, WinnersQuery};
use crate::wire::{Kind, Request};

/// What a [`Server`](crate::Server) hands to the application.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The agency begins a session; it is the newest one of that agency.
    Hello {
        /// To answer with.
        ticket: Ticket<Hello>,
    },
    /// One bet to store.
    Bet {
        /// To answer with.
        ticket: Ticket<SingleBet>,
        /// The bet, as a batch of one.
        bets: Bets<'a>,
    },
    /// Bets to store, all or none.
    Batch {
        /// To answer with, also on a wire where nothing is sent for it.
        ticket: Ticket<Batch>,
        /// The bets, valid and borrowed from the receive buffer.
        bets: Bets<'a>,
    },
    /// The agency has sent its last bet, and all that it sent on this connection is stored.
    Finished {
        /// To answer with.
        ticket: Ticket<Finished>,
    },
    /// Who won in the agency?
    WinnersQuery {
        /// To answer with.
        ticket: Ticket<WinnersQuery>,
        /// The answer is to come when the draw has taken place, not before. If not, it may be "not yet".
        wait: bool,
    },
    /// An agency that has not said which one it is has no bets, and waits for the draw. As long as it does, it
    /// stands for one agency that nothing was heard of (`docs/protocol.md#framed`).
    AnonymousWaiter {
        /// To answer with, when the draw has taken place.
        ticket: Ticket<AnonymousWaiter>,
    },
    /// A line to be sent back: the health check.
    Echo {
        /// To answer with.
        ticket: Ticket<Echo>,
        /// The line, without white space at its end.
        line: Line<'a>,
    },
    /// A request was refused, and answered as the wire wants it. The connection goes on.
    Refused {
        /// The agency that sent it, if it has said which it is.
        agency: Option<AgencyId>,
        /// Why.
        error: RefusedBy,
    },
    /// The connection is over. The last event, and the only one of its kind.
    Closed(CloseReason),
}

impl<'a> Event<'a> {
    /// The event for a request; `None` for one that no wire makes.
    pub(super) fn new(
        conn: ConnId,
        number: u64,
        request: &Request,
        payload: &'a [u8],
        read: ReadBet,
    ) -> Option<Self> {
        let bets = Bets::validated(payload, request.count, read);
        Some(match (request.kind, request.agency) {
            (Kind::Hello, Some(agency)) => Self::Hello { ticket: Ticket::new(conn, number, agency) },
            (Kind::Bet, Some(agency)) => Self::Bet { ticket: Ticket::new(conn, number, agency), bets },
            (Kind::Batch, Some(agency)) => Self::Batch { ticket: Ticket::new(conn, number, agency), bets },
            (Kind::Finished, Some(agency)) => Self::Finished { ticket: Ticket::new(conn, number, agency) },
            (Kind::Winners | Kind::AwaitWinners, Some(agency)) => Self::WinnersQuery {
                ticket: Ticket::new(conn, number, agency),
                wait: request.kind == Kind::AwaitWinners,
            },
            (Kind::AwaitWinners, None) => Self::AnonymousWaiter { ticket: Ticket::new(conn, number, ()) },
            (Kind::Echo, _) => Self::Echo { ticket: Ticket::new(conn, number, ()), line: Line(payload) },
            _ => return None,
        })
    }
}

/// A line that a peer sent. It may be anything, personal data for one: its `Debug` shows its length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Line<'a>(pub &'a [u8]);

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.0.len())
    }
}

/// Why a request was refused without the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedBy {
    /// It is not valid, or it holds a bet that is not.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// Bets that were sent before on this connection were refused: so the agency is not finished, and in a session
    /// nothing more is stored.
    #[error("bets that were sent before were refused")]
    EarlierBets,
}

/// What the application will be handed: it stands in the next `len` bytes of the inbox.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) len: usize,
    pub(super) what: What,
}

/// What it is.
#[derive(Debug)]
pub(super) enum What {
    /// A request, and the number of its slot.
    Request { request: Request, number: u64 },
    /// A request that will be refused when all before it is answered.
    Doomed { number: u64, agency: Option<AgencyId>, error: RefusedBy },
    /// A request that was refused.
    Refused { agency: Option<AgencyId>, error: RefusedBy },
}
