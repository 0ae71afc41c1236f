//! Fencing of sessions: only the newest of each agency is valid, until a request of it is rejected
//! (`docs/protocol.md#sessions`).

use std::collections::BTreeMap;

use lottery_proto::{Code, ConnId};
use lottery_runtime::Mailbox;

use crate::messages::Notice;

/// Reason for rejecting what an older session sends.
pub(super) const SUPERSEDED: &str = "a newer session of this agency took over";
/// Reason for rejecting what a session sends after a request that was rejected.
const BROKEN: &str = "bets that were sent before were refused";

/// Sessions that are valid.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_agency: BTreeMap<u32, Session>,
    /// Agency of each connection with a valid session.
    agencies: BTreeMap<ConnId, u32>,
}

#[derive(Debug)]
struct Session {
    conn: ConnId,
    from: Mailbox<Notice>,
    /// True once a request of it was rejected: nothing that it sent after that is stored.
    broken: bool,
}

/// Status of a session for its next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionStatus {
    /// The request is valid.
    Good,
    /// An earlier request of the session was rejected.
    Broken,
    /// A newer session took over.
    Superseded,
}

impl Sessions {
    /// Begins a session, and returns the mailbox of the one that it supersedes.
    pub(super) fn begin(
        &mut self,
        agency: u32,
        conn: ConnId,
        from: Mailbox<Notice>,
    ) -> Option<Mailbox<Notice>> {
        let older = self.by_agency.insert(agency, Session { conn, from, broken: false });
        if let Some(older) = &older {
            self.agencies.remove(&older.conn);
        }
        self.agencies.insert(conn, agency);
        let older = older?;
        (older.conn != conn).then_some(older.from)
    }

    /// Checks that a request of that connection is valid.
    ///
    /// # Errors
    /// Returns the reason for its rejection.
    pub(super) fn check(&self, agency: u32, conn: ConnId) -> Result<(), (Code, &'static str)> {
        match self.standing(agency, conn) {
            SessionStatus::Good => Ok(()),
            SessionStatus::Broken => Err((Code::Malformed, BROKEN)),
            SessionStatus::Superseded => Err((Code::Superseded, SUPERSEDED)),
        }
    }

    /// Returns the status of the session of that connection.
    pub(super) fn standing(&self, agency: u32, conn: ConnId) -> SessionStatus {
        match self.by_agency.get(&agency) {
            Some(session) if session.conn != conn => SessionStatus::Superseded,
            Some(session) if session.broken => SessionStatus::Broken,
            Some(_) => SessionStatus::Good,
            None => SessionStatus::Superseded,
        }
    }

    /// Notes that a request of that connection was rejected.
    pub(super) fn reject(&mut self, agency: u32, conn: ConnId) {
        if let Some(session) = self.by_agency.get_mut(&agency).filter(|session| session.conn == conn) {
            session.broken = true;
        }
    }

    /// Removes the session of a connection that is gone.
    pub(super) fn leave(&mut self, conn: ConnId) {
        if let Some(agency) = self.agencies.remove(&conn) {
            self.by_agency.remove(&agency);
        }
    }
}
