//! Reasons of rejections as a client reads them: the code, the number of the bet, and the text.

use lottery_proto::client::{Event, Rejected};
use lottery_proto::{Client, Code, Dialect, Failure, Server, State};
use lottery_testkit::{
    ANA, Answer, BATCH_ACK, ERROR, JOSE, PendingRequest, accept_next, at, bet, block, carry, client_of, give,
    packet, server, take,
};

/// Code, number of the bet, and text.
type Reason = (Option<Code>, Option<usize>, String);

/// Dialects without a reply that rejects a bet: the server ends the connection.
const SILENT: [Dialect; 2] = [Dialect::SHORT, Dialect::COLUMNS];

/// Returns a client and its server, which have greeted each other where the dialect wants it.
fn pair(dialect: Dialect) -> (Client, Server) {
    let (mut client, mut server) = (client_of(dialect, 1), server());
    if dialect == Dialect::SESSION {
        carry(&mut client, &mut server, at(0));
        assert!(accept_next(&mut server, at(0), None));
        carry(&mut server, &mut client, at(0));
        assert!(matches!(client.poll_event(), Some(Event::Welcome { .. })));
    }
    (client, server)
}

/// Sends a batch of two bets, and Finished where that has the reply to the batch.
fn send(client: &mut Client, dialect: Dialect) -> Vec<u8> {
    // Where a message carries one bet it is the first.
    let (bets, sent) =
        if dialect.profile().one_bet { ([bet(JOSE); 2], 1) } else { ([bet(ANA), bet(JOSE)], 2) };
    assert_eq!(client.send_batch(at(0), &bets), Ok(sent));
    if [Dialect::BLOCK, Dialect::FIXED].contains(&dialect) {
        client.send_finished(at(0)).unwrap();
    }
    take(client, at(0))
}

/// Returns the next event, which is a rejection.
fn rejected(client: &mut Client) -> Reason {
    let event = client.poll_event();
    let Some(
        Event::Batch(Err(rejected))
        | Event::Finished(Err(rejected))
        | Event::Rejected(rejected)
        | Event::Failed(rejected),
    ) = event
    else {
        panic!("{event:?}")
    };
    let Rejected { code, bet, reason, .. } = rejected;
    (code, bet, reason.to_owned())
}

#[test]
fn a_client_reads_which_bet_a_server_rejects_where_the_dialect_says_it() {
    for dialect in Dialect::WITH_BETS {
        let (mut client, mut server) = pair(*dialect);
        let sent = send(&mut client, *dialect);
        // The second birth date becomes one that no calendar has.
        let at_date = sent.windows(10).position(|window| window == b"2000-02-29").unwrap();
        let sent = [&sent[..at_date], b"2000-02-30", &sent[at_date + 10..]].concat();
        give(&mut server, at(0), &sent);
        while server.poll_event().is_some() {}
        carry(&mut server, &mut client, at(0));
        if SILENT.contains(dialect) {
            assert_eq!(client.poll_event(), None, "{dialect}");
            assert_ne!(server.state(), State::Open, "{dialect}");
            continue;
        }
        let (code, bet, reason) = rejected(&mut client);
        if *dialect == Dialect::BLOCK {
            assert_eq!((code, bet, reason.as_str()), (None, None, ""), "its reply is one digit");
            continue;
        }
        let expected = (*dialect == Dialect::SESSION).then_some(Code::Malformed);
        let place = if dialect.profile().one_bet { 1 } else { 2 };
        assert_eq!((code, bet), (expected, Some(place)), "{dialect}");
        let text = format!("bet {place}: birthdate: expected a date");
        assert!(reason.starts_with(&text), "{dialect}: {reason}");
    }
}

#[test]
fn a_client_reads_the_code_of_a_rejection_where_the_dialect_sends_it() {
    for dialect in Dialect::WITH_BETS {
        for code in Code::ALL {
            let (mut client, mut server) = pair(*dialect);
            let sent = send(&mut client, *dialect);
            give(&mut server, at(0), &sent);
            let answer = Answer::Reject(Failure { code: *code, text: "not today" });
            let request = PendingRequest::of(server.poll_event().unwrap()).unwrap();
            request.answer(&mut server, at(0), answer).unwrap();
            while server.poll_event().is_some() {}
            carry(&mut server, &mut client, at(0));
            if SILENT.contains(dialect) {
                assert_eq!(client.poll_event(), None, "{dialect}");
                assert_ne!(server.state(), State::Open, "{dialect}");
                continue;
            }
            let expected = match dialect.name() {
                "block" => (None, None, String::new()),
                "session" => (Some(*code), None, "not today".to_owned()),
                _ => (None, None, "not today".to_owned()),
            };
            assert_eq!(rejected(&mut client), expected, "{dialect} {code}");
        }
    }
}

#[test]
fn nothing_is_guessed_of_what_another_server_writes() {
    let texts = [
        // There is such a bet, and it is the text of servers of this project.
        ("bet 1: number: empty", Some(1)),
        ("bet 2: number: empty", Some(2)),
        // The batch has two bets.
        ("bet 3: number: empty", None),
        ("bet 0: number: empty", None),
        ("bet 4294967298: number: empty", None),
        ("bet 18446744073709551618: number: empty", None),
        ("bet -1: number: empty", None),
        ("bet 1", None),
        ("bet 1 is wrong", None),
        ("Apuesta 1: inválida", None),
        ("there is no bet 1: number: empty", None),
    ];
    for (text, bet) in texts {
        let length = text.chars().count();
        let body = format!("error;{text}");
        for (dialect, reply) in [
            (Dialect::FIXED, format!("E{length:05}{text}").into_bytes()),
            (Dialect::FRAMED, format!("{:08}{body}", body.len()).into_bytes()),
            (Dialect::BRACES, format!("ERROR:{text};").into_bytes()),
            (Dialect::SESSION, packet(BATCH_ACK, 1, format!("0|9|malformed: {text}").as_bytes())),
            (Dialect::SESSION, packet(BATCH_ACK, 1, format!("0|9|out-of-order: {text}").as_bytes())),
            (Dialect::SESSION, packet(BATCH_ACK, 1, format!("0|9|{text}").as_bytes())),
            (Dialect::SESSION, block(ERROR, 1, format!("malformed|{text}").as_bytes())),
            (Dialect::SESSION, block(ERROR, 1, format!("out-of-order|{text}").as_bytes())),
        ] {
            let (mut client, _) = pair(dialect);
            send(&mut client, dialect);
            give(&mut client, at(0), &reply);
            let (code, found, reason) = rejected(&mut client);
            let shown = reply.trim_ascii_end().escape_ascii().to_string();
            assert_eq!(found, bet, "{shown}");
            assert!(code.is_none_or(|code| code == Code::Malformed), "{shown}");
            assert!(reason.ends_with(text), "{shown}");
            // A code that is not known stays in front of the text.
            assert_eq!(reason.contains("out-of-order"), shown.contains("out-of-order"), "{shown}");
        }
    }
}

#[test]
fn a_rejection_is_written_with_its_code() {
    let (mut client, _) = pair(Dialect::SESSION);
    send(&mut client, Dialect::SESSION);
    for (sent, written) in [("0|9|storage: no room", "storage: no room"), ("0|9|no room", "no room")] {
        client.send_batch(at(0), &[bet(ANA)]).unwrap();
        give(&mut client, at(0), &packet(BATCH_ACK, 1, sent.as_bytes()));
        let event = client.poll_event();
        let Some(Event::Batch(Err(rejected))) = event else { panic!("{event:?}") };
        assert_eq!((rejected.to_string().as_str(), rejected.total), (written, Some(9)));
    }
}
