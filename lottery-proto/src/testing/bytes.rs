//! Checks of arbitrary bytes.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::LIMITS;
use crate::bet::{Bet, Bets, Spans};
use crate::dialect::Dialect;
use crate::error::DecodeError;
use crate::wire::{FrameCursor, Kind, Limits, PendingReply, Response};

/// Number of spoilt messages that are made of each sample.
const SPOILT: usize = 200;

/// Checks that any bytes are framed alike however they are cut, and that what they decode to is valid.
///
/// # Panics
/// A property does not hold.
pub fn check_bytes(dialect: Dialect, bytes: &[u8]) {
    let codec = dialect.server();
    let limits = Limits::new(64 * 1024, false);
    let (mut cursor, mut seen) = (FrameCursor::default(), 0);
    let whole = codec.frame(&mut FrameCursor::default(), bytes, limits);
    // The first result with fewer bytes is that of all bytes.
    let stepwise = loop {
        let found = codec.frame(&mut cursor, bytes.get(..seen).unwrap_or_default(), limits);
        if seen == bytes.len() || found != Ok(None) {
            break found;
        }
        seen += 1;
    };
    match (whole, stepwise) {
        (Ok(whole), Ok(stepwise)) => assert_eq!(whole, stepwise, "{dialect}: {}", bytes.escape_ascii()),
        (whole, stepwise) => {
            assert!(whole.is_err() && stepwise.is_err(), "{dialect}: {} {whole:?}", bytes.escape_ascii());
        }
    }
    if let Ok(Some(len)) = whole {
        assert!((1..=bytes.len()).contains(&len), "{dialect}: a message of {len} bytes");
        let mut message = bytes.get(..len).unwrap_or_default().to_vec();
        if !codec.is_filler(&message) {
            decode(dialect, &mut message);
        }
    }
    for kind in [Kind::Hello, Kind::Bet, Kind::Batch, Kind::Finished, Kind::Winners, Kind::AwaitWinners] {
        respond(dialect, kind, bytes);
    }
}

/// Decodes a request, and checks that its bets are valid and its places are within it.
fn decode(dialect: Dialect, message: &mut [u8]) {
    let mut spans = Spans::default();
    match dialect.server().request(message, &mut spans) {
        Ok(request) => {
            let payload = message.get(request.payload.clone());
            let payload = payload.unwrap_or_else(|| panic!("{dialect}: a payload outside of its message"));
            if matches!(request.kind, Kind::Bet | Kind::Batch) {
                assert!(request.agency.is_some(), "{dialect}: bets of nobody");
                assert_eq!(spans.as_slice().len(), request.count, "{dialect}: places and count of bets");
                valid(dialect, Bets::validated(payload, spans.as_slice()));
            }
        }
        Err(rejection) => in_message(dialect, rejection.error, message),
    }
}

fn valid(dialect: Dialect, bets: Bets<'_>) {
    for bet in bets {
        let number = bet.number().to_string();
        let again = Bet::new([bet.first_name(), bet.last_name(), bet.document(), bet.birthdate(), &number]);
        assert_eq!(again, Ok(bet), "{dialect}: a bet that is not valid");
    }
}

/// Decodes a reply, and checks that its places are within it.
fn respond(dialect: Dialect, kind: Kind, bytes: &[u8]) {
    let codec = dialect.client();
    let Ok(Some(len)) = codec.frame(&mut FrameCursor::default(), bytes, LIMITS) else { return };
    let mut message = bytes.get(..len).unwrap_or_default().to_vec();
    let _ = codec.failure(&message);
    match codec.response(&PendingReply::new(kind, 1), &mut message) {
        Ok(Response::Winners { documents, count, .. }) => {
            let text = message.get(documents).and_then(|text| core::str::from_utf8(text).ok());
            let mut rest = text.unwrap_or_else(|| panic!("{dialect}: documents that are no text"));
            let mut found = 0;
            while let Some((_, after)) = codec.next_document(rest) {
                assert!(after.len() < rest.len(), "{dialect}: a list of winners without an end");
                (rest, found) = (after, found + 1);
            }
            assert_eq!(found, count, "{dialect}: number of winners");
        }
        Ok(Response::Rejected { reason, .. } | Response::Failed(reason)) => {
            let text = message.get(reason.text).map(core::str::from_utf8);
            assert!(matches!(text, Some(Ok(_))), "{dialect}: a reason that is no text of its message");
        }
        Ok(_) => {}
        Err(error) => in_message(dialect, error, &message),
    }
}

fn in_message(dialect: Dialect, error: DecodeError, message: &[u8]) {
    assert!(error.offset <= message.len(), "{dialect}: a mistake behind the message: {error}");
}

/// Checks bytes that are changed, left out or added in each request.
pub(super) fn spoil(dialect: Dialect, requests: &[Vec<u8>]) {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or_default() % below.max(1)
    };
    for request in requests {
        for _ in 0..SPOILT {
            let mut bytes = request.clone();
            let at = next(bytes.len());
            let byte = u8::try_from(next(256)).unwrap_or_default();
            match next(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|place| *place = byte),
            }
            check_bytes(dialect, &bytes);
        }
    }
}
