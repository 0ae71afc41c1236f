//! Invalid bets: only their batch is rejected, the connection goes on, and its Finished is answered `0`.

use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{CloseReason, Code, Failure, Field, Input, Receipt, Server, State, WinnersReply};
use lottery_testkit::{
    ANA, BATCH_ACK, BET, BET_ACK, FINISHED, JOSE, ServerEvent, WINNER, at, batch, block, give, server,
    server_events, take,
};

/// `(payload of a bet, field at fault, text of the error)`
fn table() -> Vec<(Vec<u8>, Option<Field>, &'static str)> {
    let long = format!("Ana|{}|1|1980-01-01|1", "ñ".repeat(128));
    let named = |first: &[u8], last: &[u8]| [first, b"|", last, b"|1|1980-01-01|1"].concat();
    let (first, last) = (Some(Field::FirstName), Some(Field::LastName));
    vec![
        (b"Ana|Paz|1|1980-01-01".to_vec(), None, "4 fields, expected 5"),
        (b"Ana|Paz|1|1980-01-01|1|".to_vec(), None, "6 fields, expected 5"),
        (b"".to_vec(), None, "1 fields, expected 5"),
        (b"||||".to_vec(), first, "first_name: empty"),
        (named(b"", b"Paz"), first, "first_name: empty"),
        (named(b"Ana", b""), last, "last_name: empty"),
        (long.into_bytes(), last, "last_name: too long, at most 255"),
        (named(b"An\xC3", b"Paz"), first, "first_name: not UTF-8"),
        (named(b"Ana", b"\xFFaz"), last, "last_name: not UTF-8"),
        (named(b"Ana", b"\xA9"), last, "last_name: not UTF-8"),
        (named(b"\xC0\xAF", b"Paz"), first, "first_name: not UTF-8"),
        (named(b"An\0", b"Paz"), first, "first_name: holds a control character"),
        (named(b"\nAna", b"Paz"), first, "first_name: holds a control character"),
        (named(b"Ana", b"P\x1Fz"), last, "last_name: holds a control character"),
        (named(b"Ana", b"P\x7F"), last, "last_name: holds a control character"),
        (named("A\u{80}na".as_bytes(), b"Paz"), first, "first_name: holds a control character"),
        (named("A\u{85}na".as_bytes(), b"Paz"), first, "first_name: holds a control character"),
        (named(b"Ana", "\u{9F}".as_bytes()), last, "last_name: holds a control character"),
        (b"Ana|Paz||1980-01-01|1".to_vec(), Some(Field::Document), "document: empty"),
        (b"Ana|Paz|2x|1980-01-01|1".to_vec(), Some(Field::Document), "document: expected decimal digits"),
        (
            b"Ana|Paz|2000000:|1980-01-01|1".to_vec(),
            Some(Field::Document),
            "document: expected decimal digits",
        ),
        (b"Ana|Paz|-2|1980-01-01|1".to_vec(), Some(Field::Document), "document: expected decimal digits"),
        (
            b"Ana|Paz|123456789012345678901|1980-01-01|1".to_vec(),
            Some(Field::Document),
            "document: too long, at most 20",
        ),
        (
            b"Ana|Paz|1|1980-01-32|1".to_vec(),
            Some(Field::Birthdate),
            "birthdate: expected a date, YYYY-MM-DD",
        ),
        (
            b"Ana|Paz|1|1980-02-31|1".to_vec(),
            Some(Field::Birthdate),
            "birthdate: expected a date, YYYY-MM-DD",
        ),
        (
            b"Ana|Paz|1|1900-02-29|1".to_vec(),
            Some(Field::Birthdate),
            "birthdate: expected a date, YYYY-MM-DD",
        ),
        (b"Ana|Paz|1||1".to_vec(), Some(Field::Birthdate), "birthdate: expected a date, YYYY-MM-DD"),
        (b"Ana|Paz|1|1980-01-01|".to_vec(), Some(Field::Number), "number: empty"),
        (b"Ana|Paz|1|1980-01-01|7 ".to_vec(), Some(Field::Number), "number: expected decimal digits"),
        (b"Ana|Paz|1|1980-01-01|+7".to_vec(), Some(Field::Number), "number: expected decimal digits"),
        (b"Ana|Paz|1|1980-01-01|4294967296".to_vec(), Some(Field::Number), "number: over 4294967295"),
        (
            b"Ana|Paz|1|1980-01-01|99999999999999999999".to_vec(),
            Some(Field::Number),
            "number: over 4294967295",
        ),
    ]
}

fn stored() -> Receipt<'static> {
    Receipt::Stored { total: 1 }
}

/// Checks that Finished is rejected without the application, and that winners queries go on.
fn goes_on_but_is_not_finished(server: &mut Server) {
    for _ in 0..2 {
        give(server, at(2), &block(FINISHED, 1, b""));
        assert_eq!(server_events(server), [ServerEvent::Rejected(1, RejectedBy::EarlierBets)]);
        assert_eq!(take(server, at(2)), block(BATCH_ACK, 1, b"0"));
    }
    give(server, at(3), &block(WINNER, 1, b"1"));
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(3), ticket, WinnersReply::Pending).unwrap();
    assert_eq!(take(server, at(3)), block(WINNER, 1, b"0"));
    assert_eq!(server.state(), State::Open);
}

#[test]
fn a_batch_with_an_invalid_bet_is_rejected_as_a_whole() {
    for (bad, field, text) in table() {
        for position in 1..=3 {
            let mut bets = vec![ANA.as_bytes(); 3];
            bets[position - 1] = &bad;
            let mut server = server();
            give(&mut server, at(1), &batch(1, &bets));
            let Ok([ServerEvent::Rejected(1, RejectedBy::Malformed(error))]) =
                <[_; 1]>::try_from(server_events(&mut server))
            else {
                panic!("{text}")
            };
            let offset = 5 + (position - 1) * (4 + ANA.len()) + 4;
            assert_eq!(error.to_string(), format!("bet {position}: {text} (at byte {offset})"));
            assert_eq!((error.bet, error.problem.field()), (Some(position), field));
            assert!(error.is_about_a_bet());
            assert_eq!(take(&mut server, at(1)), [0_u8; 0], "a batch has no answer of its own");
            goes_on_but_is_not_finished(&mut server);
        }
    }
}

#[test]
fn an_invalid_single_bet_gets_a_reply() {
    for (bad, _, text) in table() {
        let mut server = server();
        give(&mut server, at(1), &block(BET, 1, &bad));
        let events = server_events(&mut server);
        let [ServerEvent::Rejected(1, RejectedBy::Malformed(error))] = &events[..] else {
            panic!("{text}: {events:?}")
        };
        assert_eq!(error.to_string(), format!("bet 1: {text} (at byte 4)"));
        let answer = take(&mut server, at(1));
        // The reply repeats the document and the number if they are digits, and `0` otherwise.
        let fields: Vec<&[u8]> = bad.split(|&byte| byte == b'|').collect();
        let echo = |index: usize| match fields.get(index) {
            Some(field) if (1..=20).contains(&field.len()) && field.iter().all(u8::is_ascii_digit) => field,
            _ => &b"0"[..],
        };
        assert_eq!(answer, block(BET_ACK, 1, &[echo(2), b"|", echo(4), b"|0"].concat()), "{text}");
        goes_on_but_is_not_finished(&mut server);
    }
}

/// Finished may arrive before the application has taken an event.
#[test]
fn finished_that_arrives_with_an_invalid_batch_is_rejected() {
    let bad = b"Ana|Paz|1|1980-01-01";
    let finished = || block(FINISHED, 1, b"");
    for good_first in [false, true] {
        let mut server = server();
        let first = if good_first { batch(1, &[JOSE]) } else { vec![] };
        give(&mut server, at(1), &[first, batch(1, &[bad]), finished(), finished()].concat());
        if good_first {
            let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
            assert!(matches!(
                &server_events(&mut server)[..],
                [ServerEvent::Rejected(1, RejectedBy::Malformed(_))]
            ));
            assert_eq!(take(&mut server, at(1)), [0_u8; 0], "answers leave in order");
            server.reply(at(1), ticket, stored()).unwrap();
        } else {
            assert!(matches!(
                server.poll_event(),
                Some(Event::Rejected { error: RejectedBy::Malformed(_), .. })
            ));
        }
        let rejected = || ServerEvent::Rejected(1, RejectedBy::EarlierBets);
        assert_eq!(server_events(&mut server), [rejected(), rejected()]);
        assert_eq!(take(&mut server, at(1)), [block(BATCH_ACK, 1, b"0"), block(BATCH_ACK, 1, b"0")].concat());
        goes_on_but_is_not_finished(&mut server);
    }
}

#[test]
fn bets_that_the_application_rejects_count_as_rejected() {
    let failure = Failure { code: Code::Storage, text: "the disk is full" };
    for alone in [false, true] {
        for finished_came_before in [false, true] {
            let mut server = server();
            let bets = if alone { block(BET, 1, ANA.as_bytes()) } else { batch(1, &[ANA]) };
            give(&mut server, at(1), &bets);
            if finished_came_before {
                give(&mut server, at(1), &block(FINISHED, 1, b""));
            }
            match server.poll_event() {
                Some(Event::Bet { ticket, .. }) => {
                    assert!(server.poll_event().is_none(), "a Finished waits for the bets before it");
                    server.reply(at(1), ticket, Receipt::Rejected(failure)).unwrap();
                    let answer = &take(&mut server, at(1))[..8192];
                    assert_eq!(answer, block(BET_ACK, 1, b"20000001|7574|0"));
                }
                Some(Event::Batch { ticket, .. }) => {
                    assert!(server.poll_event().is_none(), "a Finished waits for the bets before it");
                    server.reply(at(1), ticket, Receipt::Rejected(failure)).unwrap();
                    let _ = take(&mut server, at(1));
                }
                other => panic!("{other:?}"),
            }
            if finished_came_before {
                assert_eq!(server_events(&mut server), [ServerEvent::Rejected(1, RejectedBy::EarlierBets)]);
                let _ = take(&mut server, at(1));
            }
            goes_on_but_is_not_finished(&mut server);
            server.handle(at(4), Input::Eof);
            server.handle(at(4), Input::FinSent);
            assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Done)]);
        }
    }
}

/// Finished that the application rejects says nothing about the bets: the application decides about the next
/// one.
#[test]
fn rejected_finished_may_be_sent_again() {
    let mut server = server();
    let failure = Failure { code: Code::Storage, text: "the disk is full" };
    for (receipt, answer) in [(Receipt::Rejected(failure), b"0"), (stored(), b"1")] {
        give(&mut server, at(1), &block(FINISHED, 1, b""));
        let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
        server.reply(at(1), ticket, receipt).unwrap();
        assert_eq!(take(&mut server, at(1)), block(BATCH_ACK, 1, answer));
    }
}
