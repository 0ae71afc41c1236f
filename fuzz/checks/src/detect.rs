//! Detection of the dialect, as the table in `docs/protocol.md#detection` lists it, wherever the bytes are
//! cut.

use lottery_proto::{Dialect, Input, Server, State};
use lottery_testkit::invariants::give_some;
use lottery_testkit::{at, server};

/// Beginnings of first messages, with their dialect: `#` is a digit, every other byte is itself. Bytes that
/// can be none of them any more are a line of `echo`.
const BEGINNINGS: &[(Dialect, &[u8])] = &[
    (Dialect::SESSION, b"\x07"),
    (Dialect::BLOCK, b"\x02"),
    (Dialect::BLOCK, b"\x03"),
    (Dialect::BLOCK, b"\x04"),
    (Dialect::BLOCK, b"\x05"),
    (Dialect::BLOCK, b"\x06"),
    (Dialect::BLOCK, b"\x08"),
    (Dialect::BLOCK, b"\x09"),
    (Dialect::FIXED, b"A##########"),
    (Dialect::FIXED, b"F#####"),
    (Dialect::FIXED, b"C#####"),
    (Dialect::BRACES, b"B{PlayerName:"),
    (Dialect::BRACES, b"N{AgencyID:"),
    (Dialect::BRACES, b"Q{AgencyID:"),
    (Dialect::BARE, b"{PlayerName:"),
];

fn reference(bytes: &[u8]) -> Option<Dialect> {
    match bytes {
        [1] | [1, _] | [1, _, _] => return None,
        [1, _, low, high, ..] if u16::from_le_bytes([*low, *high]) > 8192 => return Some(Dialect::SHORT),
        [1, ..] => return Some(Dialect::BLOCK),
        [b'0'..=b'9', ..] => return digits(bytes),
        _ => {}
    }
    let fits = |(byte, place): (&u8, &u8)| if *place == b'#' { byte.is_ascii_digit() } else { byte == place };
    match BEGINNINGS.iter().find(|(_, beginning)| bytes.iter().zip(*beginning).all(fits)) {
        Some((dialect, beginning)) => (bytes.len() >= beginning.len()).then_some(*dialect),
        None => Some(Dialect::ECHO),
    }
}

/// Detects a dialect whose first messages begin with digits.
fn digits(bytes: &[u8]) -> Option<Dialect> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (digits, bytes.get(digits)) {
        (8.., _) => Some(if bytes[0] == b'0' { Dialect::FRAMED } else { Dialect::ECHO }),
        (_, None) => None,
        (_, Some(b';')) => line(bytes),
        (5.., _) => columns(bytes),
        _ => Some(Dialect::ECHO),
    }
}

fn line(bytes: &[u8]) -> Option<Dialect> {
    let head = &bytes[..bytes.len().min(1024)];
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
        return (head.len() == 1024).then_some(Dialect::ECHO);
    };
    let fields: Vec<&[u8]> = head[..end].split(|byte| *byte == b';').collect();
    let number = fields[fields.len() - 1];
    let number = number.strip_prefix(b"-").unwrap_or(number);
    let is_bet = fields.len() == 6 && !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    Some(if is_bet { Dialect::LINE } else { Dialect::ECHO })
}

fn columns(bytes: &[u8]) -> Option<Dialect> {
    let mut end = 0;
    for _ in 0..47 {
        end += match bytes.get(end) {
            None => break,
            Some(..=0x7F) => 1,
            Some(0xC2..=0xDF) => 2,
            Some(0xE0..=0xEF) => 3,
            Some(0xF0..=0xF4) => 4,
            Some(_) => return Some(Dialect::ECHO),
        };
    }
    let bet = &bytes[..end.min(bytes.len())];
    if bet.iter().any(u8::is_ascii_control) {
        return Some(Dialect::ECHO);
    }
    if !whole(bytes) {
        return None;
    }
    let Ok(text) = std::str::from_utf8(bet) else { return Some(Dialect::ECHO) };
    let text: Vec<char> = text.chars().collect();
    let form = "#####____________________########".chars().chain("####-##-######".chars());
    let fits = text.iter().zip(form).all(|(c, place)| match place {
        '#' => c.is_ascii_digit(),
        '-' => *c == '-',
        _ => true,
    });
    Some(if fits { Dialect::COLUMNS } else { Dialect::ECHO })
}

/// True if 47 characters have come, as far as their first bytes say.
fn whole(bytes: &[u8]) -> bool {
    let mut end = 0;
    (0..47).all(|_| {
        end += match bytes.get(end) {
            None => return false,
            Some(..=0x7F) => 1,
            Some(..=0xDF) => 2,
            Some(..=0xEF) => 3,
            Some(_) => 4,
        };
        end <= bytes.len()
    })
}

/// Number of bytes that are given one by one: more than a bet in columns has, if few of its characters are long.
const PIECES: usize = 64;

/// Detects a dialect; `data` is the first bytes of a connection.
pub fn run(data: &[u8]) {
    let mut whole = server();
    give(&mut whole, data);
    assert_eq!(whole.dialect(), reference(data), "{}", data.escape_ascii());

    let mut pieces = server();
    let first = &data[..data.len().min(PIECES)];
    for (n, byte) in first.iter().enumerate() {
        assert_eq!(pieces.dialect(), reference(&data[..n]), "{} at {n}", data.escape_ascii());
        give(&mut pieces, &[*byte]);
    }
    for (mut server, given) in [(whole, data), (pieces, first)] {
        server.handle(at(0), Input::Eof);
        let at_the_end = (!given.is_empty()).then(|| reference(given).unwrap_or(Dialect::ECHO));
        assert_eq!(server.dialect(), at_the_end, "{}", given.escape_ascii());
    }
}

fn give(server: &mut Server, mut bytes: &[u8]) {
    while server.state() == State::Open && give_some(server, &mut bytes) {}
}
