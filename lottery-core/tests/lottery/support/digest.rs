//! Digest of bets, as its definition says: an oracle that shares no code with the committer.

use crate::support::Fields;

/// Returns the CRC-32C, computed bit by bit as the catalogues define it.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82F6_3B78 & 0_u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

pub(crate) fn text_of(bets: &[Fields]) -> String {
    bets.iter().map(|bet| bet.join("|") + "\n").collect()
}
