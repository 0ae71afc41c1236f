//! Replies of a connection.

use lottery_proto::{
    AgencyId, Code, Failure, HelloReply, Input, Instant, Receipt, Reply, ReplyError, SocketError, Ticket,
    WinnersReply,
};
use tracing::{debug, error, info, warn};

use super::ServerConnection;
use super::listing::Listing;
use crate::messages::{Command, HelloOutcome, Outcome, Subject, Submission, Won};
use crate::store::{AgencyRecord, WinnersPiece};

/// Failure sent for a Hello or a query once the commit queue is closed: there will be no draw.
const STOPPING: Failure<'static> = Failure { code: Code::ShuttingDown, text: "the server is stopping" };

impl ServerConnection {
    pub(super) fn answer_hello(
        &mut self,
        now: Instant,
        ticket: Ticket<HelloReply<'static>>,
        agency: AgencyId,
        outcome: &HelloOutcome,
    ) {
        match outcome {
            HelloOutcome::Welcome(AgencyRecord { stored, digest, finished }) => {
                let (stored, digest, finished) = (*stored, *digest, *finished);
                self.report.welcome(self.server.config().window().batches);
                if self.report.may_log(now) {
                    let (ip, total) = (self.report.place().ip(), self.report.total());
                    info!(action = "session", result = "success", ip = %ip, agency = %agency, stored, total, finished);
                }
                self.reply(now, ticket, HelloReply::Welcome { stored, finished, digest });
            }
            HelloOutcome::Rejected { code, reason } => {
                if self.report.rejection(now) {
                    let ip = self.report.place().ip();
                    warn!(action = "session", result = "fail", ip = %ip, agency = %agency, reason);
                }
                self.reply(now, ticket, HelloReply::Rejected(Failure { code: *code, text: reason }));
            }
        }
    }

    /// Rejects a command: the commit queue is closed, because the store has failed or the server is stopping.
    pub(super) fn reject(&mut self, now: Instant, command: Command) {
        match command {
            Command::Hello(ticket, _) => self.reply(now, ticket, HelloReply::Rejected(STOPPING)),
            Command::Store(submission, _) => {
                let (code, reason) = (Code::Storage, "the server stores nothing any more".to_owned());
                self.receipt(now, submission.ticket, &Outcome::Rejected { code, reason });
            }
            Command::Winners { ticket, .. } => self.reply(now, ticket, WinnersReply::Rejected(STOPPING)),
            Command::Piece { .. } | Command::Ended(_) | Command::Gone(_) => {}
        }
    }

    /// Logs the outcome of a request to store, and replies.
    pub(super) fn stored(&mut self, now: Instant, submission: Submission, outcome: &Outcome) {
        let Submission { ticket, agency, subject, room: _room } = submission;
        match &subject {
            Subject::Bet { document, number } => {
                if self.settings.bare_answers.are_acks(agency) {
                    self.server.take_for_batch(&ticket);
                }
                self.report.bet(now, document, *number, outcome);
            }
            Subject::Batch(bets) => self.report.batch(now, *bets, outcome),
            Subject::Finished => self.report.finished(now, agency, outcome),
        }
        self.receipt(now, ticket, outcome);
    }

    fn receipt(&mut self, now: Instant, ticket: Ticket<Receipt<'static>>, outcome: &Outcome) {
        let receipt = match outcome {
            Outcome::Stored { total, .. } => Receipt::Stored { total: *total },
            Outcome::Rejected { code, reason } => Receipt::Rejected(Failure { code: *code, text: reason }),
        };
        self.reply(now, ticket, receipt);
    }

    pub(super) fn winners(
        &mut self,
        now: Instant,
        ticket: Ticket<WinnersReply<'static>>,
        agency: AgencyId,
        won: Option<Won>,
    ) {
        let Some(won) = won else { return self.reply(now, ticket, WinnersReply::Pending) };
        let winners = won.list.size.documents;
        match self.server.reply(now, ticket, WinnersReply::List(won.list.size)) {
            Ok(()) => {
                self.listing = Listing::of(won).map(Box::new);
                if self.report.may_log(now) {
                    info!(
                        action = "consulta_ganadores", result = "success", agency = %agency,
                        cant_ganadores = winners
                    );
                }
            }
            Err(ReplyError::TooLarge(ticket)) => {
                let reason = "more winners than this dialect can carry in one answer";
                if self.report.rejection(now) {
                    let ip = self.report.place().ip();
                    warn!(
                        action = "consulta_ganadores", result = "fail", ip = %ip, agency = %agency,
                        cant_ganadores = winners, reason
                    );
                }
                let failure = Failure { code: Code::Storage, text: reason };
                self.reply(now, ticket, WinnersReply::Rejected(failure));
            }
            Err(error) => debug!(action = "reply", result = "fail", reason = %error),
        }
    }

    /// Asks for the next piece of a list of winners, once the peer has taken the last one.
    pub(super) fn ask_for_winners(&mut self) {
        let conn = self.server.conn();
        if self.server.wants_winners()
            && let Some(listing) = self.listing.as_mut().filter(|listing| listing.is_due())
        {
            let command = listing.ask(conn);
            self.tell(command);
        }
    }

    /// Sends a piece of a list.
    pub(super) fn put_winners(&mut self, now: Instant, piece: &WinnersPiece) {
        self.listing = self.listing.take().and_then(|listing| listing.came().map(Box::new));
        if let Err(error) = self.server.put_winners(now, piece.iter()) {
            // The rest of the reply would not match the size at its beginning.
            let ip = self.report.place().ip();
            error!(action = "consulta_ganadores", result = "fail", ip = %ip, reason = %error);
            self.server.handle(now, Input::Failed(SocketError::Other));
        }
    }

    /// Turns an anonymous client away, which stands in for no agency. Closing the connection tells it so: on
    /// its dialect any reply would read as winners.
    pub(super) fn turn_away(
        &mut self,
        now: Instant,
        ticket: Ticket<WinnersReply<'static>>,
        reason: &'static str,
    ) {
        self.waits_for_draw = false;
        self.parting = Some(reason);
        self.reply(now, ticket, WinnersReply::Rejected(Failure { code: Code::UnknownAgency, text: reason }));
    }

    pub(super) fn reply<R: Reply>(&mut self, now: Instant, ticket: Ticket<R::Kind>, reply: R) {
        if let Err(error) = self.server.reply(now, ticket, reply) {
            debug!(action = "reply", result = "fail", reason = %error);
        }
    }
}
