//! Messages that come slowly: they have the time that they take at the minimum rate
//! (`docs/protocol.md#deadlines`).

use std::time::Duration;

use lottery_proto::server::Event;
use lottery_proto::{CloseReason, ConnId, Input, Server, ServerConfig, State, WinnersReply};
use lottery_testkit::{
    BATCH_ACK, FINISHED, ServerEvent, WINNER, at, block, client, give, server, server_events, take,
};

use super::{answering, deadline, ends, expire};
use crate::support::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH};

#[test]
fn a_trickling_message_must_be_complete_in_time() {
    let mut server = server();
    for second in 0..20 {
        give(&mut server, at(1_000 + second * 1_000), b"\x04");
        assert_eq!(deadline(&mut server), Some(at(21_000 + 10 * (second + 1))));
    }
    assert_eq!(expire(&mut server), at(21_200));
    ends(&mut server, at(21_200), CloseReason::Incomplete);
}

#[test]
fn a_peer_within_a_message_is_not_silent() {
    let idle_timeout = Duration::from_secs(5);
    let config = ServerConfig::builder(5).idle_timeout(idle_timeout).build().unwrap();
    let mut server = Server::new(config, ConnId(1), at(0));
    give(&mut server, at(4_000), b"\x04");
    assert_eq!(deadline(&mut server), Some(at(24_010)));
}

#[test]
fn each_message_has_its_own_deadline() {
    let mut server = server();
    let query = block(WINNER, 1, b"1");
    give(&mut server, at(0), &query[..1]);
    give(&mut server, at(19_000), &[&query[1..], &query[..1]].concat());
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    assert_eq!(expire(&mut server), at(39_010));
    // The first query still gets its reply, before the end.
    server.reply(at(39_011), ticket, WinnersReply::Pending).unwrap();
    assert_eq!(take(&mut server, at(39_012)), block(WINNER, 1, b"0"));
    ends(&mut server, at(39_013), CloseReason::Incomplete);
}

#[test]
fn a_message_that_is_not_read_has_no_deadline() {
    let config = ServerConfig::builder(5).max_in_flight(1).build().unwrap();
    let mut server = Server::new(config, ConnId(1), at(0));
    let query = block(WINNER, 1, b"1");
    // The first buffer is too small for more than a block.
    for (read, now, answered) in [(0, 0, 0), (100, 100, 90_000)] {
        give(&mut server, at(now), &[&query[..], &query[..read]].concat());
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        assert!(server.poll_io().unwrap().recv.is_empty());
        if answered > now {
            server.handle(at(answered), Input::Timeout);
            assert_eq!(deadline(&mut server), Some(at(now + 300_000)), "that for the reply");
        }
        server.reply(at(answered), ticket, WinnersReply::Pending).unwrap();
        let _ = take(&mut server, at(answered));
    }
    server.handle(at(91_000), Input::Timeout);
    assert_eq!(expire(&mut server), at(111_000));
    ends(&mut server, at(111_000), CloseReason::Incomplete);
}

/// Block over a line that many share: complete after 101 s at 81 bytes a second; too slow at 80.
#[test]
fn a_message_at_the_minimum_rate_is_completed() {
    for (rate, in_time) in [(1_000, true), (400, true), (81, true), (80, false), (10, false)] {
        let mut server = server();
        let (mut rest, mut second) = (&block(FINISHED, 1, b"")[..], 0);
        while !rest.is_empty() && server.state() == State::Open {
            let (some, more) = rest.split_at(rest.len().min(rate));
            give(&mut server, at(second * 1_000), some);
            (rest, second) = (more, second + 1);
            server.handle(at(second * 1_000), Input::Timeout);
        }
        let finished = matches!(server.poll_event(), Some(Event::Finished { .. }));
        assert_eq!(finished, in_time, "{rate} bytes a second, {second} s");
    }
}

#[test]
fn the_deadline_of_a_message_is_bounded() {
    let message_timeout = Duration::from_secs(2);
    let config = ServerConfig::builder(5).message_timeout(message_timeout).build().unwrap();
    let mut server = Server::new(config, ConnId(1), at(0));
    give(&mut server, at(0), b"Q{AgencyID:");
    for second in 1..60 {
        give(&mut server, at(second * 1_000), &[b'1'; 1_000]);
        assert_eq!(server.poll_io().unwrap().deadline, Some(at((2_110 + second * 10_000).min(60_000))));
    }
    server.handle(at(60_000), Input::Timeout);
    assert_eq!(take(&mut server, at(60_000)), b"ERROR:a message was not completed in time;");
    server.handle(at(60_000), Input::FinSent);
    server.handle(at(60_000), Input::Eof);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Incomplete)]);
}

#[test]
fn a_message_that_stops_is_incomplete() {
    for (sent, failure) in [
        (&FIXED_BATCH.as_bytes()[..90], "E00035a message was not completed in time"),
        (b"A0000100003", "E00035a message was not completed in time"),
        (&FRAMED_BATCH.as_bytes()[..60], "00000041error;a message was not completed in time"),
        (&FRAMED_BATCH.as_bytes()[..8], "00000041error;a message was not completed in time"),
        (&BRACES_BATCH.as_bytes()[..60], "ERROR:a message was not completed in time;"),
        (b"000", ""),
        (b"A000010000", ""),
        (b"B", ""),
        (b"B{PlayerName", ""),
    ] {
        let mut server = server();
        give(&mut server, at(1_000), sent);
        let due = 21_000 + 10 * sent.len() as u64;
        assert_eq!(server.poll_io().unwrap().deadline, Some(at(due)));
        server.handle(at(due - 1), Input::Timeout);
        assert_eq!(server.state(), State::Open);
        server.handle(at(due), Input::Timeout);
        assert_eq!(String::from_utf8(take(&mut server, at(due))).unwrap(), failure);
        server.handle(at(due), Input::FinSent);
        server.handle(at(due), Input::Eof);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Incomplete)]);
    }
}

#[test]
fn bytes_read_late_count_before_a_timeout() {
    // The program stood still for an hour: bytes that arrived meanwhile are read before time is told.
    let late = at(3_600_000);
    let query = block(WINNER, 1, b"1");
    for begun in [0, 1, 4000] {
        let mut server = server();
        give(&mut server, at(1_000), &query[..begun]);
        let rest = &query[begun..];
        for piece in rest.chunks(700) {
            give(&mut server, late, piece);
            assert_eq!(deadline(&mut server).filter(|due| *due <= late), None, "a deadline lies ahead");
        }
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!("from {begun}") };
        server.handle(late, Input::Timeout);
        server.reply(late, ticket, WinnersReply::Pending).unwrap();
        assert_eq!(take(&mut server, late), pending_reply());
        assert_eq!(server.state(), State::Open);

        // An incomplete message is over at the next timeout.
        let mut server = lottery_testkit::server();
        give(&mut server, at(1_000), &query[..=begun]);
        give(&mut server, late, &query[begun + 1..begun + 2]);
        assert_eq!(server.state(), State::Open);
        server.handle(late, Input::Timeout);
        ends(&mut server, late, CloseReason::Incomplete);
    }

    // The same holds for bytes that a peer takes late, and for a late reply.
    let mut server = answering();
    let sent = server.poll_io().unwrap().send.len();
    server.handle(late, Input::Sent(sent - 1));
    server.handle(late, Input::Timeout);
    assert_eq!(server.state(), State::Open);
    let mut client = client(1);
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    give(&mut client, late, &block(BATCH_ACK, 1, b"1"));
    client.handle(late, Input::Timeout);
    assert_eq!(client.state(), State::Open);
}

fn pending_reply() -> Vec<u8> {
    block(WINNER, 1, b"0")
}
