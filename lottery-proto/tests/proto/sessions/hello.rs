//! Hello, which the client's machine sends by itself, and servers that do not answer it.

use lottery_proto::{Client, ClientConfig, CloseReason, Dialect, Input, SendError};
use lottery_testkit::{
    ANA, BATCH_ACK, BLOCK, ClientEvent, ERROR, at, bet, block, client_events, client_of, give, hello, packet,
    session_batch, take, welcome,
};

use crate::support::ended;

fn config() -> ClientConfig {
    ClientConfig::new(lottery_proto::AgencyId::new(3).unwrap(), Dialect::SESSION).unwrap()
}

/// Returns the deadline of the machine, in milliseconds.
fn deadline(client: &mut Client) -> Option<u128> {
    client.poll_io().unwrap().deadline.map(|deadline| deadline.since_epoch().as_millis())
}

#[test]
fn a_client_sends_hello_by_itself_and_once() {
    let mut client = Client::new(config(), at(0));
    assert_eq!(take(&mut client, at(0)), hello(3));
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy));
    assert!(!client.can_send());
    give(&mut client, at(0), &welcome(3, 7, false, 2, 0));
    assert_eq!(client_events(&mut client), [ClientEvent::Welcome(7)]);
    assert!(client.can_send());
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    assert_eq!(take(&mut client, at(0)), session_batch(3, &[ANA]));
    give(&mut client, at(0), &packet(BATCH_ACK, 3, b"1|8"));
    assert_eq!(client_events(&mut client), [ClientEvent::Batch(true)]);
    assert!(take(&mut client, at(0)).is_empty());
}

#[test]
fn no_other_dialect_sends_anything_by_itself() {
    for dialect in Dialect::ALL {
        let mut client = client_of(*dialect, 3);
        assert_eq!(client.unsent(), if *dialect == Dialect::SESSION { BLOCK } else { 0 }, "{dialect}");
        assert_eq!(client.poll_io().unwrap().deadline.is_some(), *dialect == Dialect::SESSION, "{dialect}");
    }
}

#[test]
fn a_server_that_closes_after_hello_has_no_sessions() {
    for taken in [0, 100, BLOCK] {
        let mut client = Client::new(config(), at(0));
        client.handle(at(1), Input::Sent(taken));
        assert_eq!(ended(&mut client, at(2)), [ClientEvent::Closed(CloseReason::NoSession)], "{taken}");
    }
    assert_eq!(
        CloseReason::NoSession.to_string(),
        "the server did not answer Hello, it may have no sessions"
    );
    // Behind Welcome, an end is not about sessions.
    let mut client = Client::new(config(), at(0));
    take(&mut client, at(0));
    give(&mut client, at(0), &welcome(3, 7, false, 2, 0));
    assert_eq!(ended(&mut client, at(2)), [ClientEvent::Welcome(7), ClientEvent::Closed(CloseReason::Done)]);
}

#[test]
fn a_server_that_never_answers_hello_is_given_up_soon() {
    for (hello_ms, answer_ms, due) in [(5_000, 60_000, 5_000), (700, 60_000, 700), (5_000, 300, 300)] {
        let config = config();
        assert_eq!(config.hello_timeout(), at(5_000).since_epoch(), "by default");
        let (hello, answer) = (at(hello_ms).since_epoch(), at(answer_ms).since_epoch());
        let config = config.to_builder().hello_timeout(hello).answer_timeout(answer).build().unwrap();
        let mut client = Client::new(config, at(0));
        take(&mut client, at(1_000));
        assert_eq!(deadline(&mut client), Some(u128::from(1_000 + due)));
        // Hello is still on its way: the server owes nothing yet.
        client.handle(at(1_200), Input::Unacked(4_000));
        assert_eq!(deadline(&mut client), Some(u128::from(1_200 + due)));
        client.handle(at(1_199 + due), Input::Timeout);
        assert_eq!(client_events(&mut client), []);
        // It never arrives: the line is at fault, and not the server.
        let arrives = due != 700;
        if arrives {
            client.handle(at(1_200), Input::Unacked(0));
        }
        client.handle(at(1_200 + due), Input::Timeout);
        let reason = if arrives { CloseReason::NoSession } else { CloseReason::NoAnswer };
        assert_eq!(client_events(&mut client), [ClientEvent::Closed(reason)]);
    }
}

#[test]
fn a_welcome_that_has_begun_has_the_time_of_a_reply() {
    let mut client = Client::new(config(), at(0));
    take(&mut client, at(0));
    give(&mut client, at(4_999), &welcome(3, 7, false, 2, 0)[..20]);
    // A second more for each 100 bytes.
    assert_eq!(deadline(&mut client), Some(4_999 + 60_200));
    client.handle(at(65_199), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
}

#[test]
fn an_error_that_answers_hello_is_a_failure_and_other_packets_are_mistakes() {
    let mut client = Client::new(config(), at(0));
    take(&mut client, at(0));
    give(&mut client, at(0), &block(ERROR, 0, b"malformed|this dialect is not spoken here"));
    let failed = ClientEvent::Failed(
        Some(lottery_proto::Code::Malformed),
        "this dialect is not spoken here".to_owned(),
    );
    assert_eq!(client_events(&mut client), [failed]);
    for kind in [BATCH_ACK, 6, 2, 200] {
        let mut client = Client::new(config(), at(0));
        take(&mut client, at(0));
        give(&mut client, at(0), &packet(kind, 3, b"0"));
        let events = ended(&mut client, at(0));
        assert!(matches!(events[..], [ClientEvent::Closed(CloseReason::Peer(_))]), "{kind}: {events:?}");
    }
}
