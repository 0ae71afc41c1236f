//! Sending of requests, and those that wait for their replies.

use alloc::vec::Vec;

use super::Client;
use crate::bet::{Bet, BetSlice, FieldError};
use crate::conn::Instant;
use crate::dialect::{DialectProfile, WinnersFlow};
use crate::error::SendError;
use crate::wire::{ClientCodec, Kind, MAX_LINE, PendingReply, Written};

/// Maximum number of requests without a reply.
pub(super) const MAX_ASKED: usize = 1024;

/// Request without a reply.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) reply: PendingReply,
    pub(super) bets: usize,
    /// Size of a batch, in bytes; 0 of every other request.
    pub(super) batch: usize,
}

impl Client {
    /// True if a request would be taken now. It becomes true again only in [`Client::handle`] and
    /// [`Client::poll_event`], and never again once the last message that the dialect allows on a connection was sent (`docs/protocol.md#ending-a-connection`): Finished
    /// and a winners query of `fixed`, Finished of `framed`, a line of `echo`.
    pub fn can_send(&self) -> bool {
        let profile = self.config.dialect.profile();
        let waits = (profile.waits_for_answers && !self.asked.is_empty())
            || (profile.has_sessions && self.fills_window());
        self.lifecycle.is_open() && !self.sent_last && !waits && self.has_room()
    }

    /// True if no batch may be sent before one is acknowledged.
    fn fills_window(&self) -> bool {
        let ((batches, bytes), window) = (self.in_flight, self.window);
        let is_full = |used, limit| usize::try_from(limit).is_ok_and(|limit| used >= limit);
        is_full(batches, window.batches) || is_full(bytes, window.bytes)
    }

    fn has_room(&self) -> bool {
        self.asked.len() < MAX_ASKED && self.output.pending().len() < self.config.max_unsent
    }

    /// Sends as many of `bets` as one batch carries, and returns their number. In a dialect in which a message carries
    /// one bet, it sends the first.
    ///
    /// # Errors
    /// Nothing was sent: it is not possible now, or the dialect cannot carry one of the bets of the batch.
    pub fn send_batch(&mut self, now: Instant, bets: &[Bet<'_>]) -> Result<usize, SendError> {
        let (agency, profile) = (self.config.agency, self.config.dialect.profile());
        let limit = self.config.max_batch.min(self.config.max_message);
        self.send(now, Kind::Batch, |codec, out| {
            let start = out.len();
            check_first(codec, profile, bets.first())?;
            let written = codec.put_batch(agency, bets, limit, out)?;
            // Bets that are not sent may be part of a later batch, in another dialect.
            for (bet, sent) in bets.iter().take(written.bets).enumerate() {
                codec.check_sendable(sent).map_err(|error| {
                    out.truncate(start);
                    SendError::Unsendable { bet, error }
                })?;
            }
            Ok(written)
        })
    }

    /// Sends as many of `bets` as one batch carries, and returns their number. Works like [`Client::send_batch`], and is
    /// quicker.
    ///
    /// # Errors
    /// The same as [`Client::send_batch`].
    pub fn send_batch_of(&mut self, now: Instant, bets: BetSlice<'_>) -> Result<usize, SendError> {
        let (agency, profile) = (self.config.agency, self.config.dialect.profile());
        let limit = self.config.max_batch.min(self.config.max_message);
        self.send(now, Kind::Batch, |codec, out| {
            let start = out.len();
            check_first(codec, profile, bets.iter().next().as_ref())?;
            let written = codec.put_batch_of(agency, bets, limit, out)?;
            if let Some((bet, error)) = codec.first_unsendable(bets.first(written.bets)) {
                out.truncate(start);
                return Err(SendError::Unsendable { bet, error });
            }
            Ok(written)
        })
    }

    /// Sends one bet, as a message of its own where the dialect has one, else as a batch of one.
    ///
    /// # Errors
    /// The same as [`Client::send_batch`].
    pub fn send_bet(&mut self, now: Instant, bet: &Bet<'_>) -> Result<(), SendError> {
        let agency = self.config.agency;
        self.check(bet).map_err(|error| SendError::Unsendable { bet: 0, error })?;
        self.send(now, Kind::Bet, |codec, out| codec.put_bet(agency, bet, out)).map(|_| ())
    }

    /// Sends Finished: this agency has sent its last bet.
    ///
    /// # Errors
    /// Nothing was sent: it is not possible now, or never in this dialect ([`DialectProfile::has_finished`]).
    pub fn send_finished(&mut self, now: Instant) -> Result<(), SendError> {
        let (agency, profile) = (self.config.agency, self.config.dialect.profile());
        self.send(now, Kind::Finished, |codec, out| {
            if !profile.has_finished {
                return Err(SendError::NotInDialect);
            }
            codec.put_finished(agency, out)?;
            Ok(Written::default())
        })
        .map(|_| ())
    }

    /// Asks for the winners of this agency. A dialect in which Finished asks for them, too, has no such query.
    ///
    /// # Errors
    /// The same as [`Client::send_finished`], and [`SendError::NotInDialect`] in a dialect without this query.
    pub fn ask_winners(&mut self, now: Instant) -> Result<(), SendError> {
        let (agency, profile) = (self.config.agency, self.config.dialect.profile());
        self.send(now, Kind::Winners, |codec, out| {
            if profile.winners_flow == WinnersFlow::Never {
                return Err(SendError::NotInDialect);
            }
            codec.put_winners_query(agency, out)?;
            Ok(Written::default())
        })
        .map(|_| ())
    }

    /// Sends a line to be sent back: the health check (`docs/protocol.md#echo`).
    ///
    /// # Errors
    /// Nothing was sent: it is not possible now, the line has more than 8192 bytes or holds a line end, or the dialect
    /// is not `echo`.
    pub fn send_line(&mut self, now: Instant, line: &str) -> Result<(), SendError> {
        if !self.config.dialect.profile().has_lines {
            return Err(SendError::NotInDialect);
        }
        if line.contains('\n') {
            return Err(SendError::NotInDialect);
        }
        if line.len() > MAX_LINE {
            return Err(SendError::TooLong);
        }
        self.send(now, Kind::Echo, |_, out| {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
            Ok(Written::default())
        })
        .map(|_| ())
    }

    pub(super) fn check(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        self.codec.check_sendable(bet)
    }

    /// Sends the message that `put` appends, and returns the number of its bets.
    ///
    /// # Errors
    /// [`SendError::Busy`] while nothing may be sent, [`SendError::AfterLast`] if nothing may be sent any more.
    pub(super) fn send(
        &mut self,
        now: Instant,
        kind: Kind,
        put: impl FnOnce(&dyn ClientCodec, &mut Vec<u8>) -> Result<Written, SendError>,
    ) -> Result<usize, SendError> {
        if self.lifecycle.is_open() && self.sent_last {
            return Err(SendError::AfterLast);
        }
        if self.lifecycle.is_open() && !self.can_send() {
            return Err(SendError::Busy);
        }
        self.put(now, kind, put)
    }

    /// Sends like [`Client::send`], also while other messages may not be sent.
    pub(super) fn put(
        &mut self,
        now: Instant,
        kind: Kind,
        put: impl FnOnce(&dyn ClientCodec, &mut Vec<u8>) -> Result<Written, SendError>,
    ) -> Result<usize, SendError> {
        if !self.lifecycle.is_open() {
            return Err(SendError::Closed);
        }
        let unsent = self.output.pending().len();
        let Written { bets, echo, .. } = put(self.codec, self.output.buffer())?;
        let size = self.output.pending().len() - unsent;
        self.largest = self.largest.max(bets);
        self.sent_last |= self.config.dialect.profile().is_last(kind);
        if let Some(kind) = self.codec.answered_by(kind) {
            let reply = PendingReply { kind, agency: self.config.agency.get(), echo };
            let batch = if kind == Kind::Batch { size } else { 0 };
            self.in_flight = (self.in_flight.0 + usize::from(batch > 0), self.in_flight.1 + batch);
            self.asked.push_back(Asked { reply, bets, batch });
        }
        self.active = now;
        self.settle(now);
        Ok(bets)
    }
}

/// Checks the bet that is sent alone, where a message carries one: it may have no place in it.
pub(super) fn check_first(
    codec: &dyn ClientCodec,
    profile: DialectProfile,
    first: Option<&Bet<'_>>,
) -> Result<(), SendError> {
    let first = first.filter(|_| profile.one_bet);
    let checked = first.map_or(Ok(()), |bet| codec.check_sendable(bet));
    checked.map_err(|error| SendError::Unsendable { bet: 0, error })
}
