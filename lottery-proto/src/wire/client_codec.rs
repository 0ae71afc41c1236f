//! Client's side of a dialect.

use alloc::vec::Vec;
use core::fmt;

use super::frame::{FrameCursor, Limits};
use super::message::{Kind, PendingReply, Response, Written};
use super::reason::Reason;
use crate::bet::{AgencyId, Bet, BetSlice, FieldError};
use crate::error::{DecodeError, SendError};

/// Client's side of a dialect: encodes requests and decodes replies. It has no state: the machine holds the state of a
/// connection.
pub trait ClientCodec: fmt::Debug + Sync {
    /// Returns the length of the reply at the start of `bytes`; `None` if its end has not come.
    ///
    /// `cursor` is the place where the last call on the same reply stopped, so that a reply that arrives byte by byte is
    /// searched once. `bytes` are never more than the limit; the machine rejects a reply that does not end within it.
    ///
    /// # Errors
    /// A mistake after which the start of the next reply is unknown.
    fn frame(
        &self,
        cursor: &mut FrameCursor,
        bytes: &[u8],
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError>;

    /// True if the message says nothing, and is to be skipped.
    fn is_filler(&self, _message: &[u8]) -> bool {
        false
    }

    /// Checks that this dialect can carry the bet unchanged.
    ///
    /// # Errors
    /// The field that it cannot carry, and the problem.
    fn check_sendable(&self, _bet: &Bet<'_>) -> Result<(), FieldError> {
        Ok(())
    }

    /// Appends a batch of as many of `bets` as one message of about `limit` bytes carries, and returns their number, and
    /// the bytes that its reply repeats. The dialect can carry all of `bets`.
    ///
    /// # Errors
    /// The dialect has no such message. Nothing was appended.
    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError>;

    /// Returns the first of `bets` that this dialect cannot carry unchanged, by its index from 0, and the error of
    /// [`ClientCodec::check_sendable`].
    fn first_unsendable(&self, bets: BetSlice<'_>) -> Option<(usize, FieldError)> {
        let checked = |(index, bet)| self.check_sendable(&bet).err().map(|error| (index, error));
        bets.iter().enumerate().find_map(checked)
    }

    /// Appends the same bytes as [`ClientCodec::put_batch`] of these bets, which may be quicker in the form in which they
    /// are held.
    ///
    /// # Errors
    /// The same as those of [`ClientCodec::put_batch`].
    fn put_batch_of(
        &self,
        agency: AgencyId,
        bets: BetSlice<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        self.put_batch(agency, &bets.iter().collect::<Vec<_>>(), limit, out)
    }

    /// Appends a single bet, which the dialect can carry, as a message of its own. A dialect without such a message sends
    /// a batch of one.
    ///
    /// # Errors
    /// The same as those of [`ClientCodec::put_batch`].
    fn put_bet(&self, agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<Written, SendError> {
        self.put_batch(agency, &[*bet], usize::MAX, out)
    }

    /// Appends Hello of an agency whose list has `total` bets, if that is known.
    ///
    /// # Errors
    /// The dialect has no such message.
    fn put_hello(&self, _agency: AgencyId, _total: Option<u64>, _out: &mut Vec<u8>) -> Result<(), SendError> {
        Err(SendError::NotInDialect)
    }

    /// Appends Finished.
    ///
    /// # Errors
    /// The dialect has no such message.
    fn put_finished(&self, _agency: AgencyId, _out: &mut Vec<u8>) -> Result<(), SendError> {
        Err(SendError::NotInDialect)
    }

    /// Appends the winners query.
    ///
    /// # Errors
    /// The dialect has no such message.
    fn put_winners_query(&self, _agency: AgencyId, _out: &mut Vec<u8>) -> Result<(), SendError> {
        Err(SendError::NotInDialect)
    }

    /// Returns the kind of the reply to a request of that kind; `None` if it gets none.
    fn answered_by(&self, kind: Kind) -> Option<Kind> {
        Some(kind)
    }

    /// Decodes and validates a whole message, in reply to `asked`. It may change the bytes of the message in place, for
    /// instance to resolve escapes.
    ///
    /// # Errors
    /// A mistake in the message. It ends the connection.
    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError>;

    /// Returns the reason of a failure that ends the connection, if the message is one. It may come at any time.
    fn failure(&self, _message: &[u8]) -> Option<Reason> {
        None
    }

    /// Returns the next document of a validated reply, at the start of `rest`, and the text behind it.
    fn next_document<'a>(&self, _rest: &'a str) -> Option<(&'a str, &'a str)> {
        None
    }
}
