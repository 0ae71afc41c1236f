//! Interface between a dialect and the machines.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::failure::{Code, Failure};
use super::frame::{FrameCursor, Limits, Side};
use super::list::{ListSize, Part};
use super::message::{AfterReply, Answer, Kind, PendingReply, Rejection, Request, Response, TooLarge};
use crate::bet::{AgencyId, Bet, FieldError, Spans};
use crate::error::{DecodeError, SendError};

/// Encoding and decoding of a dialect. It has no state: the machines hold the state of a connection.
pub(crate) trait Codec: fmt::Debug + Sync {
    /// Returns the length of the message at the start of `bytes`; `None` if its end has not come.
    ///
    /// `scan` is the place where the last call on the same message stopped, so that a message that arrives byte by byte
    /// is searched once. `bytes` are never more than the limit; the machines reject a message that does not end within
    /// it.
    ///
    /// # Errors
    /// A mistake after which the start of the next message is unknown.
    fn frame(
        &self,
        scan: &mut FrameCursor,
        bytes: &[u8],
        side: Side,
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError>;

    /// True if the message says nothing, and is to be skipped.
    fn is_filler(&self, _message: &[u8]) -> bool {
        false
    }

    /// Server: decodes and validates a whole message, and puts the places of its bets into `spans`.
    fn request(&self, message: &[u8], spans: &mut Spans) -> Result<Request, Rejection>;

    /// Server: true if the connection goes on after a message with this mistake.
    fn goes_on_after(&self, error: &DecodeError) -> bool;

    /// Server: appends the reply to a request, unless it is a list. Appends nothing if the dialect cannot carry it.
    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge>;

    /// Server: checks that a list of winners of that size can be the reply to a request.
    fn carries(&self, _owed: &PendingReply, _list: &ListSize) -> Result<(), TooLarge> {
        Ok(())
    }

    /// Server: appends documents of a list, for which [`Codec::carries`] succeeded, in reply to a request.
    fn put_winners(
        &self,
        _owed: &PendingReply,
        _part: Part,
        _documents: &mut dyn Iterator<Item = &str>,
        _out: &mut Vec<u8>,
    ) -> AfterReply {
        AfterReply::Close
    }

    /// Server: appends the last reply of a connection, which ends with this failure. `owed` is the request that failed.
    fn fail(
        &self,
        owed: &PendingReply,
        failure: Failure<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        self.answer(owed, &Answer::Rejected { failure, total: 0 }, out)
    }

    /// Server: true if a rejected batch causes everything behind it on its connection to be rejected.
    fn stops_at_a_rejection(&self) -> bool {
        false
    }

    /// Client: checks that this dialect can carry the bet unchanged.
    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError>;

    /// Client: appends a batch of as many of `bets` as one message of about `limit` bytes carries, and returns their
    /// number. The dialect can carry all of `bets`.
    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, SendError>;

    /// Client: appends a single bet, which the dialect can carry, and returns the bytes that its reply repeats.
    fn put_bet(&self, agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<Box<[u8]>, SendError> {
        self.put_batch(agency, &[*bet], usize::MAX, out)?;
        Ok(Box::default())
    }

    /// Client: appends Hello.
    fn put_hello(&self, _agency: AgencyId, _out: &mut Vec<u8>) -> Result<(), SendError> {
        Err(SendError::NotInDialect)
    }

    /// Client: appends Finished.
    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Client: appends the winners query.
    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError>;

    /// Client: returns the kind of the reply to a request of that kind; `None` if it gets none.
    fn answered_by(&self, kind: Kind) -> Option<Kind>;

    /// Client: decodes and validates a whole message, in reply to `asked`.
    fn response(&self, asked: &PendingReply, message: &[u8]) -> Result<Response, DecodeError>;

    /// Client: returns the code and the text of a failure that ends the connection, if the message is one. It may come
    /// at any time.
    fn failure(&self, _message: &[u8]) -> Option<(Option<Code>, Range<usize>)> {
        None
    }

    /// Client: returns the next document of a validated reply, at the start of `rest`, and the text behind it.
    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)>;
}
