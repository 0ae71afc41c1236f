//! Dialect `line` (`docs/protocol.md#line`): a bet in a line, one for each connection.

use alloc::vec::Vec;
use bytes::BufMut;

use super::text::{self, failure_text, put_number};
use super::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, PendingReply, Reason, Rejection,
    Request, Response, ServerCodec, TooLarge, Written,
};
use crate::bet::{AgencyId, Bet, FieldError, Payload, Span, Spans};
use crate::dialect::{DialectProfile, Wire};
use crate::error::{DecodeError, Problem, SendError};

const STORED: &[u8] = b"success;Bet stored successfully.\n";
const REJECTED: &[u8] = b"error;";
/// Number of fields of a line: the agency, and those of a bet.
const FIELDS: usize = 6;
/// Maximum number of digits of an agency that are looked at to detect the dialect. Eight may be a length
/// (`docs/protocol.md#framed`).
const DIGITS: usize = 7;
/// Maximum length of a line that is looked at to detect the dialect, in bytes: more than the longest bet has, unless its
/// number has many leading zeros.
const LONGEST: usize = 1024;

/// Dialect `line`.
pub(crate) static LINE: Wire = Wire {
    name: "line",
    profile: DialectProfile::ONE_BET,
    max_agency: AgencyId::MAX,
    empty_list: 0,
    listed_document: 0,
    counterpart: None,
    server: &Line,
    client: &Line,
};

#[derive(Debug)]
struct Line;

impl ServerCodec for Line {
    /// One to seven digits and a semicolon, and at the line end six fields, the last of which is a number, if need be
    /// with a minus.
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        let digits = prefix.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        match prefix.get(digits) {
            None if digits <= DIGITS => return Detection::Undecided,
            Some(b';') if (1..=DIGITS).contains(&digits) => {}
            _ => return Detection::No,
        }
        let head = prefix.get(..LONGEST).unwrap_or(prefix);
        let Some(end) = memchr::memchr(b'\n', head) else {
            return if head.len() < LONGEST { Detection::Undecided } else { Detection::No };
        };
        let line = prefix.get(..end).unwrap_or_default();
        let number = line.rsplit(|byte| *byte == b';').next().unwrap_or_default();
        // A negative one is told that it is wrong.
        let number = number.strip_prefix(b"-").unwrap_or(number);
        let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
        let fields = memchr::memchr_iter(b';', line).count() + 1;
        if fields == FIELDS && is_number { Detection::Yes } else { Detection::No }
    }

    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b'\n', bytes))
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let line = message.strip_suffix(b"\n").unwrap_or(message);
        let rejected = |agency, error| Rejection::of(Kind::Bet, agency, error);
        let count = |found| rejected(0, DecodeError::in_bet(1, 0, Problem::FieldCount { found }));
        let [start, first, last, document, birthdate] = text::separators(b';', line).map_err(count)?;
        let agency = text::agency(line.get(..start).unwrap_or_default(), 0);
        let agency = agency.map_err(|error| rejected(0, error))?;
        let payload = Payload::new(line);
        let fields = [
            start + 1..first,
            first + 1..last,
            last + 1..document,
            document + 1..birthdate,
            birthdate + 1..line.len(),
        ];
        let bet = payload.bet(fields).map_err(|error| {
            rejected(agency.get(), DecodeError::in_bet(1, start + 1, Problem::Field(error)))
        })?;
        spans.begin(1, line.len());
        spans.push(Span::of(&bet, start + 1, [1; 3]));
        Ok(Request::with_bets(Kind::Bet, agency, 0..line.len(), 1))
    }

    fn goes_on_after(&self, _: &DecodeError) -> bool {
        true
    }

    fn answer(
        &self,
        _: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        match answer {
            Answer::Stored { .. } => out.put_slice(STORED),
            Answer::Rejected { failure, .. } => {
                out.put_slice(REJECTED);
                out.put_slice(failure_text(failure.text).as_bytes());
                out.put_u8(b'\n');
            }
            Answer::Pending
            | Answer::List(_)
            | Answer::Welcome { .. }
            | Answer::Echo(_)
            | Answer::Failed(_) => {}
        }
        Ok(AfterReply::Close)
    }
}

impl ClientCodec for Line {
    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b'\n', bytes))
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        text::check_separators(bet, b";")
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        _: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        let bet = bets.first().ok_or(SendError::NotInDialect)?;
        put_number(agency.get(), out);
        for field in [bet.first_name, bet.last_name, bet.document, bet.birthdate] {
            out.put_u8(b';');
            out.put_slice(field.as_bytes());
        }
        out.put_u8(b';');
        put_number(bet.number, out);
        out.put_u8(b'\n');
        Ok(Written::with_bets(1))
    }

    fn response(&self, _: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        text::utf8(message, 0)?;
        let end = message.trim_ascii_end().len();
        match &*message {
            _ if message.starts_with(b"success;") => Ok(Response::Stored { total: None }),
            _ if message.starts_with(REJECTED) => {
                let reason = Reason::in_words(message, REJECTED.len()..end.max(REJECTED.len()));
                Ok(Response::Rejected { total: None, reason })
            }
            _ => Err(DecodeError::new(0, Problem::Expected("\"success;…\" or \"error;…\""))),
        }
    }
}
