//! `bincode` 2 with integers of fixed size: faster to read than its varints, and larger.
//!
//! 2.x is the last usable version: the crate published as 3.0.0 holds no software, and nobody maintains it.

use bincode::config::{self, Config};
use bincode::{borrow_decode_from_slice, encode_to_vec};

use super::Messages;
use crate::record::{Batch, Record};

fn config() -> impl Config {
    config::standard().with_fixed_int_encoding()
}

/// Encodes each batch as agency, count and bets.
///
/// # Panics
/// If it cannot be encoded.
pub fn encode(batches: &[Batch<'_>]) -> Messages {
    let message = |batch: &Batch<'_>| {
        let head = (batch.agency, u32::try_from(batch.bets.len()).expect("few bets"));
        let mut out = encode_to_vec(head, config()).expect("memory to write to");
        for bet in &batch.bets {
            out.extend(encode_to_vec(bet, config()).expect("memory to write to"));
        }
        out
    };
    batches.iter().map(message).collect()
}

/// Decodes bet by bet, borrowed, without making a list.
///
/// # Panics
/// If a message is wrong.
pub fn decode(messages: &Messages) -> u64 {
    let mut sum = 0;
    for message in messages {
        let ((_, count), mut at): ((u8, u32), _) =
            borrow_decode_from_slice(message, config()).expect("a valid batch");
        for _ in 0..count {
            let (bet, len): (Record<'_>, _) =
                borrow_decode_from_slice(&message[at..], config()).expect("a valid bet");
            at += len;
            sum = bet.fold(sum);
        }
        assert_eq!(at, message.len(), "nothing follows");
    }
    sum
}
