//! The log lines that a connection causes: as many as it may.

use lottery_proto::{CloseReason, Instant};
use tracing::{debug, info, warn};

use crate::committer::Outcome;
use crate::encoded_bets::EncodedBets;
use crate::peers::Place;
use crate::redact;
use crate::store::rows;

/// So many refusals of a connection are logged by themselves. The others are counted, and said at its end.
const LOGGED: u32 = 5;

/// After so many refusals a connection is closed. What was received by then is still answered.
const MOST: u32 = 100;

/// Writes what there is to say of a connection, within what its address may cause.
#[derive(Debug)]
pub(super) struct Report {
    place: Place,
    refusals: u32,
    /// Its address has had too many refusals.
    enough: bool,
}

impl Report {
    pub(super) fn new(place: Place) -> Self {
        Self { place, refusals: 0, enough: false }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether a line may be written.
    pub(super) fn may_log(&self, now: Instant) -> bool {
        self.place.may_log(now)
    }

    /// Something was refused. Whether a line may be written about it.
    pub(super) fn refusal(&mut self, now: Instant) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        self.enough |= self.place.refused_too_often(now);
        self.refusals <= LOGGED && self.may_log(now)
    }

    /// Whether so much was refused that the connection is to end.
    pub(super) fn is_refused_too_often(&self) -> bool {
        self.refusals >= MOST || self.refusals > 0 && self.enough
    }

    /// A line came to be sent back.
    pub(super) fn echo(&self, now: Instant, line: &str) {
        if self.may_log(now) {
            let (ip, msg) = (self.place.ip(), &*redact::line(line));
            info!(action = "receive_message", result = "success", ip = %ip, msg);
        }
    }

    /// What became of a batch. A bet that is stored costs its peer more than a line: it is always written.
    pub(super) fn batch(&mut self, now: Instant, bets: &EncodedBets, outcome: &Outcome) {
        let cantidad = bets.count();
        match outcome {
            Outcome::Stored(_) if cantidad > 0 || self.may_log(now) => {
                info!(action = "apuesta_recibida", result = "success", cantidad);
            }
            Outcome::Refused { reason, .. } if self.refusal(now) => {
                let ip = self.place.ip();
                warn!(action = "apuesta_recibida", result = "fail", cantidad, ip = %ip, reason);
            }
            Outcome::Stored(_) | Outcome::Refused { .. } => {}
        }
    }

    /// What became of a bet that was sent alone.
    pub(super) fn bet(&mut self, now: Instant, bets: &EncodedBets, outcome: &Outcome) {
        if matches!(outcome, Outcome::Refused { .. }) && !self.refusal(now) {
            return;
        }
        let read = rows::for_each_row(bets.rows(), |_, dni, numero| match outcome {
            Outcome::Stored(_) => info!(action = "apuesta_almacenada", result = "success", dni, numero),
            Outcome::Refused { reason, .. } => {
                warn!(action = "apuesta_almacenada", result = "fail", dni, numero, reason);
            }
        });
        debug_assert_eq!(read, Ok(()), "rows of our own");
    }

    /// The connection is over. `reason` is ours, if we had one; `spoke`: its peer has said something.
    pub(super) fn closed(&self, now: Instant, closed: CloseReason, reason: Option<&str>, spoke: bool) {
        if !self.may_log(now) {
            return;
        }
        let ip = self.place.ip();
        let refused = (self.refusals > LOGGED).then_some(self.refusals);
        match (closed, reason) {
            // Somebody looked for something at the port: that it was accepted is enough.
            (CloseReason::Foreign(_), None) => {
                debug!(action = "close_connection", result = "success", ip = %ip, reason = %closed);
            }
            (CloseReason::Done | CloseReason::Lost, None) if !spoke => {
                debug!(action = "close_connection", result = "success", ip = %ip, reason = %closed);
            }
            (closed, None) if closed.is_clean() => {
                info!(action = "close_connection", result = "success", ip = %ip, refused);
            }
            (_, Some(reason)) => {
                warn!(action = "close_connection", result = "fail", ip = %ip, reason, refused);
            }
            (closed, None) => {
                warn!(action = "close_connection", result = "fail", ip = %ip, reason = %closed, refused);
            }
        }
    }
}
