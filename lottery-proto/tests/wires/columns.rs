//! Characters of more than one byte, wherever they are cut, and the columns of `fixed`
//! (`docs/protocol.md#fixed`).

use lottery_proto::server::Event;
use lottery_proto::{Code, Failure, ReplyError, WinnersReply};
use lottery_testkit::{ANA, JOSE, ServerEvent, at, give, server, server_events, take};

use crate::golden::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH};

#[test]
fn a_message_may_be_cut_anywhere_also_in_a_character() {
    for whole in [FIXED_BATCH, FRAMED_BATCH, BRACES_BATCH] {
        for first in 0..whole.len() {
            for second in [first, first + 1, whole.len()] {
                let mut server = server();
                for part in [&whole.as_bytes()[..first], &whole.as_bytes()[first..second.min(whole.len())]] {
                    give(&mut server, at(0), part);
                }
                give(&mut server, at(0), &whole.as_bytes()[second.min(whole.len())..]);
                assert_eq!(server_events(&mut server), [ServerEvent::Batch(vec![ANA.into(), JOSE.into()])]);
            }
        }
    }
    // Characters of two, three and four bytes, next to the edge of each column, and padding between them.
    let name = "ñ李𝒜".repeat(10);
    for length in [1, 2, 3, 28, 29, 30] {
        let name: String = name.chars().take(length).collect();
        let sent = format!("A0000100001{name:30}{name:30}{:0>8}1980-01-01{:0>4}", 1, 1);
        let mut server = server();
        for byte in sent.as_bytes() {
            give(&mut server, at(0), &[*byte]);
        }
        assert_eq!(
            server_events(&mut server),
            [ServerEvent::Batch(vec![format!("{name}|{name}|1|1980-01-01|1")])]
        );
    }
}

/// Documents and numbers are padded as their columns are.
#[test]
fn the_padding_of_columns_is_taken_off() {
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
fn a_document_that_is_too_wide_is_given_back() {
    for (won, fits) in
        [(vec!["12345678"; 3], true), (vec!["123456789"], false), (vec!["1", "012345678"], false)]
    {
        let won: Vec<String> = won.into_iter().map(String::from).collect();
        let mut server = server();
        give(&mut server, at(0), b"C00001");
        let Some(Event::WinnersQuery { ticket, wait: false }) = server.poll_event() else { panic!() };
        match server.reply(at(0), ticket, WinnersReply::Winners(&won)) {
            Ok(()) => assert!(fits),
            Err(ReplyError::TooLarge(ticket)) => {
                assert!(!fits && take(&mut server, at(0)).is_empty());
                let failure = Failure { code: Code::Storage, text: "too wide" };
                server.reply(at(0), ticket, WinnersReply::Refused(failure)).unwrap();
                assert_eq!(take(&mut server, at(0)), b"E00008too wide");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let many = vec!["1".to_string(); 100_000];
    let mut server = server();
    give(&mut server, at(0), b"C00001");
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    let reply = server.reply(at(0), ticket, WinnersReply::Winners(&many));
    let Err(ReplyError::TooLarge(ticket)) = reply else { panic!("five digits count no further") };
    server.reply(at(0), ticket, WinnersReply::Winners(&many[1..])).unwrap();
    assert!(server.poll_io().unwrap().send.starts_with(b"R9999900000001"));
}
