//! Replies that a server may not send, and requests that a client does not send.

use lottery_proto::server::Event;
use lottery_proto::{
    Bet, Client, CloseReason, Code, Failure, Input, ReplyError, SendError, State, Violation, WinnersReply,
};
use lottery_testkit::{
    ANA, BATCH, BATCH_ACK, BET, BET_ACK, BLOCK, ClientEvent, FINISHED, JOSE, ServerEvent, WINNER, at, bet,
    block, client, client_events, give, server, server_events, take,
};

const NOTHING: u8 = 0;

/// Returns a client that has sent this request and waits for the reply.
fn waiting(question: u8) -> Client {
    let mut client = client(1);
    match question {
        BET => client.send_bet(at(0), &bet(ANA)).unwrap(),
        BATCH => assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Ok(1)),
        FINISHED => client.send_finished(at(0)).unwrap(),
        WINNER => client.ask_winners(at(0)).unwrap(),
        _ => {}
    }
    let _ = take(&mut client, at(0));
    client
}

/// Checks that the client ends its side, drops further input, and closes when the server does.
fn closes_with(client: &mut Client, reason: &str) {
    assert_eq!(client.state(), State::Draining, "{reason}");
    assert_eq!(client.send_finished(at(1)), Err(SendError::Closed));
    assert!(client.poll_io().unwrap().fin);
    client.handle(at(1), Input::FinSent);
    if client.poll_io().is_some() {
        give(client, at(1), &block(BATCH_ACK, 1, b"1"));
        client.handle(at(1), Input::Eof);
    }
    assert!(client.poll_io().is_none());
    let heard = client_events(client);
    let [ClientEvent::Closed(why)] = heard[..] else { panic!("{heard:?}") };
    assert_eq!(why.to_string(), format!("protocol error: {reason}"));
}

#[test]
fn a_wrong_answer_ends_the_connection() {
    let mut oversized = block(BATCH_ACK, 1, b"1");
    oversized[2..4].copy_from_slice(&[1, 0x20]);
    let not_a_document = "expected a document of 1 to 20 digits";
    for (question, answer, reason) in [
        (NOTHING, block(BATCH_ACK, 1, b"1"), "an answer to no question (at byte 0)".to_string()),
        (BATCH, block(BATCH_ACK, 1, b"1"), "an answer to no question (at byte 0)".into()),
        (FINISHED, block(WINNER, 1, b"1"), "packet type 6, expected 5 (at byte 0)".into()),
        (FINISHED, block(BET_ACK, 1, b"1"), "packet type 2, expected 5 (at byte 0)".into()),
        (WINNER, block(BATCH_ACK, 1, b"1"), "packet type 5, expected 6 (at byte 0)".into()),
        (BET, block(BATCH_ACK, 1, b"1"), "packet type 5, expected 2 (at byte 0)".into()),
        (WINNER, block(BET, 1, b""), "packet type 1 is not for this side to receive (at byte 0)".into()),
        (WINNER, block(BATCH, 1, b""), "packet type 3 is not for this side to receive (at byte 0)".into()),
        (WINNER, block(FINISHED, 1, b""), "packet type 4 is not for this side to receive (at byte 0)".into()),
        (WINNER, block(10, 1, b""), "unknown packet type 10 (at byte 0)".into()),
        (FINISHED, block(BATCH_ACK, 2, b"1"), "agency 2, expected 1 (at byte 1)".into()),
        (FINISHED, oversized, "size 8193, expected 4 to 8192 (at byte 2)".into()),
        (FINISHED, block(BATCH_ACK, 1, b""), "expected the status \"0\" or \"1\" (at byte 4)".into()),
        (FINISHED, block(BATCH_ACK, 1, b"2"), "expected the status \"0\" or \"1\" (at byte 4)".into()),
        (FINISHED, block(BATCH_ACK, 1, b"11"), "expected the status \"0\" or \"1\" (at byte 4)".into()),
        (
            BET,
            block(BET_ACK, 1, b"20000001|75|1"),
            "expected the bet's document, number and status (at byte 4)".into(),
        ),
        (
            BET,
            block(BET_ACK, 1, b"20000001|75741"),
            "expected the bet's document, number and status (at byte 4)".into(),
        ),
        (
            BET,
            block(BET_ACK, 1, b"20000001|7574|2"),
            "expected the bet's document, number and status (at byte 4)".into(),
        ),
        (WINNER, block(WINNER, 1, b""), "expected \"0\", or \"1\" and the documents (at byte 4)".into()),
        (WINNER, block(WINNER, 1, b"2"), "expected \"0\", or \"1\" and the documents (at byte 4)".into()),
        (WINNER, block(WINNER, 1, b"01"), "expected \"0\", or \"1\" and the documents (at byte 4)".into()),
        (WINNER, block(WINNER, 1, b"1|2"), format!("{not_a_document} (at byte 5)")),
        (WINNER, block(WINNER, 1, b"112|"), format!("{not_a_document} (at byte 8)")),
        (WINNER, block(WINNER, 1, b"112|3x"), format!("{not_a_document} (at byte 8)")),
        (WINNER, block(WINNER, 1, b"1123456789012345678901"), format!("{not_a_document} (at byte 5)")),
    ] {
        let mut client = waiting(question);
        give(&mut client, at(1), &answer);
        closes_with(&mut client, &reason);
    }
}

#[test]
fn answers_before_a_wrong_one_are_heard() {
    let mut client = waiting(FINISHED);
    give(&mut client, at(1), &[block(BATCH_ACK, 1, b"1"), block(BATCH_ACK, 1, b"1")].concat());
    assert_eq!(client_events(&mut client), [ClientEvent::Finished(true)]);
    closes_with(&mut client, "an answer to no question (at byte 0)");
}

#[test]
fn a_centre_that_ends_before_its_answer_is_at_fault() {
    for question in [BET, FINISHED, WINNER] {
        for received in [0, 1, 3, 4, 5, BLOCK - 1, BLOCK] {
            let mut client = waiting(question);
            let answer: &[u8] = match question {
                BET => &block(BET_ACK, 1, b"20000001|7574|1"),
                FINISHED => &block(BATCH_ACK, 1, b"1"),
                _ => &block(WINNER, 1, b"1"),
            };
            give(&mut client, at(1), &answer[..received]);
            client.handle(at(1), Input::Eof);
            let reason = match received {
                0 => CloseReason::Peer(Violation::Unanswered),
                BLOCK => {
                    assert_eq!(client_events(&mut client).len(), 1);
                    CloseReason::Done
                }
                received => CloseReason::Peer(Violation::Truncated { received }),
            };
            assert!(client.poll_io().unwrap().fin);
            client.handle(at(1), Input::FinSent);
            assert_eq!(client_events(&mut client), [ClientEvent::Closed(reason)]);
        }
    }
}

/// Bytes that are not sent yet would reach nobody, even when a part of them is sent.
#[test]
fn a_centre_that_ends_while_there_is_something_to_send_is_at_fault() {
    for sent in [0, 1, 5000, BLOCK - 1, BLOCK] {
        let mut client = client(1);
        client.send_batch(at(0), &[bet(JOSE)]).unwrap();
        client.handle(at(0), Input::Sent(sent));
        client.handle(at(0), Input::Eof);
        assert_eq!(client.unsent(), 0);
        client.handle(at(0), Input::FinSent);
        let reason = if sent == BLOCK { CloseReason::Done } else { CloseReason::Peer(Violation::Unanswered) };
        assert_eq!(client_events(&mut client), [ClientEvent::Closed(reason)]);
    }
}

#[test]
fn a_client_does_not_send_what_the_wire_cannot_carry() {
    let good = bet(ANA);
    for (first, last, field) in [("A|na", "Paz", "first_name"), ("Ana", "Paz|", "last_name")] {
        let bad = Bet::new(first, last, "1", "1980-01-01", "1").unwrap();
        let mut client = client(1);
        let error = client.send_batch(at(0), &[good, good, bad]).unwrap_err();
        assert_eq!(error.to_string(), format!("bet 2: {field}: '|' cannot be sent on this wire"));
        let error = client.send_bet(at(0), &bad).unwrap_err();
        assert_eq!(error.to_string(), format!("bet 0: {field}: '|' cannot be sent on this wire"));
        assert_eq!(client.unsent(), 0);
        // A batch carries at most 255 bets: those after them are not checked yet.
        let mut many = vec![good; 255];
        many.push(bad);
        let sent = client.send_batch(at(0), &many).unwrap();
        assert!(sent < many.len(), "{sent}");
    }
    let mut far = client(256);
    let agency = "agency 256: this wire goes up to 255";
    assert_eq!(far.send_batch(at(0), &[good]).unwrap_err().to_string(), agency);
    assert_eq!(far.send_bet(at(0), &good).unwrap_err().to_string(), agency);
    assert_eq!(far.send_finished(at(0)).unwrap_err().to_string(), agency);
    assert_eq!(far.ask_winners(at(0)).unwrap_err().to_string(), agency);
    assert_eq!(far.unsent(), 0);
    // Nothing was asked, so there is no deadline.
    assert_eq!(far.poll_io().unwrap().deadline, None);
}

#[test]
fn too_many_winners_are_given_back() {
    let documents: Vec<String> = (0..910).map(|i| (20_000_000 + i).to_string()).collect();
    let refused = Failure { code: Code::Storage, text: "too many winners" };
    for refuse in [false, true] {
        let mut server = server();
        give(&mut server, at(0), &[block(WINNER, 1, b"1"), block(WINNER, 1, b"1")].concat());
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        assert!(server.poll_event().is_none(), "the next question waits for the answer");
        let all = WinnersReply::Winners(&documents);
        let Err(ReplyError::TooLarge(ticket)) = server.reply(at(0), ticket, all) else { panic!() };
        assert_eq!(take(&mut server, at(0)), []);
        let Err(ReplyError::TooLarge(ticket)) = server.reply(at(0), ticket, all) else { panic!() };
        if !refuse {
            server.reply(at(0), ticket, WinnersReply::Winners(&documents[..909])).unwrap();
            let longest = block(WINNER, 1, format!("1{}", documents[..909].join("|")).as_bytes());
            assert_eq!(take(&mut server, at(0)), longest);
            assert!(matches!(server.poll_event(), Some(Event::WinnersQuery { .. })));
            continue;
        }
        server.reply(at(0), ticket, WinnersReply::Refused(refused)).unwrap();

        // The dialect has no message for this rejection: the connection ends, and no later request gets a
        // reply.
        assert_eq!(take(&mut server, at(0)), []);
        assert!(server.poll_io().unwrap().fin);
        server.handle(at(0), Input::FinSent);
        server.handle(at(0), Input::Eof);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Refused)]);
    }
}
