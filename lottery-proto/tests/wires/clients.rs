//! Clients of each dialect: which replies they wait for, requests that they do not send, and replies that
//! they do not accept.

use lottery_proto::Dialect::{self, Braces, Fixed, Framed};
use lottery_proto::{Bet, Client, CloseReason, Input, SendError, State, Violation};
use lottery_testkit::{ANA, ClientEvent, at, bet, client_events, client_of, framed, give, take};

const STORED: &[u8] = b"00000034success;Batch stored successfully.";

/// Returns a client that has sent this request.
fn asking(wire: Dialect, what: char) -> Client {
    let mut client = client_of(wire, 1);
    match what {
        'B' => assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Ok(1)),
        'F' => client.send_finished(at(0)).unwrap(),
        'Q' => client.ask_winners(at(0)).unwrap(),
        _ => {}
    }
    let _ = take(&mut client, at(0));
    client
}

#[test]
fn fixed_sends_without_waiting_and_closes_after_each_question() {
    let mut client = asking(Fixed, 'B');
    assert!(client.can_send(), "a batch is not answered");
    assert_eq!(client.poll_io().unwrap().deadline, None);
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    give(&mut client, at(1), b"O");
    client.handle(at(1), Input::Eof);
    client.handle(at(1), Input::FinSent);
    assert_eq!(
        client_events(&mut client),
        [ClientEvent::Finished(true), ClientEvent::Closed(CloseReason::Done)]
    );
    for (answer, event) in
        [(&b"N"[..], ClientEvent::Pending), (b"R0000100000042", ClientEvent::Winners(vec!["42".into()]))]
    {
        let mut client = asking(Fixed, 'Q');
        give(&mut client, at(1), answer);
        client.handle(at(1), Input::Eof);
        client.handle(at(1), Input::FinSent);
        assert_eq!(client_events(&mut client), [event, ClientEvent::Closed(CloseReason::Done)]);
    }
}

#[test]
fn framed_and_braces_wait_for_each_answer() {
    for (wire, what, answer) in [
        (Framed, 'B', STORED),
        (Framed, 'F', b"00000010NO_WINNERS"),
        (Braces, 'B', b"ACK_CHUNK;"),
        (Braces, 'F', b"ACK_NOTIFY;"),
        (Braces, 'Q', b"W;"),
    ] {
        let mut client = asking(wire, what);
        assert!(!client.can_send());
        assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy));
        assert_eq!(client.send_finished(at(0)), Err(SendError::Busy));
        let due = client.poll_io().unwrap().deadline;
        // Waiting for the draw has no deadline.
        assert_eq!(due, if (wire, what) == (Framed, 'F') { None } else { Some(at(60_000)) });
        for (index, byte) in answer.iter().enumerate() {
            assert!(!client.can_send(), "{index} bytes of the answer");
            give(&mut client, at(1), &[*byte]);
        }
        assert!(client.can_send());
        assert_eq!(client.poll_io().unwrap().deadline, None);
        assert_eq!(client_events(&mut client).len(), 1);
    }
}

#[test]
fn an_end_waits_for_the_draw_without_a_deadline() {
    let mut client = asking(Framed, 'F');
    client.handle(at(1_000_000_000), Input::Timeout);
    assert_eq!(client.state(), State::Open);
    // A peer that takes nothing, or that is gone, is not waited for.
    let mut client = client_of(Framed, 1);
    client.send_finished(at(0)).unwrap();
    assert_eq!(client.poll_io().unwrap().deadline, Some(at(60_000)));
    let _ = take(&mut client, at(0));
    client.handle(at(1), Input::Eof);
    client.handle(at(1), Input::FinSent);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Peer(Violation::Unanswered))]);
}

#[test]
fn an_empty_message_says_nothing_on_braces_whenever_it_comes() {
    let mut client = asking(Braces, 'Q');
    give(&mut client, at(1), b"W;;");
    assert_eq!(client_events(&mut client), [ClientEvent::Pending]);
    // Fillers come when nothing is asked; before the next reply; together with it; and after the last.
    for (before, answer) in [(&b";"[..], &b"W;"[..]), (b"", b";W;"), (b";;", b";;W;;;"), (b"", b"W;")] {
        give(&mut client, at(2), before);
        assert_eq!(client_events(&mut client), []);
        client.ask_winners(at(3)).unwrap();
        let _ = take(&mut client, at(3));
        give(&mut client, at(4), answer);
        assert!(client.can_send());
        assert_eq!(client_events(&mut client), [ClientEvent::Pending]);
    }
    give(&mut client, at(5), b";");
    client.handle(at(5), Input::Eof);
    client.handle(at(5), Input::FinSent);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Done)]);
}

/// An unasked failure is handed out: the connection goes no further.
#[test]
fn a_failure_that_answers_no_question_is_heard() {
    for (wire, sent) in
        [(Fixed, &b"E00004alto"[..]), (Framed, b"00000010error;alto"), (Braces, b"ERROR:alto;")]
    {
        let mut client = asking(wire, if wire == Fixed { 'B' } else { '-' });
        give(&mut client, at(1), sent);
        client.handle(at(1), Input::Eof);
        client.handle(at(1), Input::FinSent);
        let refused = ClientEvent::Refused("", "alto".into());
        assert_eq!(client_events(&mut client), [refused, ClientEvent::Closed(CloseReason::Done)]);
    }
}

#[test]
fn a_wrong_answer_ends_the_connection() {
    let framed = |body: &str| framed(body);
    let raw = |bytes: &str| bytes.as_bytes().to_vec();
    let documents = "expected documents of 1 to 20 digits, or NO_WINNERS";
    let document = "expected {PlayerDocID:…} with 1 to 20 digits";
    for (wire, what, answer, text) in [
        (Fixed, 'B', raw("O"), "an answer to no question (at byte 0)".to_string()),
        (Fixed, 'F', raw("N"), "expected O or E (at byte 0)".into()),
        (Fixed, 'F', raw("R00000"), "expected O or E (at byte 0)".into()),
        (Fixed, 'F', raw("A0000100000"), "expected O, N, R or E (at byte 0)".into()),
        (Fixed, 'Q', raw("O"), "expected N, R or E (at byte 0)".into()),
        (Fixed, 'Q', raw("R0000x"), "expected a digit (at byte 5)".into()),
        (Fixed, 'Q', raw("R000011234567x"), "expected a document of 8 digits (at byte 6)".into()),
        (Fixed, 'Q', raw("R0000212345678      12"), "expected a document of 8 digits (at byte 14)".into()),
        (Fixed, 'Q', b"E00002a\xFFb".to_vec(), "expected UTF-8 (at byte 7)".into()),
        (Framed, '-', STORED.to_vec(), "an answer to no question (at byte 0)".into()),
        (Framed, 'B', framed("NO_WINNERS"), "expected \"success;…\" or \"error;…\" (at byte 8)".into()),
        (Framed, 'B', framed("success"), "expected \"success;…\" or \"error;…\" (at byte 8)".into()),
        (Framed, 'B', framed(""), "expected \"success;…\" or \"error;…\" (at byte 8)".into()),
        (Framed, 'B', raw("0000000x"), "expected eight digits, the length of the body (at byte 7)".into()),
        (
            Framed,
            'B',
            raw("01048569"),
            "a message of 1048577 bytes, at most 1048576 are taken (at byte 0)".into(),
        ),
        (Framed, 'F', framed("error;alto"), format!("{documents} (at byte 8)")),
        (Framed, 'F', framed(""), format!("{documents} (at byte 8)")),
        (Framed, 'F', framed("1;2;"), format!("{documents} (at byte 12)")),
        (Framed, 'F', framed("1;123456789012345678901"), format!("{documents} (at byte 10)")),
        (Framed, 'F', STORED.to_vec(), format!("{documents} (at byte 8)")),
        (Braces, '-', raw("W;"), "an answer to no question (at byte 0)".into()),
        (Braces, 'B', raw("ACK_NOTIFY;"), "expected ACK_CHUNK or ERROR (at byte 0)".into()),
        (Braces, 'B', raw(" ACK_CHUNK;"), "expected ACK_CHUNK or ERROR (at byte 0)".into()),
        (Braces, 'F', raw("ACK_CHUNK;"), "expected ACK_NOTIFY or ERROR (at byte 0)".into()),
        (Braces, 'Q', raw("ACK_NOTIFY;"), "expected W, R or ERROR (at byte 0)".into()),
        (Braces, 'Q', raw("R{};"), format!("{document} (at byte 1)")),
        (Braces, 'Q', raw("R{PlayerDocID:};"), format!("{document} (at byte 1)")),
        (Braces, 'Q', raw("R{PlayerDocID:1x};"), format!("{document} (at byte 1)")),
        (Braces, 'Q', raw("R{PlayerDocID:1},{PlayerDocID:1;"), format!("{document} (at byte 17)")),
        (Braces, 'Q', raw("R{PlayerDocID:1},;"), "expected a comma, or the end (at byte 16)".into()),
        (
            Braces,
            'Q',
            raw("R{PlayerDocID:1}{PlayerDocID:1};"),
            "expected a comma, or the end (at byte 16)".into(),
        ),
        (Braces, 'Q', b"W\xFF;".to_vec(), "expected UTF-8 (at byte 1)".into()),
    ] {
        let mut client = asking(wire, what);
        give(&mut client, at(1), &answer);
        assert_eq!(client.state(), State::Draining, "{}", answer.escape_ascii());
        client.handle(at(1), Input::FinSent);
        client.handle(at(1), Input::Eof);
        let heard = client_events(&mut client);
        let [ClientEvent::Closed(why)] = heard[..] else { panic!("{heard:?}") };
        assert_eq!(why.to_string(), format!("protocol error: {text}"));
    }
}

#[test]
fn an_answer_without_an_end_is_given_up_at_the_limit() {
    let mut client = asking(Braces, 'Q');
    while client.state() == State::Open {
        let recv = client.poll_io().unwrap().recv;
        assert!(!recv.is_empty());
        recv.fill(b'R');
        let received = recv.len();
        client.handle(at(1), Input::Received(received));
    }
    client.handle(at(1), Input::FinSent);
    client.handle(at(1), Input::Eof);
    let heard = client_events(&mut client);
    let [ClientEvent::Closed(why)] = heard[..] else { panic!("{heard:?}") };
    let text = "protocol error: a message of 1048577 bytes, at most 1048576 are taken (at byte 0)";
    assert_eq!(why.to_string(), text);
}

#[test]
fn what_a_wire_cannot_carry_is_not_sent() {
    let long = "x".repeat(31);
    let good = bet(ANA);
    let wide =
        |field: &str, width| format!("{field}: wider than the {width} characters that this wire has for it");
    let not = |field: &str, c: char| format!("{field}: {c:?} cannot be sent on this wire");
    let space = |field: &str| format!("{field}: ends with a space, which this wire takes for padding");
    let zero = "document: begins with a zero, which this wire takes for padding".to_string();
    for (wire, [first, last, document, number], error) in [
        (Fixed, [&long[..], "Paz", "1", "1"], wide("first_name", 30)),
        (Fixed, ["Ana", &"ñ".repeat(31), "1", "1"], wide("last_name", 30)),
        (Fixed, ["Ana ", "Paz", "1", "1"], space("first_name")),
        (Fixed, ["Ana", " ", "1", "1"], space("last_name")),
        (Fixed, ["Ana", "Paz", "123456789", "1"], wide("document", 8)),
        (Fixed, ["Ana", "Paz", "012345678", "1"], wide("document", 8)),
        (Fixed, ["Ana", "Paz", "01", "1"], zero.clone()),
        (Fixed, ["Ana", "Paz", "00", "1"], zero.clone()),
        (Fixed, ["Ana", "Paz", "1", "10000"], wide("number", 4)),
        (Framed, ["A;na", "Paz", "1", "1"], not("first_name", ';')),
        (Framed, ["Ana", ";", "1", "1"], not("last_name", ';')),
        (Braces, ["A,na", "Paz", "1", "1"], not("first_name", ',')),
        (Braces, ["A;na", "Paz", "1", "1"], not("first_name", ';')),
        (Braces, ["A:na", "Paz", "1", "1"], not("first_name", ':')),
        (Braces, ["Ana", "{Paz", "1", "1"], not("last_name", '{')),
        (Braces, ["Ana", "Paz}", "1", "1"], not("last_name", '}')),
        (Dialect::Block, ["Ana", "P|z", "1", "1"], not("last_name", '|')),
    ] {
        let bad = Bet::new(first, last, document, "1980-01-01", number).unwrap();
        assert_eq!(wire.check_sendable(&bad).unwrap_err().to_string(), error, "{wire}");
        let mut client = client_of(wire, 1);
        let refused = client.send_batch(at(0), &[good, good, bad]).unwrap_err();
        assert_eq!(refused.to_string(), format!("bet 2: {error}"));
        assert_eq!(client.send_bet(at(0), &bad).unwrap_err().to_string(), format!("bet 0: {error}"));
        assert_eq!((client.unsent(), client.can_send()), (0, true));
    }
    for (wire, [first, last, document, number]) in [
        (Fixed, ["ñ;,:{}|\"'ñ", &"ñ".repeat(30), "0", "9999"]),
        (Fixed, [" Ana", "\u{A0}", "12345678", "0"]),
        (Framed, ["A,:{}|na ", &"ñ".repeat(127), "00012345678901234567", "4294967295"]),
        (Braces, ["A|na\"' ", &"ñ".repeat(127), "00012345678901234567", "4294967295"]),
    ] {
        let fine = Bet::new(first, last, document, "1980-01-01", number).unwrap();
        let mut client = client_of(wire, 1);
        assert_eq!(client.send_batch(at(0), &[fine]), Ok(1), "{wire}");
        let mut server = lottery_testkit::server();
        give(&mut server, at(0), &take(&mut client, at(0)));
        let text = lottery_testkit::text(&fine);
        assert_eq!(
            lottery_testkit::server_events(&mut server),
            [lottery_testkit::ServerEvent::Batch(vec![text])],
            "{wire}"
        );
    }
    // `braces` has no batch without bets: nothing would name its agency.
    assert_eq!(client_of(Braces, 1).send_batch(at(0), &[]), Err(SendError::NotOnThisWire));
    for (wire, sent) in [(Fixed, "A0000100000"), (Framed, "000000041;0\n")] {
        let mut client = client_of(wire, 1);
        assert_eq!(client.send_batch(at(0), &[]), Ok(0));
        assert_eq!(take(&mut client, at(0)), sent.as_bytes());
    }
}
