//! `rkyv`: the bytes are the values, once they are validated.

use rkyv::rancor::Error;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Serialize};

use crate::record::{Batch, Record};

#[derive(Archive, Serialize)]
struct Bets {
    agency: u8,
    bets: Vec<Bet>,
}

#[derive(Archive, Serialize)]
struct Bet {
    first_name: String,
    last_name: String,
    document: u64,
    year: u16,
    month: u8,
    day: u8,
    number: u32,
}

/// Encodes each batch as agency and bets.
///
/// # Panics
/// If it cannot be encoded.
pub fn encode(batches: &[Batch<'_>]) -> Vec<AlignedVec> {
    let bet = |bet: &Record<'_>| {
        let &Record { first_name, last_name, document, year, month, day, number } = bet;
        let (first_name, last_name) = (first_name.to_owned(), last_name.to_owned());
        Bet { first_name, last_name, document, year, month, day, number }
    };
    let message = |batch: &Batch<'_>| {
        let bets = Bets { agency: batch.agency, bets: batch.bets.iter().map(bet).collect() };
        rkyv::to_bytes::<Error>(&bets).expect("memory to write to")
    };
    batches.iter().map(message).collect()
}

/// Validates each batch as a whole, and reads it in place.
///
/// # Panics
/// If a message is wrong.
pub fn decode(messages: &[AlignedVec]) -> u64 {
    let mut sum = 0;
    for message in messages {
        let batch = rkyv::access::<ArchivedBets, Error>(message).expect("a valid batch");
        for bet in batch.bets.iter() {
            let record = Record {
                first_name: bet.first_name.as_str(),
                last_name: bet.last_name.as_str(),
                document: bet.document.to_native(),
                year: bet.year.to_native(),
                month: bet.month,
                day: bet.day,
                number: bet.number.to_native(),
            };
            sum = record.fold(sum);
        }
    }
    sum
}
