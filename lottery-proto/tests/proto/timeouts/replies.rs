//! Replies of a server that come late, slowly, or never.

use std::time::Duration;

use lottery_proto::{AgencyId, Client, ClientConfig, CloseReason, Dialect, Input, State};
use lottery_testkit::{
    ANA, BATCH_ACK, ClientEvent, at, bet, block, client, client_events, client_of, framed, give, take,
};

use super::{deadline, expire};

/// The request is on a line that takes a kilobyte a minute.
#[test]
fn a_reply_is_due_once_the_request_has_arrived() {
    let mut client = client(1);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    let mut now = at(0);
    for left in (1..=8).rev() {
        let due = deadline(&mut client).expect("an answer is due");
        assert_eq!(due, now.after(Duration::from_secs(60)));
        assert!(client.poll_io().unwrap().unacked, "it asks how much of its request has arrived");
        now = due;
        client.handle(now, Input::Unacked(left * 1000));
        client.handle(now, Input::Timeout);
        assert_eq!(client.state(), State::Open, "{left} kilobytes are on their way");
    }
    // All has arrived, perhaps just now: the server has a minute from here.
    now = now.after(Duration::from_secs(60));
    client.handle(now, Input::Unacked(0));
    client.handle(now, Input::Timeout);
    let due = now.after(Duration::from_secs(60));
    assert_eq!(deadline(&mut client), Some(due));
    client.handle(due, Input::Unacked(0));
    client.handle(due, Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
}

/// Nothing more of the request arrives.
#[test]
fn a_link_on_which_nothing_moves_is_given_up() {
    let mut client = client(1);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    client.handle(at(60_000), Input::Unacked(5));
    assert_eq!(deadline(&mut client), Some(at(120_000)));
    client.handle(at(120_000), Input::Unacked(5));
    client.handle(at(120_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);

    // All has arrived long ago.
    let mut client = lottery_testkit::client(1);
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    client.handle(at(60_000), Input::Unacked(0));
    client.handle(at(60_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);

    // The same holds while the machine itself has something left to send.
    let mut client = lottery_testkit::client(1);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    client.handle(at(0), Input::Sent(1));
    client.handle(at(60_000), Input::Unacked(9));
    client.handle(at(60_000), Input::Timeout);
    assert_eq!(deadline(&mut client), Some(at(120_000)));
    client.handle(at(120_000), Input::Unacked(9));
    client.handle(at(120_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Stalled)]);
}

#[test]
fn a_reply_is_awaited_for_the_answer_timeout() {
    let mut client = client(1);
    assert_eq!(deadline(&mut client), None, "a client that asks nothing may take its time");
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    let _ = take(&mut client, at(0));
    assert_eq!(deadline(&mut client), None, "a batch is not answered");
    client.send_finished(at(1_000)).unwrap();
    client.ask_winners(at(1_000)).unwrap();
    let _ = take(&mut client, at(2_000));
    give(&mut client, at(3_000), &block(BATCH_ACK, 1, b"1"));
    assert_eq!(client_events(&mut client), [ClientEvent::Finished(true)]);
    assert_eq!(expire(&mut client), at(63_000));
    assert!(client.poll_io().is_none());
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
}

/// A filler is no reply, and does not extend the deadline for one.
#[test]
fn a_filler_is_no_reply() {
    let mut client = client_of(Dialect::BRACES, 1);
    client.ask_winners(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    for second in 1..60 {
        give(&mut client, at(second * 1_000), b";");
        assert_eq!(deadline(&mut client), Some(at(60_000)));
    }
    client.handle(at(60_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
}

/// Returns a client that waits for its winners, and a long winners list in its dialect.
fn awaiting_winners(dialect: Dialect) -> (Client, Vec<u8>) {
    let mut client = client_of(dialect, 1);
    let list = if dialect == Dialect::FRAMED {
        client.send_finished(at(0)).unwrap();
        framed(vec!["20000001"; 1_000].join(";"))
    } else {
        client.ask_winners(at(0)).unwrap();
        format!("R{};", vec!["{PlayerDocID:20000001}"; 1_000].join(",")).into_bytes()
    };
    let _ = take(&mut client, at(0));
    (client, list)
}

/// Winners lists may be long, and lines slow.
#[test]
fn a_reply_at_the_minimum_rate_is_completed() {
    for dialect in [Dialect::BRACES, Dialect::FRAMED] {
        let (mut client, list) = awaiting_winners(dialect);
        for (second, part) in (1..).zip(list.chunks(100)) {
            client.handle(at(second * 1_000), Input::Timeout);
            give(&mut client, at(second * 1_000), part);
        }
        assert_eq!(client_events(&mut client), [ClientEvent::Winners(vec!["20000001".into(); 1_000])]);
    }
}

/// Dialects without a deadline for the first byte of the reply have one for the rest.
#[test]
fn a_reply_that_stops_is_given_up() {
    for (dialect, at_first) in [(Dialect::BRACES, Some(at(60_000))), (Dialect::FRAMED, None)] {
        let (mut client, list) = awaiting_winners(dialect);
        assert_eq!(client.poll_io().unwrap().deadline, at_first);
        give(&mut client, at(50_000), &list[..500]);
        assert_eq!(client.poll_io().unwrap().deadline, Some(at(115_000)));
        client.handle(at(115_000), Input::Timeout);
        assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
    }
}

#[test]
fn a_request_that_is_not_sent_has_no_reply_deadline() {
    let config = ClientConfig::builder(AgencyId::new(1).unwrap(), Dialect::BLOCK);
    let config = config.answer_timeout(Duration::from_secs(1)).build().unwrap();
    let mut client = Client::new(config, at(0));
    client.ask_winners(at(0)).unwrap();
    assert_eq!(client.poll_io().unwrap().deadline, Some(at(60_000)), "it stalls");
    take(&mut client, at(0));
    assert_eq!(client.poll_io().unwrap().deadline, Some(at(1_000)), "it does not answer");
}
