//! Whole messages of `fixed`, `framed` and `braces`, byte for byte, in both directions. The bytes are written
//! by hand from `docs/protocol.md`.

use lottery_proto::Dialect;
use lottery_proto::{Bet, Client, Code, Failure, SendError};
use lottery_testkit::{
    ANA, BATCH, ClientEvent, FINISHED, JOSE, ServerEvent, WINNER, accept_next, at, bet, client_events,
    client_of, give, reject_next, server, server_events, take,
};

use crate::support::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH, FRAMED_STORED, asking};

#[derive(Clone, Copy, PartialEq)]
enum Ask {
    Batch,
    Bet,
    Finished,
    Winners,
}

fn ask(client: &mut Client, what: Ask) {
    match what {
        Ask::Batch => assert_eq!(client.send_batch(at(0), &[bet(ANA), bet(JOSE)]), Ok(2)),
        Ask::Bet => client.send_bet(at(0), &bet(ANA)).unwrap(),
        Ask::Finished => client.send_finished(at(0)).unwrap(),
        Ask::Winners => client.ask_winners(at(0)).unwrap(),
    }
}

#[test]
fn a_client_sends_these_bytes_and_a_server_reads_them() {
    let both = || ServerEvent::Batch(vec![ANA.into(), JOSE.into()]);
    let one = || ServerEvent::Batch(vec![ANA.into()]);
    let alone =
        "A0000100001Ana                           Paz                           200000011980-01-017574";
    let braced = format!("{}}};", BRACES_BATCH.split_once('}').unwrap().0);
    for (dialect, what, sent, events) in [
        (Dialect::FIXED, Ask::Batch, FIXED_BATCH, vec![both()]),
        (Dialect::FIXED, Ask::Bet, alone, vec![one()]),
        (Dialect::FIXED, Ask::Finished, "F00001", vec![ServerEvent::Finished]),
        (Dialect::FIXED, Ask::Winners, "C00001", vec![ServerEvent::WinnersQuery]),
        (Dialect::FRAMED, Ask::Batch, FRAMED_BATCH, vec![both()]),
        (Dialect::FRAMED, Ask::Bet, "000000371;1\nAna;Paz;20000001;1980-01-01;7574\n", vec![one()]),
        (Dialect::FRAMED, Ask::Finished, "00000003END", vec![ServerEvent::AnonymousWaiter]),
        (Dialect::BRACES, Ask::Batch, BRACES_BATCH, vec![both()]),
        (Dialect::BRACES, Ask::Bet, &braced, vec![one()]),
        (Dialect::BRACES, Ask::Finished, "N{AgencyID:1};", vec![ServerEvent::Finished]),
        (Dialect::BRACES, Ask::Winners, "Q{AgencyID:1};", vec![ServerEvent::WinnersQuery]),
    ] {
        let mut client = client_of(dialect, 1);
        ask(&mut client, what);
        assert_eq!(String::from_utf8(take(&mut client, at(0))).unwrap(), sent);
        let mut server = server();
        give(&mut server, at(0), sent.as_bytes());
        assert_eq!(server_events(&mut server), events, "{sent}");
        assert_eq!(server.dialect(), Some(dialect));
    }
    let mut far = client_of(Dialect::FIXED, 99_999);
    far.send_finished(at(0)).unwrap();
    assert_eq!(take(&mut far, at(0)), b"F99999");
    assert_eq!(client_of(Dialect::FRAMED, 1).ask_winners(at(0)), Err(SendError::NotInDialect));
}

#[test]
fn a_server_replies_with_these_bytes_and_a_client_reads_them() {
    let two = ["20000001".to_string(), "7".to_string()];
    let won = || ClientEvent::Winners(two.to_vec());
    let none: &[String] = &[];
    for (dialect, what, winners, sent, event) in [
        (Dialect::FIXED, Ask::Finished, None, "O", ClientEvent::Finished(true)),
        (Dialect::FIXED, Ask::Winners, None, "N", ClientEvent::Pending),
        (Dialect::FIXED, Ask::Winners, Some(none), "R00000", ClientEvent::Winners(vec![])),
        (Dialect::FIXED, Ask::Winners, Some(&two[..]), "R000022000000100000007", won()),
        (
            Dialect::FRAMED,
            Ask::Batch,
            None,
            "00000034success;Batch stored successfully.",
            ClientEvent::Batch(true),
        ),
        (
            Dialect::FRAMED,
            Ask::Bet,
            None,
            "00000034success;Batch stored successfully.",
            ClientEvent::Bet(true),
        ),
        (Dialect::FRAMED, Ask::Finished, Some(none), "00000010NO_WINNERS", ClientEvent::Winners(vec![])),
        (Dialect::FRAMED, Ask::Finished, Some(&two[..]), "0000001020000001;7", won()),
        (Dialect::BRACES, Ask::Batch, None, "ACK_CHUNK;", ClientEvent::Batch(true)),
        (Dialect::BRACES, Ask::Bet, None, "ACK_CHUNK;", ClientEvent::Bet(true)),
        (Dialect::BRACES, Ask::Finished, None, "ACK_NOTIFY;", ClientEvent::Finished(true)),
        (Dialect::BRACES, Ask::Winners, None, "W;", ClientEvent::Pending),
        (Dialect::BRACES, Ask::Winners, Some(none), "R;", ClientEvent::Winners(vec![])),
        (Dialect::BRACES, Ask::Winners, Some(&two[..]), "R{PlayerDocID:20000001},{PlayerDocID:7};", won()),
    ] {
        let (mut client, mut server) = (client_of(dialect, 1), server());
        ask(&mut client, what);
        give(&mut server, at(0), &take(&mut client, at(0)));
        assert!(accept_next(&mut server, at(0), winners));
        assert_eq!(String::from_utf8(take(&mut server, at(0))).unwrap(), sent);
        give(&mut client, at(0), sent.as_bytes());
        assert_eq!(client_events(&mut client), [event], "{sent}");
    }
}

#[test]
fn a_rejection_has_these_bytes() {
    let failure = Failure { code: Code::Storage, text: "el disco está lleno; ¡oh\n!" };
    let text = "el disco está lleno; ¡oh\n!";
    let clean = "el disco está lleno, ¡oh,!";
    for (dialect, what, sent, event) in [
        (
            Dialect::FIXED,
            Ask::Finished,
            format!("E00026{text}"),
            ClientEvent::Rejected("finished", text.into()),
        ),
        (
            Dialect::FIXED,
            Ask::Winners,
            format!("E00026{text}"),
            ClientEvent::Rejected("winners", text.into()),
        ),
        // Batches get no reply in this dialect: the failure answers no request.
        (Dialect::FIXED, Ask::Batch, format!("E00026{text}"), ClientEvent::Rejected("", text.into())),
        (
            Dialect::FRAMED,
            Ask::Batch,
            format!("00000034error;{clean}"),
            ClientEvent::Rejected("batch", clean.into()),
        ),
        (
            Dialect::BRACES,
            Ask::Batch,
            format!("ERROR:{clean};"),
            ClientEvent::Rejected("batch", clean.into()),
        ),
        (
            Dialect::BRACES,
            Ask::Finished,
            format!("ERROR:{clean};"),
            ClientEvent::Rejected("finished", clean.into()),
        ),
        (
            Dialect::BRACES,
            Ask::Winners,
            format!("ERROR:{clean};"),
            ClientEvent::Rejected("winners", clean.into()),
        ),
    ] {
        let (mut client, mut server) = (client_of(dialect, 1), server());
        ask(&mut client, what);
        give(&mut server, at(0), &take(&mut client, at(0)));
        reject_next(&mut server, at(0), failure);
        assert_eq!(String::from_utf8(take(&mut server, at(0))).unwrap(), sent);
        assert_eq!(server.poll_io().unwrap().fin, dialect == Dialect::FIXED);
        give(&mut client, at(0), sent.as_bytes());
        assert_eq!(client_events(&mut client), [event], "{sent}");
    }
}

#[test]
fn decoded_bets_are_encoded_to_the_same_bytes() {
    let names = ["Ana", "José María", "Ñ", &"é".repeat(30), "李小龍", "x y  z", " a"];
    for dialect in [Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        for agency in [1, 5] {
            for count in [1, 2, 17, 99] {
                let texts: Vec<String> = (0..count)
                    .map(|i| format!("{}|{}|{i}|1980-01-31|{}", names[i % 7], names[i % 6], i * 101))
                    .collect();
                stays_the_same(dialect, agency, &texts);
            }
        }
    }
}

fn stays_the_same(dialect: Dialect, agency: u32, texts: &[String]) {
    let bets: Vec<Bet<'_>> = texts.iter().map(|text| bet(text)).collect();
    let mut client = client_of(dialect, agency);
    let taken = client.send_batch(at(0), &bets).unwrap();
    let encoded = take(&mut client, at(0));
    let mut server = server();
    give(&mut server, at(0), &encoded);
    let Some(lottery_proto::server::Event::Batch { agency: named, bets: decoded, .. }) = server.poll_event()
    else {
        panic!("{dialect} {agency} {}", texts.len())
    };
    assert_eq!(named.get(), agency);
    let decoded: Vec<Bet<'_>> = decoded.iter().collect();
    assert_eq!(decoded, bets[..taken]);
    let mut again = client_of(dialect, agency);
    assert_eq!(again.send_batch(at(0), &decoded), Ok(taken));
    assert_eq!(take(&mut again, at(0)), encoded);
}

#[test]
fn clients_of_framed_and_braces_wait_for_each_reply() {
    for (dialect, what, answer) in [
        (Dialect::FRAMED, BATCH, FRAMED_STORED),
        (Dialect::FRAMED, FINISHED, b"00000010NO_WINNERS"),
        (Dialect::BRACES, BATCH, b"ACK_CHUNK;"),
        (Dialect::BRACES, FINISHED, b"ACK_NOTIFY;"),
        (Dialect::BRACES, WINNER, b"W;"),
    ] {
        let mut client = asking(dialect, what);
        assert!(!client.can_send());
        // Nothing follows END.
        let is_last = (dialect, what) == (Dialect::FRAMED, FINISHED);
        let error = if is_last { SendError::AfterLast } else { SendError::Busy };
        assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(error));
        assert_eq!(client.send_finished(at(0)), Err(error));
        let due = client.poll_io().unwrap().deadline;
        // Waiting for the draw has no deadline.
        assert_eq!(due, if is_last { None } else { Some(at(60_000)) });
        for (index, byte) in answer.iter().enumerate() {
            assert!(!client.can_send(), "{index} bytes of the answer");
            give(&mut client, at(1), &[*byte]);
        }
        // Nothing is sent before the reply is taken.
        assert!(!client.can_send());
        assert_eq!(client.poll_io().unwrap().deadline, None);
        assert_eq!(client_events(&mut client).len(), 1);
        assert_eq!(client.can_send(), !is_last);
    }
}
