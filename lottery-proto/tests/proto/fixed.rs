//! `fixed`: columns of characters, and mistakes, which all end the connection (`docs/protocol.md#fixed`).

use std::fmt::Write;

use lottery_proto::Dialect;
use lottery_proto::server::Event;
use lottery_proto::{CloseReason, Code, Failure, ReplyError, State, WinnersReply};
use lottery_testkit::{BATCH, ClientEvent, ServerEvent, WINNER, at, give, server, server_events, take};

use crate::support::{
    BRACES_BATCH, End, FIXED_BATCH, FRAMED_BATCH, asking, ended, rejection, rejection_behind,
};

#[test]
fn a_client_of_fixed_sends_without_waiting_and_closes_after_each_query() {
    let mut client = asking(Dialect::FIXED, BATCH);
    assert!(client.can_send(), "a batch is not answered");
    assert_eq!(client.poll_io().unwrap().deadline, None);
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    give(&mut client, at(1), b"O");
    assert_eq!(
        ended(&mut client, at(1)),
        [ClientEvent::Finished(true), ClientEvent::Closed(CloseReason::Done)]
    );
    for (answer, event) in
        [(&b"N"[..], ClientEvent::Pending), (b"R0000100000042", ClientEvent::Winners(vec!["42".into()]))]
    {
        let mut client = asking(Dialect::FIXED, WINNER);
        give(&mut client, at(1), answer);
        assert_eq!(ended(&mut client, at(1)), [event, ClientEvent::Closed(CloseReason::Done)]);
    }
}

/// Documents and numbers are padded as their columns are.
#[test]
fn padding_of_columns_is_removed() {
    for (document, number, expected) in [
        ("00000000", "0000", "0|1980-01-01|0"),
        ("00000100", "0100", "100|1980-01-01|100"),
        ("12345678", "9999", "12345678|1980-01-01|9999"),
    ] {
        let sent = format!("A0000100001{:30}{:30}{document}1980-01-01{number}", "  Ana\u{A0}", " Paz x");
        let mut server = server();
        give(&mut server, at(0), sent.as_bytes());
        assert_eq!(
            server_events(&mut server),
            [ServerEvent::Batch(vec![format!("  Ana\u{A0}| Paz x|{expected}")])]
        );
    }
}

#[test]
fn a_query_is_given_back_if_a_document_is_too_wide() {
    for (won, fits) in
        [(vec!["12345678"; 3], true), (vec!["123456789"], false), (vec!["1", "012345678"], false)]
    {
        let won: Vec<String> = won.into_iter().map(String::from).collect();
        let mut server = server();
        give(&mut server, at(0), b"C00001");
        let Some(Event::WinnersQuery { ticket, wait: false, .. }) = server.poll_event() else { panic!() };
        match server.reply_winners(at(0), ticket, &won) {
            Ok(()) => assert!(fits),
            Err(ReplyError::TooLarge(ticket)) => {
                assert!(!fits && take(&mut server, at(0)).is_empty());
                let failure = Failure { code: Code::Storage, text: "too wide" };
                server.reply(at(0), ticket, WinnersReply::Rejected(failure)).unwrap();
                assert_eq!(take(&mut server, at(0)), b"E00008too wide");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let many = vec!["1".to_string(); 100_000];
    let mut server = server();
    give(&mut server, at(0), b"C00001");
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    let reply = server.reply_winners(at(0), ticket, &many);
    let Err(ReplyError::TooLarge(ticket)) = reply else { panic!("five digits count no further") };
    server.reply_winners(at(0), ticket, &many[1..]).unwrap();
    assert!(server.poll_io().unwrap().send.starts_with(b"R9999900000001"));
}

#[test]
fn a_reply_of_fixed_carries_up_to_99999_winners() {
    for (winners, size) in [(99_999, 6 + 99_999 * 8), (100_000, 0)] {
        let documents = vec!["20000001".to_owned(); winners];
        let mut server = server();
        give(&mut server, at(0), b"C00001");
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        let taken = server.reply_winners(at(0), ticket, &documents);
        assert_eq!(taken.is_ok(), size > 0);
        assert_eq!(take(&mut server, at(0)).len(), size);
    }
}

/// Returns a batch of `fixed` with these bets, each `first_name|last_name|document|birthdate|number`, in
/// columns.
fn columns(agency: &str, count: &str, bets: &[&str]) -> Vec<u8> {
    let mut message = format!("A{agency}{count}");
    for bet in bets {
        let fields: Vec<&str> = bet.split('|').collect();
        let [first, last, document, date, number] = fields[..] else { panic!("{bet}") };
        write!(message, "{first:30}{last:30}{document:0>8}{date:10}{number:0>4}").unwrap();
    }
    message.into_bytes()
}

const GOOD: &str = "Ana|Paz|1|1980-01-01|7574";

#[test]
fn every_malformed_message_of_fixed_ends_the_connection() {
    let second = |bet: &str| columns("00001", "00002", &[GOOD, bet]);
    let raw = |name: &[u8], then: &[u8]| {
        let good = columns("00001", "00002", &[GOOD, GOOD]);
        [&good[..93], name, &vec![b' '; 30 - name.len()], &good[123..], then].concat()
    };
    for (sent, text) in [
        (b"A000010000x".to_vec(), "expected a digit (at byte 10)"),
        (b"A00001 0001".to_vec(), "expected a digit (at byte 6)"),
        (columns("00000", "00001", &[GOOD]), "expected an agency, 1 to 99999 (at byte 1)"),
        (b"F00000".to_vec(), "expected an agency, 1 to 99999 (at byte 1)"),
        (b"C00000".to_vec(), "expected an agency, 1 to 99999 (at byte 1)"),
        (b"F00006".to_vec(), "unknown agency 6, expected 1 to 5 (at byte 0)"),
        (b"C99999".to_vec(), "unknown agency 99999, expected 1 to 5 (at byte 0)"),
        (columns("00006", "00001", &[GOOD]), "unknown agency 6, expected 1 to 5 (at byte 0)"),
        (b"A0000199999".to_vec(), "a message of 8199929 bytes, at most 1048576 are taken (at byte 6)"),
        (b"A0000112788".to_vec(), "a message of 1048627 bytes, at most 1048576 are taken (at byte 6)"),
        (second("|Paz|1|1980-01-01|1"), "bet 2: first_name: empty (at byte 93)"),
        (second("Ana||1|1980-01-01|1"), "bet 2: last_name: empty (at byte 93)"),
        (second("A\tna|Paz|1|1980-01-01|1"), "bet 2: first_name: holds a control character (at byte 93)"),
        (second("Ana|Paz|12x|1980-01-01|1"), "bet 2: document: expected decimal digits (at byte 93)"),
        (second("Ana|Paz|       1|1980-01-01|1"), "bet 2: document: expected decimal digits (at byte 93)"),
        (second("Ana|Paz|1|1980-02-31|1"), "bet 2: birthdate: expected a date, YYYY-MM-DD (at byte 93)"),
        (second("Ana|Paz|1|1980-01-01|  7x"), "bet 2: number: expected decimal digits (at byte 93)"),
        (second("Ana|Paz|1|1980-01-01|7   "), "bet 2: number: expected decimal digits (at byte 93)"),
        // A byte that begins no character; one that continues none; a character in too many bytes.
        (raw(b"An\xFF", b""), "expected UTF-8 (at byte 95)"),
        (raw(b"An\x80", b""), "expected UTF-8 (at byte 95)"),
        (raw(b"An\xC0\xAF", b""), "expected UTF-8 (at byte 95)"),
        (raw(b"An\xC3(", b"."), "expected UTF-8 (at byte 95)"),
        (raw(b"An\xE0\x80\x80", b".."), "expected UTF-8 (at byte 95)"),
        (raw(b"An\xF4\x90\x80\x80", b"..."), "expected UTF-8 (at byte 95)"),
        (raw(b"An\xED\xA0\x80", b".."), "expected UTF-8 (at byte 95)"),
    ] {
        let answer = format!("E{:05}{text}", text.chars().count()).into_bytes();
        let expected = (text.into(), answer, End::Closed);
        assert_eq!(rejection_behind("A0000100000", &sent), expected, "{}", sent.escape_ascii());
        // As a first message these two are lines.
        let tells = sent.iter().take(11).skip(1).all(u8::is_ascii_digit);
        assert!(!tells || rejection(&sent) == expected, "{}", sent.escape_ascii());
    }
}

/// Padding to 30 bytes leaves a column too few for each letter of two bytes.
#[test]
fn columns_padded_to_bytes_are_rejected() {
    let mut sent = b"A0000100001".to_vec();
    sent.extend("José".bytes().chain([b' '; 25]));
    sent.extend(format!("{:30}{}", "Paz", "200000011980-01-017574").bytes());
    assert_eq!(sent.len(), 11 + 82);
    // A character is missing: the first of the next message takes its place.
    sent.extend(b"F00001");
    assert_eq!(rejection(&sent).0, "bet 1: birthdate: expected a date, YYYY-MM-DD (at byte 11)");
}

#[test]
fn the_sample_batches_are_accepted() {
    for sent in [FIXED_BATCH, FRAMED_BATCH, BRACES_BATCH] {
        let mut server = server();
        give(&mut server, at(0), sent.as_bytes());
        assert!(lottery_testkit::accept_next(&mut server, at(0), None));
    }
    assert_eq!(columns("00001", "00001", &[GOOD]).len(), 11 + 82);
}

#[test]
fn bytes_behind_a_long_malformed_message_are_dropped() {
    let bet = format!("{:<30}{:<30}200000011980-01-017574", "Ana", "Paz");
    let wrong = bet.replace("1980-01-01", "1980-02-31");
    let mut server = server();
    give(&mut server, at(0), format!("A0000105001{}{wrong}", bet.repeat(5000)).as_bytes());
    assert!(matches!(server_events(&mut server)[..], [] | [ServerEvent::Rejected(..)]));
    assert!(take(&mut server, at(0)).starts_with(b"E"));
    give(&mut server, at(0), &vec![b'x'; 200 << 10]);
    assert_eq!(server.state(), State::Draining);
}

#[test]
fn bytes_behind_a_malformed_message_are_dropped_while_a_reply_is_owed() {
    let bet = format!("{:<30}{:<30}200000011980-01-017574", "Ana", "Paz");
    let wrong = bet.replace("1980-01-01", "1980-02-31");
    let mut server = server();
    give(&mut server, at(0), format!("A0000100001{bet}").as_bytes());
    let Some(Event::Batch { .. }) = server.poll_event() else { panic!() };
    give(&mut server, at(0), format!("A0000105001{}{wrong}", bet.repeat(5000)).as_bytes());
    assert_eq!(server_events(&mut server), []);
    assert_eq!(server.state(), State::Draining);
    give(&mut server, at(0), &vec![b'x'; 200 << 10]);
}
