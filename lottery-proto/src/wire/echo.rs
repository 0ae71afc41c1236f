//! Dialect `echo` (`docs/protocol.md#echo`): a line that comes back, the health check.

use alloc::vec::Vec;
use bytes::BufMut;

use super::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Limits, PendingReply, Rejection, Request,
    Response, ServerCodec, TooLarge, Written,
};
use crate::bet::{AgencyId, Bet, Spans};
use crate::dialect::{DialectProfile, Wire};
use crate::error::{DecodeError, Problem, SendError};

/// Maximum length of a line without its line end, in bytes.
pub(crate) const MAX_LINE: usize = 8192;

/// Dialect `echo`.
pub(crate) static ECHO: Wire = Wire {
    name: "echo",
    profile: DialectProfile { has_lines: true, ..DialectProfile::ONE_MESSAGE },
    max_agency: AgencyId::MAX,
    empty_list: 2 * MAX_LINE + "\n".len(),
    listed_document: 0,
    counterpart: None,
    server: &Echo,
    client: &Echo,
};

#[derive(Debug)]
struct Echo;

impl ServerCodec for Echo {
    /// It is what remains, so it claims nothing.
    fn detect(&self, _: &[u8], _: Limits) -> Detection {
        Detection::No
    }

    fn frame(
        &self,
        cursor: &mut FrameCursor,
        bytes: &[u8],
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError> {
        let found = line(cursor, bytes, limits);
        let line = bytes.get(..found.unwrap_or(bytes.len())).unwrap_or_default();
        if line.strip_suffix(b"\n").unwrap_or(line).len() > MAX_LINE {
            return Err(DecodeError::new(0, Problem::TooLong { size: MAX_LINE + 1, max: MAX_LINE }));
        }
        Ok(found)
    }

    fn request(&self, message: &mut [u8], _: &mut Spans) -> Result<Request, Rejection> {
        let line = message.trim_ascii_end();
        Ok(Request::with_line(0..line.len()).repeating(line))
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
}

impl ClientCodec for Echo {
    fn frame(
        &self,
        cursor: &mut FrameCursor,
        bytes: &[u8],
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError> {
        Ok(line(cursor, bytes, limits))
    }

    fn put_batch(&self, _: AgencyId, _: &[Bet<'_>], _: usize, _: &mut Vec<u8>) -> Result<Written, SendError> {
        Err(SendError::NotInDialect)
    }

    fn response(&self, _: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        Ok(Response::Line(0..message.trim_ascii_end().len()))
    }
}

/// Returns the length of the line at the start of `bytes`, with its line end. A peer that ends its side ends a line.
fn line(cursor: &mut FrameCursor, bytes: &[u8], limits: Limits) -> Option<usize> {
    cursor.find(b'\n', bytes).or_else(|| (limits.ended && !bytes.is_empty()).then_some(bytes.len()))
}
