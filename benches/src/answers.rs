//! Replies of a server that inspects nothing: packets that accept everything (`docs/protocol.md#sessions`).

use lottery_testkit::{BATCH_ACK, packet};

/// Returns a Welcome: a session for that agency, which has no bets, with a window of 16 batches.
pub fn welcome(agency: u8) -> Vec<u8> {
    lottery_testkit::welcome(agency.into(), 0, false, 16, 0)
}

/// Returns an acknowledgement: a batch of the session is stored.
pub fn stored() -> Vec<u8> {
    packet(BATCH_ACK, 0, b"1|0")
}
