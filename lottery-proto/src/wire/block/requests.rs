//! Requests of `block`: Bet, Batch, Finished, Winner (`docs/protocol.md#block`).

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::BufMut;

use super::header::{
    BATCH, BATCH_ACK, BET, BET_ACK, ERROR, FINISHED, HEADER_SIZE, HELLO, WELCOME, WINNER, add_block,
    agency_byte, header, packet, put_block,
};
use super::{batch, encode};
use crate::bet::{AgencyId, Bet, Span, Spans};
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::{Kind, PendingReply, Rejection, Request};

/// Decodes and validates the request in a block, and puts the places of its bets into `spans`.
pub(super) fn decode(block: &[u8], spans: &mut Spans) -> Result<Request, Rejection> {
    let (header, payload) = packet(block).map_err(|error| Rejection { error, due: due(block) })?;
    let agency =
        AgencyId::new(header.agency.into()).ok_or(DecodeError::new(1, Problem::Expected("an agency from 1")));
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
            Ok(Request { echo, ..Request::with_bets(Kind::Bet, agency, 0..end, 1) })
        }
        BATCH => {
            let agency = agency.map_err(rejected(Kind::Batch))?;
            let count = batch::validate(payload, header.agency, spans).map_err(rejected(Kind::Batch))?;
            Ok(Request::with_bets(Kind::Batch, agency, HEADER_SIZE + 1..end, count))
        }
        FINISHED => {
            let agency = agency.map_err(rejected(Kind::Finished))?;
            if !payload.is_empty() {
                let problem = Problem::SizeMismatch { size: end, needed: HEADER_SIZE };
                return Err(rejected(Kind::Finished)(DecodeError::new(2, problem)));
            }
            Ok(Request::new(Kind::Finished, Some(agency)))
        }
        WINNER => {
            let agency = agency?;
            if payload != b"1" {
                return Err(DecodeError::new(HEADER_SIZE, Problem::Expected("the payload \"1\"")).into());
            }
            Ok(Request::new(Kind::Winners, Some(agency)))
        }
        HELLO => Err(DecodeError::new(0, Problem::Expected("Hello to come first")).into()),
        BET_ACK | BATCH_ACK | WELCOME | ERROR => {
            Err(DecodeError::new(0, Problem::WrongDirection(header.kind)).into())
        }
        unknown => Err(DecodeError::new(0, Problem::UnknownType(unknown)).into()),
    }
}

/// Returns the reply that is due to a packet whose payload cannot be told from its padding.
fn due(block: &[u8]) -> Option<PendingReply> {
    let (_, header) = header(block).ok()?;
    let (kind, echo) = match header.kind {
        BET => (Kind::Bet, batch::echo_of(&[])),
        FINISHED => (Kind::Finished, Box::default()),
        _ => return None,
    };
    Some(PendingReply { kind, agency: header.agency.into(), echo })
}

/// Appends a Bet packet.
pub(super) fn encode_bet(agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
    let agency = agency_byte(agency)?;
    let start = out.len();
    if encode::put_packet(agency, bet, add_block(out)).is_none() {
        out.truncate(start);
        return Err(SendError::TooLong);
    }
    Ok(())
}

/// Appends a Finished packet.
pub(super) fn encode_finished(agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
    put_block(FINISHED, agency_byte(agency)?, out, |_| ()).ok_or(SendError::TooLong)
}

/// Appends a Winner packet, the query.
pub(super) fn encode_winners_query(agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
    put_block(WINNER, agency_byte(agency)?, out, |out| out.put_u8(b'1')).ok_or(SendError::TooLong)
}
