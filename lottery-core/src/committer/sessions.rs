//! The newest session of each agency.

use std::collections::BTreeMap;

use lottery_proto::ConnId;
use lottery_runtime::Mailbox;

use crate::commit_queue::Notice;

/// The sessions that count.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_agency: BTreeMap<u32, Session>,
    /// The agency of each connection that has a session which counts.
    agencies: BTreeMap<ConnId, u32>,
}

#[derive(Debug)]
struct Session {
    conn: ConnId,
    from: Mailbox<Notice>,
    /// Something of it was refused: nothing that it sent after that is stored.
    broken: bool,
}

/// What a request of a session is to the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionStatus {
    /// It counts.
    Good,
    /// Something before it was refused.
    Broken,
    /// A newer session took over.
    Superseded,
}

impl Sessions {
    /// Begins a session. What it takes over from is to be told.
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

    pub(super) fn standing(&self, agency: u32, conn: ConnId) -> SessionStatus {
        #[cfg(feature = "planted")]
        if crate::planted::is(crate::planted::Mistake::IgnoreFence) {
            return SessionStatus::Good;
        }
        match self.by_agency.get(&agency) {
            Some(session) if session.conn != conn => SessionStatus::Superseded,
            Some(session) if session.broken => SessionStatus::Broken,
            Some(_) => SessionStatus::Good,
            None => SessionStatus::Superseded,
        }
    }

    /// Something of that connection was refused.
    pub(super) fn refuse(&mut self, agency: u32, conn: ConnId) {
        if let Some(session) = self.by_agency.get_mut(&agency).filter(|session| session.conn == conn) {
            session.broken = true;
        }
    }

    /// The connection is gone.
    pub(super) fn leave(&mut self, conn: ConnId) {
        if let Some(agency) = self.agencies.remove(&conn) {
            self.by_agency.remove(&agency);
        }
    }
}
