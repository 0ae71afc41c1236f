//! Requests of connections to the committer.

use lottery_proto::{AnonymousWaiter, Batch, ConnId, Finished, Hello, SingleBet, Ticket, WinnersQuery};
use lottery_runtime::Mailbox;

use super::{Notice, QueuedBatch};

/// Request on its way to the committer.
#[derive(Debug)]
pub struct Request {
    /// Mailbox for the reply.
    pub from: Mailbox<Notice>,
    /// True if it belongs to a session: it is valid only while that is the newest session of its agency.
    pub in_session: bool,
    /// True if no other request of its connection awaits a reply, as with a client that waits for each reply.
    pub alone: bool,
    /// Command to carry out.
    pub command: Command,
}

/// Command of a connection to the committer.
#[derive(Debug)]
pub enum Command {
    /// Begins a session.
    Hello(Ticket<Hello>),
    /// Stores a bet.
    Bet(Ticket<SingleBet>, QueuedBatch),
    /// Stores a batch, all of it or none.
    Batch(Ticket<Batch>, QueuedBatch),
    /// Counts the agency as finished.
    Finished(Ticket<Finished>),
    /// Asks for the winners. With `wait`, the reply comes after the draw.
    Winners {
        /// Ticket for the reply.
        ticket: Ticket<WinnersQuery>,
        /// True if the reply waits for the draw.
        wait: bool,
    },
    /// Reads a piece of the winners of an agency; [`Won`](super::Won) holds the number of pieces.
    Piece {
        /// Connection that asks.
        conn: ConnId,
        /// Number of the agency.
        agency: u32,
        /// Number of the piece, from 0.
        number: u64,
    },
    /// Stands in for an absent agency, one of which nothing is durable, and waits for the draw
    /// (`docs/protocol.md#framed`).
    AnonymousWaiter(Ticket<AnonymousWaiter>),
    /// Reports EOF on a connection: its peer may be gone. It no longer stands in for an absent agency, but
    /// still gets its reply.
    Ended(ConnId),
    /// Removes a connection that is gone, and all that waits on it.
    Gone(ConnId),
}

impl Command {
    /// Returns the room that it takes in the queue, in bytes.
    pub(crate) fn size(&self) -> usize {
        let bets = match self {
            Self::Bet(_, queued) | Self::Batch(_, queued) => queued.batch().size(),
            Self::Hello(_)
            | Self::Finished(_)
            | Self::Winners { .. }
            | Self::Piece { .. }
            | Self::AnonymousWaiter(_)
            | Self::Ended(_)
            | Self::Gone(_) => 0,
        };
        bets + size_of::<Request>()
    }

    /// Returns the connection that sent it.
    pub fn conn(&self) -> ConnId {
        match self {
            Self::Hello(ticket) => ticket.conn(),
            Self::Bet(ticket, _) => ticket.conn(),
            Self::Batch(ticket, _) => ticket.conn(),
            Self::Finished(ticket) => ticket.conn(),
            Self::Winners { ticket, .. } => ticket.conn(),
            Self::AnonymousWaiter(ticket) => ticket.conn(),
            Self::Piece { conn, .. } | Self::Ended(conn) | Self::Gone(conn) => *conn,
        }
    }

    /// Returns true if it gets a reply.
    pub(crate) fn is_answered(&self) -> bool {
        !matches!(self, Self::Ended(_) | Self::Gone(_))
    }
}
