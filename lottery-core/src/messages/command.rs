//! Requests of connections to the committer.

use std::sync::Arc;

use lottery_proto::{AgencyId, Bets, ConnId, HelloReply, Receipt, Ticket, WinnersReply};
use lottery_runtime::Mailbox;

use super::{Notice, Subject, Submission};
use crate::memory::queue_room::Room;
use crate::store::EncodedBatch;

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
    /// Begins a session of an agency.
    Hello(Ticket<HelloReply<'static>>, AgencyId),
    /// Stores a batch, all of it or none; without one, counts the agency as finished.
    Store(Submission, Option<Arc<EncodedBatch>>),
    /// Asks for the winners.
    Winners {
        /// Ticket for the reply.
        ticket: Ticket<WinnersReply<'static>>,
        /// Agency that asks. Without one it is an anonymous client, which stands in for an absent agency, one of
        /// which nothing is durable, and waits for the draw (`docs/protocol.md#framed`).
        agency: Option<AgencyId>,
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
    /// Reports EOF on a connection: its peer may be gone. It no longer stands in for an absent agency, but
    /// still gets its reply.
    Ended(ConnId),
    /// Removes a connection that is gone, and all that waits on it.
    Gone(ConnId),
}

impl Command {
    /// Returns the command to store a bet that was sent alone. It takes this room, which grows to the size of
    /// the rows; `None`: no room is counted.
    pub fn store_bet(
        ticket: Ticket<Receipt<'static>>,
        agency: AgencyId,
        bets: Bets<'_>,
        room: Option<Room>,
    ) -> Self {
        let bet = bets.iter().next().map(|bet| (bet.document().into(), bet.number()));
        let (document, number) = bet.unwrap_or_default();
        Self::store(ticket, agency, bets, room, Subject::Bet { document, number })
    }

    /// Returns the command to store a batch; for its room see [`Command::store_bet`].
    pub fn store_batch(
        ticket: Ticket<Receipt<'static>>,
        agency: AgencyId,
        bets: Bets<'_>,
        room: Option<Room>,
    ) -> Self {
        let count = u32::try_from(bets.len()).unwrap_or(u32::MAX);
        Self::store(ticket, agency, bets, room, Subject::Batch(count))
    }

    fn store(
        ticket: Ticket<Receipt<'static>>,
        agency: AgencyId,
        bets: Bets<'_>,
        mut room: Option<Room>,
        subject: Subject,
    ) -> Self {
        let batch = EncodedBatch::encode(agency.get(), bets);
        if let Some(room) = &mut room {
            room.fit(batch.size());
        }
        let room = room.map(Box::new);
        Self::Store(Submission { ticket, agency, subject, room }, Some(Arc::new(batch)))
    }

    /// Returns the command to count the agency as finished.
    pub fn finish(ticket: Ticket<Receipt<'static>>, agency: AgencyId) -> Self {
        Self::Store(Submission { ticket, agency, subject: Subject::Finished, room: None }, None)
    }

    /// Returns the room that it takes in the queue, in bytes.
    pub(crate) fn size(&self) -> usize {
        let rows = if let Self::Store(_, Some(batch)) = self { batch.size() } else { 0 };
        rows + size_of::<Request>()
    }

    /// Returns the connection that sent it.
    pub fn conn(&self) -> ConnId {
        match self {
            Self::Hello(ticket, _) => ticket.conn(),
            Self::Store(submission, _) => submission.ticket.conn(),
            Self::Winners { ticket, .. } => ticket.conn(),
            Self::Piece { conn, .. } | Self::Ended(conn) | Self::Gone(conn) => *conn,
        }
    }

    /// Returns true if it gets a reply.
    pub(crate) fn is_answered(&self) -> bool {
        !matches!(self, Self::Ended(_) | Self::Gone(_))
    }
}
