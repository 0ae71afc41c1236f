//! Dialect `short` (`docs/protocol.md#short`): a bet in a block of 128 bytes, one for each connection.

use alloc::vec::Vec;
use bytes::BufMut;

use super::text;
use super::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, PendingReply, Reason, Rejection,
    Request, Response, ServerCodec, TooLarge, Written,
};
use crate::bet::{AgencyId, Bet, Field, FieldError, FieldProblem, Payload, Span, Spans};
use crate::dialect::{DialectProfile, RejectionSign, Wire};
use crate::error::{DecodeError, Problem, SendError};

/// Size of a block, in bytes.
const BLOCK: usize = 128;
/// Size of the header, in bytes: type, agency, and size of header and payload.
const HEADER: usize = 3;
const BET: u8 = 1;
const BET_ACK: u8 = 2;
const MAX_AGENCY: u32 = u8::MAX as u32;

/// Dialect `short`.
pub(crate) static SHORT: Wire = Wire {
    name: "short",
    profile: DialectProfile { rejection: RejectionSign::End, ..DialectProfile::ONE_BET },
    max_agency: MAX_AGENCY,
    empty_list: 0,
    listed_document: 0,
    counterpart: None,
    server: &Short,
    client: &Short,
};

#[derive(Debug)]
struct Short;

impl ServerCodec for Short {
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        detect(prefix)
    }

    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(frame(bytes))
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let (agency, payload) = packet(message, BET)?;
        let rejected = |error| Rejection::of(Kind::Bet, agency.into(), error);
        let Some(agency_id) = AgencyId::new(agency.into()) else {
            return Err(rejected(DecodeError::new(1, Problem::Expected("an agency from 1"))));
        };
        let count =
            |found| rejected(DecodeError::in_bet(1, HEADER, Problem::FieldCount { found: found + 1 }));
        let [a, b, c, d] = text::separators(b'|', payload).map_err(count)?;
        let fields = [0..a, a + 1..b, b + 1..c, c + 1..d, d + 1..payload.len()];
        let bet = Payload::new(payload).bet(fields);
        let bet = bet.map_err(|error| rejected(DecodeError::in_bet(1, HEADER, Problem::Field(error))))?;
        spans.begin(1, payload.len());
        spans.push(Span::of(&bet, 0, [1; 3]));
        let echo = [payload.get(b + 1..c), payload.get(d + 1..)].map(Option::unwrap_or_default).join(&b'|');
        let range = HEADER..HEADER + payload.len();
        Ok(Request { echo: echo.into(), ..Request::with_bets(Kind::Bet, agency_id, range, 1) })
    }

    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        // A client takes every status for success, so a rejection is an end without a reply.
        if matches!(answer, Answer::Stored { .. }) {
            let agency = u8::try_from(owed.agency).unwrap_or_default();
            put_block(BET_ACK, agency, out, |out| {
                out.put_slice(&owed.echo);
                out.put_slice(b"|1");
            })
            .ok_or(TooLarge)?;
        }
        Ok(AfterReply::Close)
    }
}

impl ClientCodec for Short {
    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(frame(bytes))
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        text::check_separators(bet, b"|")?;
        let number = itoa::Buffer::new().format(bet.number).len();
        let others = bet.first_name.len() + bet.document.len() + bet.birthdate.len() + number + "||||".len();
        let room = (BLOCK - HEADER).saturating_sub(others);
        if bet.last_name.len() > room {
            return Err(FieldError { field: Field::LastName, problem: FieldProblem::TooLong(room) });
        }
        Ok(())
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        _: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        let bet = bets.first().ok_or(SendError::NotInDialect)?;
        let error = SendError::Agency { agency: agency.get(), max: MAX_AGENCY };
        let agency = u8::try_from(agency.get()).map_err(|_| error)?;
        let mut number = itoa::Buffer::new();
        let number = number.format(bet.number);
        put_block(BET, agency, out, |out| {
            for field in [bet.first_name, bet.last_name, bet.document, bet.birthdate] {
                out.put_slice(field.as_bytes());
                out.put_u8(b'|');
            }
            out.put_slice(number.as_bytes());
        })
        .ok_or(SendError::TooLong)?;
        Ok(Written::with_bets(1).repeating([bet.document.as_bytes(), number.as_bytes()].join(&b'|')))
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        let (agency, payload) = packet(message, BET_ACK)?;
        let (found, expected) = (agency.into(), asked.agency);
        if found != expected {
            return Err(DecodeError::new(1, Problem::AgencyMismatch { found, expected }));
        }
        match payload.strip_prefix(&*asked.echo) {
            Some(b"|1") => Ok(Response::Stored { total: None }),
            Some(b"|0") => Ok(Response::Rejected { total: None, reason: Reason::default() }),
            _ => Err(DecodeError::new(HEADER, Problem::Expected("the bet's document, number and status"))),
        }
    }
}

/// Returns the size of the block at the start of `bytes`, once all of it has come.
fn frame(bytes: &[u8]) -> Option<usize> {
    (bytes.len() >= BLOCK).then_some(BLOCK)
}

/// Splits the packet at the start of a block, which is of that type, into its agency and its payload.
fn packet(block: &[u8], expected: u8) -> Result<(u8, &[u8]), DecodeError> {
    let Some((&[found, agency, size], rest)) = block.split_first_chunk() else {
        return Err(DecodeError::new(0, Problem::Expected("a header of 3 bytes")));
    };
    if found != expected {
        return Err(DecodeError::new(0, Problem::TypeMismatch { found, expected }));
    }
    let size = usize::from(size);
    let payload = size.checked_sub(HEADER).and_then(|len| rest.get(..len));
    let payload = payload.ok_or(DecodeError::new(2, Problem::Size { size, min: HEADER, max: BLOCK }))?;
    Ok((agency, payload))
}

/// Appends a block that holds a packet of that type with the payload that `payload` writes. Returns `None`, with
/// nothing appended, if it does not fit.
fn put_block(kind: u8, agency: u8, out: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
    let start = out.len();
    out.put_slice(&[kind, agency, 0]);
    payload(out);
    let size = out.len() - start;
    if size > BLOCK {
        out.truncate(start);
        return None;
    }
    if let Some(place) = out.get_mut(start + 2) {
        *place = u8::try_from(size).unwrap_or_default();
    }
    out.resize(start + BLOCK, 0);
    Some(())
}

/// Decides between a bet in a block of 128 bytes and one in `block`. The fourth byte is the first one of a name here, and
/// there the high half of a size of at most 8192.
pub(super) fn detect(prefix: &[u8]) -> Detection {
    match prefix {
        [] | [BET] | [BET, _] | [BET, _, _] => Detection::Undecided,
        [BET, _, low, high, ..] if *high > b' ' || (*high == b' ' && *low != 0) => Detection::Yes,
        _ => Detection::No,
    }
}
