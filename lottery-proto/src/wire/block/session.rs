//! Sessions (`docs/protocol.md#sessions`): the packets of `block` without padding, on a connection that the client opens
//! with Hello. Each batch is acknowledged by itself, a winners query waits for the draw, and a failure says its code.
//! Hello and Error alone are padded: a peer of any version, and of `block`, can read them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use bytes::BufMut;
use core::array;

use super::header::{
    BATCH_ACK, BLOCK_SIZE, ERROR, HEADER_SIZE, HELLO, Header, Padding, WELCOME, WINNER, frame_packet,
    header_byte, packet, put_block, put_packet,
};
use super::requests::{self, Naming};
use super::{Block, answers, batch, documents, encode};
use crate::bet::{AgencyId, Bet, BetSlice, FieldError, Spans};
use crate::dialect::{Dialect, DialectProfile, Wire};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::{
    AfterReply, Answer, ClientCodec, Detection, Failure, FrameCursor, Kind, Limits, ListSize, Part,
    PendingReply, Reason, Rejection, Request, Response, ServerCodec, TooLarge, Window, Written,
};

/// Version of sessions that is spoken here.
const VERSION: &str = "3";

/// Dialect `session`.
pub(crate) static SESSION: Wire = Wire {
    name: "session",
    profile: DialectProfile { has_sessions: true, ..DialectProfile::DEFAULT },
    max_agency: AgencyId::MAX,
    empty_list: HEADER_SIZE + 1,
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
        frame_packet(bytes, HELLO)
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let (header, payload) = packet(message)?;
        match (header.kind, payload) {
            (HELLO, _) => Ok(hello(header, payload)?),
            (WINNER, b"2") => Ok(Request::new(Kind::AwaitWinners, AgencyId::new(header.agency.into()))),
            _ => requests::decode(message, Naming::Optional, spans),
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
        let mut put = |kind, payload: &[u8]| {
            put_packet(kind, header_byte(owed.agency), Padding::None, out, |out| out.put_slice(payload))
                .map(|()| AfterReply::Continue)
                .ok_or(TooLarge)
        };
        match (owed.kind, answer) {
            (Kind::Hello, Answer::Welcome { stored, finished, window, digest }) => {
                let (finished, Window { batches, bytes }) = (u8::from(*finished), *window);
                let text = format!("{VERSION}|{stored}|{finished}|{batches}|{bytes}|{digest:08x}");
                put(WELCOME, text.as_bytes())
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
            _ => answers::encode(owed, answer, Padding::None, out),
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
        documents::put_in_packets(owed, part.last, documents, out);
        AfterReply::Continue
    }

    fn fail(
        &self,
        owed: &PendingReply,
        failure: Failure<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        let text = format!("{}|{}", failure.code, failure.text);
        put_block(ERROR, header_byte(owed.agency), out, |out| out.put_slice(cut(&text))).ok_or(TooLarge)?;
        Ok(AfterReply::Close)
    }
}

impl ClientCodec for Session {
    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        frame_packet(bytes, ERROR)
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        Block.check_sendable(bet)
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        _: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        Ok(Written::with_bets(encode::encode(header_byte(agency.get()), bets, Padding::None, out)))
    }

    fn first_unsendable(&self, bets: BetSlice<'_>) -> Option<(usize, FieldError)> {
        Block.first_unsendable(bets)
    }

    fn put_batch_of(
        &self,
        agency: AgencyId,
        bets: BetSlice<'_>,
        _: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        Ok(Written::with_bets(encode::encode_lines(header_byte(agency.get()), bets, Padding::None, out)))
    }

    fn put_bet(&self, agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<Written, SendError> {
        requests::encode_bet(header_byte(agency.get()), bet, Padding::None, out)?;
        Ok(Written::with_bets(1).repeating(batch::echo(bet)))
    }

    fn put_hello(&self, agency: AgencyId, total: Option<u64>, out: &mut Vec<u8>) -> Result<(), SendError> {
        let total = total.map_or_else(String::new, |total| total.to_string());
        let text = format!("{VERSION}|{agency}|{total}");
        put_block(HELLO, header_byte(agency.get()), out, |out| out.put_slice(text.as_bytes()))
            .ok_or(SendError::TooLong)
    }

    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        requests::encode_finished(header_byte(agency.get()), Padding::None, out)
    }

    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        requests::encode_winners_query(header_byte(agency.get()), b'2', Padding::None, out)
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

/// Decodes a Hello: `3|agency|total`. One of another version may have any form behind the version.
fn hello(header: Header, payload: &[u8]) -> Result<Request, DecodeError> {
    let error = |problem| DecodeError::new(HEADER_SIZE, problem);
    let text = core::str::from_utf8(payload).unwrap_or_default();
    let mut parts = text.split('|');
    if parts.next() != Some(VERSION) {
        return Err(error(Problem::UnsupportedVersion));
    }
    let (Some(agency), Some(total), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(error(Problem::Expected("3|agency|total")));
    };
    let agency = number(agency).and_then(|agency| AgencyId::new(agency.try_into().ok()?));
    let agency = agency.ok_or(error(Problem::Expected("an agency from 1 to 99999")))?;
    header.check_agency(agency.get())?;
    let total = match total {
        "" => None,
        total => Some(number(total).ok_or(error(Problem::Expected("a number of bets, or nothing")))?),
    };
    Ok(Request { total, ..Request::new(Kind::Hello, Some(agency)) })
}

/// Decodes a Welcome: `3|stored|finished|window|bytes|digest`.
fn welcome(payload: &[u8]) -> Result<Response, DecodeError> {
    let wrong = DecodeError::new(HEADER_SIZE, Problem::Expected("3|stored|finished|window|bytes|digest"));
    let text = core::str::from_utf8(payload).map_err(|_| wrong)?;
    let mut parts = text.split('|');
    let mut next = || parts.next().unwrap_or_default();
    let [version, stored, finished, batches, bytes, digest] = array::from_fn(|_| next());
    let is_digest = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_valid = version == VERSION
        && matches!(finished, "0" | "1")
        && digest.len() == 8
        && digest.bytes().all(is_digest)
        && parts.next().is_none();
    if !is_valid {
        return Err(wrong);
    }
    let limit = |text| number(text)?.try_into().ok().filter(|limit: &u32| *limit > 0);
    Ok(Response::Welcome {
        stored: number(stored).ok_or(wrong)?,
        finished: finished == "1",
        window: limit(batches)
            .zip(limit(bytes))
            .map(|(batches, bytes)| Window { batches, bytes })
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

/// Parses a number in decimal digits.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
