//! Rare cases: bets in a loop, agencies that a dialect has no number for, replies that are not text.

use lottery_proto::server::Event;
use lottery_proto::{Client, Dialect, Input, SendError, client};
use lottery_testkit::{
    ANA, BATCH, BATCH_ACK, BET_ACK, ClientEvent, HELLO, JOSE, WELCOME, at, batch, bet, block, client_events,
    client_of, give, server, take, text,
};

#[test]
fn bets_are_gone_through_in_a_loop_as_often_as_one_likes() {
    let mut server = server();
    give(&mut server, at(0), &batch(1, &[ANA, JOSE]));
    let Some(Event::Batch { bets, .. }) = server.poll_event() else { panic!() };
    for _ in 0..2 {
        let mut shown = Vec::new();
        for bet in &bets {
            shown.push(text(&bet));
        }
        assert_eq!(shown, [ANA, JOSE]);
    }
}

#[test]
fn a_single_bet_may_be_refused() {
    let mut client = lottery_testkit::client(1);
    client.send_bet(at(0), &bet(ANA)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(BET_ACK, 1, b"20000001|7574|0"));
    let heard = client_events(&mut client);
    assert_eq!(heard, [ClientEvent::Bet(false)]);
}

#[test]
fn a_session_has_a_byte_for_its_agency() {
    let mut client = client_of(Dialect::Session, 300);
    let error = SendError::Agency { agency: 300, max: 255 };
    assert_eq!(client.hello(at(0)), Err(error));
    assert!(take(&mut client, at(0)).is_empty());
}

/// Returns the reason for which a client in a session closes after this reply.
fn ends(client: &mut Client, answer: &[u8]) -> String {
    give(client, at(0), answer);
    client.handle(at(0), Input::FinSent);
    client.handle(at(0), Input::Eof);
    let Some(client::Event::Closed(reason)) = client.poll_event() else { panic!("it goes on") };
    reason.to_string()
}

#[test]
fn answers_that_are_no_text_end_a_session() {
    let greeted = || {
        let mut client = client_of(Dialect::Session, 1);
        client.hello(at(0)).unwrap();
        assert_eq!(take(&mut client, at(0)), block(HELLO, 1, b"2"));
        client
    };
    let reason = ends(&mut greeted(), &block(WELCOME, 1, b"2|0|0|1\xff|00000000"));
    assert_eq!(reason, "protocol error: expected 2|stored|finished|window|digest (at byte 4)");
    let mut client = greeted();
    give(&mut client, at(0), &block(WELCOME, 1, b"2|0|0|16|00000000"));
    assert_eq!(client_events(&mut client), [ClientEvent::Welcome(0)]);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    assert_eq!(take(&mut client, at(0))[0], BATCH);
    let reason = ends(&mut client, &block(BATCH_ACK, 1, b"1|\xff"));
    assert_eq!(reason, "protocol error: expected 1|stored, or 0|stored|reason (at byte 4)");
}
