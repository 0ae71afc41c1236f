//! Decoder of batches as a textbook on nom would write it: the reference for the measurements.
//!
//! It validates as much as ours: every header against the batch, the count, the sizes, UTF-8, and each field
//! of each bet. It returns the same bets, in a `Vec`.

use lottery_proto::Bet;
use nom::bytes::complete::{tag, take, take_until};
use nom::combinator::{all_consuming, map_res, rest, verify};
use nom::multi::count;
use nom::number::complete::{le_u16, u8};
use nom::{IResult, Parser};

const BET: u8 = 1;
const BATCH: u8 = 3;
const HEADER_SIZE: u16 = 4;

struct Header {
    kind: u8,
    agency: u8,
    size: u16,
}

/// Returns the bets of a block that holds a Batch packet (`docs/protocol.md#block`); `None` if anything in it
/// is wrong.
pub fn decode_batch(block: &[u8]) -> Option<Vec<Bet<'_>>> {
    let (_, bets) = batch(block).ok()?;
    Some(bets)
}

fn batch(block: &[u8]) -> IResult<&[u8], Vec<Bet<'_>>> {
    let (input, header) = verify(header, |header| header.kind == BATCH).parse(block)?;
    let (padding, payload) = take(header.size - HEADER_SIZE).parse(input)?;
    let (input, bets) = u8.parse(payload)?;
    let (_, bets) = all_consuming(count(|input| bet(input, header.agency), bets.into())).parse(input)?;
    Ok((padding, bets))
}

fn header(input: &[u8]) -> IResult<&[u8], Header> {
    let fields = (u8, u8, verify(le_u16, |size| *size >= HEADER_SIZE));
    fields.map(|(kind, agency, size)| Header { kind, agency, size }).parse(input)
}

fn bet(input: &[u8], agency: u8) -> IResult<&[u8], Bet<'_>> {
    let of_batch = |header: &Header| header.kind == BET && header.agency == agency;
    let (input, header) = verify(header, of_batch).parse(input)?;
    let (input, payload) = take(header.size - HEADER_SIZE).parse(input)?;
    let (_, bet) = map_res((field, field, field, field, last_field), |fields| {
        let (first_name, last_name, document, birthdate, number) = fields;
        Bet::new([first_name, last_name, document, birthdate, number])
    })
    .parse(payload)?;
    Ok((input, bet))
}

fn field(input: &[u8]) -> IResult<&[u8], &str> {
    let (input, field) = map_res(take_until("|"), str::from_utf8).parse(input)?;
    let (input, _) = tag("|").parse(input)?;
    Ok((input, field))
}

fn last_field(input: &[u8]) -> IResult<&[u8], &str> {
    map_res(rest, str::from_utf8).parse(input)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use lottery_core::agency_file::AgencyFile;
    use lottery_proto::{AgencyId, block};

    use super::*;
    use crate::input::{Blocks, agencies};

    #[test]
    fn textbook_decoder_finds_the_same_bets() {
        for block in Blocks::of(&agencies()).blocks() {
            let mut bets = Vec::new();
            block::decode_batch(block, |bet| bets.push(bet)).expect("a valid batch");
            assert!(decode_batch(block).expect("a valid batch") == bets);
        }
    }

    /// Changes every byte of a packet to every value, with and without a meaning.
    #[test]
    fn textbook_decoder_rejects_the_same_bets() {
        let bets =
            "Ana,Paz,20000001,1980-01-01,7574\nJosé,Muñoz,1,2000-02-29,0\nEva,Sosa,3,1999-12-31,4294967295\n";
        let list = AgencyFile::parse(Path::new("agency-1.csv"), bets.as_bytes()).expect("valid bets");
        let blocks = Blocks::of(&[(AgencyId::new(1).expect("an agency"), Arc::new(list))]);
        let mut packet = blocks.packets().next().expect("a block").to_vec();
        for at in 0..packet.len() {
            for byte in 0..=u8::MAX {
                let good = std::mem::replace(&mut packet[at], byte);
                let (mut bets, ours) = (Vec::new(), packet.clone());
                let taken = block::decode_batch(&ours, |bet| bets.push(bet)).is_ok();
                assert!(decode_batch(&packet) == taken.then_some(bets), "byte {at} changed to {byte}");
                packet[at] = good;
            }
        }
    }
}
