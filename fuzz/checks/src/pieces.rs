//! The same bytes, whole and in pieces, yield the same events and the same replies.

use lottery_testkit::invariants::{answered, served};

use crate::dialects::client_dialect;
use crate::feed::Feed;

/// Compares whole and cut streams. `data` is a byte that chooses the receiver, then the pieces: a server for 0 and 1, and
/// for the bytes from 2 on a client, by its dialect and what it has asked.
pub fn run(data: &[u8]) {
    let mut feed = Feed(data);
    let Some(receiver) = feed.byte() else { return };
    let pieces = feed.pieces();
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let whole = pieces.concat();
    let bytes: Vec<&[u8]> = whole.iter().take(2048).map(std::slice::from_ref).collect();
    if receiver < 2 {
        let expected = served(&[&whole], receiver == 1);
        assert_eq!(expected, served(&pieces, receiver == 1), "{}", whole.escape_ascii());
        if bytes.len() == whole.len() {
            assert_eq!(expected, served(&bytes, receiver == 1), "{}", whole.escape_ascii());
        }
    } else {
        let (dialect, request) = (client_dialect(receiver - 2), (receiver - 2) / 32 % 4);
        let expected = answered(dialect, request.into(), &[&whole]);
        assert_eq!(expected, answered(dialect, request.into(), &pieces), "{}", whole.escape_ascii());
    }
}
