//! Plan for a request, made before the group is committed.

use std::sync::Arc;

use lottery_proto::Code;
use lottery_runtime::Mailbox;

use super::Committer;
use crate::messages::{Command, Notice, Request, Submission};
use crate::store::{AgencyRecord, Group, Store};

/// Plan for a request.
#[derive(Debug)]
pub(super) enum Plan {
    /// Acknowledge it once the group is durable.
    Store { total: u64 },
    /// Reject it.
    Reject { code: Code, reason: &'static str },
    /// Begin a session from this record, stored or in the group, and end the older one.
    Hello { record: AgencyRecord, older: Option<Mailbox<Notice>> },
    /// Reply without a change of the store.
    ReadOnly,
}

impl Plan {
    const fn reject(code: Code, reason: &'static str) -> Self {
        Self::Reject { code, reason }
    }
}

impl<S: Store> Committer<S> {
    /// Decides about a request, and adds its changes to the group.
    pub(super) fn plan(&mut self, group: &mut Group, request: &Request) -> Plan {
        let (Submission { ticket, agency, .. }, batch) = match &request.command {
            Command::Hello(ticket, agency) => {
                let agency = agency.get();
                let older = self.sessions.begin(agency, ticket.conn(), request.from.clone());
                return Plan::Hello { record: self.planned(group, agency), older };
            }
            Command::Gone(conn) => {
                self.waiters.leave(*conn);
                self.sessions.leave(*conn);
                return Plan::ReadOnly;
            }
            Command::Winners { .. } | Command::Ended(_) | Command::Piece { .. } => return Plan::ReadOnly,
            Command::Store(submission, batch) => (submission, batch),
        };
        let (agency, conn) = (agency.get(), ticket.conn());
        if request.in_session
            && let Err((code, reason)) = self.sessions.check(agency, conn)
        {
            return Plan::reject(code, reason);
        }
        let mut record = self.planned(group, agency);
        match batch {
            Some(_) if record.finished => {
                self.sessions.reject(agency, conn);
                return Plan::reject(Code::Finished, "the agency is finished");
            }
            // An anonymous client has stood in for this agency: its bets can no longer win.
            Some(_) if self.draw.is_some() => {
                self.sessions.reject(agency, conn);
                return Plan::reject(Code::Finished, "the draw has taken place");
            }
            Some(batch) => {
                record.stored += u64::from(batch.bets());
                record.digest = batch.digest_after(record.digest);
                group.batches.push(Arc::clone(batch));
            }
            None if record.finished => return Plan::Store { total: record.stored },
            None => record.finished = true,
        }
        group.agencies.insert(agency, record);
        Plan::Store { total: record.stored }
    }

    /// Returns the record of an agency as it will be once the group is durable.
    fn planned(&self, group: &Group, agency: u32) -> AgencyRecord {
        group.agencies.get(&agency).copied().unwrap_or_else(|| self.agency(agency))
    }
}
