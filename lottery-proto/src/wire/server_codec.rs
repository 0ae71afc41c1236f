//! Server's side of a dialect.

use alloc::vec::Vec;
use core::fmt;

use super::detect::Detection;
use super::failure::Failure;
use super::frame::{FrameCursor, Limits};
use super::list::{ListSize, Part};
use super::message::{AfterReply, Answer, PendingReply, Rejection, Request, TooLarge};
use crate::bet::Spans;
use crate::error::DecodeError;

/// Server's side of a dialect: decodes requests and encodes replies. It has no state: the machine holds the state of a
/// connection.
pub trait ServerCodec: fmt::Debug + Sync {
    /// Decides if a connection whose first bytes are `prefix` speaks this dialect.
    ///
    /// A yes and a no are final: they do not change with more bytes. Of two dialects on one server, no bytes may be a
    /// message of both.
    fn detect(&self, prefix: &[u8], limits: Limits) -> Detection;

    /// Returns the length of the request at the start of `bytes`; `None` if its end has not come.
    ///
    /// `cursor` is the place where the last call on the same request stopped, so that a request that arrives byte by
    /// byte is searched once. `bytes` are never more than the limit; the machine rejects a request that does not end
    /// within it.
    ///
    /// # Errors
    /// A mistake after which the start of the next request is unknown.
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

    /// Decodes and validates a whole message, and puts the places of its bets into `spans`. It is called once for each
    /// message, and may change its bytes in place, for instance to resolve escapes: bets are lent from them.
    ///
    /// # Errors
    /// The mistake, and the reply that is due nevertheless.
    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection>;

    /// True if the connection goes on after a message with this mistake.
    fn goes_on_after(&self, _error: &DecodeError) -> bool {
        false
    }

    /// Appends the reply to a request, unless it is a list. Appends nothing if the dialect has no such reply.
    ///
    /// # Errors
    /// The dialect cannot carry the reply. Nothing was appended.
    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge>;

    /// Checks that a list of winners of that size can be the reply to a request.
    ///
    /// # Errors
    /// The dialect cannot carry it.
    fn carries(&self, _owed: &PendingReply, _list: &ListSize) -> Result<(), TooLarge> {
        Ok(())
    }

    /// Appends documents of a list, for which [`ServerCodec::carries`] succeeded, in reply to a request. An empty list
    /// is one call without documents.
    fn put_winners(
        &self,
        _owed: &PendingReply,
        _part: Part,
        _documents: &mut dyn Iterator<Item = &str>,
        _out: &mut Vec<u8>,
    ) -> AfterReply {
        AfterReply::Close
    }

    /// Appends the last reply of a connection, which ends with this failure. `owed` is the request that failed.
    ///
    /// # Errors
    /// The dialect cannot carry the failure.
    fn fail(
        &self,
        owed: &PendingReply,
        failure: Failure<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        self.answer(owed, &Answer::Rejected { failure, total: 0 }, out)
    }

    /// True if a client takes the end of a connection for an acknowledgement, so that one without an acknowledgement is
    /// to be reset.
    fn rejects_by_reset(&self) -> bool {
        false
    }

    /// True if a rejected batch causes everything behind it on its connection to be rejected.
    fn stops_at_a_rejection(&self) -> bool {
        false
    }
}
