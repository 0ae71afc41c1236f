//! What the server machine hands to the application.

use core::marker::PhantomData;

use crate::agency::AgencyId;
use crate::bets::Bets;
use crate::error::{CloseReason, DecodeError};
use crate::ticket::{Batch, ConnId, Finished, SingleBet, Ticket, WinnersQuery};
use crate::wire::{Kind, Request};

/// What a [`Server`](crate::Server) hands to the application.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
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
    },
    /// A request was refused, and answered as the wire wants it. The connection goes on.
    Refused {
        /// The agency that sent it.
        agency: AgencyId,
        /// Why.
        error: RefusedBy,
    },
    /// The connection is over. The last event, and the only one of its kind.
    Closed(CloseReason),
}

impl<'a> Event<'a> {
    pub(super) fn new(conn: ConnId, number: u64, request: &Request, bets: Bets<'a>) -> Self {
        let agency = request.agency;
        match request.kind {
            Kind::Bet => Self::Bet { ticket: Ticket { conn, number, agency, kind: PhantomData }, bets },
            Kind::Batch => Self::Batch { ticket: Ticket { conn, number, agency, kind: PhantomData }, bets },
            Kind::Finished => Self::Finished { ticket: Ticket { conn, number, agency, kind: PhantomData } },
            // A wire decodes no request of an unknown kind.
            Kind::Winners | Kind::Unknown => {
                Self::WinnersQuery { ticket: Ticket { conn, number, agency, kind: PhantomData } }
            }
        }
    }
}

/// Why a request was refused without the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedBy {
    /// It holds a bet that is not valid.
    #[error("{0}")]
    Bet(#[from] DecodeError),
    /// An agency is not finished if a bet that it sent on this connection was not stored.
    #[error("not finished: bets that it sent before were refused")]
    EarlierBets,
}

/// What the application will be handed.
#[derive(Debug)]
pub(super) enum Next {
    /// A request, in the next `len` bytes of the inbox.
    Request { request: Request, number: u64, len: usize },
    /// A request that was refused, in the next `len` bytes of the inbox.
    Refused { agency: AgencyId, error: RefusedBy, len: usize },
}
