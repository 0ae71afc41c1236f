//! The client's side of a session: its window, and replies that it accepts or does not.

use lottery_proto::{Bet, Client, CloseReason, Code, Dialect, Input, SendError, Violation, client};
use lottery_testkit::{
    ANA, BATCH, BATCH_ACK, BET, ClientEvent, ERROR, FINISHED, JOSE, WELCOME, WINNER, at, bet, block,
    client_events, client_of, give, hello, packet, session_batch, take, welcome,
};

use crate::support::ended;

use super::greeted;

#[test]
fn a_client_sends_no_more_batches_than_its_window() {
    let mut client = greeted(3);
    for _ in 0..2 {
        client.send_batch(at(0), &[bet(ANA)]).unwrap();
    }
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy));
    assert_eq!(take(&mut client, at(0)), [session_batch(3, &[ANA]), session_batch(3, &[ANA])].concat());
    give(&mut client, at(0), &packet(BATCH_ACK, 3, b"1|8"));
    let event = client.poll_event();
    let Some(client::Event::Batch(Ok(stored))) = event else { panic!("{event:?}") };
    assert_eq!(stored.total, Some(8));
    client.send_batch(at(0), &[bet(JOSE)]).unwrap();
    give(&mut client, at(0), &packet(BATCH_ACK, 3, "0|8|malformed: bet 1: ñ".as_bytes()));
    let event = client.poll_event();
    let Some(client::Event::Batch(Err(rejected))) = event else { panic!("{event:?}") };
    assert_eq!((rejected.total, rejected.code, rejected.bet), (Some(8), Some(Code::Malformed), Some(1)));
    assert_eq!((rejected.reason, rejected.to_string().as_str()), ("bet 1: ñ", "malformed: bet 1: ñ"));
}

#[test]
fn a_client_sends_no_more_bytes_than_its_window() {
    let mut client = client_of(Dialect::SESSION, 3);
    take(&mut client, at(0));
    let size = session_batch(3, &[ANA]).len();
    let welcome = format!("3|0|0|1000|{}|00000000", 2 * size + 1);
    give(&mut client, at(0), &packet(WELCOME, 3, welcome.as_bytes()));
    assert_eq!(client_events(&mut client), [ClientEvent::Welcome(0)]);
    for _ in 0..3 {
        assert!(client.can_send());
        client.send_batch(at(0), &[bet(ANA)]).unwrap();
    }
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy), "each byte counts");
    take(&mut client, at(0));
    assert!(!client.can_send(), "sent, but not acknowledged");
    give(&mut client, at(0), &packet(BATCH_ACK, 3, b"1|1"));
    assert_eq!(client_events(&mut client), [ClientEvent::Batch(true)]);
    assert!(client.can_send(), "one byte less than the window is in flight");
}

#[test]
fn error_ends_a_session_with_or_without_a_request() {
    for asked in [false, true] {
        let mut client = greeted(3);
        if asked {
            client.ask_winners(at(0)).unwrap();
            take(&mut client, at(0));
        }
        give(&mut client, at(0), &block(ERROR, 3, b"superseded|by another"));
        let event = client.poll_event();
        let Some(client::Event::Failed(failed)) = event else { panic!("{event:?}") };
        assert_eq!((failed.code, failed.reason), (Some(Code::Superseded), "by another"));
        client.handle(at(0), Input::Eof);
        assert!(client.poll_event().is_none());
        client.handle(at(0), Input::FinSent);
        assert!(matches!(client.poll_event(), Some(client::Event::Closed(CloseReason::Done))));
    }
}

#[test]
fn wrong_replies_to_hello_are_the_servers_fault() {
    for answer in [
        packet(WELCOME, 3, b"3|7|2|2|9|0badcafe"),
        packet(WELCOME, 3, b"3|7|1|0|9|0badcafe"),
        packet(WELCOME, 3, b"3|7|1|2|9|0BADCAFE"),
        packet(WELCOME, 3, b"3|7|1|2|9|badcafe"),
        packet(WELCOME, 3, b"2|7|1|2|9|0badcafe"),
        packet(WELCOME, 3, b"3|7|1|2|0|0badcafe"),
        packet(WELCOME, 3, b"3|7|1|2|0badcafe"),
        packet(WELCOME, 3, b"3|7|1|2|9|0badcafe|"),
        packet(WELCOME, 3, b"3|+7|1|2|9|0badcafe"),
        packet(WELCOME, 4, b"3|7|1|2|9|0badcafe"),
        packet(BATCH_ACK, 3, b"1|7"),
        packet(BET, 3, b""),
    ] {
        let mut client = client_of(Dialect::SESSION, 3);
        take(&mut client, at(0));
        give(&mut client, at(0), &answer);
        assert!(client.poll_event().is_none());
        client.handle(at(0), Input::FinSent);
        client.handle(at(2_000), Input::Timeout);
        let event = client.poll_event();
        let Some(client::Event::Closed(CloseReason::Peer(Violation::Malformed(_)))) = event else {
            panic!("{event:?}")
        };
    }
}

#[test]
fn another_reply_to_hello_is_named() {
    let mut client = client_of(Dialect::SESSION, 3);
    take(&mut client, at(0));
    give(&mut client, at(0), &packet(BATCH_ACK, 3, b"1|7"));
    assert!(client.poll_event().is_none());
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    let Some(client::Event::Closed(why)) = client.poll_event() else { panic!("there is no other event") };
    assert_eq!(why.to_string(), "protocol error: packet type 5, expected 8 (at byte 0)");
}

#[test]
fn a_session_carries_names_without_a_bar() {
    let bet = |first| Bet::new([first, "Paz", "1", "1980-01-01", "1"]).unwrap();
    assert_eq!(Dialect::SESSION.check_sendable(&bet("Ana")), Ok(()));
    let error = Dialect::SESSION.check_sendable(&bet("A|na")).unwrap_err();
    assert_eq!(error.to_string(), "first_name: '|' cannot be sent in this dialect");
}

#[test]
fn a_client_sends_finished_and_reads_winners_from_several_blocks() {
    let mut client = greeted(3);
    client.send_finished(at(0)).unwrap();
    client.ask_winners(at(0)).unwrap();
    assert_eq!(take(&mut client, at(0)), [packet(FINISHED, 3, b""), packet(WINNER, 3, b"2")].concat());
    give(&mut client, at(0), &packet(BATCH_ACK, 3, b"1|7"));
    assert!(matches!(client.poll_event(), Some(client::Event::Finished(Ok(_)))));
    for (answer, expected, all) in [("210|20", &["10", "20"][..], false), ("1", &[], true)] {
        give(&mut client, at(0), &packet(WINNER, 3, answer.as_bytes()));
        let Some(client::Event::Winners(documents)) = client.poll_event() else { panic!("{answer}") };
        assert_eq!((documents.is_last(), documents.len()), (all, expected.len()));
        assert_eq!(documents.collect::<Vec<_>>(), expected);
    }
}

/// Returns the reason for which a client closes that has sent this request and gets such a reply.
fn close_reason(ask: fn(&mut Client) -> Result<(), SendError>, answer: &[u8]) -> String {
    let mut client = greeted(3);
    ask(&mut client).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), answer);
    assert!(client.poll_event().is_none());
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    let Some(client::Event::Closed(why)) = client.poll_event() else { panic!("there is no other event") };
    why.to_string()
}

#[test]
fn wrong_replies_in_a_session_are_named() {
    let finish: fn(&mut Client) -> _ = |client| client.send_finished(at(0));
    let ask: fn(&mut Client) -> _ = |client| client.ask_winners(at(0));
    for (what, answer, reason) in [
        (finish, packet(WINNER, 3, b"1"), "packet type 6, expected 5 (at byte 0)"),
        (finish, packet(BATCH_ACK, 3, b"1"), "expected 1|stored, or 0|stored|reason (at byte 4)"),
        (finish, packet(BATCH_ACK, 3, b"0|7"), "expected 1|stored, or 0|stored|reason (at byte 4)"),
        (finish, packet(BATCH_ACK, 3, b"1|7|x"), "expected 1|stored, or 0|stored|reason (at byte 4)"),
        (ask, packet(BATCH_ACK, 3, b"1|7"), "packet type 5, expected 6 (at byte 0)"),
        (ask, packet(WINNER, 3, b"0"), "expected 1 or 2, and documents (at byte 4)"),
        (ask, packet(WINNER, 3, b""), "expected 1 or 2, and documents (at byte 4)"),
        (ask, packet(WINNER, 3, b"2123|"), "expected a document of 1 to 20 digits (at byte 9)"),
    ] {
        assert_eq!(close_reason(what, &answer), format!("protocol error: {reason}"));
    }
}

#[test]
fn error_replies_to_all_requests() {
    let mut client = client_of(Dialect::SESSION, 3);
    take(&mut client, at(0));
    give(&mut client, at(0), &welcome(3, 7, false, 2, 0));
    assert_eq!(client_events(&mut client), [ClientEvent::Welcome(7)]);
    client.send_finished(at(0)).unwrap();
    client.ask_winners(at(0)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(ERROR, 3, b"storage|the disk is full"));
    let events = ended(&mut client, at(0));
    assert_eq!(events.last(), Some(&ClientEvent::Closed(CloseReason::Done)), "{events:?}");
}

/// Returns the reason for which a client in a session closes after this reply.
fn ends(client: &mut Client, answer: &[u8]) -> String {
    give(client, at(0), answer);
    assert!(client.poll_event().is_none());
    client.handle(at(0), Input::FinSent);
    client.handle(at(0), Input::Eof);
    let Some(client::Event::Closed(reason)) = client.poll_event() else { panic!("it goes on") };
    reason.to_string()
}

#[test]
fn replies_that_are_not_utf8_end_a_session() {
    let greeted = || {
        let mut client = client_of(Dialect::SESSION, 1);
        assert_eq!(take(&mut client, at(0)), hello(1));
        client
    };
    let reason = ends(&mut greeted(), &packet(WELCOME, 1, b"3|0|0|1\xff|9|00000000"));
    assert_eq!(reason, "protocol error: expected 3|stored|finished|window|bytes|digest (at byte 4)");
    let mut client = greeted();
    give(&mut client, at(0), &packet(WELCOME, 1, b"3|0|0|16|9|00000000"));
    assert_eq!(client_events(&mut client), [ClientEvent::Welcome(0)]);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    assert_eq!(take(&mut client, at(0))[0], BATCH);
    let reason = ends(&mut client, &packet(BATCH_ACK, 1, b"1|\xff"));
    assert_eq!(reason, "protocol error: expected 1|stored, or 0|stored|reason (at byte 4)");
}
