//! Detection of the dialect, as the table in `docs/protocol.md#detection` lists it, wherever the bytes are
//! cut.

use lottery_proto::{Dialect, Input, Server, State};
use lottery_testkit::invariants::give_some;
use lottery_testkit::{at, server};

/// Beginnings of first messages, with their dialect: `#` is a digit, every other byte is itself. Bytes that
/// can be none of them any more are a line of `echo`.
const BEGINNINGS: &[(Dialect, &[u8])] = &[
    (Dialect::SESSION, b"\x07"),
    (Dialect::BLOCK, b"\x01"),
    (Dialect::BLOCK, b"\x02"),
    (Dialect::BLOCK, b"\x03"),
    (Dialect::BLOCK, b"\x04"),
    (Dialect::BLOCK, b"\x05"),
    (Dialect::BLOCK, b"\x06"),
    (Dialect::BLOCK, b"\x08"),
    (Dialect::BLOCK, b"\x09"),
    (Dialect::FRAMED, b"0#######"),
    (Dialect::FIXED, b"A##########"),
    (Dialect::FIXED, b"F#####"),
    (Dialect::FIXED, b"C#####"),
    (Dialect::BRACES, b"B{PlayerName:"),
    (Dialect::BRACES, b"N{AgencyID:"),
    (Dialect::BRACES, b"Q{AgencyID:"),
];

fn reference(bytes: &[u8]) -> Option<Dialect> {
    let fits = |(byte, place): (&u8, &u8)| if *place == b'#' { byte.is_ascii_digit() } else { byte == place };
    match BEGINNINGS.iter().find(|(_, beginning)| bytes.iter().zip(*beginning).all(fits)) {
        Some((dialect, beginning)) => (bytes.len() >= beginning.len()).then_some(*dialect),
        None => Some(Dialect::ECHO),
    }
}

/// Detects a dialect; `data` is the first bytes of a connection.
pub fn run(data: &[u8]) {
    let mut whole = server();
    give(&mut whole, data);
    assert_eq!(whole.dialect(), reference(data), "{}", data.escape_ascii());

    let mut pieces = server();
    for (n, byte) in data.iter().take(20).enumerate() {
        assert_eq!(pieces.dialect(), reference(&data[..n]), "{} at {n}", data.escape_ascii());
        give(&mut pieces, &[*byte]);
    }
    for server in [&mut whole, &mut pieces] {
        server.handle(at(0), Input::Eof);
        let at_the_end = (!data.is_empty()).then(|| reference(data).unwrap_or(Dialect::ECHO));
        assert_eq!(server.dialect(), at_the_end, "{}", data.escape_ascii());
    }
}

fn give(server: &mut Server, mut bytes: &[u8]) {
    while server.state() == State::Open && give_some(server, &mut bytes) {}
}
