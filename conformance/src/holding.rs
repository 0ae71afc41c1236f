//! Application that keeps every winners query until all agencies are finished, and answers each from another
//! connection.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_proto::server::{Event, Server};
use lottery_proto::{
    AgencyId, Bets, ConnId, Endpoint, Input, Instant, Io, Receipt, ServerConfig, Ticket, WinnersReply,
};
use lottery_runtime::{Machine, Mailbox, Peer, Service};

use crate::agency_files::WINNING;

/// Service with deferred replies.
#[derive(Debug)]
pub struct Holding {
    config: ServerConfig,
    next: AtomicU64,
    shared: Arc<Mutex<Shared>>,
}

/// State that its connections share.
#[derive(Debug, Default)]
struct Shared {
    agencies: usize,
    finished: BTreeSet<u32>,
    winners: BTreeMap<u32, Vec<String>>,
    held: Vec<(Ticket<WinnersReply<'static>>, AgencyId, Mailbox<Answer>)>,
    lost: Vec<io::ErrorKind>,
}

/// Reply to a query, from another connection.
#[derive(Debug)]
pub struct Answer(Ticket<WinnersReply<'static>>, Vec<String>);

impl Holding {
    /// Returns a service that waits for this number of agencies.
    pub fn new(config: ServerConfig) -> Arc<Self> {
        let agencies = config.agencies() as usize;
        let shared = Shared { agencies, ..Shared::default() };
        Arc::new(Self { config, next: AtomicU64::new(1), shared: Arc::new(Mutex::new(shared)) })
    }

    /// Returns the number of queries that are held.
    pub fn held(&self) -> usize {
        lock(&self.shared).held.len()
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service for Holding {
    type Machine = Holder;

    fn accept(&self, now: Instant, _: Peer, mailbox: Mailbox<Answer>) -> Option<Holder> {
        let conn = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        let server = Server::new(self.config.clone(), conn, now);
        Some(Holder { server, mailbox, shared: Arc::clone(&self.shared) })
    }

    fn failed(&self, error: &io::Error) {
        lock(&self.shared).lost.push(error.kind());
    }

    fn started(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

/// Connection of the service.
#[derive(Debug)]
pub struct Holder {
    server: Server,
    mailbox: Mailbox<Answer>,
    shared: Arc<Mutex<Shared>>,
}

impl Endpoint for Holder {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.server.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.server.handle(now, input);
        self.take_events(now);
    }
}

impl Machine for Holder {
    type Notice = Answer;

    fn notice(&mut self, now: Instant, Answer(ticket, winners): Answer) {
        let replied = self.server.reply_winners(now, ticket, &winners);
        replied.expect("the answer fits, and the ticket is this connection's");
        self.take_events(now);
    }
}

impl Holder {
    fn take_events(&mut self, now: Instant) {
        let mut shared = lock(&self.shared);
        let stored = Receipt::Stored { total: 0 };
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Bet { ticket, agency, bets, .. } | Event::Batch { ticket, agency, bets, .. } => {
                    shared.store(agency.get(), bets);
                    self.server.reply(now, ticket, stored).expect("the ticket is this connection's");
                }
                Event::Finished { ticket, agency, .. } => {
                    shared.finished.insert(agency.get());
                    self.server.reply(now, ticket, stored).expect("the ticket is this connection's");
                }
                Event::WinnersQuery { ticket, agency, .. } => {
                    shared.held.push((ticket, agency, self.mailbox.clone()));
                }
                _ => {}
            }
            shared.answer_if_due();
        }
    }
}

impl Shared {
    fn store(&mut self, agency: u32, bets: Bets<'_>) {
        let winners = bets.iter().filter(|bet| bet.number() == WINNING).map(|bet| bet.document().to_owned());
        self.winners.entry(agency).or_default().extend(winners);
    }

    fn answer_if_due(&mut self) {
        if self.finished.len() < self.agencies {
            return;
        }
        for (ticket, agency, mailbox) in self.held.drain(..) {
            let winners = self.winners.get(&agency.get()).cloned().unwrap_or_default();
            mailbox.deliver(Answer(ticket, winners));
        }
    }
}
