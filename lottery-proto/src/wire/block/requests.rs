//! What an agency sends: Bet, Batch, Finished, Winner.

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::BufMut;

use super::header::{
    BATCH, BATCH_ACK, BET, BET_ACK, FINISHED, HEADER_SIZE, WINNER, agency_byte, header, packet, put_block,
};
use super::{Block, batch};
use crate::agency::AgencyId;
use crate::bet::Bet;
use crate::error::{DecodeError, Problem, SendError};
use crate::wire::{Kind, Owed, Refusal, Request, Wire as _};

/// What the block asks for, completely validated.
pub(super) fn decode(block: &[u8]) -> Result<Request, Refusal> {
    let (header, payload) = packet(block).map_err(|error| Refusal { error, due: due(block) })?;
    let owed = |kind, echo| Owed { kind, agency: header.agency.into(), echo };
    let no_agency = DecodeError::new(1, Problem::Expected("an agency from 1"));
    let agency = AgencyId::new(header.agency.into()).ok_or(no_agency);
    let end = HEADER_SIZE + payload.len();
    let none = || Box::<str>::default();
    match header.kind {
        BET => {
            let due = |error| Refusal { error, due: Some(owed(Kind::Bet, batch::echo_of(payload))) };
            let agency = agency.map_err(due)?;
            let bet = batch::decode_bet(payload, 1, HEADER_SIZE).map_err(due)?;
            let echo = Block.echo(&bet);
            Ok(Request { kind: Kind::Bet, agency, bets: 0..end, count: 1, echo })
        }
        BATCH => {
            let owed = owed(Kind::Batch, none());
            let due = |error: DecodeError| Refusal { error, due: Some(owed.clone()) };
            let agency = agency.map_err(due)?;
            let count = batch::validate(payload, header.agency).map_err(due)?;
            Ok(Request { kind: Kind::Batch, agency, bets: HEADER_SIZE + 1..end, count, echo: none() })
        }
        FINISHED => {
            let owed = owed(Kind::Finished, none());
            let due = |error| Refusal { error, due: Some(owed.clone()) };
            let agency = agency.map_err(due)?;
            if !payload.is_empty() {
                return Err(due(DecodeError::new(
                    2,
                    Problem::SizeMismatch { size: end, needed: HEADER_SIZE },
                )));
            }
            Ok(Request { kind: Kind::Finished, agency, bets: 0..0, count: 0, echo: none() })
        }
        WINNER => {
            let agency = agency?;
            if payload != b"1" {
                return Err(DecodeError::new(HEADER_SIZE, Problem::Expected("the payload \"1\"")).into());
            }
            Ok(Request { kind: Kind::Winners, agency, bets: 0..0, count: 0, echo: none() })
        }
        BET_ACK | BATCH_ACK => Err(DecodeError::new(0, Problem::WrongDirection(header.kind)).into()),
        unknown => Err(DecodeError::new(0, Problem::UnknownType(unknown)).into()),
    }
}

/// The answer that is due to a packet whose payload cannot be told from its padding.
fn due(block: &[u8]) -> Option<Owed> {
    let (_, header) = header(block).ok()?;
    let (kind, echo) = match header.kind {
        BET => (Kind::Bet, batch::echo_of(&[])),
        FINISHED => (Kind::Finished, Box::default()),
        _ => return None,
    };
    Some(Owed { kind, agency: header.agency.into(), echo })
}

/// Appends a Bet packet.
pub(super) fn encode_bet(agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
    let agency = agency_byte(agency)?;
    batch::check_sendable(bet).map_err(|error| SendError::Unsendable { bet: 0, error })?;
    put_block(BET, agency, out, |out| batch::put_fields(bet, out)).ok_or(SendError::TooLong { bet: 0 })
}

/// Appends a Finished packet.
pub(super) fn encode_finished(agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
    put_block(FINISHED, agency_byte(agency)?, out, |_| ()).ok_or(SendError::Busy)
}

/// Appends a Winner packet, the question.
pub(super) fn encode_winners_query(agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
    put_block(WINNER, agency_byte(agency)?, out, |out| out.put_u8(b'1')).ok_or(SendError::Busy)
}
