//! Dialect `braces` (`docs/protocol.md#braces`): keys and values in braces, each message ended by `;`.

mod bare;
mod bets;

use alloc::vec::Vec;
use bytes::BufMut;
use nom::bytes::complete::{tag, take_till};
use nom::sequence::delimited;
use nom::{IResult, Parser};

pub(crate) use bare::BARE;
use bets::{KEYS, put_bet};

use crate::bet::{AgencyId, Bet, BetSlice, FieldError, MAX_DOCUMENT, Spans};
use crate::dialect::{DialectProfile, Wire};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::text::{self, failure_text, is_document, put_number};
use crate::wire::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, Part, PendingReply, Reason,
    Rejection, Request, Response, ServerCodec, TooLarge, Written,
};

const SEPARATORS: &[u8] = b",;:{}";
/// Beginning of a message that only names an agency, behind its first character.
const AGENCY: &[u8] = b"{AgencyID:";
const BATCH_STORED: &[u8] = b"ACK_CHUNK;";
const FINISHED_STORED: &[u8] = b"ACK_NOTIFY;";
const REJECTED: &[u8] = b"ERROR:";

/// Dialect `braces`.
pub(crate) static BRACES: Wire = Wire {
    name: "braces",
    profile: DialectProfile { batch_bets: 50, waits_for_answers: true, ..DialectProfile::DEFAULT },
    max_agency: AgencyId::MAX,
    empty_list: "R;".len(),
    listed_document: "{PlayerDocID:},".len() + MAX_DOCUMENT,
    counterpart: None,
    server: &Braces,
    client: &Braces,
};

#[derive(Debug)]
struct Braces;

impl ServerCodec for Braces {
    /// The first key decides, because a line of `echo` may begin with a letter and a brace, too.
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        let [first_key, ..] = KEYS;
        match prefix.split_first() {
            None => Detection::Undecided,
            Some((b'B', rest)) => Detection::of_prefix(rest, first_key.as_bytes()),
            Some((b'N' | b'Q', rest)) => Detection::of_prefix(rest, AGENCY),
            Some(_) => Detection::No,
        }
    }

    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b';', bytes))
    }

    fn is_filler(&self, message: &[u8]) -> bool {
        message == b";"
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let end = message.len().saturating_sub(1);
        let body = message.get(1..end).unwrap_or_default();
        let kind = match message.first() {
            Some(b'B') => Kind::Batch,
            Some(b'N') => Kind::Finished,
            Some(b'Q') => Kind::Winners,
            _ => return Err(DecodeError::new(0, Problem::Expected("B, N or Q")).into()),
        };
        if kind == Kind::Batch {
            let (agency, count) =
                bets::validate(body, 1, spans).map_err(|error| Rejection::of(kind, 0, error))?;
            return Ok(Request::with_bets(kind, agency, 1..end, count));
        }
        let whole = |input| -> IResult<_, &[u8]> {
            delimited(tag(AGENCY), take_till(|byte| byte == b'}'), tag(&b"}"[..])).parse(input)
        };
        let agency = match whole(body) {
            Ok(([], agency)) => text::agency(agency, "N{AgencyID:".len()),
            _ => Err(DecodeError::new(1, Problem::Expected("{AgencyID:…}"))),
        };
        let agency = agency.map_err(|error| Rejection::of(kind, 0, error))?;
        Ok(Request::new(kind, Some(agency)))
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
            Answer::Stored { .. } if owed.kind == Kind::Finished => out.put_slice(FINISHED_STORED),
            Answer::Stored { .. } => out.put_slice(BATCH_STORED),
            Answer::Pending => out.put_slice(b"W;"),
            Answer::Rejected { failure, .. } => put_rejection(failure.text, out),
            Answer::List(_) | Answer::Welcome { .. } | Answer::Echo(_) | Answer::Failed(_) => {}
        }
        Ok(AfterReply::Continue)
    }

    fn put_winners(
        &self,
        _: &PendingReply,
        part: Part,
        documents: &mut dyn Iterator<Item = &str>,
        out: &mut Vec<u8>,
    ) -> AfterReply {
        if part.first {
            out.put_u8(b'R');
        }
        for (index, document) in documents.enumerate() {
            if index > 0 || !part.first {
                out.put_u8(b',');
            }
            out.put_slice(b"{PlayerDocID:");
            out.put_slice(document.as_bytes());
            out.put_u8(b'}');
        }
        if part.last {
            out.put_u8(b';');
        }
        AfterReply::Continue
    }
}

impl ClientCodec for Braces {
    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b';', bytes))
    }

    fn is_filler(&self, message: &[u8]) -> bool {
        message == b";"
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
        put_all(b"B", bets.iter(), limit, out, |bet, comma, out| put_bet(agency, bet, comma, out))
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
        let (ending, len) = bets::ending(agency);
        put_all(b"B", bets.lines(), limit, out, |line, comma, out| {
            bets::put_line(&line, (&ending, len), comma, out);
        })
    }

    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        put_agency(b'N', agency, out);
        Ok(())
    }

    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        put_agency(b'Q', agency, out);
        Ok(())
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        text::utf8(message, 0)?;
        if message.starts_with(REJECTED) {
            let reason = Reason::in_words(message, REJECTED.len()..message.len() - 1);
            return Ok(Response::Rejected { total: None, reason });
        }
        match (asked.kind, &*message) {
            (Kind::Batch | Kind::Bet, BATCH_STORED) | (Kind::Finished, FINISHED_STORED) => {
                Ok(Response::Stored { total: None })
            }
            (Kind::Winners, b"W;") => Ok(Response::Pending),
            (Kind::Winners, [b'R', ..]) => winners(message),
            (Kind::Winners, _) => Err(DecodeError::new(0, Problem::Expected("W, R or ERROR"))),
            (Kind::Finished, _) => Err(DecodeError::new(0, Problem::Expected("ACK_NOTIFY or ERROR"))),
            _ => Err(DecodeError::new(0, Problem::Expected("ACK_CHUNK or ERROR"))),
        }
    }

    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)> {
        let (_, rest) = rest.split_once(':')?;
        rest.split_once('}')
    }
}

/// Appends a batch of as many of these bets as one message of about `limit` bytes carries, and returns their number.
/// `head` stands before the first, and `put` appends a bet, with a comma before it or not.
#[inline]
fn put_all<T>(
    head: &[u8],
    bets: impl ExactSizeIterator<Item = T>,
    limit: usize,
    out: &mut Vec<u8>,
    put: impl Fn(T, bool, &mut Vec<u8>),
) -> Result<Written, SendError> {
    if bets.len() == 0 {
        return Err(SendError::NotInDialect);
    }
    let start = out.len();
    let mut taken = 0;
    out.put_slice(head);
    for bet in bets {
        let end = out.len();
        put(bet, taken > 0, out);
        if taken > 0 && out.len() - start >= limit {
            out.truncate(end);
            break;
        }
        taken += 1;
    }
    out.put_u8(b';');
    Ok(Written::with_bets(taken))
}

/// Decodes and validates a list of winners: `{PlayerDocID:…},{…}`.
fn winners(message: &mut [u8]) -> Result<Response, DecodeError> {
    let end = message.len() - 1;
    let mut rest = message.get(1..end).unwrap_or_default();
    let mut count = 0;
    let document = |input| -> IResult<_, &[u8]> {
        delimited(tag(&b"{PlayerDocID:"[..]), take_till(|byte| byte == b'}'), tag(&b"}"[..])).parse(input)
    };
    while !rest.is_empty() {
        let at = end - rest.len();
        match document(rest) {
            Ok((after, found)) if is_document(found) => rest = after,
            _ => return Err(DecodeError::new(at, Problem::Expected("{PlayerDocID:…} with 1 to 20 digits"))),
        }
        count += 1;
        match rest {
            [] => {}
            [b',', after @ ..] if !after.is_empty() => rest = after,
            _ => return Err(DecodeError::new(end - rest.len(), Problem::Expected("a comma, or the end"))),
        }
    }
    Ok(Response::Winners { documents: 1..end, count, last: true })
}

fn put_agency(kind: u8, agency: AgencyId, out: &mut Vec<u8>) {
    out.put_u8(kind);
    out.put_slice(AGENCY);
    put_number(agency.get(), out);
    out.put_slice(b"};");
}

/// Appends a rejection with that text.
fn put_rejection(text: &str, out: &mut Vec<u8>) {
    out.put_slice(REJECTED);
    out.put_slice(failure_text(text).as_bytes());
    out.put_u8(b';');
}
