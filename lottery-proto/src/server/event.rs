//! Events that the server machine hands to the application.

use crate::bet::{AgencyId, Bets, Span};
use crate::close_reason::CloseReason;
use crate::error::DecodeError;
use crate::ticket::{ConnId, EchoReply, HelloReply, Receipt, Ticket, WinnersReply};
use crate::wire::{Kind, Line, Request};

/// Event that a [`Server`](crate::Server) hands to the application.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Start of a session, which is the newest one of its agency.
    #[non_exhaustive]
    Hello {
        /// Ticket for the reply.
        ticket: Ticket<HelloReply<'static>>,
        /// Agency that sent it.
        agency: AgencyId,
        /// Number of bets in the agency's list, if the agency knows it. It is what the peer says, and nothing holds it
        /// to that.
        total: Option<u64>,
    },
    /// A single bet to store.
    #[non_exhaustive]
    Bet {
        /// Ticket for the reply.
        ticket: Ticket<Receipt<'static>>,
        /// Agency that sent it.
        agency: AgencyId,
        /// The bet, as a batch of one.
        bets: Bets<'a>,
    },
    /// Bets to store, all or none.
    #[non_exhaustive]
    Batch {
        /// Ticket for the reply, which is due also in a dialect that sends none for a batch.
        ticket: Ticket<Receipt<'static>>,
        /// Agency that sent it.
        agency: AgencyId,
        /// Bets, valid and borrowed from the receive buffer.
        bets: Bets<'a>,
    },
    /// Statement that the agency has sent its last bet. All bets that it sent on this connection are stored.
    #[non_exhaustive]
    Finished {
        /// Ticket for the reply.
        ticket: Ticket<Receipt<'static>>,
        /// Agency that sent it.
        agency: AgencyId,
    },
    /// Query for the winners of the agency.
    #[non_exhaustive]
    WinnersQuery {
        /// Ticket for the reply.
        ticket: Ticket<WinnersReply<'static>>,
        /// Agency that sent it.
        agency: AgencyId,
        /// True if the reply must come after the draw. Otherwise it may be "pending".
        wait: bool,
    },
    /// Wait for the draw by a client that has named no agency and so has no bets. While it waits, it stands for one
    /// agency of which nothing was heard (`docs/protocol.md#framed`).
    #[non_exhaustive]
    AnonymousWaiter {
        /// Ticket for the reply, which is due after the draw.
        ticket: Ticket<WinnersReply<'static>>,
    },
    /// Line to be sent back: the health check (`docs/protocol.md#echo`).
    #[non_exhaustive]
    Echo {
        /// Ticket for the reply.
        ticket: Ticket<EchoReply<'static>>,
        /// Line without white space at its end.
        line: Line<'a>,
    },
    /// Request that was rejected, and answered as its dialect requires. The connection goes on.
    #[non_exhaustive]
    Rejected {
        /// Agency that the request names, else that of the connection, if it is known.
        agency: Option<AgencyId>,
        /// Reason of the rejection.
        error: RejectedBy,
    },
    /// End of the connection: the last event, reported once.
    Closed(CloseReason),
}

impl<'a> Event<'a> {
    /// Returns the event for a request; `None` for a request that no dialect produces.
    pub(super) fn new(
        conn: ConnId,
        number: u64,
        request: &Request,
        payload: &'a [u8],
        spans: &'a [Span],
    ) -> Option<Self> {
        let bets = Bets::validated(payload, spans);
        let receipt = Ticket::new(conn, number);
        Some(match (request.kind, request.agency) {
            (Kind::Hello, Some(agency)) => {
                Self::Hello { ticket: Ticket::new(conn, number), agency, total: request.total }
            }
            (Kind::Bet, Some(agency)) => Self::Bet { ticket: receipt, agency, bets },
            (Kind::Batch, Some(agency)) => Self::Batch { ticket: receipt, agency, bets },
            (Kind::Finished, Some(agency)) => Self::Finished { ticket: receipt, agency },
            (Kind::Winners | Kind::AwaitWinners, Some(agency)) => {
                let wait = request.kind == Kind::AwaitWinners;
                Self::WinnersQuery { ticket: Ticket::new(conn, number), agency, wait }
            }
            (Kind::AwaitWinners, None) => Self::AnonymousWaiter { ticket: Ticket::new(conn, number) },
            (Kind::Echo, _) => Self::Echo { ticket: Ticket::new(conn, number), line: Line(payload) },
            _ => return None,
        })
    }
}

/// Reasons for which the machine rejects a request without asking the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectedBy {
    /// The request is not valid, or a bet in it is not.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// Earlier bets of the connection were rejected. So the agency is not finished, and a session stores nothing more.
    #[error("bets that were sent before were refused")]
    EarlierBets,
}
