//! Server that stores bets or rejects them, and replies at once, or late and out of order.

use std::time::Duration;

use lottery_proto::server::{Event, RefusedBy};
use lottery_proto::{
    AnonymousWaiter, Batch, CloseReason, Code, Failure, Finished, Instant, Receipt, Server, SingleBet,
    Ticket, WinnersQuery, WinnersReply,
};

use crate::common::{Dice, bet, text};

pub(super) enum Held {
    Bet(Ticket<SingleBet>, bool),
    Batch(Ticket<Batch>, bool),
    Finished(Ticket<Finished>),
    /// Winners query; true if it waits for the draw.
    Winners(Ticket<WinnersQuery>, bool),
    AnonymousWaiter(Ticket<AnonymousWaiter>),
}

pub(super) struct Centre {
    pub(super) server: Server,
    pub(super) dice: Dice,
    /// Requests, and the times at which they are answered.
    pub(super) held: Vec<(Instant, Held)>,
    pub(super) late: bool,
    pub(super) refuses: bool,
    pub(super) pendings: usize,
    pub(super) stored: Vec<String>,
    pub(super) refused: bool,
    pub(super) closed: Option<CloseReason>,
}

impl Centre {
    /// Answers in a loop, as a reply can let the next event out: Finished waits for all before it.
    pub(super) fn run(&mut self, now: Instant) {
        self.take(now);
        while self.held.iter().any(|held| held.0 <= now) {
            self.answer_due(now);
            self.take(now);
        }
    }

    fn take(&mut self, now: Instant) {
        while let Some(event) = self.server.poll_event() {
            assert_eq!(self.closed, None, "Closed is the last event");
            let refuse = self.refuses && self.dice.one_in(4);
            let mut keep = |bets: lottery_proto::Bets<'_>| {
                if refuse {
                    self.refused = true;
                } else {
                    self.stored.extend(bets.iter().map(|bet| text(&bet)));
                }
            };
            let held = match event {
                Event::Bet { ticket, bets } => {
                    keep(bets);
                    Held::Bet(ticket, refuse)
                }
                Event::Batch { ticket, bets } => {
                    keep(bets);
                    Held::Batch(ticket, refuse)
                }
                Event::Finished { ticket } => Held::Finished(ticket),
                Event::WinnersQuery { ticket, wait } => Held::Winners(ticket, wait),
                Event::AnonymousWaiter { ticket } => Held::AnonymousWaiter(ticket),
                Event::Refused { error: RefusedBy::EarlierBets, .. } => continue,
                Event::Closed(reason) => {
                    self.closed = Some(reason);
                    continue;
                }
                other => panic!("{other:?}"),
            };
            let delay = if self.late { self.dice.below(500) as u64 } else { 0 };
            self.held.push((now.after(Duration::from_millis(delay)), held));
        }
    }

    fn answer_due(&mut self, now: Instant) {
        // Out of order: all that is due, from a random place on.
        let mut left = Vec::new();
        if self.late && self.held.len() > 1 {
            let middle = self.dice.below(self.held.len());
            self.held.rotate_left(middle);
        }
        for (due, held) in std::mem::take(&mut self.held) {
            if due > now {
                left.push((due, held));
            } else {
                self.answer(now, held);
            }
        }
        self.held = left;
    }

    fn answer(&mut self, now: Instant, held: Held) {
        let failure = Failure { code: Code::Storage, text: "the disk is full" };
        let total = self.stored.len() as u64;
        let receipt = |refuse| if refuse { Receipt::Refused(failure) } else { Receipt::Stored { total } };
        match held {
            Held::Bet(ticket, refuse) => self.server.reply(now, ticket, receipt(refuse)).unwrap(),
            Held::Batch(ticket, refuse) => self.server.reply(now, ticket, receipt(refuse)).unwrap(),
            Held::Finished(ticket) => self.server.reply(now, ticket, receipt(false)).unwrap(),
            Held::Winners(ticket, false) if self.pendings > 0 => {
                self.pendings -= 1;
                self.server.reply(now, ticket, WinnersReply::Pending).unwrap();
            }
            Held::AnonymousWaiter(ticket) => {
                self.server.reply(now, ticket, WinnersReply::Winners(&[])).unwrap();
            }
            Held::Winners(ticket, _) => {
                let winners = winners(&self.stored);
                self.server.reply(now, ticket, WinnersReply::Winners(&winners)).unwrap();
            }
        }
    }
}

pub(super) fn winners(bets: &[String]) -> Vec<String> {
    let bets = bets.iter().map(|text| bet(text)).filter(|bet| bet.number() == 7574);
    bets.map(|bet| bet.document().to_string()).collect()
}
