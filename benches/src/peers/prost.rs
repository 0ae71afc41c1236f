//! `prost`: Protocol Buffers. Its strings are owned, so names are `bytes` here, which share the message's
//! memory, and are checked to be UTF-8.

use bytes::Bytes;
use prost::Message;

use crate::record::{Batch, Record};

#[derive(Clone, PartialEq, Message)]
struct Bets {
    #[prost(uint32, tag = "1")]
    agency: u32,
    #[prost(message, repeated, tag = "2")]
    bets: Vec<Bet>,
}

#[derive(Clone, PartialEq, Message)]
struct Bet {
    #[prost(bytes = "bytes", tag = "1")]
    first_name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    last_name: Bytes,
    #[prost(uint64, tag = "3")]
    document: u64,
    /// Date as decimal digits, `YYYYMMDD`.
    #[prost(uint32, tag = "4")]
    birthdate: u32,
    #[prost(uint32, tag = "5")]
    number: u32,
}

/// Encodes each batch as agency and bets.
pub fn encode(batches: &[Batch<'_>]) -> Vec<Bytes> {
    let bet = |bet: &Record<'_>| Bet {
        first_name: Bytes::copy_from_slice(bet.first_name.as_bytes()),
        last_name: Bytes::copy_from_slice(bet.last_name.as_bytes()),
        document: bet.document,
        birthdate: u32::from(bet.year) * 10_000 + u32::from(bet.month) * 100 + u32::from(bet.day),
        number: bet.number,
    };
    let message = |batch: &Batch<'_>| {
        let bets = batch.bets.iter().map(bet).collect();
        Bytes::from(Bets { agency: batch.agency.into(), bets }.encode_to_vec())
    };
    batches.iter().map(message).collect()
}

/// Decodes each batch into a list.
///
/// # Panics
/// If a message is wrong.
pub fn decode(messages: &[Bytes]) -> u64 {
    let mut sum = 0;
    for message in messages {
        let bets = Bets::decode(message.clone()).expect("a valid batch").bets;
        for Bet { first_name, last_name, document, birthdate, number } in &bets {
            let part = |number: u32| u8::try_from(number % 100).expect("two digits");
            let record = Record {
                first_name: str::from_utf8(first_name).expect("UTF-8"),
                last_name: str::from_utf8(last_name).expect("UTF-8"),
                document: *document,
                year: u16::try_from(birthdate / 10_000).expect("a year"),
                month: part(birthdate / 100),
                day: part(*birthdate),
                number: *number,
            };
            sum = record.fold(sum);
        }
    }
    sum
}
