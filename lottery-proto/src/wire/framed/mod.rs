//! Dialect `framed` (`docs/protocol.md#framed`).
//!
//! Every message, both ways, is eight decimal digits, the length of the body in bytes, and the body.

mod bets;
mod body;

use alloc::vec::Vec;
use bytes::BufMut;

use crate::bet::{AgencyId, Bet, BetSlice, FieldError, MAX_DOCUMENT, Spans};
use crate::dialect::{DialectProfile, WinnersFlow, Wire};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::text::{self, failure_text, is_document, put_padded};
use crate::wire::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, ListSize, Part, PendingReply,
    Reason, Rejection, Request, Response, ServerCodec, TooLarge, Written,
};
use body::{LENGTH, LONGEST, frame, head, put, put_batch};

/// Place value of the first digit.
const FIRST_DIGIT: usize = 10_000_000;
const STORED: &[u8] = b"success;Batch stored successfully.";
const REJECTED: &[u8] = b"error;";
const FINISHED: &[u8] = b"END";
const NO_WINNERS: &[u8] = b"NO_WINNERS";
const SEPARATORS: &[u8] = b";";

/// Dialect `framed`.
pub(crate) static FRAMED: Wire = Wire {
    name: "framed",
    profile: DialectProfile {
        batch_bets: 10,
        batch_bytes: 8192,
        waits_for_answers: true,
        winners_flow: WinnersFlow::WithFinished,
        ..DialectProfile::DEFAULT
    },
    max_agency: AgencyId::MAX,
    empty_list: LENGTH,
    listed_document: MAX_DOCUMENT + ";".len(),
    counterpart: None,
    server: &Framed,
    client: &Framed,
};

#[derive(Debug)]
struct Framed;

impl ServerCodec for Framed {
    /// Eight digits are a message, as long as the first one is possible in a length within the limit. A body that is
    /// longer all the same gets an error.
    fn detect(&self, prefix: &[u8], limits: Limits) -> Detection {
        let longest = limits.message.saturating_sub(LENGTH).min(LONGEST);
        match prefix.first() {
            Some(digit) if usize::from(digit.wrapping_sub(b'0')) > longest / FIRST_DIGIT => Detection::No,
            _ => Detection::of_digits(prefix, LENGTH),
        }
    }

    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], limits: Limits) -> Result<Option<usize>, DecodeError> {
        frame(bytes, limits)
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let body = message.get(LENGTH..).unwrap_or_default();
        if body == FINISHED {
            return Ok(Request::new(Kind::Finished, None).awaiting_winners());
        }
        let (agency, count, at) = head(body).map_err(|error| Rejection::of(Kind::Batch, 0, error))?;
        let rejected = |error| Rejection::of(Kind::Batch, agency.get(), error);
        let found = bets::validate(body, at, count, spans).map_err(rejected)?;
        if found != count {
            let problem = Problem::BetCount { said: count, found };
            return Err(rejected(DecodeError::new(LENGTH, problem)));
        }
        Ok(Request::with_bets(Kind::Batch, agency, LENGTH + at..message.len(), count))
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
        match (owed.kind, answer) {
            (Kind::Finished, Answer::Stored { .. }) => {}
            (_, Answer::Stored { .. }) => put(out, |out| out.put_slice(STORED))?,
            (Kind::Bet | Kind::Batch | Kind::Unknown, Answer::Rejected { failure, .. }) => put(out, |out| {
                out.put_slice(REJECTED);
                out.put_slice(failure_text(failure.text).as_bytes());
            })?,
            // A text in reply to END would be taken for winners.
            (
                _,
                Answer::Rejected { .. }
                | Answer::Pending
                | Answer::List(_)
                | Answer::Welcome { .. }
                | Answer::Echo(_)
                | Answer::Failed(_),
            ) => return Ok(AfterReply::Close),
        }
        Ok(AfterReply::Continue)
    }

    fn carries(&self, _: &PendingReply, list: &ListSize) -> Result<(), TooLarge> {
        if list.separated() <= LONGEST as u64 { Ok(()) } else { Err(TooLarge) }
    }

    fn put_winners(
        &self,
        _: &PendingReply,
        part: Part,
        documents: &mut dyn Iterator<Item = &str>,
        out: &mut Vec<u8>,
    ) -> AfterReply {
        if part.first && part.size.documents == 0 {
            put_padded(NO_WINNERS.len(), LENGTH, out);
            out.put_slice(NO_WINNERS);
        } else if part.first {
            put_padded(usize::try_from(part.size.separated()).unwrap_or(LONGEST), LENGTH, out);
        }
        for (index, document) in documents.enumerate() {
            if index > 0 || !part.first {
                out.put_u8(b';');
            }
            out.put_slice(document.as_bytes());
        }
        AfterReply::Close
    }
}

impl ClientCodec for Framed {
    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], limits: Limits) -> Result<Option<usize>, DecodeError> {
        frame(bytes, limits)
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
        let mut lines = Vec::new();
        let mut taken = 0;
        for bet in bets {
            let end = lines.len();
            bets::put_line(bet, &mut lines);
            if taken > 0 && lines.len() > limit {
                lines.truncate(end);
                break;
            }
            taken += 1;
        }
        put_batch(agency, taken, out, |out| out.put_slice(&lines))?;
        Ok(Written::with_bets(taken))
    }

    fn first_unsendable(&self, bets: BetSlice<'_>) -> Option<(usize, FieldError)> {
        text::first_unsendable(bets, SEPARATORS)
    }

    fn put_batch_of(
        &self,
        agency: AgencyId,
        bets: BetSlice<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        let (taken, size) = bets::count_lines(bets, limit);
        put_batch(agency, taken, out, |out| bets::put_lines(bets.first(taken), size, out))?;
        Ok(Written::with_bets(taken))
    }

    fn put_finished(&self, _: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        put(out, |out| out.put_slice(FINISHED)).map_err(|TooLarge| SendError::TooLong)
    }

    fn answered_by(&self, kind: Kind) -> Option<Kind> {
        Some(if kind == Kind::Finished { Kind::AwaitWinners } else { kind })
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        let body = message.get(LENGTH..).unwrap_or_default();
        text::utf8(body, LENGTH)?;
        if asked.kind != Kind::AwaitWinners {
            return match body {
                _ if body.starts_with(b"success;") => Ok(Response::Stored { total: None }),
                _ if body.starts_with(REJECTED) => {
                    let reason = Reason::in_words(message, LENGTH + REJECTED.len()..message.len());
                    Ok(Response::Rejected { total: None, reason })
                }
                _ => Err(DecodeError::new(LENGTH, Problem::Expected("\"success;…\" or \"error;…\""))),
            };
        }
        if body == NO_WINNERS {
            return Ok(Response::Winners { documents: 0..0, count: 0, last: true });
        }
        let mut at = LENGTH;
        let mut count = 0;
        for document in body.split(|byte| *byte == b';') {
            if !is_document(document) {
                return Err(DecodeError::new(
                    at,
                    Problem::Expected("documents of 1 to 20 digits, or NO_WINNERS"),
                ));
            }
            at += document.len() + 1;
            count += 1;
        }
        Ok(Response::Winners { documents: LENGTH..message.len(), count, last: true })
    }

    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)> {
        (!rest.is_empty()).then(|| rest.split_once(';').unwrap_or((rest, "")))
    }
}
