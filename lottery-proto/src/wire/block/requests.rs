//! Requests of `block`: Bet, Batch, Finished, Winner (`docs/protocol.md#block`).

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::BufMut;

use super::header::{
    BATCH, BATCH_ACK, BET, BET_ACK, ERROR, FINISHED, HEADER_SIZE, HELLO, Padding, WELCOME, WINNER, add_block,
    header, packet, put_packet,
};
use super::{batch, encode};
use crate::bet::{AgencyId, Bet, Span, Spans};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::{Kind, PendingReply, Rejection, Request};

/// Rule for the agency in the header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Each packet names it.
    Always,
    /// A packet may have 0 in its place: the connection speaks for one agency.
    Optional,
}

/// Decodes and validates the request in a packet, and puts the places of its bets into `spans`.
pub(super) fn decode(message: &[u8], naming: Naming, spans: &mut Spans) -> Result<Request, Rejection> {
    let (header, payload) = packet(message).map_err(|error| Rejection { error, due: due(message) })?;
    let agency = match AgencyId::new(header.agency.into()) {
        None if naming == Naming::Always => Err(DecodeError::new(1, Problem::Expected("an agency from 1"))),
        agency => Ok(agency),
    };
    let rejected = |kind| move |error| Rejection::of(kind, header.agency.into(), error);
    let end = HEADER_SIZE + payload.len();
    match header.kind {
        BET => {
            let due = |error| {
                let owed = PendingReply::new(Kind::Bet, header.agency.into());
                Rejection { error, due: Some(PendingReply { echo: batch::echo_of(payload), ..owed }) }
            };
            let agency = agency.map_err(due)?;
            let bet = batch::decode_bet(payload, 1, HEADER_SIZE).map_err(due)?;
            spans.begin(1, payload.len());
            spans.push(Span::of(&bet, HEADER_SIZE, [1; 3]));
            let echo = batch::echo(&bet);
            Ok(Request { payload: 0..end, count: 1, echo, ..Request::new(Kind::Bet, agency) })
        }
        BATCH => {
            let agency = agency.map_err(rejected(Kind::Batch))?;
            let count = batch::validate(payload, header.agency, spans).map_err(rejected(Kind::Batch))?;
            Ok(Request { payload: HEADER_SIZE + 1..end, count, ..Request::new(Kind::Batch, agency) })
        }
        FINISHED => {
            let agency = agency.map_err(rejected(Kind::Finished))?;
            if !payload.is_empty() {
                let problem = Problem::SizeMismatch { size: end, needed: HEADER_SIZE };
                return Err(rejected(Kind::Finished)(DecodeError::new(2, problem)));
            }
            Ok(Request::new(Kind::Finished, agency))
        }
        WINNER => {
            let agency = agency?;
            if payload != b"1" {
                return Err(DecodeError::new(HEADER_SIZE, Problem::Expected("the payload \"1\"")).into());
            }
            Ok(Request::new(Kind::Winners, agency))
        }
        HELLO => Err(DecodeError::new(0, Problem::Expected("Hello to come first")).into()),
        BET_ACK | BATCH_ACK | WELCOME | ERROR => {
            Err(DecodeError::new(0, Problem::WrongDirection(header.kind)).into())
        }
        unknown => Err(DecodeError::new(0, Problem::UnknownType(unknown)).into()),
    }
}

/// Returns the reply that is due to a packet whose payload cannot be told from its padding.
fn due(message: &[u8]) -> Option<PendingReply> {
    let (_, header) = header(message).ok()?;
    let (kind, echo) = match header.kind {
        BET => (Kind::Bet, batch::echo_of(&[])),
        FINISHED => (Kind::Finished, Box::default()),
        _ => return None,
    };
    Some(PendingReply { kind, agency: header.agency.into(), echo })
}

/// Appends a Bet packet. `agency` is the header's byte, here and below.
pub(super) fn encode_bet(
    agency: u8,
    bet: &Bet<'_>,
    padding: Padding,
    out: &mut Vec<u8>,
) -> Result<(), SendError> {
    let start = out.len();
    let Some(size) = encode::put_packet(agency, bet, add_block(out)) else {
        out.truncate(start);
        return Err(SendError::TooLong);
    };
    if padding == Padding::None {
        out.truncate(start + size);
    }
    Ok(())
}

/// Appends a Finished packet.
pub(super) fn encode_finished(agency: u8, padding: Padding, out: &mut Vec<u8>) -> Result<(), SendError> {
    put_packet(FINISHED, agency, padding, out, |_| ()).ok_or(SendError::TooLong)
}

/// Appends a Winner packet, the query of that status.
pub(super) fn encode_winners_query(
    agency: u8,
    status: u8,
    padding: Padding,
    out: &mut Vec<u8>,
) -> Result<(), SendError> {
    put_packet(WINNER, agency, padding, out, |out| out.put_u8(status)).ok_or(SendError::TooLong)
}
