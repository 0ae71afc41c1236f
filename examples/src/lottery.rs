//! A lottery in memory: the application of `std_server` and `mio_server`, in every dialect but `session`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::mem::take;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Bets, Code, ConnId, Dialect, EchoReply, Endpoint, Failure, Input, Instant, Io, Receipt, Reply,
    Server, ServerConfig, Ticket, WinnersReply,
};
use lottery_runtime::{Machine, Mailbox, Peer, Service};

/// The number that wins.
const WINNING: u32 = 7574;

/// Bets of all agencies.
#[derive(Debug, Default)]
struct Bank {
    /// Number of agencies that the draw waits for.
    agencies: usize,
    /// Document and number of each bet, by agency, in the order in which they came.
    bets: BTreeMap<AgencyId, Vec<(String, u32)>>,
    finished: BTreeSet<AgencyId>,
    /// Mailboxes of connections that wait for the draw.
    waiting: Vec<Mailbox<Drawn>>,
}

impl Bank {
    /// Keeps bets. The receipt holds how many the agency has now.
    fn store(&mut self, agency: AgencyId, bets: Bets<'_>) -> Receipt<'static> {
        let own = self.bets.entry(agency).or_default();
        own.extend(bets.iter().map(|bet| (bet.document().to_owned(), bet.number())));
        Receipt::Stored { total: own.len() as u64 }
    }

    /// Notes that an agency has sent all its bets. With the last one, those that wait learn of the draw.
    fn finish(&mut self, agency: AgencyId) -> Receipt<'static> {
        self.finished.insert(agency);
        if self.finished.len() == self.agencies {
            for mailbox in take(&mut self.waiting) {
                mailbox.deliver(Drawn);
            }
        }
        Receipt::Stored { total: self.bets.get(&agency).map_or(0, Vec::len) as u64 }
    }

    /// Returns the winners of an agency; `None` before the draw.
    fn winners(&self, agency: AgencyId) -> Option<Vec<String>> {
        let own = self.bets.get(&agency).into_iter().flatten();
        let won = own.filter(|(_, number)| *number == WINNING).map(|(document, _)| document.clone());
        (self.finished.len() == self.agencies).then(|| won.collect())
    }
}

/// Lottery that makes the machine of each connection.
#[derive(Debug)]
pub struct Lottery {
    bank: Arc<Mutex<Bank>>,
    config: Arc<ServerConfig>,
    /// Number of connections so far.
    connections: AtomicU64,
}

impl Lottery {
    /// Creates a lottery whose draw takes place when so many agencies have finished.
    pub fn new(agencies: usize) -> Self {
        // A session asks for a digest of the bets that are durable, and here none is.
        let dialects =
            Dialect::ALL.iter().copied().filter(|dialect| !dialect.profile().has_sessions).collect();
        Self {
            bank: Arc::new(Mutex::new(Bank { agencies, ..Bank::default() })),
            config: Arc::new(ServerConfig::builder(5).dialects(dialects).build().unwrap()),
            connections: AtomicU64::new(0),
        }
    }
}

impl Service for Lottery {
    type Machine = Connection;

    fn accept(&self, now: Instant, _peer: Peer, mailbox: Mailbox<Drawn>) -> Option<Connection> {
        let conn = ConnId(self.connections.fetch_add(1, Ordering::Relaxed));
        let server = Server::new(Arc::clone(&self.config), conn, now);
        Some(Connection { server, bank: Arc::clone(&self.bank), mailbox, unanswered: Vec::new() })
    }

    fn failed(&self, error: &io::Error) {
        eprintln!("a connection failed: {error}");
    }

    fn started(&self, _stop: Box<dyn Fn() + Send + Sync>) {}
}

/// Notice that the draw has taken place.
#[derive(Debug)]
pub struct Drawn;

/// Server's end of a connection, with the lottery behind it.
#[derive(Debug)]
pub struct Connection {
    server: Server,
    bank: Arc<Mutex<Bank>>,
    mailbox: Mailbox<Drawn>,
    /// Queries that are answered after the draw.
    unanswered: Vec<(Ticket<WinnersReply<'static>>, AgencyId)>,
}

impl Endpoint for Connection {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.server.poll_io()
    }

    fn resets(&self) -> bool {
        self.server.resets()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.server.handle(now, input);
        let bank = Arc::clone(&self.bank);
        let mut bank = lock(&bank);
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Bet { ticket, agency, bets, .. } | Event::Batch { ticket, agency, bets, .. } => {
                    let receipt = bank.store(agency, bets);
                    reply(&mut self.server, now, ticket, receipt);
                }
                Event::Finished { ticket, agency, .. } => {
                    let receipt = bank.finish(agency);
                    reply(&mut self.server, now, ticket, receipt);
                }
                Event::WinnersQuery { ticket, agency, wait, .. } => match bank.winners(agency) {
                    Some(winners) => reply_winners(&mut self.server, now, ticket, &winners),
                    None if wait => {
                        if self.unanswered.is_empty() {
                            bank.waiting.push(self.mailbox.clone());
                        }
                        self.unanswered.push((ticket, agency));
                    }
                    None => reply(&mut self.server, now, ticket, WinnersReply::Pending),
                },
                Event::Echo { ticket, .. } => reply(&mut self.server, now, ticket, EchoReply("")),
                // Sessions and clients without an agency are off, so nothing else waits for a reply.
                _ => {}
            }
        }
    }
}

impl Machine for Connection {
    type Notice = Drawn;

    fn notice(&mut self, now: Instant, Drawn: Drawn) {
        let bank = Arc::clone(&self.bank);
        let bank = lock(&bank);
        for (ticket, agency) in take(&mut self.unanswered) {
            if let Some(winners) = bank.winners(agency) {
                reply_winners(&mut self.server, now, ticket, &winners);
            }
        }
    }
}

fn lock(bank: &Mutex<Bank>) -> MutexGuard<'_, Bank> {
    bank.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a request.
fn reply<R: Reply>(server: &mut Server, now: Instant, ticket: Ticket<R::Kind>, reply: R) {
    let replied = server.reply(now, ticket, reply);
    debug_assert!(replied.is_ok(), "the ticket is of this connection, and only lists can be too long");
}

/// Answers a query for the winners. A connection whose dialect cannot carry so many is closed.
fn reply_winners(
    server: &mut Server,
    now: Instant,
    ticket: Ticket<WinnersReply<'static>>,
    winners: &[String],
) {
    if server.reply_winners(now, ticket, winners).is_err() {
        server.reject(now, Failure { code: Code::Storage, text: "too many winners for this dialect" });
    }
}
