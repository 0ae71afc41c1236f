//! Names: one rule for all dialects, an accepted name arrives as it was sent, and a client sends none that its
//! dialect cannot carry.

use lottery_proto::Dialect;
use lottery_proto::{Bet, SendError};
use lottery_testkit::{
    ANA, ServerEvent, at, bet, client, client_of, give, server, server_events, take, text,
};

/// Odd but valid names: a spreadsheet would take them for formulas, or they hold invisible characters.
const ODD: [&str; 12] = [
    "=1+1",
    "@SUM(A1)",
    "+54 11",
    "-",
    "-Ana",
    // A joiner, as in Persian names; a mark, an override and an isolate of direction; a space without width.
    "علی\u{200c}رضا",
    "\u{200f}דוד",
    "Ana\u{202e}zaP",
    "\u{2066}Ana\u{2069}",
    "Ana\u{200b}",
    "\u{feff}Ana",
    "A\u{ad}na",
];

#[test]
fn odd_names_arrive_as_sent_in_every_dialect() {
    for dialect in [Dialect::BLOCK, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        for name in ODD {
            for (first, last) in [(name, "Paz"), ("Ana", name)] {
                let bet = Bet::new([first, last, "20000001", "1980-01-31", "7574"]).unwrap();
                let mut client = client_of(dialect, 1);
                assert_eq!(client.send_batch(at(0), &[bet]), Ok(1), "{dialect}: {name:?}");
                let mut server = server();
                give(&mut server, at(0), &take(&mut client, at(0)));
                assert_eq!(
                    server_events(&mut server),
                    [ServerEvent::Batch(vec![text(&bet)])],
                    "{dialect}: {name:?}"
                );
            }
        }
    }
}

/// Control characters are those of Unicode's category Cc; the line separator is none.
#[test]
fn control_characters_are_the_only_invisible_ones_rejected() {
    for character in ('\0'..='\u{2fff}').chain('\u{fe00}'..='\u{ffff}').chain('\u{e0000}'..='\u{e01ff}') {
        let name = format!("A{character}na");
        let taken = Bet::new([&name, "Paz", "1", "1980-01-31", "1"]).is_ok();
        assert_eq!(taken, !character.is_control(), "{character:?}");
    }
}

#[test]
fn a_bet_that_a_text_dialect_cannot_carry_is_not_sent() {
    let long = "x".repeat(31);
    let good = bet(ANA);
    let wide = |field: &str, width| {
        format!("{field}: wider than the {width} characters that this dialect has for it")
    };
    let not = |field: &str, c: char| format!("{field}: {c:?} cannot be sent in this dialect");
    let space = |field: &str| format!("{field}: ends with a space, which this dialect takes for padding");
    let zero = "document: begins with a zero, which this dialect takes for padding".to_string();
    for (dialect, [first, last, document, number], error) in [
        (Dialect::FIXED, [&long[..], "Paz", "1", "1"], wide("first_name", 30)),
        (Dialect::FIXED, ["Ana", &"ñ".repeat(31), "1", "1"], wide("last_name", 30)),
        (Dialect::FIXED, ["Ana ", "Paz", "1", "1"], space("first_name")),
        (Dialect::FIXED, ["Ana", " ", "1", "1"], space("last_name")),
        (Dialect::FIXED, ["Ana", "Paz", "123456789", "1"], wide("document", 8)),
        (Dialect::FIXED, ["Ana", "Paz", "012345678", "1"], wide("document", 8)),
        (Dialect::FIXED, ["Ana", "Paz", "01", "1"], zero.clone()),
        (Dialect::FIXED, ["Ana", "Paz", "00", "1"], zero.clone()),
        (Dialect::FIXED, ["Ana", "Paz", "1", "10000"], wide("number", 4)),
        (Dialect::FRAMED, ["A;na", "Paz", "1", "1"], not("first_name", ';')),
        (Dialect::FRAMED, ["Ana", ";", "1", "1"], not("last_name", ';')),
        (Dialect::BRACES, ["A,na", "Paz", "1", "1"], not("first_name", ',')),
        (Dialect::BRACES, ["A;na", "Paz", "1", "1"], not("first_name", ';')),
        (Dialect::BRACES, ["A:na", "Paz", "1", "1"], not("first_name", ':')),
        (Dialect::BRACES, ["Ana", "{Paz", "1", "1"], not("last_name", '{')),
        (Dialect::BRACES, ["Ana", "Paz}", "1", "1"], not("last_name", '}')),
        (Dialect::BLOCK, ["Ana", "P|z", "1", "1"], not("last_name", '|')),
    ] {
        let bad = Bet::new([first, last, document, "1980-01-01", number]).unwrap();
        assert_eq!(dialect.check_sendable(&bad).unwrap_err().to_string(), error, "{dialect}");
        let mut client = client_of(dialect, 1);
        let rejected = client.send_batch(at(0), &[good, good, bad]).unwrap_err();
        assert_eq!(rejected.to_string(), format!("bet 2: {error}"));
        assert_eq!(client.send_bet(at(0), &bad).unwrap_err().to_string(), format!("bet 0: {error}"));
        assert_eq!((client.unsent(), client.can_send()), (0, true));
    }
    for (dialect, [first, last, document, number]) in [
        (Dialect::FIXED, ["ñ;,:{}|\"'ñ", &"ñ".repeat(30), "0", "9999"]),
        (Dialect::FIXED, [" Ana", "\u{A0}", "12345678", "0"]),
        (Dialect::FRAMED, ["A,:{}|na ", &"ñ".repeat(127), "00012345678901234567", "4294967295"]),
        (Dialect::BRACES, ["A|na\"' ", &"ñ".repeat(127), "00012345678901234567", "4294967295"]),
    ] {
        let fine = Bet::new([first, last, document, "1980-01-01", number]).unwrap();
        let mut client = client_of(dialect, 1);
        assert_eq!(client.send_batch(at(0), &[fine]), Ok(1), "{dialect}");
        let mut server = server();
        give(&mut server, at(0), &take(&mut client, at(0)));
        let text = text(&fine);
        assert_eq!(server_events(&mut server), [ServerEvent::Batch(vec![text])], "{dialect}");
    }
    // `braces` has no batch without bets: nothing would name its agency.
    assert_eq!(client_of(Dialect::BRACES, 1).send_batch(at(0), &[]), Err(SendError::NotInDialect));
    for (dialect, sent) in [(Dialect::FIXED, "A0000100000"), (Dialect::FRAMED, "000000041;0\n")] {
        let mut client = client_of(dialect, 1);
        assert_eq!(client.send_batch(at(0), &[]), Ok(0));
        assert_eq!(take(&mut client, at(0)), sent.as_bytes());
    }
}

#[test]
fn a_bet_that_block_cannot_carry_is_not_sent() {
    let good = bet(ANA);
    for (first, last, field) in [("A|na", "Paz", "first_name"), ("Ana", "Paz|", "last_name")] {
        let bad = Bet::new([first, last, "1", "1980-01-01", "1"]).unwrap();
        let mut client = client(1);
        let error = client.send_batch(at(0), &[good, good, bad]).unwrap_err();
        assert_eq!(error.to_string(), format!("bet 2: {field}: '|' cannot be sent in this dialect"));
        let error = client.send_bet(at(0), &bad).unwrap_err();
        assert_eq!(error.to_string(), format!("bet 0: {field}: '|' cannot be sent in this dialect"));
        assert_eq!(client.unsent(), 0);
        // A batch carries at most 255 bets: those after them are not checked yet.
        let mut many = vec![good; 255];
        many.push(bad);
        let sent = client.send_batch(at(0), &many).unwrap();
        assert!(sent < many.len(), "{sent}");
    }
}
