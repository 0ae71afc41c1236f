//! Dialect `block`, the canonical one (`docs/protocol.md#block`): each packet travels in a block of exactly 8192 bytes.
//!
//! ```text
//!  0        1        2                 4                          packet_size                8192
//!  +--------+--------+-----------------+--------------------------+--------------------------+
//!  | type   | agency | packet_size     | payload                  | zeros                    |
//!  | u8     | u8     | u16, little end.| packet_size - 4 bytes    |                          |
//!  +--------+--------+-----------------+--------------------------+--------------------------+
//! ```
//!
//! Padding is sent as zeros, and ignored by the receiver.

mod answers;
mod batch;
mod documents;
mod encode;
mod header;
mod requests;
mod session;

pub use batch::decode_batch;
pub use header::{BLOCK_SIZE, HEADER_SIZE, MAX_AGENCY};
pub(crate) use session::SESSION;

use alloc::vec::Vec;

use self::header::{Padding, agency_byte};
use self::requests::Naming;
use super::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, PendingReply, Rejection, Request,
    Response, ServerCodec, TooLarge, Written, short, text,
};
use crate::bet::{AgencyId, Bet, BetSlice, FieldError, Spans};
use crate::dialect::{Dialect, DialectProfile, Wire};
use crate::error::{DecodeError, SendError};
use crate::wire::{ListSize, Part};

const SEPARATORS: &[u8] = b"|";

/// Dialect `block`.
pub(crate) static BLOCK: Wire = Wire {
    name: "block",
    profile: DialectProfile::DEFAULT,
    max_agency: MAX_AGENCY,
    empty_list: BLOCK_SIZE,
    listed_document: 0,
    counterpart: Some(|| Dialect::SESSION),
    server: &Block,
    client: &Block,
};

#[derive(Debug)]
struct Block;

impl ServerCodec for Block {
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        match prefix.first() {
            None => Detection::Undecided,
            Some(&header::HELLO) => Detection::No,
            // A bet in a block of 128 bytes begins so, too.
            Some(&header::BET) => match short::detect(prefix) {
                Detection::Yes => Detection::No,
                Detection::No => Detection::Yes,
                Detection::Undecided => Detection::Undecided,
            },
            Some(1..=9) => Detection::Yes,
            Some(_) => Detection::No,
        }
    }

    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(header::frame(bytes))
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        requests::decode(message, Naming::Always, spans)
    }

    fn goes_on_after(&self, error: &DecodeError) -> bool {
        error.is_about_a_bet()
    }

    fn answer(
        &self,
        owed: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        answers::encode(owed, answer, Padding::Block, out)
    }

    fn carries(&self, owed: &PendingReply, list: &ListSize) -> Result<(), TooLarge> {
        documents::check(owed, list)
    }

    fn put_winners(
        &self,
        owed: &PendingReply,
        part: Part,
        documents: &mut dyn Iterator<Item = &str>,
        out: &mut Vec<u8>,
    ) -> AfterReply {
        documents::put_in_one_block(owed, part, documents, out)
    }
}

impl ClientCodec for Block {
    fn frame(&self, _: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(header::frame(bytes))
    }

    fn check_sendable(&self, bet: &Bet<'_>) -> Result<(), FieldError> {
        text::check_separators(bet, SEPARATORS)
    }

    fn first_unsendable(&self, bets: BetSlice<'_>) -> Option<(usize, FieldError)> {
        text::first_unsendable(bets, SEPARATORS)
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        _: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        Ok(Written::with_bets(encode::encode(agency_byte(agency)?, bets, Padding::Block, out)))
    }

    fn put_batch_of(
        &self,
        agency: AgencyId,
        bets: BetSlice<'_>,
        _: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        Ok(Written::with_bets(encode::encode_lines(agency_byte(agency)?, bets, Padding::Block, out)))
    }

    fn put_bet(&self, agency: AgencyId, bet: &Bet<'_>, out: &mut Vec<u8>) -> Result<Written, SendError> {
        requests::encode_bet(agency_byte(agency)?, bet, Padding::Block, out)?;
        Ok(Written::with_bets(1).repeating(batch::echo(bet)))
    }

    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        requests::encode_finished(agency_byte(agency)?, Padding::Block, out)
    }

    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        requests::encode_winners_query(agency_byte(agency)?, b'1', Padding::Block, out)
    }

    fn answered_by(&self, kind: Kind) -> Option<Kind> {
        (kind != Kind::Batch).then_some(kind)
    }

    fn response(&self, asked: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        answers::decode(asked, message)
    }

    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)> {
        (!rest.is_empty()).then(|| rest.split_once('|').unwrap_or((rest, "")))
    }
}
