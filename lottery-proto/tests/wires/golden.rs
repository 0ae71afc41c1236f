//! Whole messages, byte for byte, in both directions. The bytes are written by hand from `docs/protocol.md`.

use lottery_proto::Dialect::{self, Braces, Fixed, Framed};
use lottery_proto::{Bet, Client, Code, Failure, SendError};
use lottery_testkit::{
    ANA, ClientEvent, JOSE, ServerEvent, accept_next, at, bet, client_events, client_of, framed, give,
    reject_next, server, server_events, take,
};

pub(crate) const FIXED_BATCH: &str = "A0000100002\
    Ana                           Paz                           200000011980-01-017574\
    José María                    de la Cruz                    200000032000-02-290008";
pub(crate) const FRAMED_BATCH: &str = "000000831;2\n\
    Ana;Paz;20000001;1980-01-01;7574\nJosé María;de la Cruz;20000003;2000-02-29;8\n";
pub(crate) const BRACES_BATCH: &str = "B{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:20000001,\
    PlayerDateOfBirth:1980-01-01,WageredNumber:7574,AgencyID:1},\
    {PlayerName:José María,PlayerSurname:de la Cruz,PlayerDocID:20000003,\
    PlayerDateOfBirth:2000-02-29,WageredNumber:8,AgencyID:1};";

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
    for (wire, what, sent, events) in [
        (Fixed, Ask::Batch, FIXED_BATCH, vec![both()]),
        (Fixed, Ask::Bet, alone, vec![one()]),
        (Fixed, Ask::Finished, "F00001", vec![ServerEvent::Finished]),
        (Fixed, Ask::Winners, "C00001", vec![ServerEvent::WinnersQuery]),
        (Framed, Ask::Batch, FRAMED_BATCH, vec![both()]),
        (Framed, Ask::Bet, "000000371;1\nAna;Paz;20000001;1980-01-01;7574\n", vec![one()]),
        (Framed, Ask::Finished, "00000003END", vec![ServerEvent::AnonymousWaiter]),
        (Braces, Ask::Batch, BRACES_BATCH, vec![both()]),
        (Braces, Ask::Bet, &braced, vec![one()]),
        (Braces, Ask::Finished, "N{AgencyID:1};", vec![ServerEvent::Finished]),
        (Braces, Ask::Winners, "Q{AgencyID:1};", vec![ServerEvent::WinnersQuery]),
    ] {
        let mut client = client_of(wire, 1);
        ask(&mut client, what);
        assert_eq!(String::from_utf8(take(&mut client, at(0))).unwrap(), sent);
        let mut server = server();
        give(&mut server, at(0), sent.as_bytes());
        assert_eq!(server_events(&mut server), events, "{sent}");
        assert_eq!(server.dialect(), Some(wire));
    }
    let mut far = client_of(Fixed, 99_999);
    far.send_finished(at(0)).unwrap();
    assert_eq!(take(&mut far, at(0)), b"F99999");
    assert_eq!(client_of(Framed, 1).ask_winners(at(0)), Err(SendError::NotOnThisWire));
}

#[test]
fn a_server_answers_these_bytes_and_a_client_reads_them() {
    let two = ["20000001".to_string(), "7".to_string()];
    let won = || ClientEvent::Winners(two.to_vec());
    let none: &[String] = &[];
    for (wire, what, winners, sent, event) in [
        (Fixed, Ask::Finished, None, "O", ClientEvent::Finished(true)),
        (Fixed, Ask::Winners, None, "N", ClientEvent::Pending),
        (Fixed, Ask::Winners, Some(none), "R00000", ClientEvent::Winners(vec![])),
        (Fixed, Ask::Winners, Some(&two[..]), "R000022000000100000007", won()),
        (Framed, Ask::Batch, None, "00000034success;Batch stored successfully.", ClientEvent::Batch(true)),
        (Framed, Ask::Bet, None, "00000034success;Batch stored successfully.", ClientEvent::Bet(true)),
        (Framed, Ask::Finished, Some(none), "00000010NO_WINNERS", ClientEvent::Winners(vec![])),
        (Framed, Ask::Finished, Some(&two[..]), "0000001020000001;7", won()),
        (Braces, Ask::Batch, None, "ACK_CHUNK;", ClientEvent::Batch(true)),
        (Braces, Ask::Bet, None, "ACK_CHUNK;", ClientEvent::Bet(true)),
        (Braces, Ask::Finished, None, "ACK_NOTIFY;", ClientEvent::Finished(true)),
        (Braces, Ask::Winners, None, "W;", ClientEvent::Pending),
        (Braces, Ask::Winners, Some(none), "R;", ClientEvent::Winners(vec![])),
        (Braces, Ask::Winners, Some(&two[..]), "R{PlayerDocID:20000001},{PlayerDocID:7};", won()),
    ] {
        let (mut client, mut server) = (client_of(wire, 1), server());
        ask(&mut client, what);
        give(&mut server, at(0), &take(&mut client, at(0)));
        assert!(accept_next(&mut server, at(0), winners));
        assert_eq!(String::from_utf8(take(&mut server, at(0))).unwrap(), sent);
        give(&mut client, at(0), sent.as_bytes());
        assert_eq!(client_events(&mut client), [event], "{sent}");
    }
}

/// In `framed` the winners of an agency that has sent bets are those of this agency.
#[test]
fn an_end_after_a_batch_is_finished_and_a_question_in_one() {
    let mut server = server();
    give(&mut server, at(0), format!("{FRAMED_BATCH}00000003END").as_bytes());
    assert!(accept_next(&mut server, at(0), None), "the batch");
    assert!(accept_next(&mut server, at(0), None), "finished");
    assert_eq!(take(&mut server, at(0)), b"00000034success;Batch stored successfully.");
    let winners = ["20000003".to_string()];
    assert!(accept_next(&mut server, at(9), Some(&winners)), "the question");
    assert_eq!(take(&mut server, at(9)), b"0000000820000003");
    assert!(server.poll_io().unwrap().fin);
}

#[test]
fn a_refusal_is_these_bytes() {
    let failure = Failure { code: Code::Storage, text: "el disco está lleno; ¡oh\n!" };
    let text = "el disco está lleno; ¡oh\n!";
    let clean = "el disco está lleno, ¡oh,!";
    for (wire, what, sent, event) in [
        (Fixed, Ask::Finished, format!("E00026{text}"), ClientEvent::Refused("finished", text.into())),
        (Fixed, Ask::Winners, format!("E00026{text}"), ClientEvent::Refused("winners", text.into())),
        // Batches get no reply in this dialect: the failure answers no request.
        (Fixed, Ask::Batch, format!("E00026{text}"), ClientEvent::Refused("", text.into())),
        (Framed, Ask::Batch, format!("00000034error;{clean}"), ClientEvent::Refused("batch", clean.into())),
        (Braces, Ask::Batch, format!("ERROR:{clean};"), ClientEvent::Refused("batch", clean.into())),
        (Braces, Ask::Finished, format!("ERROR:{clean};"), ClientEvent::Refused("finished", clean.into())),
        (Braces, Ask::Winners, format!("ERROR:{clean};"), ClientEvent::Refused("winners", clean.into())),
    ] {
        let (mut client, mut server) = (client_of(wire, 1), server());
        ask(&mut client, what);
        give(&mut server, at(0), &take(&mut client, at(0)));
        reject_next(&mut server, at(0), failure);
        assert_eq!(String::from_utf8(take(&mut server, at(0))).unwrap(), sent);
        assert_eq!(server.poll_io().unwrap().fin, wire == Fixed);
        give(&mut client, at(0), sent.as_bytes());
        assert_eq!(client_events(&mut client), [event], "{sent}");
    }
}

#[test]
fn what_was_decoded_is_encoded_to_the_same_bytes() {
    let names = ["Ana", "José María", "Ñ", &"é".repeat(30), "李小龍", "x y  z", " a"];
    for wire in [Fixed, Framed, Braces] {
        for agency in [1, 5] {
            for count in [1, 2, 17, 99] {
                let texts: Vec<String> = (0..count)
                    .map(|i| format!("{}|{}|{i}|1980-01-31|{}", names[i % 7], names[i % 6], i * 101))
                    .collect();
                stays_the_same(wire, agency, &texts);
            }
        }
    }
}

fn stays_the_same(wire: Dialect, agency: u32, texts: &[String]) {
    let bets: Vec<Bet<'_>> = texts.iter().map(|text| bet(text)).collect();
    let mut client = client_of(wire, agency);
    let taken = client.send_batch(at(0), &bets).unwrap();
    let encoded = take(&mut client, at(0));
    let mut server = server();
    give(&mut server, at(0), &encoded);
    let Some(lottery_proto::server::Event::Batch { ticket, bets: decoded }) = server.poll_event() else {
        panic!("{wire} {agency} {}", texts.len())
    };
    assert_eq!(ticket.agency().get(), agency);
    let decoded: Vec<Bet<'_>> = decoded.iter().collect();
    assert_eq!(decoded, bets[..taken]);
    let mut again = client_of(wire, agency);
    assert_eq!(again.send_batch(at(0), &decoded), Ok(taken));
    assert_eq!(take(&mut again, at(0)), encoded);
}

/// Messages hold as many bets as the limit leaves room for, at least one.
#[test]
fn a_batch_stays_within_its_limit() {
    let long = format!("{0}|{0}|1|1980-01-01|1", "é".repeat(30));
    let bets = vec![bet(&long); 30_000];
    for (wire, batch_bytes) in [(Fixed, 1024 * 1024), (Framed, 8192), (Braces, 1024 * 1024)] {
        let mut client = client_of(wire, 1);
        let taken = client.send_batch(at(0), &bets).unwrap();
        let sent = take(&mut client, at(0));
        assert!(sent.len() <= batch_bytes + 14, "{wire}: {}", sent.len());
        assert!(sent.len() + sent.len() / taken > batch_bytes, "{wire}: another would have fitted");
        if wire != Framed {
            assert!(sent.len() <= batch_bytes, "{wire}: the centre takes no more");
        }
        let mut server = server();
        give(&mut server, at(0), &sent);
        assert!(accept_next(&mut server, at(0), None));
    }
}

#[test]
fn a_line_comes_back_behind_a_prefix() {
    for (sent, line) in [
        (&b"[CLIENT 1] Message N\xC2\xB01\n"[..], &b"[CLIENT 1] Message N\xC2\xB01"[..]),
        (b"hola \t\r\n", b"hola"),
        (b" hola\n", b" hola"),
        (b"\n", b""),
        (b"\xFF\xFE\x00\n", b"\xFF\xFE\x00"),
    ] {
        let mut server = server();
        give(&mut server, at(0), sent);
        assert!(accept_next(&mut server, at(0), None));
        let answer = [b"> ", line, b"\n"].concat();
        assert_eq!(take(&mut server, at(0)), answer);
        assert!(server.poll_io().unwrap().fin);
    }
    let mut client = client_of(Dialect::Echo, 1);
    client.send_line(at(0), "[CLIENT 1] Message N°1").unwrap();
    assert_eq!(take(&mut client, at(0)), "[CLIENT 1] Message N°1\n".as_bytes());
    give(&mut client, at(0), "Your Message has been received: [CLIENT 1] Message N°1 \n".as_bytes());
    let line = "Your Message has been received: [CLIENT 1] Message N°1";
    assert_eq!(client_events(&mut client), [ClientEvent::Line(line.into())]);
    assert_eq!(framed("hola"), b"00000004hola");
}
