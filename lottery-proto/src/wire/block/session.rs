//! Sessions (`docs/protocol.md#sessions`): the packets of `block`, on a connection that the client opens with Hello.
//! Each batch is acknowledged by itself, a winners query waits for the draw, and a failure says its code.

use alloc::format;
use alloc::vec::Vec;
use bytes::BufMut;

use super::header::{
    BATCH_ACK, BLOCK_SIZE, ERROR, HEADER_SIZE, HELLO, WELCOME, WINNER, agency_byte, frame, packet, put_block,
};
use super::{Block, MAX_AGENCY, answers, documents, requests};
use crate::bet::{AgencyId, Bet, BetSlice, FieldError, Spans};
use crate::dialect::{Dialect, DialectProfile, Wire};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::{
    AfterReply, Answer, ClientCodec, Detection, Failure, FrameCursor, Kind, Limits, ListSize, Part,
    PendingReply, Reason, Rejection, Request, Response, ServerCodec, TooLarge, Written,
};

/// Version of sessions that is spoken here.
const VERSION: &[u8] = b"2";

/// Dialect `session`.
pub(crate) static SESSION: Wire = Wire {
    name: "session",
    profile: DialectProfile { has_sessions: true, ..DialectProfile::DEFAULT },
    max_agency: MAX_AGENCY,
    empty_list: BLOCK_SIZE,
    listed_document: 0,
    counterpart: Some(|| Dialect::BLOCK),
    server: &Session,
    client: &Session,
};

#[derive(Debug)]
struct Session;

impl ServerCodec for Session {
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        Detection::of_prefix(prefix, &[HELLO])
    }

    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(frame(bytes))
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let (header, payload) = packet(message)?;
        let agency = AgencyId::new(header.agency.into());
        match (header.kind, payload) {
            (HELLO | WINNER, _) if agency.is_none() => {
                Err(DecodeError::new(1, Problem::Expected("an agency from 1")).into())
            }
            (HELLO, VERSION) => Ok(Request::new(Kind::Hello, agency)),
            (HELLO, _) => Err(DecodeError::new(HEADER_SIZE, Problem::UnsupportedVersion).into()),
            (WINNER, b"2") => Ok(Request::new(Kind::AwaitWinners, agency)),
            _ => requests::decode(message, spans),
        }
    }

    fn goes_on_after(&self, error: &DecodeError) -> bool {
        Block.goes_on_after(error)
    }

    fn stops_at_a_rejection(&self) -> bool {
        true
    }

    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        let agency = u8::try_from(owed.agency).unwrap_or_default();
        let mut put = |kind, payload: &[u8]| {
            put_block(kind, agency, out, |out| out.put_slice(payload))
                .map(|()| AfterReply::Continue)
                .ok_or(TooLarge)
        };
        match (owed.kind, answer) {
            (Kind::Hello, Answer::Welcome { stored, finished, window, digest }) => {
                let finished = u8::from(*finished);
                put(WELCOME, format!("2|{stored}|{finished}|{window}|{digest:08x}").as_bytes())
            }
            (Kind::Batch | Kind::Finished, Answer::Stored { total }) => {
                put(BATCH_ACK, format!("1|{total}").as_bytes())
            }
            (Kind::Batch | Kind::Finished, Answer::Rejected { failure, total }) => {
                put(BATCH_ACK, cut(&format!("0|{total}|{}: {}", failure.code, failure.text)))
            }
            (Kind::Hello | Kind::AwaitWinners, Answer::Rejected { failure, .. }) => {
                self.fail(owed, *failure, out)
            }
            _ => answers::encode(owed, answer, out),
        }
    }

    fn carries(&self, _: &PendingReply, list: &ListSize) -> Result<(), TooLarge> {
        if list.longest < BLOCK_SIZE - HEADER_SIZE { Ok(()) } else { Err(TooLarge) }
    }

    fn put_winners(
        &self,
        owed: &PendingReply,
        part: Part,
        documents: &mut dyn Iterator<Item = &str>,
        out: &mut Vec<u8>,
    ) -> AfterReply {
        documents::put_in_blocks(owed, part.last, documents, out);
        AfterReply::Continue
    }

    fn fail(
        &self,
        owed: &PendingReply,
        failure: Failure<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        let agency = u8::try_from(owed.agency).unwrap_or_default();
        let text = format!("{}|{}", failure.code, failure.text);
        put_block(ERROR, agency, out, |out| out.put_slice(cut(&text))).ok_or(TooLarge)?;
        Ok(AfterReply::Close)
    }
}

impl ClientCodec for Session {
    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(frame(bytes))
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        Block.check_sendable(bet)
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        Block.put_batch(agency, bets, limit, out)
    }

    fn first_unsendable(&self, bets: BetSlice<'_>) -> Option<(usize, FieldError)> {
        Block.first_unsendable(bets)
    }

    fn put_batch_of(
        &self,
        agency: AgencyId,
        bets: BetSlice<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        Block.put_batch_of(agency, bets, limit, out)
    }

    fn put_bet(&self, agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<Written, SendError> {
        Block.put_bet(agency, bet, out)
    }

    fn put_hello(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        put_block(HELLO, agency_byte(agency)?, out, |out| out.put_slice(VERSION)).ok_or(SendError::TooLong)
    }

    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        Block.put_finished(agency, out)
    }

    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        put_block(WINNER, agency_byte(agency)?, out, |out| out.put_u8(b'2')).ok_or(SendError::TooLong)
    }

    fn answered_by(&self, kind: Kind) -> Option<Kind> {
        Some(if kind == Kind::Winners { Kind::AwaitWinners } else { kind })
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        let (header, payload) = packet(message)?;
        header.check_agency(asked.agency)?;
        match (header.kind, asked.kind) {
            (WELCOME, Kind::Hello) => welcome(payload),
            (BATCH_ACK, Kind::Batch | Kind::Finished) => batch_ack(message, payload),
            (WINNER, Kind::AwaitWinners) => winners(payload),
            (found, Kind::Hello | Kind::Batch | Kind::Finished | Kind::AwaitWinners) => {
                let expected = match asked.kind {
                    Kind::Hello => WELCOME,
                    Kind::AwaitWinners => WINNER,
                    _ => BATCH_ACK,
                };
                Err(DecodeError::new(0, Problem::TypeMismatch { found, expected }))
            }
            _ => answers::decode(asked, message),
        }
    }

    fn failure(&self, message: &[u8]) -> Option<Reason> {
        let (_, payload) = packet(message).ok().filter(|(header, _)| header.kind == ERROR)?;
        Some(Reason::with_code(message, HEADER_SIZE..HEADER_SIZE + payload.len(), "|"))
    }

    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)> {
        Block.next_document(rest)
    }
}

/// Cuts a text, between two characters, to the length that a packet carries.
fn cut(text: &str) -> &[u8] {
    let most = text.len().min(BLOCK_SIZE - HEADER_SIZE);
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().as_bytes()
}

/// Decodes a Welcome: `2|stored|finished|window|digest`.
fn welcome(payload: &[u8]) -> Result<Response, DecodeError> {
    let wrong = DecodeError::new(HEADER_SIZE, Problem::Expected("2|stored|finished|window|digest"));
    let text = core::str::from_utf8(payload).map_err(|_| wrong)?;
    let mut parts = text.split('|');
    let (Some("2"), Some(stored), Some(finished @ ("0" | "1")), Some(window), Some(digest), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong);
    };
    let is_digest = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digest.len() != 8 || !digest.bytes().all(is_digest) {
        return Err(wrong);
    }
    Ok(Response::Welcome {
        stored: number(stored).ok_or(wrong)?,
        finished: finished == "1",
        window: number(window)
            .and_then(|window| u32::try_from(window).ok())
            .filter(|window| *window > 0)
            .ok_or(wrong)?,
        digest: u32::from_str_radix(digest, 16).map_err(|_| wrong)?,
    })
}

/// Decodes a `BatchAck`: `1|stored`, or `0|stored|reason`.
fn batch_ack(message: &[u8], payload: &[u8]) -> Result<Response, DecodeError> {
    let wrong = DecodeError::new(HEADER_SIZE, Problem::Expected("1|stored, or 0|stored|reason"));
    let text = core::str::from_utf8(payload).map_err(|_| wrong)?;
    let mut parts = text.splitn(3, '|');
    match (parts.next(), parts.next().and_then(number), parts.next()) {
        (Some("1"), Some(total), None) => Ok(Response::Stored { total: Some(total) }),
        (Some("0"), Some(total), Some(reason)) => {
            let end = HEADER_SIZE + payload.len();
            let reason = Reason::with_code(message, end - reason.len()..end, ": ");
            Ok(Response::Rejected { total: Some(total), reason })
        }
        _ => Err(wrong),
    }
}

/// Decodes a Winner: `1` and documents, the last ones, or `2` and documents.
fn winners(payload: &[u8]) -> Result<Response, DecodeError> {
    match payload.split_first() {
        Some((b'1', all)) => documents::read(all, true),
        Some((b'2', some)) => documents::read(some, false),
        _ => Err(DecodeError::new(HEADER_SIZE, Problem::Expected("1 or 2, and documents"))),
    }
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
