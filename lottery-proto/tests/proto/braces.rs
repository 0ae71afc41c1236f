//! `braces`: messages of keys and values, and fillers between them (`docs/protocol.md#braces`).

use lottery_proto::Dialect;
use lottery_proto::server::RejectedBy;
use lottery_proto::{CloseReason, State};
use lottery_testkit::{
    ANA, ClientEvent, ServerEvent, WINNER, accept_next, at, bet, client_events, client_of, give, server,
    server_events, take,
};

use crate::support::{BRACES_BATCH, End, asking, ended, rejection, rejection_behind, server_given};

#[test]
fn a_client_of_braces_ignores_fillers_at_any_time() {
    let mut client = asking(Dialect::BRACES, WINNER);
    give(&mut client, at(1), b"W;;");
    assert_eq!(client_events(&mut client), [ClientEvent::Pending]);
    // Fillers come when nothing is asked; before the next reply; together with it; and after the last.
    for (before, answer) in [(&b";"[..], &b"W;"[..]), (b"", b";W;"), (b";;", b";;W;;;"), (b"", b"W;")] {
        give(&mut client, at(2), before);
        assert_eq!(client_events(&mut client), []);
        client.ask_winners(at(3)).unwrap();
        let _ = take(&mut client, at(3));
        give(&mut client, at(4), answer);
        assert!(!client.can_send(), "the reply is not taken");
        assert_eq!(client_events(&mut client), [ClientEvent::Pending]);
        assert!(client.can_send());
    }
    give(&mut client, at(5), b";");
    assert_eq!(ended(&mut client, at(5)), [ClientEvent::Closed(CloseReason::Done)]);
}

#[test]
fn a_client_ignores_a_filler_behind_a_reply() {
    let mut client = client_of(Dialect::BRACES, 1);
    for filler in ["", ";", ";;", ";"] {
        client.send_batch(at(0), &[bet(ANA)]).unwrap();
        take(&mut client, at(0));
        give(&mut client, at(0), format!("ACK_CHUNK;{filler}").as_bytes());
        assert_eq!(client_events(&mut client), [ClientEvent::Batch(true)]);
    }
    client.ask_winners(at(0)).unwrap();
    give(&mut client, at(0), b"R{PlayerDocID:20000001};");
    assert_eq!(client_events(&mut client), [ClientEvent::Winners(vec!["20000001".to_owned()])]);
}

#[test]
fn a_server_ignores_fillers_between_requests() {
    let mut server = server();
    for filler in ["", ";", ";;"] {
        for part in ["Q{AgencyID:1};", filler] {
            give(&mut server, at(0), part.as_bytes());
            accept_next(&mut server, at(0), None);
        }
        assert_eq!(take(&mut server, at(0)), b"W;");
        assert_eq!(server.state(), State::Open);
    }
}

/// In `braces` a separator in a name ends the message early: neither part is taken for a batch.
#[test]
fn a_semicolon_in_a_name_makes_both_parts_malformed() {
    let mut server = server_given(BRACES_BATCH.replacen("Ana", "A;na", 1));
    let errors: Vec<String> = server_events(&mut server)
        .into_iter()
        .map(|event| match event {
            ServerEvent::Rejected(0, RejectedBy::Malformed(error)) => error.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(errors[0].starts_with("bet 1: expected {PlayerName:…"), "{errors:?}");
    assert_eq!(errors[1..], ["expected B, N or Q (at byte 0)"]);
    give(&mut server, at(0), b"N{AgencyID:1};");
    assert!(matches!(server_events(&mut server)[..], [ServerEvent::Rejected(1, RejectedBy::EarlierBets)]));
}

#[test]
fn a_malformed_message_of_braces_is_rejected_and_the_connection_goes_on() {
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
        assert_eq!(rejection_behind("Q{AgencyID:1};", sent.as_bytes()), expected, "{sent}");
        // As a first message, one with another first key is a line.
        let tells = ["B{PlayerName:", "N{AgencyID:", "Q{AgencyID:"].iter().any(|key| sent.starts_with(key));
        assert!(!tells || rejection(sent.as_bytes()) == expected, "{sent}");
    }
    let cut = [b"B{PlayerName:An\xC3", &batch.as_bytes()["B{PlayerName:Ana".len()..]].concat();
    assert_eq!(rejection(&cut).0, first("first_name: not UTF-8"));
}
