//! Properties of a connection that its application can look at.

use super::decode::Front;
use super::{Server, ServerConfig};
use crate::bet::AgencyId;
use crate::conn::{Instant, State};
use crate::dialect::Dialect;
use crate::ticket::ConnId;

impl Server {
    /// Returns the number of requests whose replies have not left, because they are owed or wait for others.
    pub fn unanswered(&self) -> usize {
        self.slots.len()
    }

    /// Returns the identifier of the connection that its tickets carry.
    pub const fn conn(&self) -> ConnId {
        self.conn
    }

    /// Returns the dialect of the peer, once its first bytes have shown it.
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Returns the settings.
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Returns the agency that this connection speaks for, once a message has named it, or [`Server::speaks_for`] has.
    pub fn agency(&self) -> Option<AgencyId> {
        self.agency
    }

    /// Returns the time at which a request was last taken, or its reply given or sent; initially the time at which the
    /// connection began. Empty messages, parts of messages and rejected requests do not count.
    pub fn last_heard(&self) -> Instant {
        self.heard
    }

    /// Returns the state of the connection.
    pub fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// Returns the memory that this machine holds, itself included, in bytes.
    pub fn memory(&self) -> usize {
        let repeated = self.front.as_ref().map_or(0, Front::memory);
        size_of::<Self>()
            + self.recv.memory()
            + self.output.memory()
            + self.slots.memory()
            + self.spans.memory()
            + repeated
    }
}
