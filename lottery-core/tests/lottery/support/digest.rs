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

/// Returns the rows of an agency's bets, written by another writer.
pub(crate) fn text_of(agency: u32, bets: &[Fields]) -> String {
    let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for bet in bets {
        rows.write_field(agency.to_string()).unwrap();
        rows.write_record(bet).unwrap();
    }
    String::from_utf8(rows.into_inner().unwrap()).unwrap()
}
