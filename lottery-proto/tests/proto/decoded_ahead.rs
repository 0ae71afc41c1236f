//! Replies decoded ahead of the application: more of them at once than are decoded.

use lottery_proto::{Client, CloseReason, Dialect, Input, State};
use lottery_testkit::{ClientEvent, at, client_events, client_of, give};

/// Number of replies, many more than are decoded ahead.
const MANY: usize = 500;

/// Returns a client of `fixed` that has received unasked rejections, and then these bytes.
fn rejected(bytes: &[u8]) -> Client {
    let mut client = client_of(Dialect::FIXED, 1);
    let mut rejections: Vec<u8> = (0..MANY)
        .flat_map(|nth| format!("E00003{nth:03}").into_bytes())
        .chain(bytes.iter().copied())
        .collect();
    // Takes as much as a read does.
    while !rejections.is_empty() {
        let n = client.poll_io().unwrap().recv.len().min(rejections.len());
        let some: Vec<u8> = rejections.drain(..n).collect();
        give(&mut client, at(0), &some);
    }
    client
}

fn rejections() -> Vec<ClientEvent> {
    (0..MANY).map(|nth| ClientEvent::Rejected("", format!("{nth:03}"))).collect()
}

#[test]
fn replies_beyond_those_decoded_ahead_are_handed_out_in_order() {
    let mut client = rejected(b"");
    assert_eq!(client_events(&mut client), rejections());
    assert_eq!(client.state(), State::Open);
    client.send_finished(at(0)).unwrap();
    let sent = client.unsent();
    client.handle(at(0), Input::Sent(sent));
    give(&mut client, at(0), b"O00000");
    assert_eq!(client_events(&mut client), [ClientEvent::Finished(true)]);
}

#[test]
fn an_end_behind_many_replies_is_reported_after_them() {
    let mut client = rejected(b"");
    client.handle(at(0), Input::Eof);
    assert_eq!(client_events(&mut client), rejections());
    assert!(client.poll_io().unwrap().fin, "what they had hidden is known now");
    client.handle(at(0), Input::FinSent);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Done)]);
}

#[test]
fn a_malformed_reply_behind_many_is_reported_after_them() {
    let mut client = rejected(b"X");
    client.handle(at(0), Input::Eof);
    assert_eq!(client_events(&mut client), rejections());
    client.handle(at(0), Input::FinSent);
    let [ClientEvent::Closed(reason)] = &client_events(&mut client)[..] else { panic!("it is over") };
    assert!(reason.to_string().starts_with("protocol error: "), "{reason}");
}

#[test]
fn replies_not_taken_take_no_more_memory_after_more_inputs() {
    let mut client = rejected(b"");
    let memory = client.memory();
    for millis in 0..100 {
        client.handle(at(millis), Input::Timeout);
    }
    assert_eq!(client.memory(), memory);
    assert_eq!(client_events(&mut client), rejections());
}
