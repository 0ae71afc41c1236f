//! Dialect `echo` (`docs/protocol.md#echo`): a line that comes back, the health check.

use alloc::vec::Vec;
use bytes::BufMut;

use super::{
    AfterReply, Answer, Codec, FrameCursor, Kind, Limits, PendingReply, Rejection, Request, Response, Side,
    TooLarge,
};
use crate::bet::{AgencyId, Bet, FieldError, Spans};
use crate::error::{DecodeError, Problem, SendError};

/// Maximum length of a line without its line end, in bytes.
pub(crate) const MAX_LINE: usize = 8192;

/// Dialect `echo`.
#[derive(Debug)]
pub(crate) struct Echo;

impl Codec for Echo {
    fn frame(
        &self,
        scan: &mut FrameCursor,
        bytes: &[u8],
        side: Side,
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError> {
        let end = memchr::memchr(b'\n', bytes.get(scan.bytes..).unwrap_or_default());
        let line = end.map_or(bytes.len(), |end| scan.bytes + end);
        scan.bytes = line;
        // A reply is longer by its prefix.
        if side == Side::Client && line > MAX_LINE {
            return Err(DecodeError::new(0, Problem::TooLong { size: MAX_LINE + 1, max: MAX_LINE }));
        }
        match end {
            Some(_) => Ok(Some(line + 1)),
            None if limits.ended && line > 0 => Ok(Some(line)),
            None => Ok(None),
        }
    }

    fn request(&self, message: &[u8], _: &mut Spans) -> Result<Request, Rejection> {
        let line = message.trim_ascii_end();
        Ok(Request { payload: 0..line.len(), echo: line.into(), ..Request::new(Kind::Echo, None) })
    }

    fn goes_on_after(&self, _: &DecodeError) -> bool {
        false
    }

    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        if let Answer::Echo(prefix) = answer {
            out.put_slice(prefix.as_bytes());
            out.put_slice(&owed.echo);
            out.put_u8(b'\n');
        }
        Ok(AfterReply::Close)
    }

    fn check_sendable(&self, _: &Bet<'_>) -> Result<(), FieldError> {
        Ok(())
    }

    fn put_batch(&self, _: AgencyId, _: &[Bet<'_>], _: usize, _: &mut Vec<u8>) -> Result<usize, SendError> {
        Err(SendError::NotInDialect)
    }

    fn put_finished(&self, _: AgencyId, _: &mut Vec<u8>) -> Result<(), SendError> {
        Err(SendError::NotInDialect)
    }

    fn put_winners_query(&self, _: AgencyId, _: &mut Vec<u8>) -> Result<(), SendError> {
        Err(SendError::NotInDialect)
    }

    fn answered_by(&self, kind: Kind) -> Option<Kind> {
        Some(kind)
    }

    fn response(&self, _: &PendingReply, message: &[u8]) -> Result<Response, DecodeError> {
        Ok(Response::Line(0..message.trim_ascii_end().len()))
    }

    fn next_document<'a>(&self, _: &'a str) -> Option<(&'a str, &'a str)> {
        None
    }
}
