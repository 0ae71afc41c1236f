//! Telling the wires apart: as the table of the specification says, and however the bytes are cut.

use lottery_proto::{Dialect, Input, Server, State};

use crate::common::{at, server};
use crate::oracles::give_some;

/// One of these begins a first message of that wire. What cannot be one of them any more is a line to be sent back.
const BEGINNINGS: &[(Dialect, &[Fits])] = &[
    (Dialect::Session, &[|byte| byte == 7]),
    (Dialect::Block, &[|byte| (1..=9).contains(&byte) && byte != 7]),
    (Dialect::Framed, &[digit as Fits; 8]),
    (Dialect::Fixed, &[|byte| b"AFC".contains(&byte), digit, digit, digit, digit, digit]),
    (Dialect::Braces, &[|byte| b"BNQ".contains(&byte), |byte| byte == b'{']),
];

/// What a byte has to be.
type Fits = fn(u8) -> bool;

fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn reference(bytes: &[u8]) -> Option<Dialect> {
    let fits = |beginning: &[Fits]| bytes.iter().zip(beginning).all(|(byte, fits)| fits(*byte));
    match BEGINNINGS.iter().find(|(_, beginning)| fits(beginning)) {
        Some((wire, beginning)) => (bytes.len() >= beginning.len()).then_some(*wire),
        None => Some(Dialect::Echo),
    }
}

/// `data` is what arrives first.
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
        let at_the_end = (!data.is_empty()).then(|| reference(data).unwrap_or(Dialect::Echo));
        assert_eq!(server.dialect(), at_the_end, "{}", data.escape_ascii());
    }
}

fn give(server: &mut Server, mut bytes: &[u8]) {
    while server.state() == State::Open && give_some(server, &mut bytes) {}
}
