//! `serde_json`: an array of objects for each batch.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Messages;
use crate::record::{Batch, Record};

#[derive(Serialize, Deserialize)]
struct Bet<'a> {
    // Borrowed, unless the name contains an escape.
    #[serde(borrow)]
    first_name: Cow<'a, str>,
    #[serde(borrow)]
    last_name: Cow<'a, str>,
    document: u64,
    year: u16,
    month: u8,
    day: u8,
    number: u32,
}

/// Encodes each batch as an array of its bets.
///
/// # Panics
/// If it cannot be encoded.
pub fn encode(batches: &[Batch<'_>]) -> Messages {
    let message = |batch: &Batch<'_>| {
        let bets: Vec<Bet<'_>> = batch.bets.iter().map(bet).collect();
        serde_json::to_vec(&bets).expect("memory to write to")
    };
    batches.iter().map(message).collect()
}

fn bet<'a>(bet: &Record<'a>) -> Bet<'a> {
    let &Record { first_name, last_name, document, year, month, day, number } = bet;
    Bet { first_name: first_name.into(), last_name: last_name.into(), document, year, month, day, number }
}

/// Decodes each batch into a list.
///
/// # Panics
/// If a message is wrong.
pub fn decode(messages: &Messages) -> u64 {
    let mut sum = 0;
    for message in messages {
        let bets: Vec<Bet<'_>> = serde_json::from_slice(message).expect("a valid batch");
        for bet in &bets {
            let &Bet { ref first_name, ref last_name, document, year, month, day, number } = bet;
            sum = Record { first_name, last_name, document, year, month, day, number }.fold(sum);
        }
    }
    sum
}
