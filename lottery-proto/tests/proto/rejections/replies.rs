//! Replies that a server may not send.

use lottery_proto::Dialect;
use lottery_proto::{Client, CloseReason, Input, SendError, State};
use lottery_testkit::{
    ANA, BATCH, BATCH_ACK, BET, BET_ACK, ClientEvent, FINISHED, WINNER, at, bet, block, client_events,
    framed, give, take,
};

use crate::support::{FRAMED_STORED, NOTHING, asking, ended};

/// Checks that the client ends its side, drops further input, and closes when the server does.
fn closes_with(client: &mut Client, reason: &str) {
    assert!(client.poll_event().is_none(), "{reason}");
    assert_eq!(client.state(), State::Draining, "{reason}");
    assert_eq!(client.send_finished(at(1)), Err(SendError::Closed));
    assert!(client.poll_io().unwrap().fin);
    client.handle(at(1), Input::FinSent);
    if client.poll_io().is_some() {
        give(client, at(1), &block(BATCH_ACK, 1, b"1"));
        client.handle(at(1), Input::Eof);
    }
    assert!(client.poll_io().is_none());
    let events = client_events(client);
    let [ClientEvent::Closed(why)] = events[..] else { panic!("{events:?}") };
    assert_eq!(why.to_string(), format!("protocol error: {reason}"));
}

#[test]
fn a_wrong_reply_of_block_ends_the_connection() {
    let mut oversized = block(BATCH_ACK, 1, b"1");
    oversized[2..4].copy_from_slice(&[1, 0x20]);
    let not_a_document = "expected a document of 1 to 20 digits";
    for (request, answer, reason) in [
        (NOTHING, block(BATCH_ACK, 1, b"1"), "an answer to no question (at byte 0)".to_string()),
        (BATCH, block(BATCH_ACK, 1, b"1"), "an answer to no question (at byte 0)".into()),
        (FINISHED, block(WINNER, 1, b"1"), "packet type 6, expected 5 (at byte 0)".into()),
        (FINISHED, block(BET_ACK, 1, b"1"), "packet type 2, expected 5 (at byte 0)".into()),
        (WINNER, block(BATCH_ACK, 1, b"1"), "packet type 5, expected 6 (at byte 0)".into()),
        (BET, block(BATCH_ACK, 1, b"1"), "packet type 5, expected 2 (at byte 0)".into()),
        (WINNER, block(BET, 1, b""), "packet type 1 is not for this side to receive (at byte 0)".into()),
        (WINNER, block(BATCH, 1, b""), "packet type 3 is not for this side to receive (at byte 0)".into()),
        (WINNER, block(FINISHED, 1, b""), "packet type 4 is not for this side to receive (at byte 0)".into()),
        (WINNER, block(10, 1, b""), "unknown packet type 10 (at byte 0)".into()),
        (FINISHED, block(BATCH_ACK, 2, b"1"), "agency 2, expected 1 (at byte 1)".into()),
        (FINISHED, oversized, "size 8193, expected 4 to 8192 (at byte 2)".into()),
        (FINISHED, block(BATCH_ACK, 1, b""), "expected the status \"0\" or \"1\" (at byte 4)".into()),
        (FINISHED, block(BATCH_ACK, 1, b"2"), "expected the status \"0\" or \"1\" (at byte 4)".into()),
        (FINISHED, block(BATCH_ACK, 1, b"11"), "expected the status \"0\" or \"1\" (at byte 4)".into()),
        (
            BET,
            block(BET_ACK, 1, b"20000001|75|1"),
            "expected the bet's document, number and status (at byte 4)".into(),
        ),
        (
            BET,
            block(BET_ACK, 1, b"20000001|75741"),
            "expected the bet's document, number and status (at byte 4)".into(),
        ),
        (
            BET,
            block(BET_ACK, 1, b"20000001|7574|2"),
            "expected the bet's document, number and status (at byte 4)".into(),
        ),
        (WINNER, block(WINNER, 1, b""), "expected \"0\", or \"1\" and the documents (at byte 4)".into()),
        (WINNER, block(WINNER, 1, b"2"), "expected \"0\", or \"1\" and the documents (at byte 4)".into()),
        (WINNER, block(WINNER, 1, b"01"), "expected \"0\", or \"1\" and the documents (at byte 4)".into()),
        (WINNER, block(WINNER, 1, b"1|2"), format!("{not_a_document} (at byte 5)")),
        (WINNER, block(WINNER, 1, b"112|"), format!("{not_a_document} (at byte 8)")),
        (WINNER, block(WINNER, 1, b"112|3x"), format!("{not_a_document} (at byte 8)")),
        (WINNER, block(WINNER, 1, b"1123456789012345678901"), format!("{not_a_document} (at byte 5)")),
    ] {
        let mut client = asking(Dialect::BLOCK, request);
        give(&mut client, at(1), &answer);
        closes_with(&mut client, &reason);
    }
}

#[test]
fn replies_before_a_wrong_one_are_handed_out() {
    let mut client = asking(Dialect::BLOCK, FINISHED);
    give(&mut client, at(1), &[block(BATCH_ACK, 1, b"1"), block(BATCH_ACK, 1, b"1")].concat());
    assert_eq!(client_events(&mut client), [ClientEvent::Finished(true)]);
    closes_with(&mut client, "an answer to no question (at byte 0)");
}

#[test]
fn a_wrong_reply_of_a_text_dialect_ends_the_connection() {
    let framed = |body: &str| framed(body);
    let raw = |bytes: &str| bytes.as_bytes().to_vec();
    let documents = "expected documents of 1 to 20 digits, or NO_WINNERS";
    let document = "expected {PlayerDocID:…} with 1 to 20 digits";
    for (dialect, what, answer, text) in [
        (Dialect::FIXED, BATCH, raw("O"), "an answer to no question (at byte 0)".to_string()),
        (Dialect::FIXED, FINISHED, raw("N"), "expected O or E (at byte 0)".into()),
        (Dialect::FIXED, FINISHED, raw("R00000"), "expected O or E (at byte 0)".into()),
        (Dialect::FIXED, FINISHED, raw("A0000100000"), "expected O, N, R or E (at byte 0)".into()),
        (Dialect::FIXED, WINNER, raw("O"), "expected N, R or E (at byte 0)".into()),
        (Dialect::FIXED, WINNER, raw("R0000x"), "expected a digit (at byte 5)".into()),
        (Dialect::FIXED, WINNER, raw("R000011234567x"), "expected a document of 8 digits (at byte 6)".into()),
        (
            Dialect::FIXED,
            WINNER,
            raw("R0000212345678      12"),
            "expected a document of 8 digits (at byte 14)".into(),
        ),
        (Dialect::FIXED, WINNER, b"E00002a\xFFb".to_vec(), "expected UTF-8 (at byte 7)".into()),
        (Dialect::FRAMED, NOTHING, FRAMED_STORED.to_vec(), "an answer to no question (at byte 0)".into()),
        (
            Dialect::FRAMED,
            BATCH,
            framed("NO_WINNERS"),
            "expected \"success;…\" or \"error;…\" (at byte 8)".into(),
        ),
        (
            Dialect::FRAMED,
            BATCH,
            framed("success"),
            "expected \"success;…\" or \"error;…\" (at byte 8)".into(),
        ),
        (Dialect::FRAMED, BATCH, framed(""), "expected \"success;…\" or \"error;…\" (at byte 8)".into()),
        (
            Dialect::FRAMED,
            BATCH,
            raw("0000000x"),
            "expected eight digits, the length of the body (at byte 7)".into(),
        ),
        (
            Dialect::FRAMED,
            BATCH,
            raw("01048569"),
            "a message of 1048577 bytes, at most 1048576 are taken (at byte 0)".into(),
        ),
        (Dialect::FRAMED, FINISHED, framed("error;alto"), format!("{documents} (at byte 8)")),
        (Dialect::FRAMED, FINISHED, framed(""), format!("{documents} (at byte 8)")),
        (Dialect::FRAMED, FINISHED, framed("1;2;"), format!("{documents} (at byte 12)")),
        (Dialect::FRAMED, FINISHED, framed("1;123456789012345678901"), format!("{documents} (at byte 10)")),
        (Dialect::FRAMED, FINISHED, FRAMED_STORED.to_vec(), format!("{documents} (at byte 8)")),
        (Dialect::BRACES, NOTHING, raw("W;"), "an answer to no question (at byte 0)".into()),
        (Dialect::BRACES, BATCH, raw("ACK_NOTIFY;"), "expected ACK_CHUNK or ERROR (at byte 0)".into()),
        (Dialect::BRACES, BATCH, raw(" ACK_CHUNK;"), "expected ACK_CHUNK or ERROR (at byte 0)".into()),
        (Dialect::BRACES, FINISHED, raw("ACK_CHUNK;"), "expected ACK_NOTIFY or ERROR (at byte 0)".into()),
        (Dialect::BRACES, WINNER, raw("ACK_NOTIFY;"), "expected W, R or ERROR (at byte 0)".into()),
        (Dialect::BRACES, WINNER, raw("R{};"), format!("{document} (at byte 1)")),
        (Dialect::BRACES, WINNER, raw("R{PlayerDocID:};"), format!("{document} (at byte 1)")),
        (Dialect::BRACES, WINNER, raw("R{PlayerDocID:1x};"), format!("{document} (at byte 1)")),
        (
            Dialect::BRACES,
            WINNER,
            raw("R{PlayerDocID:1},{PlayerDocID:1;"),
            format!("{document} (at byte 17)"),
        ),
        (
            Dialect::BRACES,
            WINNER,
            raw("R{PlayerDocID:1},;"),
            "expected a comma, or the end (at byte 16)".into(),
        ),
        (
            Dialect::BRACES,
            WINNER,
            raw("R{PlayerDocID:1}{PlayerDocID:1};"),
            "expected a comma, or the end (at byte 16)".into(),
        ),
        (Dialect::BRACES, WINNER, b"W\xFF;".to_vec(), "expected UTF-8 (at byte 1)".into()),
    ] {
        let mut client = asking(dialect, what);
        give(&mut client, at(1), &answer);
        assert!(client.poll_event().is_none());
        assert_eq!(client.state(), State::Draining, "{}", answer.escape_ascii());
        let events = ended(&mut client, at(1));
        let [ClientEvent::Closed(why)] = events[..] else { panic!("{events:?}") };
        assert_eq!(why.to_string(), format!("protocol error: {text}"));
    }
}

/// An unasked failure is handed out: the connection goes no further.
#[test]
fn an_unasked_failure_is_handed_out() {
    for (dialect, sent) in [
        (Dialect::FIXED, &b"E00004alto"[..]),
        (Dialect::FRAMED, b"00000010error;alto"),
        (Dialect::BRACES, b"ERROR:alto;"),
    ] {
        let mut client = asking(dialect, if dialect == Dialect::FIXED { BATCH } else { NOTHING });
        give(&mut client, at(1), sent);
        let rejected = ClientEvent::Rejected("", "alto".into());
        assert_eq!(ended(&mut client, at(1)), [rejected, ClientEvent::Closed(CloseReason::Done)]);
    }
}

#[test]
fn an_endless_reply_is_given_up_at_the_limit() {
    let mut client = asking(Dialect::BRACES, WINNER);
    while client.state() == State::Open {
        let recv = client.poll_io().unwrap().recv;
        assert!(!recv.is_empty());
        recv.fill(b'R');
        let received = recv.len();
        client.handle(at(1), Input::Received(received));
    }
    let events = ended(&mut client, at(1));
    let [ClientEvent::Closed(why)] = events[..] else { panic!("{events:?}") };
    let text = "protocol error: a message of 1048577 bytes, at most 1048576 are taken (at byte 0)";
    assert_eq!(why.to_string(), text);
}

#[test]
fn a_rejected_single_bet_is_reported() {
    let mut client = lottery_testkit::client(1);
    client.send_bet(at(0), &bet(ANA)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(BET_ACK, 1, b"20000001|7574|0"));
    let events = client_events(&mut client);
    assert_eq!(events, [ClientEvent::Bet(false)]);
}
