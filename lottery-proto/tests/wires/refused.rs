//! Whole messages that are wrong: the error of each, and whether it ends the connection.

use std::fmt::Write;

use lottery_testkit::framed;

use crate::golden::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH};
use crate::{End, refused, refused_behind};

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
fn on_fixed_every_mistake_ends_the_connection() {
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
        assert_eq!(refused_behind("A0000100000", &sent), expected, "{}", sent.escape_ascii());
        // As a first message these two are lines.
        let tells = sent.iter().take(11).skip(1).all(u8::is_ascii_digit);
        assert!(!tells || refused(&sent) == expected, "{}", sent.escape_ascii());
    }
}

/// Padding to 30 bytes leaves a column too few for each letter of two bytes.
#[test]
fn on_fixed_columns_of_bytes_are_refused() {
    let mut sent = b"A0000100001".to_vec();
    sent.extend("José".bytes().chain([b' '; 25]));
    sent.extend(format!("{:30}{}", "Paz", "200000011980-01-017574").bytes());
    assert_eq!(sent.len(), 11 + 82);
    // A character is missing: the first of the next message takes its place.
    sent.extend(b"F00001");
    assert_eq!(refused(&sent).0, "bet 1: birthdate: expected a date, YYYY-MM-DD (at byte 11)");
}

#[test]
fn on_framed_a_wrong_body_is_answered_and_the_connection_goes_on() {
    let bet = "Ana;Paz;1;1980-01-01;7574\n";
    let two = |bet: &str| format!("1;2\nAna;Paz;1;1980-01-01;7574\n{bet}");
    let first_line = "expected END, or a first line with agency and count (at byte 8)";
    for (body, text) in [
        (format!("1;3\n{bet}{bet}"), "3 bets announced, 2 found (at byte 8)"),
        (format!("1;1\n{bet}{bet}"), "1 bets announced, 2 found (at byte 8)"),
        (format!("1;0\n{bet}"), "0 bets announced, 1 found (at byte 8)"),
        ("1;2\n".into(), "2 bets announced, 0 found (at byte 8)"),
        (format!("1;999999999\n{bet}"), "999999999 bets announced, 1 found (at byte 8)"),
        (format!("1;9999999999\n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("1;one\n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("1;1 \n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("1;-1\n{bet}"), "expected a count of bets (at byte 10)"),
        (format!("\n\nx;1\n{bet}"), "expected an agency, 1 to 99999 (at byte 10)"),
        (format!("0;1\n{bet}"), "expected an agency, 1 to 99999 (at byte 8)"),
        (format!("100000;1\n{bet}"), "expected an agency, 1 to 99999 (at byte 8)"),
        (format!("6;1\n{bet}"), "unknown agency 6, expected 1 to 5 (at byte 0)"),
        (String::new(), first_line),
        ("\n".into(), first_line),
        ("END\n".into(), first_line),
        ("end".into(), first_line),
        ("1;1".into(), first_line),
        (format!("1\n{bet}"), first_line),
        (format!("1;1;1\n{bet}"), first_line),
        (bet.into(), first_line),
        (two("Ana;Paz;1;1980-01-01;7574"), "bet 2: expected a line end after the last bet (at byte 38)"),
        (two("Ana;Paz;1;1980-01-01\n"), "bet 2: 4 fields, expected 5 (at byte 38)"),
        (two("A;na;Paz;1;1980-01-01;7574\n"), "bet 2: 6 fields, expected 5 (at byte 38)"),
        (two("A\nna;Paz;1;1980-01-01;7574\n"), "bet 2: 1 fields, expected 5 (at byte 38)"),
        (two("Ana;Paz;1;1980-01-01;7574\r\n"), "bet 2: number: expected decimal digits (at byte 38)"),
        (two(";Paz;1;1980-01-01;7574\n"), "bet 2: first_name: empty (at byte 38)"),
        (two("Ana;Paz;1;1980-13-01;7574\n"), "bet 2: birthdate: expected a date, YYYY-MM-DD (at byte 38)"),
        (two("Ana;Paz;x;1980-01-01;7574\n"), "bet 2: document: expected decimal digits (at byte 38)"),
        (two("Ana;Paz;1;1980-01-01;4294967296\n"), "bet 2: number: over 4294967295 (at byte 38)"),
    ] {
        let answer = framed(format!("error;{text}"));
        assert_eq!(refused(&framed(&body)), (text.into(), answer, End::Open), "{body}");
    }
    // The length cuts a letter of two bytes.
    let body = [b"1;1\nAna;Pa\xC3".to_vec(), b";1;1980-01-01;1\n".to_vec()].concat();
    assert_eq!(refused(&framed(body)).0, "bet 1: last_name: not UTF-8 (at byte 12)");
}

#[test]
fn on_framed_a_wrong_length_ends_the_connection() {
    for (sent, text) in [
        ("99999999", "a message of 100000007 bytes, at most 1048576 are taken (at byte 0)"),
        ("01048569", "a message of 1048577 bytes, at most 1048576 are taken (at byte 0)"),
    ] {
        let expected = (text.into(), framed(format!("error;{text}")), End::Closed);
        assert_eq!(refused_behind("000000041;0\n", sent.as_bytes()), expected);
        // As a first message the other is a line.
        assert!(!sent.starts_with('0') || refused(sent.as_bytes()) == expected);
    }
}

#[test]
fn on_braces_a_wrong_message_is_answered_and_the_connection_goes_on() {
    let batch = BRACES_BATCH;
    let keys = "expected {PlayerName:…,PlayerSurname:…,PlayerDocID:…,PlayerDateOfBirth:…,WageredNumber:…,AgencyID:…}";
    let first = |text: &str| format!("bet 1: {text} (at byte 1)");
    let second = |text: &str| format!("bet 2: {text} (at byte 115)");
    for (sent, text) in [
        ("B{};".to_string(), first(keys)),
        ("B{x".to_string() + ";", first(keys)),
        (batch.replacen("PlayerName", "Name", 1), first(keys)),
        (
            batch.replacen("PlayerName:Ana,PlayerSurname:Paz", "PlayerSurname:Paz,PlayerName:Ana", 1),
            first(keys),
        ),
        (batch.replacen("PlayerSurname:Paz,", "", 1), first(keys)),
        (batch.replacen("PlayerSurname:Paz,", "PlayerSurname:Paz,PlayerSurname:Paz,", 1), first(keys)),
        (batch.replacen("AgencyID:1}", "AgencyID:1,AgencyID:1}", 1), first(keys)),
        (batch.replacen("AgencyID:1}", "AgencyID:1,More:1}", 1), first(keys)),
        (batch.replacen("Ana", "A,na", 1), first(keys)),
        (batch.replacen("Ana", "A{na", 1), first(keys)),
        (batch.replacen("Ana", "A}na", 1), first(keys)),
        (batch.replacen("Ana", "A:na", 1), first(keys)),
        (batch.replacen("Ana", "", 1), first("first_name: empty")),
        (batch.replacen("7574", "75x4", 1), first("number: expected decimal digits")),
        (batch.replacen("01-01", "01-32", 1), first("birthdate: expected a date, YYYY-MM-DD")),
        (batch.replacen("AgencyID:1", "AgencyID:x", 1), first("expected an agency, 1 to 99999")),
        (batch.replacen("AgencyID:1", "AgencyID:0", 1), first("expected an agency, 1 to 99999")),
        (batch.replacen("AgencyID:1", "AgencyID:", 1), first("expected an agency, 1 to 99999")),
        (batch.replace("AgencyID:1};", "AgencyID:2};"), second("agency 2, expected 1")),
        (batch.replace("AgencyID:1", "AgencyID:6"), "unknown agency 6, expected 1 to 5 (at byte 0)".into()),
        (batch.replace("},{", "}{"), second("expected a comma and a bet, or the end")),
        (batch.replace("},{", "},,{"), second(keys)),
        (batch.replace("};", "},;"), "bet 3: ".to_string() + keys + " (at byte 243)"),
        (batch.replace("};", "}x;"), "bet 3: expected a comma and a bet, or the end (at byte 243)".into()),
        ("N{AgencyID:6};".into(), "unknown agency 6, expected 1 to 5 (at byte 0)".into()),
        ("Q{AgencyID:0};".into(), "expected an agency, 1 to 99999 (at byte 11)".into()),
        ("N{AgencyID:1x};".into(), "expected an agency, 1 to 99999 (at byte 11)".into()),
        ("N{AgencyID:1}};".into(), "expected {AgencyID:…} (at byte 1)".into()),
        ("N{Agency:1};".into(), "expected {AgencyID:…} (at byte 1)".into()),
        ("Q{};".into(), "expected {AgencyID:…} (at byte 1)".into()),
        ("Q{AgencyID:1;".into(), "expected {AgencyID:…} (at byte 1)".into()),
    ] {
        let answer = format!("ERROR:{text};").into_bytes();
        let expected = (text, answer, End::Open);
        assert_eq!(refused_behind("Q{AgencyID:1};", sent.as_bytes()), expected, "{sent}");
        // As a first message, one with another first key is a line.
        let tells = ["B{PlayerName:", "N{AgencyID:", "Q{AgencyID:"].iter().any(|key| sent.starts_with(key));
        assert!(!tells || refused(sent.as_bytes()) == expected, "{sent}");
    }
    let cut = [b"B{PlayerName:An\xC3", &batch.as_bytes()["B{PlayerName:Ana".len()..]].concat();
    assert_eq!(refused(&cut).0, first("first_name: not UTF-8"));
}

#[test]
fn the_batches_that_are_spoilt_here_are_good_ones() {
    for sent in [FIXED_BATCH, FRAMED_BATCH, BRACES_BATCH] {
        let mut server = lottery_testkit::server();
        lottery_testkit::give(&mut server, lottery_testkit::at(0), sent.as_bytes());
        assert!(lottery_testkit::accept_next(&mut server, lottery_testkit::at(0), None));
    }
    assert_eq!(columns("00001", "00001", &[GOOD]).len(), 11 + 82);
}
