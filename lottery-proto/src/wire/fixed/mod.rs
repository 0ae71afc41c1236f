//! Dialect `fixed` (`docs/protocol.md#fixed`): columns of characters, without separators.
//!
//! Widths count characters, not bytes.

mod bets;

use alloc::string::String;
use alloc::vec::Vec;
use bytes::BufMut;

use bets::{BET, DOCUMENT, NAME, NUMBER};

use crate::bet::{AgencyId, Bet, BetLine, BetSlice, FieldError, Spans};
use crate::dialect::{DialectProfile, WinnersFlow, Wire};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::text::{self, is_document, put_padded, without_zeros};
use crate::wire::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, ListSize, Part, PendingReply,
    Reason, Rejection, Request, Response, ServerCodec, TooLarge, Written,
};

/// Width of an agency, a count or a length, in digits.
const DIGITS: usize = 5;
/// Greatest number of that width.
const MOST: usize = 99_999;
/// Width of the first character of a message and the number behind it.
const HEAD: usize = 1 + DIGITS;
/// Dialect `fixed`.
pub(crate) static FIXED: Wire = wire(&Fixed { finished: b"O" });
/// The same dialect with a server that answers Finished by two characters.
pub(crate) static FIXED_OK: Wire = wire(&Fixed { finished: b"OK" });

const fn wire(fixed: &'static Fixed) -> Wire {
    Wire {
        name: "fixed",
        profile: DialectProfile {
            batch_bets: 99,
            answers_bets: false,
            winners_flow: WinnersFlow::NewConnection,
            ..DialectProfile::DEFAULT
        },
        max_agency: AgencyId::MAX,
        empty_list: HEAD,
        listed_document: DOCUMENT,
        counterpart: None,
        server: fixed,
        client: fixed,
    }
}

#[derive(Debug)]
struct Fixed {
    /// Acknowledgement of Finished.
    finished: &'static [u8],
}

impl ServerCodec for Fixed {
    /// A batch begins with two numbers. `F` and `C` are complete after one, so nothing behind it is waited for.
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        match prefix.split_first() {
            None => Detection::Undecided,
            Some((b'A', rest)) => Detection::of_digits(rest, 2 * DIGITS),
            Some((b'F' | b'C', rest)) => Detection::of_digits(rest, DIGITS),
            Some(_) => Detection::No,
        }
    }

    fn frame(
        &self,
        cursor: &mut FrameCursor,
        bytes: &[u8],
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError> {
        let (numbers, width) = match bytes.first() {
            None => return Ok(None),
            Some(b'A') => (2, BET),
            Some(b'F' | b'C') => (1, 0),
            Some(_) => return Err(DecodeError::new(0, Problem::Expected("A, F or C"))),
        };
        frame(cursor, bytes, limits, numbers, width)
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let kind = match message.first() {
            Some(b'A') => Kind::Batch,
            Some(b'F') => Kind::Finished,
            _ => Kind::Winners,
        };
        let agency = text::agency(message.get(1..HEAD).unwrap_or_default(), 1);
        let agency = agency.map_err(|error| Rejection::of(kind, 0, error))?;
        if kind != Kind::Batch {
            return Ok(Request::new(kind, Some(agency)));
        }
        let start = HEAD + DIGITS;
        let rejected = |error| Rejection::of(kind, agency.get(), error);
        let body = text::utf8(message.get(start..).unwrap_or_default(), start).map_err(rejected)?;
        spans.begin(body.len() / BET + 1, body.len());
        let mut rest = body;
        let mut count = 0;
        while !rest.is_empty() {
            let at = body.len() - rest.len();
            let wrong = |problem| rejected(DecodeError::in_bet(count + 1, start + at, problem));
            let (after, span) = bets::next_bet(rest, at).map_err(wrong)?;
            spans.push(span);
            (rest, count) = (after, count + 1);
        }
        Ok(Request::with_bets(kind, agency, start..message.len(), count))
    }

    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        match answer {
            Answer::Stored { .. } if owed.kind != Kind::Finished => return Ok(AfterReply::Continue),
            Answer::Stored { .. } => out.put_slice(self.finished),
            Answer::Pending => out.put_u8(b'N'),
            Answer::Rejected { failure, .. } => {
                let text: String = failure.text.chars().take(MOST).collect();
                out.put_u8(b'E');
                put_padded(text.chars().count(), DIGITS, out);
                out.put_slice(text.as_bytes());
            }
            Answer::List(_) | Answer::Welcome { .. } | Answer::Echo(_) | Answer::Failed(_) => {}
        }
        Ok(AfterReply::Close)
    }

    fn carries(&self, _: &PendingReply, list: &ListSize) -> Result<(), TooLarge> {
        if list.documents <= MOST as u64 && list.longest <= DOCUMENT { Ok(()) } else { Err(TooLarge) }
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
            put_padded(usize::try_from(part.size.documents).unwrap_or(MOST), DIGITS, out);
        }
        documents.for_each(|document| bets::put_document(document, out));
        AfterReply::Close
    }
}

impl ClientCodec for Fixed {
    fn frame(
        &self,
        cursor: &mut FrameCursor,
        bytes: &[u8],
        limits: Limits,
    ) -> Result<Option<usize>, DecodeError> {
        let (numbers, width) = match bytes.first() {
            None => return Ok(None),
            Some(b'O') if bytes.get(1) == Some(&b'K') => return Ok(Some(2)),
            Some(b'O' | b'N' | b'K') => (0, 0),
            Some(b'R') => (1, DOCUMENT),
            Some(b'E') => (1, 1),
            Some(_) => return Err(DecodeError::new(0, Problem::Expected("O, N, R or E"))),
        };
        frame(cursor, bytes, limits, numbers, width)
    }

    /// `K` is the rest of `OK`, which means the same as `O`.
    fn is_filler(&self, message: &[u8]) -> bool {
        message == b"K"
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        text::check_columns(bet, [NAME, DOCUMENT, NUMBER])
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        let mut room = limit.saturating_sub(HEAD + DIGITS);
        let fits = |bet: &&Bet<'_>| {
            let left = room.checked_sub(bets::size(bet));
            room = left.unwrap_or_default();
            left.is_some()
        };
        let most = bets.iter().take(MOST).take_while(fits).count().max(1);
        let bets = bets.get(..most).unwrap_or(bets);
        put_head(b'A', agency, out);
        put_padded(bets.len(), DIGITS, out);
        for bet in bets {
            bets::put_bet(bet, out);
        }
        Ok(Written::with_bets(bets.len()))
    }

    fn first_unsendable(&self, bets: BetSlice<'_>) -> Option<(usize, FieldError)> {
        let error = |line: BetLine<'_>| {
            if bets::is_narrow(&line) { None } else { self.check_sendable(&line.bet()).err() }
        };
        bets.lines().enumerate().find_map(|(index, line)| error(line).map(|error| (index, error)))
    }

    fn put_batch_of(
        &self,
        agency: AgencyId,
        bets: BetSlice<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        put_head(b'A', agency, out);
        let count = out.len();
        put_padded(0, DIGITS, out);
        let taken = bets::put_lines(bets.first(MOST), limit.saturating_sub(HEAD + DIGITS), out);
        text::set_padded(taken, out.get_mut(count..count + DIGITS).unwrap_or_default());
        Ok(Written::with_bets(taken))
    }

    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        put_head(b'F', agency, out);
        Ok(())
    }

    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        put_head(b'C', agency, out);
        Ok(())
    }

    fn answered_by(&self, kind: Kind) -> Option<Kind> {
        (kind != Kind::Batch && kind != Kind::Bet).then_some(kind)
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        match (message.first(), asked.kind) {
            (Some(b'O'), Kind::Finished) => Ok(Response::Stored { total: None }),
            (Some(b'N'), Kind::Winners) => Ok(Response::Pending),
            (Some(b'R'), Kind::Winners) => {
                let documents = message.get(HEAD..).unwrap_or_default();
                let wrong = documents.chunks(DOCUMENT).position(|document| !is_document(document));
                if let Some(wrong) = wrong {
                    let problem = Problem::Expected("a document of 8 digits");
                    return Err(DecodeError::new(HEAD + wrong * DOCUMENT, problem));
                }
                Ok(Response::Winners {
                    documents: HEAD..message.len(),
                    count: documents.len() / DOCUMENT,
                    last: true,
                })
            }
            (Some(b'E'), _) => {
                text::utf8(message, 0)?;
                Ok(Response::Rejected { total: None, reason: Reason::in_words(message, HEAD..message.len()) })
            }
            (_, Kind::Finished) => Err(DecodeError::new(0, Problem::Expected("O or E"))),
            _ => Err(DecodeError::new(0, Problem::Expected("N, R or E"))),
        }
    }

    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)> {
        let (document, rest) = rest.split_at_checked(DOCUMENT)?;
        Some((without_zeros(document), rest))
    }
}

/// Returns the length of the message at the start of `bytes`, once all of it has come. It has that many numbers behind
/// its first character, the last of which counts columns of `width` characters.
fn frame(
    cursor: &mut FrameCursor,
    bytes: &[u8],
    limits: Limits,
    numbers: usize,
    width: usize,
) -> Result<Option<usize>, DecodeError> {
    let head = 1 + numbers * DIGITS;
    if let Some(at) = bytes.iter().take(head).skip(1).position(|byte| !byte.is_ascii_digit()) {
        return Err(DecodeError::new(1 + at, Problem::Expected("a digit")));
    }
    let Some((head_bytes, body)) = bytes.split_at_checked(head) else { return Ok(None) };
    let count = if width == 0 { None } else { head_bytes.last_chunk::<DIGITS>() };
    let count = count.and_then(|digits| text::number(digits)).unwrap_or_default();
    let size = head + count * width;
    if size > limits.message {
        return Err(DecodeError::new(head - DIGITS, Problem::TooLong { size, max: limits.message }));
    }
    let found = cursor.skip_chars(body, count * width);
    let len = found.map_err(|at| DecodeError::new(head + at, Problem::Expected("UTF-8")))?;
    Ok(len.map(|len| head + len))
}

fn put_head(kind: u8, agency: AgencyId, out: &mut Vec<u8>) {
    out.put_u8(kind);
    put_padded(agency.get() as usize, DIGITS, out);
}
