//! Who waits for the draw.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use lottery_proto::{ConnId, Stranger, Ticket, WinnersQuery};

use crate::desk::Notice;
use crate::seam::Mailbox;
use crate::store::Draw;

/// All who wait, in the order in which they came. Nothing but to tell them all costs more when there are many.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By the number of their coming.
    all: BTreeMap<u64, (Mailbox<Notice>, Waits)>,
    /// The same, by connection.
    by_conn: BTreeSet<(ConnId, u64)>,
    /// How many of them stand for an agency.
    strangers: usize,
    next: u64,
}

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

impl Waits {
    fn conn(&self) -> ConnId {
        match self {
            Self::Agency(ticket) => ticket.conn(),
            Self::Stranger(ticket) | Self::Ended(ticket) => ticket.conn(),
        }
    }

    fn stands_for_an_agency(&self) -> bool {
        matches!(self, Self::Stranger(_))
    }
}

impl Waiting {
    pub(super) fn add(&mut self, from: Mailbox<Notice>, waits: Waits) {
        self.strangers += usize::from(waits.stands_for_an_agency());
        self.by_conn.insert((waits.conn(), self.next));
        self.all.insert(self.next, (from, waits));
        self.next += 1;
    }

    /// The connection is gone, and whoever waited on it.
    pub(super) fn leave(&mut self, conn: ConnId) {
        for number in self.numbers_of(conn) {
            self.by_conn.remove(&(conn, number));
            if let Some((_, waits)) = self.all.remove(&number) {
                self.strangers -= usize::from(waits.stands_for_an_agency());
            }
        }
    }

    /// The peer of that connection has ended its side, and may be gone.
    pub(super) fn ended(&mut self, conn: ConnId) {
        for number in self.numbers_of(conn) {
            let Some((from, waits)) = self.all.remove(&number) else { continue };
            let waits = match waits {
                Waits::Stranger(ticket) => {
                    self.strangers -= 1;
                    Waits::Ended(ticket)
                }
                waits => waits,
            };
            self.all.insert(number, (from, waits));
        }
    }

    /// How many agencies can be stood for.
    pub(super) fn strangers(&self) -> usize {
        self.strangers
    }

    /// Tells all that the draw has taken place.
    pub(super) fn tell(&mut self, draw: &Arc<Draw>) {
        let Self { all, .. } = mem::take(self);
        for (from, waits) in all.into_values() {
            from.deliver(match waits {
                Waits::Agency(ticket) => Notice::Winners(ticket, Some(Arc::clone(draw))),
                Waits::Stranger(ticket) | Waits::Ended(ticket) => Notice::Stranger(ticket),
            });
        }
    }

    fn numbers_of(&self, conn: ConnId) -> Vec<u64> {
        self.by_conn.range((conn, 0)..=(conn, u64::MAX)).map(|(_, number)| *number).collect()
    }
}
