//! Who waits for the draw.

use std::mem;
use std::sync::Arc;

use lottery_proto::{ConnId, Stranger, Ticket, WinnersQuery};

use crate::desk::Notice;
use crate::seam::Mailbox;
use crate::store::Draw;

/// All who wait, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<(Mailbox<Notice>, Waits)>);

/// Who waits.
#[derive(Debug)]
pub(super) enum Waits {
    /// An agency, for its winners.
    Agency(Ticket<WinnersQuery>),
    /// Somebody who stands for an agency that nothing was heard of.
    Stranger(Ticket<Stranger>),
    /// Somebody who did, but may be gone.
    Ended(Ticket<Stranger>),
}

impl Waiting {
    pub(super) fn add(&mut self, from: Mailbox<Notice>, waits: Waits) {
        self.0.push((from, waits));
    }

    /// The connection is gone, and whoever waited on it.
    pub(super) fn leave(&mut self, conn: ConnId) {
        self.0.retain(|(_, waits)| match waits {
            Waits::Agency(ticket) => ticket.conn() != conn,
            Waits::Stranger(ticket) | Waits::Ended(ticket) => ticket.conn() != conn,
        });
    }

    /// The peer of that connection has ended its side, and may be gone.
    pub(super) fn ended(&mut self, conn: ConnId) {
        for (from, waits) in mem::take(&mut self.0) {
            let waits = match waits {
                Waits::Stranger(ticket) if ticket.conn() == conn => Waits::Ended(ticket),
                waits => waits,
            };
            self.add(from, waits);
        }
    }

    /// How many agencies can be stood for.
    pub(super) fn strangers(&self) -> usize {
        self.0.iter().filter(|(_, waits)| matches!(waits, Waits::Stranger(_))).count()
    }

    /// Tells all that the draw has taken place.
    pub(super) fn tell(&mut self, draw: &Arc<Draw>) {
        for (from, waits) in self.0.drain(..) {
            from.deliver(match waits {
                Waits::Agency(ticket) => Notice::Winners(ticket, Some(Arc::clone(draw))),
                Waits::Stranger(ticket) | Waits::Ended(ticket) => Notice::Stranger(ticket),
            });
        }
    }
}
