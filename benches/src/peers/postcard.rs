//! `postcard`: serde with varints.

use postcard::{take_from_bytes, to_extend};

use super::Messages;
use crate::record::{Batch, Record};

/// Encodes each batch as agency, count and bets.
///
/// # Panics
/// If it cannot be encoded.
pub fn encode(batches: &[Batch<'_>]) -> Messages {
    let message = |batch: &Batch<'_>| {
        let head = (batch.agency, u32::try_from(batch.bets.len()).expect("few bets"));
        let out = to_extend(&head, Vec::new()).expect("memory to write to");
        batch.bets.iter().fold(out, |out, bet| to_extend(bet, out).expect("memory to write to"))
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
        let ((_, count), mut rest): ((u8, u32), _) = take_from_bytes(message).expect("a valid batch");
        for _ in 0..count {
            let (bet, after): (Record<'_>, _) = take_from_bytes(rest).expect("a valid bet");
            rest = after;
            sum = bet.fold(sum);
        }
        assert!(rest.is_empty(), "nothing follows");
    }
    sum
}
