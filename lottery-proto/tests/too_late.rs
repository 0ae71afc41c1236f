//! Inputs at the wrong time and calls once too often change nothing.

use lottery_proto::{Client, ClientConfig, Dialect, Input, SendError, State, client};
use lottery_testkit::{
    ANA, BATCH_ACK, Endpoint, HELLO, at, batch, bet, block, client, client_of, give, server, take,
};

/// Checks that the machine is unchanged: open, with this deadline.
fn is_as_before(end: &mut impl Endpoint, deadline: Option<lottery_proto::Instant>) {
    let io = end.poll_io().expect("it is open");
    assert!(!io.fin);
    assert_eq!(io.deadline, deadline);
}

#[test]
fn an_end_that_nobody_asked_for_is_no_end() {
    let mut server = server();
    let deadline = server.poll_io().unwrap().deadline;
    server.handle(at(0), Input::FinSent);
    is_as_before(&mut server, deadline);
    assert_eq!(server.state(), State::Open);

    let mut client = client(1);
    client.handle(at(0), Input::FinSent);
    is_as_before(&mut client, None);
    assert_eq!(client.state(), State::Open);
    // The same holds while it ends, and something is left to send.
    client.send_bet(at(0), &bet(ANA)).unwrap();
    client.close(at(0));
    client.handle(at(0), Input::FinSent);
    assert_eq!(client.state(), State::Draining);
    assert!(client.unsent() > 0);
}

#[test]
fn a_closed_client_changes_no_more() {
    let mut client = client(1);
    client.send_bet(at(0), &bet(ANA)).unwrap();
    let unsent = client.unsent();
    client.handle(at(0), Input::Failed);
    assert!(client.poll_io().is_none());
    for input in [Input::Sent(10), Input::Eof, Input::Timeout, Input::FinSent, Input::Received(1)] {
        client.handle(at(1), input);
        assert_eq!((client.state(), client.unsent()), (State::Closed, unsent));
    }
}

#[test]
fn a_session_begins_once() {
    let mut client = client_of(Dialect::Session, 3);
    client.hello(at(0)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(HELLO + 1, 3, b"2|7|0|2|0badcafe"));
    assert!(matches!(client.poll_event(), Some(client::Event::Welcome { stored: 7, .. })));
    assert_eq!(client.hello(at(0)), Err(SendError::Busy));
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    assert_eq!(take(&mut client, at(0)), batch(3, &[ANA]));
    give(&mut client, at(0), &block(BATCH_ACK, 3, b"1|8"));
    assert_eq!(client.hello(at(0)), Err(SendError::Busy));
}

#[test]
fn a_wire_without_sessions_has_no_hello() {
    for &wire in Dialect::ALL {
        let refused = client_of(wire, 3).hello(at(0));
        assert_eq!(refused, if wire == Dialect::Session { Ok(()) } else { Err(SendError::NotOnThisWire) });
    }
}

#[test]
fn sixty_four_questions_wait_for_their_answers_and_no_more() {
    let config = ClientConfig {
        max_unsent: usize::MAX,
        ..ClientConfig::new(lottery_proto::AgencyId::new(1).unwrap(), Dialect::Block)
    };
    let mut client = Client::new(config, at(0));
    for _ in 0..64 {
        client.ask_winners(at(0)).unwrap();
    }
    assert!(!client.can_send());
    assert_eq!(client.ask_winners(at(0)), Err(SendError::Busy));
}
