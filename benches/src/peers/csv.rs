//! `csv` crate on the rows that core stores: text, as in the protocol, and validated as strictly.

use lottery_core::store::rows::push_bet;
use lottery_proto::{Bet, block};

use super::Messages;
use crate::input::Blocks;
use crate::record::fold;

/// Encodes each batch as rows, one for each bet.
///
/// # Panics
/// If a block is wrong.
pub fn encode(blocks: &Blocks) -> Messages {
    let message = |block: &[u8]| {
        let mut rows = String::new();
        block::decode_batch(block, |bet| push_bet(&mut rows, block[1].into(), &bet)).expect("a valid batch");
        rows.into_bytes()
    };
    blocks.blocks().map(message).collect()
}

/// Decodes into one record that is reused.
///
/// # Panics
/// If a row is wrong.
pub fn decode(messages: &Messages) -> u64 {
    let mut sum = 0;
    let mut record = csv::StringRecord::new();
    for message in messages {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&message[..]);
        while reader.read_record(&mut record).expect("a valid row") {
            let mut fields = record.iter();
            let [Some(_), Some(first), Some(last), Some(document), Some(birthdate), Some(number), None] =
                std::array::from_fn(|_| fields.next())
            else {
                panic!("six fields");
            };
            let bet = Bet::new([first, last, document, birthdate, number]).expect("a valid bet");
            sum = fold(sum, &bet);
        }
    }
    sum
}
