//! `framed`: bodies behind their length, and END, which waits for the draw (`docs/protocol.md#framed`).

use lottery_proto::Dialect;
use lottery_proto::server::Event;
use lottery_proto::{CloseReason, Input, State, Violation};
use lottery_testkit::{
    ClientEvent, FINISHED, accept_next, at, client_events, client_of, framed, give, server, server_events,
    take,
};

use crate::support::{
    End, FRAMED_BATCH, FRAMED_STORED, accept_all, asking, close_reason, rejection, rejection_behind,
    server_given, utf8,
};

/// In `framed` the winners of an agency that has sent bets are those of this agency.
#[test]
fn end_after_a_batch_is_finished_and_a_winners_query() {
    let mut server = server();
    give(&mut server, at(0), format!("{FRAMED_BATCH}00000003END").as_bytes());
    assert!(accept_next(&mut server, at(0), None), "the batch");
    assert!(accept_next(&mut server, at(0), None), "finished");
    assert_eq!(take(&mut server, at(0)), b"00000034success;Batch stored successfully.");
    let winners = ["20000003".to_string()];
    assert!(accept_next(&mut server, at(9), Some(&winners)), "the query");
    assert_eq!(take(&mut server, at(9)), b"0000000820000003");
    assert!(server.poll_io().unwrap().fin);
}

#[test]
fn end_waits_for_the_draw_without_a_deadline() {
    let mut client = asking(Dialect::FRAMED, FINISHED);
    client.handle(at(1_000_000_000), Input::Timeout);
    assert_eq!(client.state(), State::Open);
    // A peer that takes nothing, or that is gone, is not waited for.
    let mut client = client_of(Dialect::FRAMED, 1);
    client.send_finished(at(0)).unwrap();
    assert_eq!(client.poll_io().unwrap().deadline, Some(at(60_000)));
    let _ = take(&mut client, at(0));
    client.handle(at(1), Input::Eof);
    client.handle(at(1), Input::FinSent);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Peer(Violation::Unanswered))]);
}

#[test]
fn finished_before_any_bet_or_sent_twice_is_accepted() {
    let mut server = server_given("F00001F00001");
    assert_eq!(accept_all(&mut server, None), "O");
    assert_eq!(close_reason(&mut server), CloseReason::Done);

    let mut server = server_given("N{AgencyID:1};N{AgencyID:1};");
    assert_eq!(accept_all(&mut server, None), "ACK_NOTIFY;ACK_NOTIFY;");

    // END counts as one anonymous waiter, however often it is sent; bytes behind it are not decoded.
    let end = framed("END");
    for more in [end.clone(), FRAMED_BATCH.into(), b"garbage".to_vec(), vec![b'x'; 600_000]] {
        let mut server = server_given([&end[..], &more[..more.len().min(100)]].concat());
        let Some(Event::AnonymousWaiter { ticket, .. }) = server.poll_event() else { panic!() };
        give(&mut server, at(0), &more);
        assert_eq!(server_events(&mut server), []);
        assert_eq!(server.agency(), None);
        server.handle(at(250), Input::Timeout);
        assert!(server.poll_io().unwrap().deadline.is_none(), "the draw may take its time");
        server.reply_winners(at(9), ticket, &[""; 0]).unwrap();
        assert_eq!(take(&mut server, at(9)), framed("NO_WINNERS"));
        assert_eq!(close_reason(&mut server), CloseReason::Done);
    }
    let mut server = server_given(format!("{FRAMED_BATCH}00000003END00000003END"));
    let stored = utf8(FRAMED_STORED.to_vec());
    assert_eq!(accept_all(&mut server, Some(&["7".into()])), format!("{stored}000000017"));
}

#[test]
fn a_malformed_body_of_framed_is_rejected_and_the_connection_goes_on() {
    let bet = "Ana;Paz;1;1980-01-01;7574\n";
    let two = |bet: &str| format!("1;2\nAna;Paz;1;1980-01-01;7574\n{bet}");
    let first_line = "expected END, or a first line with agency and count (at byte 8)";
    for (body, text) in [
        (format!("1;3\n{bet}{bet}"), "3 bets announced, 2 found (at byte 8)"),
        (format!("1;1\n{bet}{bet}"), "1 bets announced, 2 found (at byte 8)"),
        (format!("1;0\n{bet}"), "0 bets announced, 1 found (at byte 8)"),
        ("1;2\n".into(), "2 bets announced, 0 found (at byte 8)"),
        (format!("1;999999999\n{bet}"), "999999999 bets announced, 1 found (at byte 8)"),
        (format!("1;9999999999\n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("1;one\n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("1;1 \n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("1;-1\n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("\n\nx;1\n{bet}"), "expected an agency, 1 to 99999 (at byte 10)"),
        (format!("0;1\n{bet}"), "expected an agency, 1 to 99999 (at byte 8)"),
        (format!("100000;1\n{bet}"), "expected an agency, 1 to 99999 (at byte 8)"),
        (format!("6;1\n{bet}"), "unknown agency 6, expected 1 to 5 (at byte 0)"),
        (String::new(), first_line),
        ("\n".into(), first_line),
        ("END\n".into(), first_line),
        ("end".into(), first_line),
        ("1;1".into(), first_line),
        (format!("1\n{bet}"), first_line),
        (format!("1;1;1\n{bet}"), first_line),
        (bet.into(), first_line),
        (two("Ana;Paz;1;1980-01-01;7574"), "bet 2: expected a line end after the last bet (at byte 38)"),
        (two("Ana;Paz;1;1980-01-01\n"), "bet 2: 4 fields, expected 5 (at byte 38)"),
        (two("A;na;Paz;1;1980-01-01;7574\n"), "bet 2: 6 fields, expected 5 (at byte 38)"),
        (two("A\nna;Paz;1;1980-01-01;7574\n"), "bet 2: 1 fields, expected 5 (at byte 38)"),
        (two("Ana;Paz;1;1980-01-01;7574\r\n"), "bet 2: number: expected decimal digits (at byte 38)"),
        (two(";Paz;1;1980-01-01;7574\n"), "bet 2: first_name: empty (at byte 38)"),
        (two("Ana;Paz;1;1980-13-01;7574\n"), "bet 2: birthdate: expected a date, YYYY-MM-DD (at byte 38)"),
        (two("Ana;Paz;x;1980-01-01;7574\n"), "bet 2: document: expected decimal digits (at byte 38)"),
        (two("Ana;Paz;1;1980-01-01;4294967296\n"), "bet 2: number: over 4294967295 (at byte 38)"),
    ] {
        let answer = framed(format!("error;{text}"));
        assert_eq!(rejection(&framed(&body)), (text.into(), answer, End::Open), "{body}");
    }
    // The length cuts a letter of two bytes.
    let body = [b"1;1\nAna;Pa\xC3".to_vec(), b";1;1980-01-01;1\n".to_vec()].concat();
    assert_eq!(rejection(&framed(body)).0, "bet 1: last_name: not UTF-8 (at byte 12)");
}

#[test]
fn a_length_over_the_limit_of_framed_ends_the_connection() {
    for (sent, text) in [
        ("99999999", "a message of 100000007 bytes, at most 1048576 are taken (at byte 0)"),
        ("01048569", "a message of 1048577 bytes, at most 1048576 are taken (at byte 0)"),
    ] {
        let expected = (text.into(), framed(format!("error;{text}")), End::Closed);
        assert_eq!(rejection_behind("000000041;0\n", sent.as_bytes()), expected);
        // As a first message the other is a line.
        assert!(!sent.starts_with('0') || rejection(sent.as_bytes()) == expected);
    }
}
