//! The work that is measured: each function goes over the whole input once, and folds what it finds into one number,
//! so that nothing of it can be left out.

use lottery_proto::server::{Event, Server};
use lottery_proto::{Bet, ConnId, Input, Instant, Receipt, ServerConfig, block};
use memchr::memchr_iter;

use crate::input::Blocks;
use crate::textbook;

/// What is measured: its name, and the work.
pub type Work = (&'static str, fn(&Blocks, &mut Vec<u8>) -> u64);

/// All of it, from the wire's bytes to bets, and what to compare that with. The buffer is room to copy to.
pub const ALL: &[Work] = &[
    ("block", |blocks, _| decode(blocks)),
    ("block-iter", |blocks, _| serve(blocks)),
    ("separator-positions", |blocks, _| separators(blocks)),
    ("memcpy", memcpy),
    ("textbook-nom", |blocks, _| textbook(blocks)),
];

/// Every field has a part in it.
#[inline]
fn fold(sum: u64, bet: &Bet<'_>) -> u64 {
    let texts = [bet.first_name(), bet.last_name(), bet.document(), bet.birthdate()];
    let texts = texts.iter().fold(sum, |sum, text| {
        let last = text.as_bytes().last().copied().unwrap_or_default();
        sum.rotate_left(5) ^ (text.len() as u64) << 8 ^ u64::from(last)
    });
    texts.wrapping_add(bet.number().into())
}

/// Decodes every block, validated, and visits the bets in the same pass.
///
/// # Panics
/// If a block is wrong.
pub fn decode(blocks: &Blocks) -> u64 {
    let mut sum = 0;
    for bytes in blocks.blocks() {
        block::decode_batch(bytes, |bet| sum = fold(sum, &bet)).expect("a valid batch");
    }
    sum
}

/// Hands every block to a centre's machine, as a driver would, and iterates the bets of each batch that it hands out.
///
/// # Panics
/// If a block is wrong.
pub fn serve(blocks: &Blocks) -> u64 {
    let now = Instant::default();
    let mut sum = 0;
    let mut total = 0;
    let mut agency = None;
    let mut server = Server::new(ServerConfig::default(), ConnId(0), now);
    for bytes in blocks.blocks() {
        // A connection belongs to one agency.
        if agency != bytes.get(1).copied() {
            agency = bytes.get(1).copied();
            server = Server::new(ServerConfig::default(), ConnId(0), now);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let recv = server.poll_io().expect("the connection is open").recv;
            let len = recv.len().min(rest.len());
            let (read, behind) = rest.split_at(len);
            recv[..len].copy_from_slice(read);
            rest = behind;
            server.handle(now, Input::Received(len));
        }
        let Some(Event::Batch { ticket, bets }) = server.poll_event() else { panic!("a valid batch") };
        sum = bets.iter().fold(sum, |sum, bet| fold(sum, &bet));
        total += bets.len() as u64;
        server.reply(now, ticket, Receipt::Stored { total }).expect("the ticket is this connection's");
    }
    sum
}

/// Finds every separator in the packets, and nothing else.
pub fn separators(blocks: &Blocks) -> u64 {
    let positions = |packet| memchr_iter(b'|', packet);
    blocks.packets().flat_map(positions).fold(0, |sum, at| sum.rotate_left(5) ^ at as u64)
}

/// Copies the packets.
pub fn memcpy(blocks: &Blocks, to: &mut Vec<u8>) -> u64 {
    to.clear();
    blocks.packets().for_each(|packet| to.extend_from_slice(packet));
    to.last().copied().unwrap_or_default().into()
}

/// Decodes every block as a textbook would.
///
/// # Panics
/// If a block is wrong.
pub fn textbook(blocks: &Blocks) -> u64 {
    let bets = |bytes| textbook::decode_batch(bytes).expect("a valid batch");
    blocks.blocks().fold(0, |sum, bytes| bets(bytes).iter().fold(sum, fold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::agencies;

    #[test]
    fn all_decoders_find_the_same() {
        let blocks = Blocks::of(&agencies());
        let sum = decode(&blocks);
        assert_ne!(sum, 0);
        assert_eq!((serve(&blocks), textbook(&blocks)), (sum, sum));
        let mut copy = Vec::new();
        memcpy(&blocks, &mut copy);
        assert_eq!(copy.len(), blocks.size());
    }
}
