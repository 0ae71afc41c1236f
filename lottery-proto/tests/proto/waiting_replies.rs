//! Replies that wait for the application: each is decoded when it is taken, and an end behind them is known after that.

use lottery_proto::{Client, CloseReason, Dialect, Input, SocketError, State};
use lottery_testkit::{BATCH_ACK, ClientEvent, at, block, client_events, client_of, give, take};

/// Number of replies that come at once.
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
fn many_replies_at_once_are_handed_out_in_order() {
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

/// Returns the deadline of the machine.
fn deadline(client: &mut Client) -> Option<lottery_proto::Instant> {
    client.poll_io().unwrap().deadline
}

#[test]
fn no_deadline_runs_while_a_reply_waits_for_the_application() {
    let mut client = client_of(Dialect::BRACES, 1);
    client.send_finished(at(0)).unwrap();
    take(&mut client, at(0));
    assert_eq!(deadline(&mut client), Some(at(60_000)));
    // The beginning of the next reply has come, too.
    give(&mut client, at(1), b"ACK_NOTIFY;W");
    assert_eq!(deadline(&mut client), None);
    client.handle(at(100_000), Input::Timeout);
    assert_eq!(client.state(), State::Open);
    assert_eq!(client_events(&mut client), [ClientEvent::Finished(true)]);
    assert_eq!(deadline(&mut client), Some(at(160_010)));
}

#[test]
fn replies_that_came_before_an_end_are_handed_out_after_it() {
    for reason in [CloseReason::Lost(SocketError::TimedOut), CloseReason::Shutdown] {
        let end = match reason {
            CloseReason::Lost(error) => Input::Failed(error),
            _ => Input::Shutdown,
        };
        let mut client = client_of(Dialect::BLOCK, 1);
        for _ in 0..3 {
            client.send_finished(at(0)).unwrap();
        }
        take(&mut client, at(0));
        let ack = block(BATCH_ACK, 1, b"1");
        give(&mut client, at(0), &[&ack[..], &ack, &ack[..100]].concat());
        client.handle(at(0), end);
        if end == Input::Shutdown {
            // All that comes later is dropped.
            give(&mut client, at(0), &ack[100..]);
            give(&mut client, at(0), &ack);
            client.handle(at(0), Input::FinSent);
            client.handle(at(2_000), Input::Timeout);
        }
        let finished = || ClientEvent::Finished(true);
        assert_eq!(client_events(&mut client), [finished(), finished(), ClientEvent::Closed(reason)]);
    }
}

#[test]
fn a_malformed_reply_behind_the_end_of_this_side_changes_nothing() {
    let mut client = client_of(Dialect::BRACES, 1);
    client.send_finished(at(0)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), b"ACK_NOTIFY;ACK_CHUNK;W;");
    client.close(at(0));
    assert_eq!(client_events(&mut client), [ClientEvent::Finished(true)]);
    client.handle(at(0), Input::FinSent);
    client.handle(at(0), Input::Eof);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Done)]);
}
