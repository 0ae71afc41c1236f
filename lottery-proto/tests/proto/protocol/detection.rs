//! Dialects that first bytes are detected as (`docs/protocol.md#detection`).

use lottery_testkit::{at, give, server};

use super::document::{document, hex, listing};

#[test]
fn first_bytes_are_the_dialect_that_the_document_says() {
    let document = document();
    let listing = listing(&document, "detection");
    assert!(listing.lines.len() > 15);
    for line in &listing.lines {
        let shown = line.split('#').next().unwrap_or_default().trim();
        let (bytes, dialect) = shown.rsplit_once(' ').expect("bytes and a dialect");
        let mut server = server();
        give(&mut server, at(0), &hex(bytes));
        let found = server.dialect().map_or("?", lottery_proto::Dialect::name);
        assert_eq!(found, dialect, "{line}");
    }
}
