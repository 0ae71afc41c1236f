//! The centre: the machine behind each connection of the server, and the service that makes them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lottery_proto::server::{Event, RefusedBy, Server};
use lottery_proto::{
    BetsBuf, Code, ConnId, Failure, Input, Instant, Io, Machine, Receipt, ReplyError, Request as AnyRequest,
    ServerConfig, State, Ticket, WinnersQuery, WinnersReply,
};
use tracing::{debug, info, warn};

use crate::committer::Outcome;
use crate::desk::{Asks, Desk, Notice, Request};
use crate::seam::{Mailbox, Service};
use crate::store::Draw;

/// So many connections over the limit are told that they are too many. The rest are just closed.
const REFUSED_AT_ONCE: usize = 64;

/// Makes a [`Centre`] for each connection.
#[derive(Debug)]
pub struct Centres {
    config: ServerConfig,
    desk: Arc<Desk>,
    max_connections: usize,
    next: AtomicU64,
    alive: Arc<AtomicUsize>,
    stop: Stop,
}

/// What ends the program, as soon as a runtime has said how.
#[derive(Clone, Default)]
pub struct Stop(Arc<Mutex<StopState>>);

#[derive(Default)]
struct StopState {
    stop: Option<Box<dyn Fn() + Send + Sync>>,
    stopped: bool,
}

impl Stop {
    /// Ends the program as a signal would.
    pub fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.stopped = true;
        if let Some(stop) = &state.stop {
            stop();
        }
    }

    fn set(&self, stop: Box<dyn Fn() + Send + Sync>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            stop();
        }
        state.stop = Some(stop);
    }
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stop")
    }
}

impl Centres {
    /// A service that takes `max_connections` at a time, and hands what they ask to `desk`.
    pub fn new(config: ServerConfig, desk: Arc<Desk>, max_connections: usize) -> Self {
        Self {
            config,
            desk,
            max_connections,
            next: AtomicU64::new(1),
            alive: Arc::default(),
            stop: Stop::default(),
        }
    }

    /// What ends the program.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl Service for Centres {
    type Machine = Centre;

    fn accept(&self, now: Instant, peer: SocketAddr, mailbox: Mailbox<Notice>) -> Option<Centre> {
        let ip = peer.ip();
        let guard = Guard::new(&self.alive);
        let refused = guard.others >= self.max_connections;
        if refused {
            warn!(action = "accept_connections", result = "fail", ip = %ip, reason = "too many connections");
            if guard.others >= self.max_connections + REFUSED_AT_ONCE {
                return None;
            }
        } else {
            info!(action = "accept_connections", result = "success", ip = %ip);
        }
        let conn = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        let mut server = Server::new(self.config.clone(), conn, now);
        if refused {
            server.refuse(now, Failure { code: Code::TooManyConnections, text: "too many connections" });
        }
        Some(Centre { server, desk: Arc::clone(&self.desk), mailbox, ip, waits_for_room: false, guard })
    }

    fn failed(&self, error: &io::Error) {
        warn!(action = "accept_connections", result = "fail", reason = %error);
    }

    fn on_stop(&self, stop: Box<dyn Fn() + Send + Sync>) {
        self.stop.set(stop);
    }
}

/// Counts a connection for as long as it lives.
#[derive(Debug)]
struct Guard {
    alive: Arc<AtomicUsize>,
    /// How many others there were when it began.
    others: usize,
}

impl Guard {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        Self { alive: Arc::clone(alive), others: alive.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One connection of the server: hands requests to the committer's desk, and answers what comes back.
#[derive(Debug)]
pub struct Centre {
    server: Server,
    desk: Arc<Desk>,
    mailbox: Mailbox<Notice>,
    ip: IpAddr,
    /// There was no room on the desk, and a notice will say when there is.
    waits_for_room: bool,
    #[expect(dead_code, reason = "it counts by living")]
    guard: Guard,
}

impl Machine for Centre {
    type Notice = Notice;

    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.server.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.server.handle(now, input);
        self.take_events(now);
    }

    fn notice(&mut self, now: Instant, notice: Notice) {
        match notice {
            Notice::Bet(ticket, bets, outcome) => {
                log_bet(&bets, &outcome);
                self.receipt(now, ticket, &outcome);
            }
            Notice::Batch(ticket, bets, outcome) => {
                self.log_batch(&bets, &outcome);
                self.receipt(now, ticket, &outcome);
            }
            Notice::Finished(ticket, outcome) => {
                let agency = ticket.agency();
                match &outcome {
                    Outcome::Stored(_) => {
                        info!(action = "agency_finished", result = "success", agency = %agency);
                    }
                    Outcome::Refused { reason, .. } => {
                        warn!(action = "agency_finished", result = "fail", agency = %agency, reason);
                    }
                }
                self.receipt(now, ticket, &outcome);
            }
            Notice::Winners(ticket, draw) => self.winners(now, ticket, draw.as_deref()),
            Notice::Room => self.waits_for_room = false,
        }
        self.take_events(now);
    }
}

impl Centre {
    /// Takes what the machine has, as long as there is room on the desk.
    fn take_events(&mut self, now: Instant) {
        while self.has_room() {
            let asks = match self.server.poll_event() {
                None => break,
                Some(Event::Bet { ticket, bets }) => Asks::Bet(ticket, bets.to_buf()),
                Some(Event::Batch { ticket, bets }) => Asks::Batch(ticket, bets.to_buf()),
                Some(Event::Finished { ticket }) => Asks::Finished(ticket),
                Some(Event::WinnersQuery { ticket }) => Asks::Winners(ticket),
                Some(Event::Refused { agency, error }) => {
                    let action = match error {
                        RefusedBy::EarlierBets => "agency_finished",
                        _ => "apuesta_recibida",
                    };
                    warn!(action, result = "fail", ip = %self.ip, agency = %agency, reason = %error);
                    continue;
                }
                Some(Event::Closed(reason)) if reason.is_clean() => {
                    info!(action = "close_connection", result = "success", ip = %self.ip);
                    continue;
                }
                Some(Event::Closed(reason)) => {
                    warn!(action = "close_connection", result = "fail", ip = %self.ip, reason = %reason);
                    continue;
                }
                Some(other) => {
                    debug!(action = "event", result = "fail", event = ?other);
                    continue;
                }
            };
            if let Err(Request { asks, .. }) = self.desk.submit(Request { from: self.mailbox.clone(), asks })
            {
                self.refuse(now, asks);
            }
        }
    }

    /// Whether an event can be taken. A request needs room on the desk; at the end there are no more requests.
    fn has_room(&mut self) -> bool {
        if self.server.state() == State::Closed {
            return true;
        }
        self.waits_for_room = self.waits_for_room || !self.desk.has_room(&self.mailbox);
        !self.waits_for_room
    }

    /// The desk is closed: the store has failed, or the centre is ending.
    fn refuse(&mut self, now: Instant, asks: Asks) {
        let outcome = || Outcome::Refused {
            code: Code::Storage,
            reason: "the centre stores nothing any more".to_owned(),
        };
        match asks {
            Asks::Bet(ticket, _) => self.receipt(now, ticket, &outcome()),
            Asks::Batch(ticket, _) => self.receipt(now, ticket, &outcome()),
            Asks::Finished(ticket) => self.receipt(now, ticket, &outcome()),
            Asks::Winners(ticket) => {
                let failure = Failure { code: Code::ShuttingDown, text: "the centre is stopping" };
                self.reply(now, ticket, WinnersReply::Refused(failure));
            }
        }
    }

    /// Answers a request to store.
    fn receipt<R>(&mut self, now: Instant, ticket: Ticket<R>, outcome: &Outcome)
    where
        for<'a> R: AnyRequest<Reply<'a> = Receipt<'a>>,
    {
        let receipt = match outcome {
            Outcome::Stored(durable) => Receipt::Stored { total: durable.total() },
            Outcome::Refused { code, reason } => Receipt::Refused(Failure { code: *code, text: reason }),
        };
        self.reply(now, ticket, receipt);
    }

    fn winners(&mut self, now: Instant, ticket: Ticket<WinnersQuery>, draw: Option<&Draw>) {
        let agency = ticket.agency();
        let Some(draw) = draw else { return self.reply(now, ticket, WinnersReply::Pending) };
        let documents = draw.winners.get(&agency.get()).map(Vec::as_slice).unwrap_or_default();
        match self.server.reply(now, ticket, WinnersReply::Winners(documents)) {
            Ok(()) => {
                let winners = documents.len();
                info!(action = "consulta_ganadores", result = "success", agency = %agency, cant_ganadores = winners);
            }
            Err(ReplyError::TooLarge(ticket)) => {
                let reason = "more winners than this wire can carry in one answer";
                let winners = documents.len();
                warn!(
                    action = "consulta_ganadores", result = "fail", ip = %self.ip, agency = %agency,
                    cant_ganadores = winners, reason
                );
                let failure = Failure { code: Code::Storage, text: reason };
                self.reply(now, ticket, WinnersReply::Refused(failure));
            }
            Err(error) => debug!(action = "reply", result = "fail", reason = %error),
        }
    }

    fn reply<R: AnyRequest>(&mut self, now: Instant, ticket: Ticket<R>, reply: R::Reply<'_>) {
        if let Err(error) = self.server.reply(now, ticket, reply) {
            debug!(action = "reply", result = "fail", reason = %error);
        }
    }

    fn log_batch(&self, bets: &BetsBuf, outcome: &Outcome) {
        let cantidad = bets.as_bets().len();
        match outcome {
            Outcome::Stored(_) => info!(action = "apuesta_recibida", result = "success", cantidad),
            Outcome::Refused { reason, .. } => {
                warn!(action = "apuesta_recibida", result = "fail", cantidad, ip = %self.ip, reason);
            }
        }
    }
}

fn log_bet(bets: &BetsBuf, outcome: &Outcome) {
    for bet in bets.as_bets() {
        let (dni, numero) = (bet.document(), bet.number());
        match outcome {
            Outcome::Stored(_) => info!(action = "apuesta_almacenada", result = "success", dni, numero),
            Outcome::Refused { reason, .. } => {
                warn!(action = "apuesta_almacenada", result = "fail", dni, numero, reason);
            }
        }
    }
}
