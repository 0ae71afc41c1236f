//! Tests that a message which arrives byte by byte is searched once. They count bytes instead of time.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::{FrameCursor, Limits};
use crate::dialect::Dialect;

/// Role of the sender of a message.
#[derive(Clone, Copy, Debug)]
enum Side {
    Client,
    Server,
}

const LIMITS: Limits = Limits { message: 1024 * 1024, ended: false };

/// Returns long messages of every dialect that searches for their end, both ways.
fn messages() -> Vec<(Dialect, Side, Vec<u8>)> {
    let bet = "Ñandú".to_string() + &" ".repeat(25) + &"x".repeat(30) + "200000011980-01-017574";
    let fixed = format!("A0000100300{}", bet.repeat(300));
    let winners = format!("R03000{}", "20000001".repeat(3000));
    let failure = format!("E09000{}", "ñ".repeat(9000));
    let framed = format!("00020000{}", "ñ".repeat(10_000));
    let texts = [
        (Dialect::FIXED, Side::Client, fixed),
        (Dialect::FIXED, Side::Server, winners),
        (Dialect::FIXED, Side::Server, failure),
        (Dialect::FRAMED, Side::Client, framed.clone()),
        (Dialect::FRAMED, Side::Server, framed),
        (Dialect::BRACES, Side::Client, format!("B{};", "{PlayerName:Ñandú}".repeat(1000))),
        (Dialect::BRACES, Side::Server, format!("R{};", "{PlayerDocID:1}".repeat(1000))),
        (Dialect::COLUMNS, Side::Client, "00001".to_string() + &"Ñ".repeat(20) + "200000011980-01-017574"),
        (Dialect::COLUMNS, Side::Server, "ñ".repeat(9000) + "\n"),
        (Dialect::LINE, Side::Client, "1;".to_string() + &"ñ".repeat(9000) + "\n"),
        (Dialect::LINE, Side::Server, "error;".to_string() + &"ñ".repeat(9000) + "\n"),
        (Dialect::BARE, Side::Client, "{PlayerName:Ñandú}".repeat(1000) + ";"),
        (Dialect::BARE, Side::Server, "ñ".repeat(9000) + ";"),
        (Dialect::ECHO, Side::Client, "ñ".repeat(4096) + "\n"),
        (Dialect::ECHO, Side::Server, "ñ".repeat(9000) + "\n"),
    ];
    let block = (Dialect::BLOCK, Side::Client, vec![1; 8192]);
    texts
        .into_iter()
        .map(|(wire, side, text): (_, _, String)| (wire, side, text.into()))
        .chain([block])
        .collect()
}

/// Returns the offset of the body, behind the bytes that give the length of the message and are read each time.
fn body(wire: Dialect, message: &[u8]) -> usize {
    match (wire.name(), message.first()) {
        ("fixed", Some(b'A')) => 11,
        ("fixed", _) => 6,
        ("framed", _) => 8,
        _ => 0,
    }
}

/// Overwrites the bytes that the search has passed. It still finds the end, so it does not read them again. Bytes not
/// yet passed are less than one character.
#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn no_byte_of_a_message_is_looked_at_twice() {
    for (wire, side, message) in messages() {
        let counts = [Dialect::BLOCK, Dialect::FRAMED].contains(&wire);
        let (mut scan, mut seen) = (FrameCursor::default(), Vec::new());
        let mut spoilt = body(wire, &message);
        for (at, byte) in message.iter().enumerate() {
            seen.push(*byte);
            let found = match side {
                Side::Client => wire.server().frame(&mut scan, &seen, LIMITS),
                Side::Server => wire.client().frame(&mut scan, &seen, LIMITS),
            };
            let end = (at + 1 == message.len()).then_some(message.len());
            assert_eq!(found, Ok(end), "{wire} {side:?} at {at}");
            let passed = if counts { seen.len() } else { body(wire, &message) + scan.bytes };
            assert!(passed.max(spoilt) + 4 > seen.len(), "{wire} {side:?} at {at}");
            seen.iter_mut().take(passed).skip(spoilt).for_each(|byte| *byte = 0xFF);
            spoilt = spoilt.max(passed);
        }
    }
}
