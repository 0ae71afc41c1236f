//! Log lines of a connection, within its limits.

use lottery_proto::{AgencyId, CloseReason, Instant, SocketError};
use tracing::{debug, info, warn};

use crate::messages::Outcome;
use crate::peers::Place;
use crate::redact;

/// Number of rejections of a connection that are logged one by one. The others are counted, and logged at its
/// end.
const MAX_LOGGED: u32 = 5;

/// Number of rejections after which a connection is closed. Requests received before that still get replies.
const MAX_REJECTIONS: u32 = 100;

/// Logs the events of a connection, within the limit of its address.
#[derive(Debug)]
pub(super) struct Report {
    place: Place,
    rejections: u32,
    /// True once its address has had too many rejections.
    enough: bool,
    /// Session, once there was a Hello. Boxed: most connections have none.
    session: Option<Box<Session>>,
}

/// Session of a connection.
#[derive(Debug)]
struct Session {
    /// Number of bets in the agency's list, if Hello has named it.
    total: Option<u64>,
    /// Number of batches that may be on their way when one is rejected: they are rejected, too, and not counted.
    on_their_way: u32,
}

impl Report {
    pub(super) fn new(place: Place) -> Self {
        Self { place, rejections: 0, enough: false, session: None }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Notes a Hello, and the number of bets in the agency's list if it names it.
    pub(super) fn hello(&mut self, total: Option<u64>) {
        self.session.get_or_insert_with(|| Box::new(Session { total, on_their_way: 0 }));
    }

    /// Notes that the connection has its session, with a window of so many batches. Another Hello behind a rejection
    /// changes nothing.
    pub(super) fn welcome(&mut self, window: u32) {
        if let Some(session) = &mut self.session
            && self.rejections == 0
        {
            session.on_their_way = window;
        }
    }

    /// Returns the number of bets in the list of the session's agency, if it is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.session.as_ref()?.total
    }

    /// Returns true if a line may be logged.
    pub(super) fn may_log(&self, now: Instant) -> bool {
        self.place.may_log(now)
    }

    /// Counts a rejection, and returns true if a line may be logged about it.
    pub(super) fn rejection(&mut self, now: Instant) -> bool {
        if let Some(session) = &mut self.session
            && self.rejections > 0
            && session.on_their_way > 0
        {
            session.on_their_way -= 1;
            return false;
        }
        self.rejections = self.rejections.saturating_add(1);
        self.enough |= self.place.rejected_too_often(now);
        self.rejections <= MAX_LOGGED && self.may_log(now)
    }

    /// Returns true if the connection is to end, because too much was rejected.
    pub(super) fn is_rejected_too_often(&self) -> bool {
        self.rejections >= MAX_REJECTIONS || self.rejections > 0 && self.enough
    }

    /// Logs a line that is sent back.
    pub(super) fn echo(&self, now: Instant, line: &str) {
        if self.may_log(now) {
            let (ip, msg) = (self.place.ip(), &*redact::line(line));
            info!(action = "receive_message", result = "success", ip = %ip, msg);
        }
    }

    /// Logs the outcome of a batch. A stored bet costs its peer more than a log line: it is always logged.
    pub(super) fn batch(&mut self, now: Instant, cantidad: u32, outcome: &Outcome) {
        match outcome {
            Outcome::Stored { .. } if cantidad > 0 || self.may_log(now) => {
                info!(action = "apuesta_recibida", result = "success", cantidad);
            }
            Outcome::Rejected { reason, .. } if self.rejection(now) => {
                let ip = self.place.ip();
                warn!(action = "apuesta_recibida", result = "fail", cantidad, ip = %ip, reason);
            }
            Outcome::Stored { .. } | Outcome::Rejected { .. } => {}
        }
    }

    /// Logs the outcome of a bet that was sent alone.
    pub(super) fn bet(&mut self, now: Instant, dni: &str, numero: u32, outcome: &Outcome) {
        match outcome {
            Outcome::Stored { .. } => info!(action = "apuesta_almacenada", result = "success", dni, numero),
            Outcome::Rejected { reason, .. } if self.rejection(now) => {
                warn!(action = "apuesta_almacenada", result = "fail", dni, numero, reason);
            }
            Outcome::Rejected { .. } => {}
        }
    }

    /// Logs the outcome of the end of an agency's bets.
    pub(super) fn finished(&mut self, now: Instant, agency: AgencyId, outcome: &Outcome) {
        match outcome {
            Outcome::Stored { .. } if self.may_log(now) => {
                info!(action = "agency_finished", result = "success", agency = %agency);
            }
            Outcome::Rejected { reason, .. } if self.rejection(now) => {
                warn!(action = "agency_finished", result = "fail", agency = %agency, reason);
            }
            Outcome::Stored { .. } | Outcome::Rejected { .. } => {}
        }
    }

    /// Logs the end of the connection. `reason` is this side's, if it had one; `spoke`: its peer has sent
    /// something.
    pub(super) fn closed(&self, now: Instant, closed: CloseReason, reason: Option<&str>, spoke: bool) {
        if !self.may_log(now) {
            return;
        }
        let ip = self.place.ip();
        let rejected = (self.rejections > MAX_LOGGED).then_some(self.rejections);
        match (closed, reason) {
            // The peer spoke another protocol, as a port scan does: the log line of its acceptance is enough.
            (CloseReason::Foreign(_), None) => {
                debug!(action = "close_connection", result = "success", ip = %ip, reason = %closed);
            }
            // A peer whose certificate is not taken says nothing, and its reason is what an operator looks for.
            (CloseReason::Done | CloseReason::Lost(_), None) if !spoke && !is_not_secured(closed) => {
                debug!(action = "close_connection", result = "success", ip = %ip, reason = %closed);
            }
            (closed, None) if closed.is_clean() => {
                info!(action = "close_connection", result = "success", ip = %ip, refused = rejected);
            }
            (_, Some(reason)) => {
                warn!(action = "close_connection", result = "fail", ip = %ip, reason, refused = rejected);
            }
            (closed, None) => {
                warn!(action = "close_connection", result = "fail", ip = %ip, reason = %closed, refused = rejected);
            }
        }
    }
}

/// Returns true if the connection ended because it could not be secured.
const fn is_not_secured(closed: CloseReason) -> bool {
    matches!(closed, CloseReason::Lost(SocketError::NotSecured(_)))
}
