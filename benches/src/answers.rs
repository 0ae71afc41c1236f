//! Replies of a server that inspects nothing: blocks that accept everything (`docs/protocol.md#sessions`).

use lottery_proto::block::{BLOCK_SIZE, HEADER_SIZE};

const BATCH_ACK: u8 = 5;
const WELCOME: u8 = 8;

/// Returns a Welcome block: a session for that agency with a window of 16 batches.
pub fn welcome(agency: u8) -> Vec<u8> {
    block(WELCOME, agency, b"2|0|0|16|00000000")
}

/// Returns an acknowledgement block: a batch of the session is stored.
pub fn stored() -> Vec<u8> {
    block(BATCH_ACK, 0, b"1|0")
}

fn block(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let size = u16::try_from(HEADER_SIZE + payload.len()).expect("a short payload").to_le_bytes();
    let mut block = [&[kind, agency, size[0], size[1]], payload].concat();
    block.resize(BLOCK_SIZE, 0);
    block
}
