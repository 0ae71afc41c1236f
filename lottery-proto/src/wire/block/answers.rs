//! Replies of `block`: `BetAck`, `BatchAck`, Winner (`docs/protocol.md#block`).

use alloc::vec::Vec;
use bytes::BufMut;

use super::documents;
use super::header::{
    BATCH, BATCH_ACK, BET, BET_ACK, FINISHED, HEADER_SIZE, Header, Padding, WINNER, header_byte, packet,
    put_packet,
};
use crate::error::{DecodeError, Problem};
use crate::wire::{AfterReply, Answer, Kind, PendingReply, Reason, Response, TooLarge};

/// Appends the reply to a request. A batch has none of its own: the reply to Finished covers it.
pub(super) fn encode(
    owed: &PendingReply,
    answer: &Answer<'_>,
    padding: Padding,
    out: &mut Vec<u8>,
) -> Result<AfterReply, TooLarge> {
    let agency = header_byte(owed.agency);
    let status = if matches!(answer, Answer::Stored { .. }) { b'1' } else { b'0' };
    let put = match (owed.kind, answer) {
        (Kind::Batch, _) => Some(()),
        (Kind::Bet, _) => put_packet(BET_ACK, agency, padding, out, |out| {
            out.put_slice(&owed.echo);
            out.put_slice(&[b'|', status]);
        }),
        (Kind::Finished, _) => put_packet(BATCH_ACK, agency, padding, out, |out| out.put_u8(status)),
        (Kind::Winners, Answer::Pending) => put_packet(WINNER, agency, padding, out, |out| out.put_u8(b'0')),
        // The dialect has no such reply, so the connection is closed.
        _ => return Ok(AfterReply::Close),
    };
    put.map(|()| AfterReply::Continue).ok_or(TooLarge)
}

/// Decodes and validates the reply in a packet.
pub(super) fn decode(asked: &PendingReply, message: &[u8]) -> Result<Response, DecodeError> {
    let (header, payload) = packet(message)?;
    check_type(header, asked.kind)?;
    header.check_agency(asked.agency)?;
    let wrong = |expected| Err(DecodeError::new(HEADER_SIZE, Problem::Expected(expected)));
    match asked.kind {
        Kind::Bet => match payload.strip_prefix(&*asked.echo) {
            Some(b"|1") => Ok(Response::Stored { total: None }),
            // A server repeats as much of a bet as it could read.
            _ if payload.ends_with(b"|0") => {
                Ok(Response::Rejected { total: None, reason: Reason::default() })
            }
            _ => wrong("the bet's document, number and status"),
        },
        Kind::Batch | Kind::Finished => match payload {
            b"1" => Ok(Response::Stored { total: None }),
            b"0" => Ok(Response::Rejected { total: None, reason: Reason::default() }),
            _ => wrong("the status \"0\" or \"1\""),
        },
        Kind::Hello | Kind::AwaitWinners | Kind::Echo | Kind::Unknown => {
            Err(DecodeError::new(0, Problem::Unasked))
        }
        Kind::Winners => match payload.split_first() {
            Some((b'0', [])) => Ok(Response::Pending),
            Some((b'1', documents)) => documents::read(documents, true),
            _ => wrong("\"0\", or \"1\" and the documents"),
        },
    }
}

/// Checks that the packet is the reply to a request of that kind.
fn check_type(header: Header, asked: Kind) -> Result<(), DecodeError> {
    let expected = match asked {
        Kind::Bet => BET_ACK,
        Kind::Batch | Kind::Finished => BATCH_ACK,
        Kind::Winners => WINNER,
        Kind::Hello | Kind::AwaitWinners | Kind::Echo | Kind::Unknown => return Ok(()),
    };
    let problem = match header.kind {
        found if found == expected => return Ok(()),
        BET_ACK | BATCH_ACK | WINNER => Problem::TypeMismatch { found: header.kind, expected },
        BET | BATCH | FINISHED => Problem::WrongDirection(header.kind),
        unknown => Problem::UnknownType(unknown),
    };
    Err(DecodeError::new(0, problem))
}
