//! Clients that wait for the draw.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use lottery_proto::{AgencyId, ConnId, Ticket, WinnersReply};
use lottery_runtime::Mailbox;

use crate::messages::{Notice, Won};
use crate::store::Draw;

/// All waiters, in the order of their arrival. Only telling them all costs more when there are many.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// Waiters by the number of their arrival.
    all: BTreeMap<u64, Waiter>,
    /// The same by connection.
    by_conn: BTreeSet<(ConnId, u64)>,
    /// Anonymous waiters that stand in for absent agencies.
    anonymous: BTreeSet<u64>,
    /// Anonymous waiters whose peer has ended its side.
    ended: BTreeSet<u64>,
    next: u64,
}

/// Waiter for the draw.
#[derive(Debug)]
pub(super) struct Waiter {
    from: Mailbox<Notice>,
    conn: ConnId,
    /// Ticket, until it is used. A waiter that is dropped before tells its connection ([`Notice::Lost`]).
    ticket: Option<Ticket<WinnersReply<'static>>>,
    /// Agency that waits for its winners; `None`: an anonymous client that stands in for an absent one.
    agency: Option<AgencyId>,
}

impl Waiter {
    pub(super) const fn new(
        from: Mailbox<Notice>,
        ticket: Ticket<WinnersReply<'static>>,
        agency: Option<AgencyId>,
    ) -> Self {
        Self { from, conn: ticket.conn(), ticket: Some(ticket), agency }
    }

    /// Sends the notice that its ticket becomes.
    fn tell(mut self, notice: impl FnOnce(Ticket<WinnersReply<'static>>, Option<AgencyId>) -> Notice) {
        if let Some(ticket) = self.ticket.take() {
            self.from.deliver(notice(ticket, self.agency));
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.from.deliver(Notice::Lost(ticket.failed()));
        }
    }
}

impl Waiters {
    pub(super) fn add(&mut self, waiter: Waiter) {
        if waiter.agency.is_none() {
            self.anonymous.insert(self.next);
        }
        self.by_conn.insert((waiter.conn, self.next));
        self.all.insert(self.next, waiter);
        self.next += 1;
    }

    /// Removes all waiters of a connection that is gone.
    pub(super) fn leave(&mut self, conn: ConnId) {
        for number in self.numbers_of(conn) {
            // Nobody is there to be told.
            if let Some(mut waiter) = self.remove(number) {
                waiter.ticket = None;
            }
        }
    }

    /// Notes EOF on a connection: its peer may be gone, and no longer stands in for an absent agency.
    pub(super) fn ended(&mut self, conn: ConnId) {
        for number in self.numbers_of(conn) {
            if self.anonymous.remove(&number) {
                self.ended.insert(number);
            }
        }
    }

    /// Returns the number of agencies that anonymous waiters can stand in for.
    pub(super) fn anonymous(&self) -> usize {
        self.anonymous.len()
    }

    /// Turns away anonymous waiters that stand in for none: those that have ended, and the oldest beyond
    /// `max`, as they may be gone unnoticed.
    pub(super) fn turn_away(&mut self, max: usize) {
        while let Some(number) = self.ended.first().copied() {
            self.turn_away_one(number, "its peer has ended");
        }
        while self.anonymous.len() > max
            && let Some(number) = self.anonymous.first().copied()
        {
            self.turn_away_one(
                number,
                "more wait without saying which agency they are than there are agencies",
            );
        }
    }

    fn turn_away_one(&mut self, number: u64, reason: &'static str) {
        if let Some(waiter) = self.remove(number) {
            waiter.tell(|ticket, _| Notice::TurnedAway(ticket, reason));
        }
    }

    fn remove(&mut self, number: u64) -> Option<Waiter> {
        self.anonymous.remove(&number);
        self.ended.remove(&number);
        let waiter = self.all.remove(&number)?;
        self.by_conn.remove(&(waiter.conn, number));
        Some(waiter)
    }

    /// Tells all waiters that the draw has taken place.
    pub(super) fn tell(&mut self, draw: &Draw) {
        let Self { all, .. } = mem::take(self);
        for waiter in all.into_values() {
            waiter.tell(|ticket, agency| match agency {
                Some(agency) => Notice::Winners(ticket, agency, Some(Won::of(draw, agency))),
                None => Notice::Drawn(ticket),
            });
        }
    }

    fn numbers_of(&self, conn: ConnId) -> Vec<u64> {
        self.by_conn.range((conn, 0)..=(conn, u64::MAX)).map(|(_, number)| *number).collect()
    }
}
