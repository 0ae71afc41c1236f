//! The answers of a connection.

use lottery_proto::{
    Code, Failure, Hello, HelloReply, Instant, Receipt, ReplyError, Request as AnyRequest, Stranger, Ticket,
    WinnersQuery, WinnersReply,
};
use tracing::{debug, info, warn};

use super::Centre;
use crate::committer::{Greeting, Outcome};
use crate::desk::Asks;
use crate::store::{AgencyRecord, Draw};

/// What those are told who ask for the winners when nothing is drawn any more.
const STOPPING: Failure<'static> = Failure { code: Code::ShuttingDown, text: "the centre is stopping" };

impl Centre {
    pub(super) fn greet(&mut self, now: Instant, ticket: Ticket<Hello>, greeting: &Greeting) {
        let agency = ticket.agency();
        match greeting {
            Greeting::Welcome(AgencyRecord { stored, digest, finished }) => {
                let (stored, digest, finished) = (*stored, *digest, *finished);
                if self.report.may_log(now) {
                    let ip = self.report.place().ip();
                    info!(action = "session", result = "success", ip = %ip, agency = %agency, stored, finished);
                }
                self.reply(now, ticket, HelloReply::Welcome { stored, finished, digest });
            }
            Greeting::Refused { code, reason } => {
                if self.report.refusal(now) {
                    let ip = self.report.place().ip();
                    warn!(action = "session", result = "fail", ip = %ip, agency = %agency, reason);
                }
                self.reply(now, ticket, HelloReply::Refused(Failure { code: *code, text: reason }));
            }
        }
    }

    /// The desk is closed: the store has failed, or the centre is ending.
    pub(super) fn refuse(&mut self, now: Instant, asks: Asks) {
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
    pub(super) fn receipt<R>(&mut self, now: Instant, ticket: Ticket<R>, outcome: &Outcome)
    where
        for<'a> R: AnyRequest<Reply<'a> = Receipt<'a>>,
    {
        let receipt = match outcome {
            Outcome::Stored(durable) => Receipt::Stored { total: durable.total() },
            Outcome::Refused { code, reason } => Receipt::Refused(Failure { code: *code, text: reason }),
        };
        self.reply(now, ticket, receipt);
    }

    pub(super) fn winners(&mut self, now: Instant, ticket: Ticket<WinnersQuery>, draw: Option<&Draw>) {
        let agency = ticket.agency();
        let Some(draw) = draw else { return self.reply(now, ticket, WinnersReply::Pending) };
        let whose = agency.get();
        #[cfg(feature = "planted")]
        let whose = whose + u32::from(crate::planted::is(crate::planted::Mistake::OthersWinners));
        let documents = draw.winners.get(&whose).map(Vec::as_slice).unwrap_or_default();
        match self.server.reply(now, ticket, WinnersReply::Winners(documents)) {
            Ok(()) => {
                if self.report.may_log(now) {
                    let winners = documents.len();
                    info!(
                        action = "consulta_ganadores", result = "success", agency = %agency,
                        cant_ganadores = winners
                    );
                }
            }
            Err(ReplyError::TooLarge(ticket)) => {
                let reason = "more winners than this wire can carry in one answer";
                if self.report.refusal(now) {
                    let (winners, ip) = (documents.len(), self.report.place().ip());
                    warn!(
                        action = "consulta_ganadores", result = "fail", ip = %ip, agency = %agency,
                        cant_ganadores = winners, reason
                    );
                }
                let failure = Failure { code: Code::Storage, text: reason };
                self.reply(now, ticket, WinnersReply::Refused(failure));
            }
            Err(error) => debug!(action = "reply", result = "fail", reason = %error),
        }
    }

    /// Somebody who does not say which agency it is stands for none, and is told so by the end of its connection: on its
    /// wire anything else would be taken for winners.
    pub(super) fn turn_away(&mut self, now: Instant, ticket: Ticket<Stranger>, reason: &'static str) {
        self.waits_for_draw = false;
        self.parting = Some(reason);
        self.reply(now, ticket, WinnersReply::Refused(Failure { code: Code::UnknownAgency, text: reason }));
    }

    pub(super) fn reply<R: AnyRequest>(&mut self, now: Instant, ticket: Ticket<R>, reply: R::Reply<'_>) {
        if let Err(error) = self.server.reply(now, ticket, reply) {
            debug!(action = "reply", result = "fail", reason = %error);
        }
    }
}
