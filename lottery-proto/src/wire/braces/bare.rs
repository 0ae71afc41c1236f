//! Dialect `bare` (`docs/protocol.md#bare`): the bets of `braces` without the letter before them, a message for each
//! connection.

use alloc::vec::Vec;
use bytes::BufMut;

use super::bets::{self, KEYS, put_bet};
use super::{BATCH_STORED, Braces, REJECTED, SEPARATORS, put_all, put_rejection};
use crate::bet::{AgencyId, Bet, FieldError, Spans};
use crate::dialect::{DialectProfile, Wire};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::text;
use crate::wire::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, MAX_LINE, PendingReply, Reason,
    Rejection, Request, Response, ServerCodec, TooLarge, Written,
};

/// Dialect `bare`.
pub(crate) static BARE: Wire = Wire {
    name: "bare",
    profile: DialectProfile { batch_bets: 50, ambiguous_bets: true, ..DialectProfile::ONE_MESSAGE },
    max_agency: AgencyId::MAX,
    empty_list: 0,
    listed_document: 0,
    counterpart: None,
    server: &Bare,
    client: &Bare,
};

#[derive(Debug)]
struct Bare;

impl ServerCodec for Bare {
    /// The first key decides.
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        let [first_key, ..] = KEYS;
        Detection::of_prefix(prefix, first_key.as_bytes())
    }

    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b';', bytes))
    }

    fn is_filler(&self, message: &[u8]) -> bool {
        ServerCodec::is_filler(&Braces, message)
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let end = message.len().saturating_sub(1);
        let body = message.get(..end).unwrap_or_default();
        let (agency, count) =
            bets::validate(body, 0, spans).map_err(|error| Rejection::of(Kind::Batch, 0, error))?;
        if count > 1 {
            return Ok(Request::with_bets(Kind::Batch, agency, 0..end, count));
        }
        // It comes back as it was sent, and is kept until then. Only zeros before its number can make it so long.
        if message.len() > MAX_LINE {
            let error = DecodeError::new(0, Problem::TooLong { size: message.len(), max: MAX_LINE });
            return Err(Rejection::of(Kind::Bet, agency.get(), error));
        }
        Ok(Request { echo: (&*message).into(), ..Request::with_bets(Kind::Bet, agency, 0..end, 1) })
    }

    fn goes_on_after(&self, _: &DecodeError) -> bool {
        true
    }

    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        match answer {
            Answer::Stored { .. } if owed.kind == Kind::Bet => out.put_slice(&owed.echo),
            Answer::Stored { .. } => out.put_slice(BATCH_STORED),
            Answer::Rejected { failure, .. } => put_rejection(failure.text, out),
            Answer::Pending
            | Answer::List(_)
            | Answer::Welcome { .. }
            | Answer::Echo(_)
            | Answer::Failed(_) => {}
        }
        Ok(AfterReply::Close)
    }
}

impl ClientCodec for Bare {
    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b';', bytes))
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        text::check_separators(bet, SEPARATORS)
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        let start = out.len();
        let put = |bet: &Bet<'_>, comma, out: &mut Vec<u8>| put_bet(agency, bet, comma, out);
        let written = put_all(b"", bets.iter(), limit, out, put)?;
        // A single bet comes back.
        let echo = if written.bets == 1 { out.get(start..).unwrap_or_default() } else { &[] };
        Ok(written.repeating(echo))
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        text::utf8(message, 0)?;
        let end = message.len().saturating_sub(1);
        match &*message {
            BATCH_STORED => Ok(Response::Stored { total: None }),
            echo if !asked.echo.is_empty() && *echo == *asked.echo => Ok(Response::Stored { total: None }),
            _ => {
                // Every other text is a rejection.
                let start = if message.starts_with(REJECTED) { REJECTED.len() } else { 0 };
                Ok(Response::Rejected { total: None, reason: Reason::in_words(message, start..end) })
            }
        }
    }
}
