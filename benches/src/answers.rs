//! Replies of a server that inspects nothing: blocks that accept everything (`docs/protocol.md#sessions`).

use lottery_testkit::{BATCH_ACK, WELCOME, block};

/// Returns a Welcome block: a session for that agency with a window of 16 batches.
pub fn welcome(agency: u8) -> Vec<u8> {
    block(WELCOME, agency, b"2|0|0|16|00000000")
}

/// Returns an acknowledgement block: a batch of the session is stored.
pub fn stored() -> Vec<u8> {
    block(BATCH_ACK, 0, b"1|0")
}
