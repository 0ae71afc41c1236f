//! Server that stores bets or rejects them, and replies at once, or late and out of order.

use std::time::Duration;

use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{CloseReason, Code, Failure, Instant, Server};
use lottery_testkit::{Answer, PendingRequest, Rng, bet, text};

/// Request that waits for its reply.
pub(super) struct Waiting {
    request: PendingRequest,
    /// True if its bets are rejected.
    reject: bool,
    /// True if it waits for the draw.
    wait: bool,
}

pub(super) struct ServerSide {
    pub(super) server: Server,
    pub(super) rng: Rng,
    /// Requests, and the times at which they are answered.
    pub(super) held: Vec<(Instant, Waiting)>,
    pub(super) late: bool,
    pub(super) rejects: bool,
    pub(super) pendings: usize,
    pub(super) stored: Vec<String>,
    /// Number of rejected requests, and of those that were rejected on earlier connections.
    pub(super) rejected: (usize, usize),
    pub(super) closed: Option<CloseReason>,
}

impl ServerSide {
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
            let rejects = self.rejects && self.rng.one_in(4);
            let (mut reject, mut wait) = (false, false);
            match &event {
                Event::Bet { .. } | Event::Batch { .. } if rejects => {
                    reject = true;
                    self.rejected.0 += 1;
                }
                Event::Bet { bets, .. } | Event::Batch { bets, .. } => {
                    self.stored.extend(bets.iter().map(|bet| text(&bet)));
                }
                Event::WinnersQuery { wait: waits, .. } => wait = *waits,
                Event::Rejected { error: RejectedBy::EarlierBets, .. } => continue,
                Event::Closed(reason) => {
                    self.closed = Some(*reason);
                    continue;
                }
                Event::Finished { .. } | Event::AnonymousWaiter { .. } => {}
                other => panic!("{other:?}"),
            }
            let request = PendingRequest::of(event).expect("each of these is a request");
            let delay = if self.late { self.rng.below(500) } else { 0 };
            self.held.push((now.after(Duration::from_millis(delay)), Waiting { request, reject, wait }));
        }
    }

    fn answer_due(&mut self, now: Instant) {
        // Out of order: all that is due, from a random place on.
        let mut left = Vec::new();
        if self.late && self.held.len() > 1 {
            let middle = self.rng.index(self.held.len());
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

    fn answer(&mut self, now: Instant, held: Waiting) {
        let total = self.stored.len() as u64;
        let stored;
        let winners = match held.request {
            PendingRequest::Winners(_) if !held.wait && self.pendings > 0 => {
                self.pendings -= 1;
                None
            }
            PendingRequest::AnonymousWaiter(_) => Some(&[][..]),
            PendingRequest::Winners(_) => {
                stored = winners(&self.stored);
                Some(&stored[..])
            }
            _ => None,
        };
        let answer = if held.reject {
            Answer::Reject(Failure { code: Code::Storage, text: "the disk is full" })
        } else {
            Answer::Accept { total, winners, prefix: "" }
        };
        held.request.answer(&mut self.server, now, answer).expect("it fits");
    }
}

pub(super) fn winners(bets: &[String]) -> Vec<String> {
    let bets = bets.iter().map(|text| bet(text)).filter(|bet| bet.number() == 7574);
    bets.map(|bet| bet.document().to_string()).collect()
}
