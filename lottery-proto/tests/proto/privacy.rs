//! Names, documents and dates of birth are personal data: no `Debug` and no error shows them.

use std::fmt::{Debug, Display};

use lottery_proto::server::Event;
use lottery_proto::{Bet, Code, Dialect, Failure, Input, Receipt, Server, SocketError, client};
use lottery_testkit::{
    ACCEPT, Answer, BATCH_ACK, BET, BET_ACK, BLOCK, FINISHED, PendingRequest, WINNER, at, batch, bet, block,
    client, client_of, feed, give, server, take,
};

const SECRETS: [&str; 4] = ["Wilhelmina", "Zimmermann", "31415926", "1987-06-05"];
const SECRET_BET: &str = "Wilhelmina|Zimmermann|31415926|1987-06-05|4321";

fn check(shown: &str) {
    let shown: String = shown.split_whitespace().collect();
    for secret in SECRETS {
        let bytes: Vec<String> = secret.bytes().take(4).map(|byte| byte.to_string()).collect();
        for form in [secret.to_string(), bytes.join(",")] {
            assert!(!shown.contains(&form), "{secret}: {shown}");
        }
    }
}

fn hides(value: &impl Debug) {
    check(&format!("{value:?}"));
    check(&format!("{value:#?}"));
}

fn says_nothing_of_it(error: &(impl Debug + Display)) {
    hides(error);
    check(&error.to_string());
}

#[test]
fn planted_personal_data_is_found() {
    for shown in [format!("{SECRETS:#?}"), format!("{:?}", SECRET_BET.as_bytes())] {
        assert!(std::panic::catch_unwind(|| check(&shown)).is_err());
    }
}

#[test]
fn debug_of_a_server_hides_personal_data_in_every_state() {
    let mut server = server();
    let single = || block(BET, 1, SECRET_BET.as_bytes());
    let stream = [
        block(WINNER, 1, b"1"),
        batch(1, &[SECRET_BET, SECRET_BET]),
        single(),
        single(),
        batch(1, &["Wilhelmina|Zimmermann|31415926|1987-06-05|x"]),
        block(FINISHED, 1, b""),
    ];
    for part in stream.concat().chunks(3_000) {
        give(&mut server, at(0), part);
        hides(&server);
        hides(&server.poll_io());
    }
    let Some(Event::WinnersQuery { ticket: winners, .. }) = server.poll_event() else { panic!() };
    hides(&winners);
    let batch = server.poll_event().unwrap();
    hides(&batch);
    let Event::Batch { ticket, bets, .. } = batch else { panic!() };
    hides(&bets);
    hides(&bets.iter());
    hides(&bets.iter().next());
    server.reply(at(0), ticket, Receipt::Stored { total: 2 }).unwrap();
    // These replies wait for the first, with the document in them.
    for _ in 0..2 {
        let Some(Event::Bet { ticket, .. }) = server.poll_event() else { panic!() };
        server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
        hides(&server);
    }
    let rejected = server.poll_event().unwrap();
    hides(&rejected);
    let Event::Rejected { error, .. } = rejected else { panic!() };
    says_nothing_of_it(&error);

    let documents = vec![SECRETS[2].to_string(); 910];
    let error = server.reply_winners(at(0), winners, &documents).unwrap_err();
    says_nothing_of_it(&error);
    let lottery_proto::ReplyError::TooLarge(winners) = error else { panic!() };
    server.reply_winners(at(0), winners, &documents[..9]).unwrap();
    hides(&server);
    hides(&server.poll_io());
    ends(server);
}

/// Checks a server while it is draining, lingering and closed.
fn ends(mut server: Server) {
    feed(&mut server, at(0), &[b'3'; BLOCK]);
    hides(&server);
    let _ = take(&mut server, at(0));
    server.handle(at(0), Input::FinSent);
    hides(&server);
    server.handle(at(0), Input::Eof);
    while let Some(event) = server.poll_event() {
        hides(&event);
    }
    hides(&server);
}

#[test]
fn debug_of_a_client_hides_personal_data_in_every_state() {
    let mut client = client(1);
    let bet = bet(SECRET_BET);
    hides(&bet);
    client.send_batch(at(0), &[bet]).unwrap();
    client.send_bet(at(0), &bet).unwrap();
    client.ask_winners(at(0)).unwrap();
    client.send_finished(at(0)).unwrap();
    hides(&client);
    hides(&client.poll_io());
    let _ = take(&mut client, at(0));
    let answers = [
        block(BET_ACK, 1, b"31415926|4321|1"),
        block(WINNER, 1, b"131415926|31415926"),
        block(BATCH_ACK, 1, b"1"),
        block(BATCH_ACK, 1, SECRET_BET.as_bytes()),
    ];
    for part in answers.concat().chunks(3_000) {
        give(&mut client, at(0), part);
        hides(&client);
        hides(&client.poll_io());
    }
    hides(&client.poll_event());
    let winners = client.poll_event().unwrap();
    hides(&winners);
    let client::Event::Winners(documents) = winners else { panic!() };
    hides(&documents);
    assert_eq!(documents.last(), Some(SECRETS[2]));
    client.handle(at(0), Input::FinSent);
    client.handle(at(0), Input::Eof);
    while let Some(event) = client.poll_event() {
        hides(&event);
    }
    hides(&client);
}

#[test]
fn debug_of_both_sides_hides_personal_data_in_every_dialect() {
    for dialect in Dialect::WITH_BETS.iter().filter(|dialect| !dialect.profile().has_sessions) {
        for stored in [true, false] {
            let (mut client, mut server) = (client_of(*dialect, 1), server());
            client.send_bet(at(0), &bet(SECRET_BET)).unwrap();
            hides(&client);
            let message = take(&mut client, at(0));
            for part in message.chunks(message.len().div_ceil(3)) {
                give(&mut server, at(0), part);
                hides(&server);
                hides(&server.poll_io());
            }
            let event = server.poll_event().unwrap();
            hides(&event);
            let request = PendingRequest::of(event).unwrap();
            hides(&request);
            let no = Answer::Reject(Failure { code: Code::Storage, text: "no" });
            request.answer(&mut server, at(0), if stored { ACCEPT } else { no }).unwrap();
            hides(&server);
            hides(&server.poll_io());
            let reply = take(&mut server, at(0));
            for part in reply.chunks(reply.len() / 2 + 1) {
                give(&mut client, at(0), part);
                hides(&client);
                hides(&client.poll_io());
            }
            client.handle(at(0), Input::Eof);
            while let Some(event) = client.poll_event() {
                hides(&event);
            }
            hides(&client);
            ends(server);
        }
    }
}

#[test]
fn a_rejected_bet_is_not_shown_in_any_dialect() {
    for dialect in Dialect::WITH_BETS.iter().filter(|dialect| !dialect.profile().has_sessions) {
        let mut client = client_of(*dialect, 1);
        client.send_bet(at(0), &bet(SECRET_BET)).unwrap();
        let mut message = take(&mut client, at(0));
        let month = message.windows(4).position(|part| part == b"-06-").unwrap();
        message[month + 1] = b'9';
        let mut server = server();
        give(&mut server, at(0), &message);
        while let Some(event) = server.poll_event() {
            hides(&event);
            if let Event::Rejected { error, .. } = event {
                says_nothing_of_it(&error);
            }
        }
        hides(&server);
        let reply = take(&mut server, at(0));
        // A packet of `block` repeats the document, which its client sent.
        if *dialect != Dialect::BLOCK {
            check(&String::from_utf8_lossy(&reply));
        }
        server.handle(at(0), Input::Failed(SocketError::Reset));
        hides(&server.poll_event());
        hides(&server);
    }
}

#[test]
fn errors_name_the_field_and_not_its_value() {
    let [first, last, document, date] = SECRETS;
    for (first, last, document, date, number) in [
        (first, &format!("{last}\n")[..], document, date, "1"),
        (first, last, &format!("{document}x")[..], date, "1"),
        (first, last, document, &format!("{date}6")[..], "1"),
        (first, last, document, date, document.repeat(2).as_str()),
    ] {
        says_nothing_of_it(&Bet::new([first, last, document, date, number]).unwrap_err());
        let payload = [first, last, document, date, number].join("|");
        let block = batch(1, &[payload]);
        says_nothing_of_it(&lottery_proto::block::decode_batch(&block, |_| ()).unwrap_err());
    }
    let piped = format!("{first}|");
    let bet = Bet::new([&piped, last, document, date, "1"]).unwrap();
    says_nothing_of_it(&client(1).send_bet(at(0), &bet).unwrap_err());
}
