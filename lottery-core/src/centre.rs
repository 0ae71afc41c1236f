//! The centre: the machine behind each connection of the server.

use std::net::IpAddr;
use std::sync::Arc;

use lottery_proto::server::{Event, RefusedBy, Server};
use lottery_proto::{
    Code, ConnId, Dialect, EchoReply, Failure, Hello, HelloReply, Input, Instant, Io, Machine, Receipt,
    ReplyError, Request as AnyRequest, State, Ticket, WinnersQuery, WinnersReply,
};
use tracing::{debug, info, warn};

use crate::centres::Guard;
use crate::committer::{Greeting, Outcome};
use crate::desk::{Asks, Desk, Notice, Request};
use crate::encoded_bets::EncodedBets;
use crate::log::peers;
use crate::seam::Mailbox;
use crate::store::{AgencyRecord, Draw, rows};

/// What those are told who ask for the winners when nothing is drawn any more.
const STOPPING: Failure<'static> = Failure { code: Code::ShuttingDown, text: "the centre is stopping" };

/// One connection of the server: hands requests to the committer's desk, and answers what comes back.
#[derive(Debug)]
pub struct Centre {
    server: Server,
    desk: Arc<Desk>,
    mailbox: Mailbox<Notice>,
    ip: IpAddr,
    /// There was no room on the desk, and a notice will say when there is.
    waits_for_room: bool,
    echo_prefix: Arc<str>,
    peer_ended: bool,
    /// The committer counts on this connection, because somebody waits on it for the draw or it is a session: its
    /// number.
    counted: Option<ConnId>,
    #[expect(dead_code, reason = "it counts by living")]
    guard: Guard,
}

impl Drop for Centre {
    fn drop(&mut self) {
        if let Some(conn) = self.counted {
            self.tell(Asks::Gone(conn));
        }
    }
}

impl Machine for Centre {
    type Notice = Notice;

    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.server.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.server.handle(now, input);
        self.take_events(now);
        if input == Input::Eof {
            self.peer_ended = true;
            self.tell_ended();
        }
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
            Notice::Hello(ticket, greeting) => self.greet(now, ticket, &greeting),
            Notice::Superseded => self.server.supersede(now),
            Notice::Winners(ticket, draw) => self.winners(now, ticket, draw.as_deref()),
            Notice::Stranger(ticket) => self.reply(now, ticket, WinnersReply::Winners(&[])),
            Notice::Room => self.waits_for_room = false,
        }
        self.take_events(now);
    }
}

impl Centre {
    /// The machine of a connection from `ip`.
    pub(crate) fn new(
        server: Server,
        desk: Arc<Desk>,
        mailbox: Mailbox<Notice>,
        ip: IpAddr,
        echo_prefix: Arc<str>,
        guard: Guard,
    ) -> Self {
        let (waits_for_room, peer_ended, counted) = (false, false, None);
        Self { server, desk, mailbox, ip, waits_for_room, echo_prefix, peer_ended, counted, guard }
    }

    /// Takes what the machine has, as long as there is room on the desk.
    fn take_events(&mut self, now: Instant) {
        while self.has_room() {
            let asks = match self.server.poll_event() {
                None => break,
                Some(Event::Hello { ticket }) => {
                    self.counted = Some(ticket.conn());
                    Asks::Hello(ticket)
                }
                Some(Event::Bet { ticket, bets }) => {
                    let bets = EncodedBets::of(ticket.agency().get(), bets);
                    Asks::Bet(ticket, bets)
                }
                Some(Event::Batch { ticket, bets }) => {
                    let bets = EncodedBets::of(ticket.agency().get(), bets);
                    Asks::Batch(ticket, bets)
                }
                Some(Event::Finished { ticket }) => Asks::Finished(ticket),
                Some(Event::WinnersQuery { ticket, wait }) => {
                    self.counted = wait.then(|| ticket.conn()).or(self.counted);
                    Asks::Winners { ticket, wait }
                }
                Some(Event::Stranger { ticket }) => {
                    self.counted = Some(ticket.conn());
                    Asks::Stranger(ticket)
                }
                Some(Event::Echo { ticket, line }) => {
                    let line = String::from_utf8_lossy(line.0);
                    let msg = &*peers::line(&line);
                    info!(action = "receive_message", result = "success", ip = %self.ip, msg);
                    let prefix = Arc::clone(&self.echo_prefix);
                    self.reply(now, ticket, EchoReply(&prefix));
                    continue;
                }
                Some(Event::Refused { agency, error }) => {
                    let action = match error {
                        RefusedBy::EarlierBets => "agency_finished",
                        _ => "apuesta_recibida",
                    };
                    let agency = agency.map_or_else(|| "unknown".to_owned(), |agency| agency.to_string());
                    warn!(action, result = "fail", ip = %self.ip, agency, reason = %error);
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
            if let Err(Request { asks, .. }) = self.submit(asks) {
                self.refuse(now, asks);
            }
            if self.peer_ended {
                self.tell_ended();
            }
        }
    }

    /// Whoever has ended its side may be gone: it stands for nobody, but is answered if it is there.
    fn tell_ended(&self) {
        if let Some(conn) = self.counted {
            self.tell(Asks::Ended(conn));
        }
    }

    /// Says what needs no answer. If the desk is closed, nobody counts any more.
    fn tell(&self, asks: Asks) {
        let _ = self.submit(asks);
    }

    /// Whether an event can be taken. A request needs room on the desk; at the end there are no more requests.
    fn has_room(&mut self) -> bool {
        if self.server.state() == State::Closed {
            return true;
        }
        self.waits_for_room = self.waits_for_room || !self.desk.has_room(&self.mailbox);
        !self.waits_for_room
    }

    fn submit(&self, asks: Asks) -> Result<(), Request> {
        let in_session = self.server.dialect() == Some(Dialect::Session);
        self.desk.submit(Request { from: self.mailbox.clone(), in_session, asks })
    }

    fn greet(&mut self, now: Instant, ticket: Ticket<Hello>, greeting: &Greeting) {
        let agency = ticket.agency();
        match greeting {
            Greeting::Welcome(AgencyRecord { stored, digest, finished }) => {
                let (stored, digest, finished) = (*stored, *digest, *finished);
                info!(action = "session", result = "success", ip = %self.ip, agency = %agency, stored, finished);
                self.reply(now, ticket, HelloReply::Welcome { stored, finished, digest });
            }
            Greeting::Refused { code, reason } => {
                warn!(action = "session", result = "fail", ip = %self.ip, agency = %agency, reason);
                self.reply(now, ticket, HelloReply::Refused(Failure { code: *code, text: reason }));
            }
        }
    }

    /// The desk is closed: the store has failed, or the centre is ending.
    fn refuse(&mut self, now: Instant, asks: Asks) {
        let outcome = || Outcome::Refused {
            code: Code::Storage,
            reason: "the centre stores nothing any more".to_owned(),
        };
        match asks {
            Asks::Hello(ticket) => self.reply(now, ticket, HelloReply::Refused(STOPPING)),
            Asks::Bet(ticket, _) => self.receipt(now, ticket, &outcome()),
            Asks::Batch(ticket, _) => self.receipt(now, ticket, &outcome()),
            Asks::Finished(ticket) => self.receipt(now, ticket, &outcome()),
            Asks::Winners { ticket, .. } => self.reply(now, ticket, WinnersReply::Refused(STOPPING)),
            Asks::Stranger(ticket) => self.reply(now, ticket, WinnersReply::Refused(STOPPING)),
            Asks::Ended(_) | Asks::Gone(_) => {}
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
        let whose = agency.get();
        #[cfg(feature = "planted")]
        let whose = whose + u32::from(crate::planted::is(crate::planted::Mistake::OthersWinners));
        let documents = draw.winners.get(&whose).map(Vec::as_slice).unwrap_or_default();
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

    fn log_batch(&self, bets: &EncodedBets, outcome: &Outcome) {
        let cantidad = bets.count();
        match outcome {
            Outcome::Stored(_) => info!(action = "apuesta_recibida", result = "success", cantidad),
            Outcome::Refused { reason, .. } => {
                warn!(action = "apuesta_recibida", result = "fail", cantidad, ip = %self.ip, reason);
            }
        }
    }
}

fn log_bet(bets: &EncodedBets, outcome: &Outcome) {
    let read = rows::for_each_row(bets.rows(), |_, dni, numero| match outcome {
        Outcome::Stored(_) => info!(action = "apuesta_almacenada", result = "success", dni, numero),
        Outcome::Refused { reason, .. } => {
            warn!(action = "apuesta_almacenada", result = "fail", dni, numero, reason);
        }
    });
    debug_assert_eq!(read, Ok(()), "rows of our own");
}
