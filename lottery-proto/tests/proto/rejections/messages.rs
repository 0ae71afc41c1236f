//! Malformed packets from a client: its connection ends, after the rejection that is due, if there is one.

use lottery_proto::server::Event;
use lottery_proto::{CloseReason, DecodeError, Input, Problem, Receipt, Server, State, Violation};
use lottery_testkit::{
    ANA, BATCH, BATCH_ACK, BET, BET_ACK, BLOCK, FINISHED, JOSE, ServerEvent, WINNER, at, batch, block, give,
    server, server_events, take,
};

/// Returns a block whose header has this size, whatever size the payload needs.
fn sized(kind: u8, size: u16, payload: &[u8]) -> Vec<u8> {
    let mut block = block(kind, 1, payload);
    block[2..4].copy_from_slice(&size.to_le_bytes());
    block
}

/// Returns a batch whose count is this, whatever number of bets follows.
fn counted(count: u8, bets: &[&str]) -> Vec<u8> {
    let mut block = batch(1, bets);
    block[4] = count;
    block
}

/// Returns a batch of two bets, the second with this byte replaced.
fn second_bet_with(at: usize, byte: u8) -> Vec<u8> {
    let mut block = batch(1, &[ANA, ANA]);
    block[5 + 4 + ANA.len() + at] = byte;
    block
}

fn bet_rejected(agency: u8, echo: &[u8]) -> Vec<u8> {
    block(BET_ACK, agency, echo)
}

fn finished_rejected(agency: u8) -> Vec<u8> {
    block(BATCH_ACK, agency, b"0")
}

/// Returns the error of the only event, which closes the connection for the peer's fault.
fn closed(server: &mut Server) -> DecodeError {
    match &server_events(server)[..] {
        [ServerEvent::Closed(CloseReason::Peer(Violation::Malformed(error)))] => *error,
        other => panic!("{other:?}"),
    }
}

/// Checks that the machine sends `failure`, ends its side, drops further input, and waits for the peer's end.
fn ends_with(server: &mut Server, failure: &[u8]) {
    assert_eq!(server_events(server), []);
    assert_eq!(server.state(), State::Draining);
    let io = server.poll_io().unwrap();
    assert_eq!(io.fin, failure.is_empty());
    assert!(!io.recv.is_empty(), "what the peer still sends is read");
    assert_eq!(take(server, at(1)), failure);
    assert!(server.poll_io().unwrap().fin);
    server.handle(at(2), Input::FinSent);
    assert_eq!(server.state(), State::Lingering);
    give(server, at(2), &vec![b'x'; 100 * 1024]);
    assert!(take(server, at(2)).is_empty());
    assert_eq!(server_events(server), []);
    server.handle(at(3), Input::Eof);
    assert!(server.poll_io().is_none());
}

#[test]
fn a_peer_that_keeps_sending_after_a_rejection_is_cut_off() {
    let mut server = server();
    give(&mut server, at(0), &sized(FINISHED, 0, b""));
    assert_eq!(server_events(&mut server), []);
    assert_eq!(server.state(), State::Draining);
    let mut read = drop_all(&mut server);
    assert!(read < 600 * 1024, "{read} bytes were read");
    // The rejection is sent all the same, and the end with it.
    assert_eq!(take(&mut server, at(1)), finished_rejected(1));
    server.handle(at(2), Input::FinSent);
    read += drop_all(&mut server);
    assert!((100 * 1024..600 * 1024).contains(&read), "{read} bytes were read");
    assert!(server.poll_io().is_none(), "without the second that it would be waited for");
    assert!(matches!(closed(&mut server).problem, Problem::Size { .. }), "the first reason counts");
}

/// Sends as long as the server reads, and returns the number of bytes.
fn drop_all(server: &mut Server) -> usize {
    let mut read = 0;
    while read < 10_000_000
        && let Some(io) = server.poll_io()
        && !io.recv.is_empty()
    {
        let bytes = io.recv.len();
        read += bytes;
        server.handle(at(1), Input::Received(bytes));
    }
    read
}

/// `(bytes sent, rejection due, text of the reason)`
fn table() -> Vec<(Vec<u8>, Vec<u8>, &'static str)> {
    let none = Vec::new;
    let zero_bet = || bet_rejected(1, b"0|0|0");
    vec![
        (sized(FINISHED, 0, b""), finished_rejected(1), "size 0, expected 4 to 8192 (at byte 2)"),
        (sized(FINISHED, 3, b""), finished_rejected(1), "size 3, expected 4 to 8192 (at byte 2)"),
        (sized(FINISHED, 8193, b""), finished_rejected(1), "size 8193, expected 4 to 8192 (at byte 2)"),
        (sized(FINISHED, 65535, b""), finished_rejected(1), "size 65535, expected 4 to 8192 (at byte 2)"),
        (sized(BET, 3, ANA.as_bytes()), zero_bet(), "size 3, expected 4 to 8192 (at byte 2)"),
        // A Bet that is so long is a block of 128 bytes.
        (sized(BET, 8193, ANA.as_bytes()), none(), "size 1, expected 3 to 128 (at byte 2)"),
        (sized(BATCH, 3, b"\0"), none(), "size 3, expected 4 to 8192 (at byte 2)"),
        (sized(WINNER, 8193, b"1"), none(), "size 8193, expected 4 to 8192 (at byte 2)"),
        (sized(FINISHED, 5, b""), finished_rejected(1), "size 5, but the payload ends at 4 (at byte 2)"),
        (block(FINISHED, 1, b"1"), finished_rejected(1), "size 5, but the payload ends at 4 (at byte 2)"),
        (sized(WINNER, 4, b"1"), none(), "expected the payload \"1\" (at byte 4)"),
        (block(WINNER, 1, b"11"), none(), "expected the payload \"1\" (at byte 4)"),
        (block(WINNER, 1, b"0"), none(), "expected the payload \"1\" (at byte 4)"),
        (sized(BATCH, 4, b""), none(), "expected a count of bets (at byte 4)"),
        (sized(BATCH, 42, &batch(1, &[ANA])[4..]), none(), "size 42, but the payload ends at 41 (at byte 2)"),
        (
            sized(BATCH, 40, &batch(1, &[ANA])[4..BLOCK - 4]),
            none(),
            "bet 1: size 36, expected 4 to 35 (at byte 5)",
        ),
        (
            sized(BATCH, 8, &batch(1, &[ANA])[4..41]),
            none(),
            "bet 1: expected the header of a bet (at byte 5)",
        ),
        (block(8, 1, b""), none(), "packet type 8 is not for this side to receive (at byte 0)"),
        (block(9, 1, b""), none(), "packet type 9 is not for this side to receive (at byte 0)"),
        (block(BET_ACK, 1, b"1|1|1"), none(), "packet type 2 is not for this side to receive (at byte 0)"),
        (block(BATCH_ACK, 1, b"1"), none(), "packet type 5 is not for this side to receive (at byte 0)"),
        (counted(3, &[ANA, JOSE]), none(), "3 bets announced, 2 found (at byte 4)"),
        (counted(1, &[ANA, JOSE]), none(), "1 bets announced, 2 found (at byte 4)"),
        (counted(1, &[]), none(), "1 bets announced, 0 found (at byte 4)"),
        (counted(0, &[ANA]), none(), "0 bets announced, 1 found (at byte 4)"),
        (second_bet_with(0, 2), none(), "bet 2: packet type 2, expected 1 (at byte 41)"),
        (second_bet_with(1, 2), none(), "bet 2: agency 2, expected 1 (at byte 41)"),
        (second_bet_with(2, 3), none(), "bet 2: size 3, expected 4 to 36 (at byte 41)"),
        (second_bet_with(2, 37), none(), "bet 2: size 37, expected 4 to 36 (at byte 41)"),
        (second_bet_with(3, 0xFF), none(), "bet 2: size 65316, expected 4 to 36 (at byte 41)"),
        (
            block(BET, 0, ANA.as_bytes()),
            bet_rejected(0, b"20000001|7574|0"),
            "expected an agency from 1 (at byte 1)",
        ),
        (block(FINISHED, 0, b""), finished_rejected(0), "expected an agency from 1 (at byte 1)"),
        (batch(0, &[ANA]), none(), "expected an agency from 1 (at byte 1)"),
        (block(WINNER, 0, b"1"), none(), "expected an agency from 1 (at byte 1)"),
        (
            block(BET, 6, ANA.as_bytes()),
            bet_rejected(6, b"20000001|7574|0"),
            "unknown agency 6, expected 1 to 5 (at byte 0)",
        ),
        (block(FINISHED, 6, b""), finished_rejected(6), "unknown agency 6, expected 1 to 5 (at byte 0)"),
        (batch(255, &[ANA]), none(), "unknown agency 255, expected 1 to 5 (at byte 0)"),
        (batch(6, &["not a bet"]), none(), "unknown agency 6, expected 1 to 5 (at byte 0)"),
        (block(WINNER, 6, b"1"), none(), "unknown agency 6, expected 1 to 5 (at byte 0)"),
    ]
}

#[test]
fn a_malformed_packet_ends_the_connection() {
    for (sent, failure, text) in table() {
        let mut server = server();
        // A second message behind it is not decoded.
        give(&mut server, at(1), &[sent, block(FINISHED, 1, b"")].concat());
        ends_with(&mut server, &failure);
        let error = closed(&mut server);
        assert_eq!(error.to_string(), text);
        assert!(!error.is_about_a_bet());
    }
}

#[test]
fn a_packet_of_another_agency_ends_the_connection() {
    for (sent, failure) in [
        (block(BET, 2, JOSE.as_bytes()), bet_rejected(2, b"20000003|8|0")),
        (batch(2, &[JOSE]), vec![]),
        (batch(2, &["not a bet"]), vec![]),
        (block(FINISHED, 2, b""), finished_rejected(2)),
        (block(WINNER, 2, b"1"), vec![]),
    ] {
        let mut server = server();
        give(&mut server, at(1), &block(WINNER, 1, b"1"));
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        assert_eq!(server.agency().unwrap().get(), 1);
        server.reply(at(1), ticket, lottery_proto::WinnersReply::Pending).unwrap();
        assert_eq!(take(&mut server, at(1)), block(WINNER, 1, b"0"));
        give(&mut server, at(1), &sent);
        ends_with(&mut server, &failure);
        let error = closed(&mut server);
        assert_eq!(error.to_string(), "agency 2, expected 1 (at byte 0)");
        assert_eq!(error.problem, Problem::AgencyMismatch { found: 2, expected: 1 });
        assert_eq!(server.agency().unwrap().get(), 1);
    }
}

/// Earlier requests are answered before the rejection is sent, and the rejection before the end.
#[test]
fn requests_before_a_malformed_packet_get_their_replies() {
    let mut server = server();
    let sent = [block(FINISHED, 1, b""), block(FINISHED, 1, b"?")].concat();
    give(&mut server, at(1), &sent);
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    assert!(server.poll_event().is_none());
    let io = server.poll_io().unwrap();
    assert!(io.send.is_empty() && !io.fin);
    server.reply(at(1), ticket, Receipt::Stored { total: 0 }).unwrap();
    let answers = [block(BATCH_ACK, 1, b"1"), block(BATCH_ACK, 1, b"0")].concat();
    ends_with(&mut server, &answers);
    assert_eq!(closed(&mut server).offset, 2);
}

#[test]
fn no_bet_of_a_malformed_batch_is_handed_out() {
    let mut server = server();
    give(&mut server, at(1), &[batch(1, &[JOSE]), second_bet_with(1, 9)].concat());
    assert_eq!(server_events(&mut server), [ServerEvent::Batch(vec![JOSE.into()])]);
    // The batch that was handed out still needs a verdict, though `block` sends no reply: the end waits for
    // it, at most a second.
    assert!(!server.poll_io().unwrap().fin);
    server.handle(at(1000), Input::Timeout);
    assert_eq!(server.poll_io().unwrap().deadline, Some(at(1 + 1000)));
    server.handle(at(1 + 1000), Input::Timeout);
    assert_eq!(closed(&mut server).bet, Some(2));
}

#[test]
fn garbage_is_rejected_once_it_fills_a_block() {
    let mut server = server();
    give(&mut server, at(1), b"\x09");
    give(&mut server, at(1), &[b'x'; BLOCK - 2]);
    assert_eq!(server.state(), State::Open);
    give(&mut server, at(1), b"x");
    ends_with(&mut server, &[]);
    // The size is checked first: if it is wrong, nothing else in the packet has a place.
    assert_eq!(closed(&mut server).to_string(), "size 30840, expected 4 to 8192 (at byte 2)");
}

/// The first bytes choose the dialect: behind them a block may begin with any byte.
#[test]
fn a_later_packet_of_any_type_is_a_block() {
    for kind in [0, 10, b'A', b'x', 255] {
        let mut server = server();
        give(&mut server, at(1), &block(WINNER, 1, b"1"));
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        server.reply(at(1), ticket, lottery_proto::WinnersReply::Pending).unwrap();
        assert_eq!(take(&mut server, at(1)), block(WINNER, 1, b"0"));
        give(&mut server, at(1), &block(kind, 1, b""));
        ends_with(&mut server, &[]);
        assert_eq!(closed(&mut server).to_string(), format!("unknown packet type {kind} (at byte 0)"));
    }
}
