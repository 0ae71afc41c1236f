//! Replies to requests, once the result of the commit is known.

use lottery_proto::Code;
use lottery_runtime::Mailbox;

use super::Committer;
use super::fencing::{SUPERSEDED, SessionStatus};
use super::plan::Plan;
use crate::messages::{Command, HelloOutcome, Notice, Outcome, Request, Won};
use crate::store::{Durable, Store, StoreError};

impl<S: Store> Committer<S> {
    /// Replies to a request, once the result of the commit is known.
    pub(super) fn answer(
        &mut self,
        Request { from, command, .. }: Request,
        plan: Plan,
        stored: &Result<Durable, StoreError>,
    ) {
        let outcome = match (&plan, stored) {
            // Comes first: an agency that this group would have finished is not finished.
            (Plan::Store { .. } | Plan::Reject { .. }, Err(error)) => {
                Outcome::Rejected { code: Code::Storage, reason: error.to_string() }
            }
            (Plan::Reject { code, reason }, Ok(_)) => {
                Outcome::Rejected { code: *code, reason: (*reason).to_owned() }
            }
            (Plan::Store { total }, Ok(durable)) => Outcome::Stored { total: *total, proof: *durable },
            (Plan::ReadOnly | Plan::Hello { .. }, _) => {
                return self.answer_without_change(&from, command, plan, stored);
            }
        };
        let Command::Store(submission, rows) = command else { return };
        drop(rows);
        if matches!(outcome, Outcome::Rejected { .. }) {
            self.sessions.reject(submission.agency.get(), submission.ticket.conn());
        }
        from.deliver(Notice::Stored(submission, outcome));
    }

    /// Replies to a request that changes nothing in the store.
    fn answer_without_change(
        &mut self,
        from: &Mailbox<Notice>,
        command: Command,
        plan: Plan,
        stored: &Result<Durable, StoreError>,
    ) {
        match (command, plan) {
            (Command::Hello(ticket, agency), Plan::Hello { record, older }) => {
                if let Some(older) = older {
                    older.deliver(Notice::Superseded);
                }
                let standing = self.sessions.standing(agency.get(), ticket.conn());
                let outcome = match (standing, stored) {
                    (_, Err(error)) if !matches!(error, StoreError::Full { .. }) => {
                        HelloOutcome::Rejected { code: Code::Storage, reason: error.to_string() }
                    }
                    (SessionStatus::Superseded, _) => {
                        HelloOutcome::Rejected { code: Code::Superseded, reason: SUPERSEDED.to_owned() }
                    }
                    // Bets that follow Hello in the group get their own acknowledgment.
                    (_, Ok(_)) => HelloOutcome::Welcome(record),
                    (_, Err(_)) => HelloOutcome::Welcome(self.agency(agency.get())),
                };
                from.deliver(Notice::Hello(ticket, agency, outcome));
            }
            (Command::Winners { ticket, agency: Some(agency), .. }, _) => {
                let won = self.draw.as_ref().map(|draw| Won::of(draw, agency));
                from.deliver(Notice::Winners(ticket, agency, won));
            }
            _ => {}
        }
    }
}
