//! The server's side of a session: acknowledgements, rejections, Errors, winners.

use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{AgencyId, CloseReason, Code, Dialect, Input, Receipt, ServerConfig, State, client};
use lottery_testkit::{
    ANA, BATCH_ACK, BET, BLOCK, ERROR, FINISHED, HELLO, JOSE, WELCOME, WINNER, at, bet, block, give, hello,
    open_session, packet, server, session_batch, session_packets, take,
};

use super::{contents, greeted, in_session, next_batch, reject};

#[test]
fn each_batch_is_acknowledged_with_the_new_total() {
    let mut server = in_session();
    give(
        &mut server,
        at(0),
        &[session_batch(3, &[ANA]), session_batch(3, &[ANA, JOSE]), packet(FINISHED, 3, b"")].concat(),
    );
    let (first, second) = (next_batch(&mut server), next_batch(&mut server));
    assert!(server.poll_event().is_none(), "Finished waits for what came before it");
    // The second reply waits for the first.
    server.reply(at(0), second, Receipt::Stored { total: 5 }).unwrap();
    assert_eq!(take(&mut server, at(0)), b"");
    server.reply(at(0), first, Receipt::Stored { total: 3 }).unwrap();
    assert_eq!(
        take(&mut server, at(0)),
        [packet(BATCH_ACK, 3, b"1|3"), packet(BATCH_ACK, 3, b"1|5")].concat()
    );
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 5 }).unwrap();
    assert_eq!(take(&mut server, at(0)), packet(BATCH_ACK, 3, b"1|5"));
}

#[test]
fn every_batch_after_a_rejected_one_is_rejected_in_its_turn() {
    let mut server = in_session();
    let bad = session_batch(3, &[ANA, "Ana|Paz|1|1980-02-31|1"]);
    let later = [session_batch(3, &[ANA]), packet(FINISHED, 3, b"")].concat();
    give(&mut server, at(0), &[session_batch(3, &[ANA]), bad, later].concat());
    let first = next_batch(&mut server);
    assert!(server.poll_event().is_none(), "what is refused waits for the batch before it");
    server.reply(at(0), first, Receipt::Stored { total: 3 }).unwrap();
    let mut rejected = Vec::new();
    while let Some(event) = server.poll_event() {
        let Event::Rejected { agency, error, .. } = event else { panic!("{event:?}") };
        assert_eq!(agency.map(AgencyId::get), Some(3));
        rejected.push(matches!(error, RejectedBy::EarlierBets));
    }
    assert_eq!(rejected, [false, true, true]);
    let sent_back = take(&mut server, at(0));
    let reason = "0|3|malformed: bet 2: birthdate: expected a date, YYYY-MM-DD (at byte 45)";
    let rest = b"0|3|malformed: bets that were sent before were refused";
    let expected = [
        packet(BATCH_ACK, 3, b"1|3"),
        packet(BATCH_ACK, 3, reason.as_bytes()),
        packet(BATCH_ACK, 3, rest),
        packet(BATCH_ACK, 3, rest),
    ];
    assert_eq!(contents(&sent_back), contents(&expected.concat()));
    assert_eq!(server.state(), State::Open);
}

#[test]
fn a_session_stores_nothing_after_the_application_rejects_a_batch() {
    let mut server = in_session();
    give(&mut server, at(0), &session_batch(3, &[ANA]));
    let ticket = next_batch(&mut server);
    reject(&mut server, ticket, Code::Storage, "no room");
    give(&mut server, at(0), &session_batch(3, &[JOSE]));
    assert!(matches!(server.poll_event(), Some(Event::Rejected { .. })));
    let sent_back = take(&mut server, at(0));
    assert!(sent_back.starts_with(&packet(BATCH_ACK, 3, b"0|2|storage: no room")));
    assert_eq!(contents(&sent_back).len(), 2);
}

#[test]
fn superseded_is_sent_after_the_replies_that_are_owed() {
    let mut server = in_session();
    give(&mut server, at(0), &session_batch(3, &[ANA]));
    let ticket = next_batch(&mut server);
    server.supersede(at(0));
    give(&mut server, at(0), &session_batch(3, &[JOSE]));
    assert!(server.poll_event().is_none(), "nothing new is taken");
    server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
    let error = block(ERROR, 3, b"superseded|a newer session of this agency took over");
    assert_eq!(take(&mut server, at(0)), [packet(BATCH_ACK, 3, b"1|3"), error].concat());
    server.handle(at(0), Input::FinSent);
    server.handle(at(0), Input::Eof);
    assert!(matches!(server.poll_event(), Some(Event::Closed(CloseReason::Superseded))));
}

#[test]
fn errors_carry_their_code() {
    let unsupported = block(ERROR, 0, b"unsupported-version|unsupported version, expected 3 (at byte 4)");
    let malformed = block(ERROR, 0, b"malformed|expected an agency from 1 to 99999 (at byte 4)");
    let unknown = block(ERROR, 6, b"unknown-agency|unknown agency 6, expected 1 to 5 (at byte 0)");
    for (hello, answer) in
        [(block(HELLO, 3, b"2"), unsupported), (block(HELLO, 0, b"3|0|"), malformed), (hello(6), unknown)]
    {
        let mut server = server();
        give(&mut server, at(0), &hello);
        assert!(server.poll_event().is_none());
        assert_eq!(contents(&take(&mut server, at(0))), contents(&answer));
        assert!(server.poll_io().unwrap().fin);
    }
    for (sent, start) in [
        (session_batch(4, &[ANA]), "agency-mismatch|agency 4, expected 3"),
        (packet(200, 3, b""), "malformed|unknown packet type 200"),
        (packet(WELCOME, 3, b""), "malformed|packet type 8 is not for this side"),
        (packet(WINNER, 3, b"3"), "malformed|expected the payload"),
    ] {
        let mut server = in_session();
        give(&mut server, at(0), &sent);
        assert!(server.poll_event().is_none());
        let sent_back = take(&mut server, at(0));
        assert_eq!(sent_back[0], ERROR);
        assert!(sent_back[4..].starts_with(start.as_bytes()), "{:?}", contents(&sent_back));
    }
    let mut server = in_session();
    server.handle(at(0), Input::Shutdown);
    assert_eq!(take(&mut server, at(0)), block(ERROR, 3, b"shutting-down|the server is stopping"));
    let mut server = in_session();
    server.handle(at(60_000), Input::Timeout);
    assert_eq!(take(&mut server, at(60_000)), block(ERROR, 3, b"timeout|nothing was sent for too long"));
}

#[test]
fn a_long_winners_list_is_sent_in_several_packets() {
    let documents: Vec<String> = (0..2000).map(|n| format!("{:08}", 20_000_000 + n)).collect();
    let mut server = in_session();
    give(&mut server, at(0), &packet(WINNER, 3, b"2"));
    let Some(Event::WinnersQuery { ticket, wait: true, .. }) = server.poll_event() else { panic!() };
    server.reply_winners(at(0), ticket, &documents).unwrap();
    let sent_back = take(&mut server, at(0));
    let packets = session_packets(&sent_back);
    let kinds: Vec<u8> = packets.iter().map(|packet| packet[4]).collect();
    assert_eq!(kinds, [b'2', b'2', b'1']);

    let mut client = greeted(3);
    client.ask_winners(at(0)).unwrap();
    take(&mut client, at(0));
    let mut received: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    for packet in packets {
        give(&mut client, at(0), packet);
        let Some(client::Event::Winners(part)) = client.poll_event() else { panic!() };
        parts.push((part.len(), part.is_last()));
        received.extend(part.map(str::to_owned));
    }
    assert_eq!(received, documents);
    assert_eq!(parts, [(909, false), (909, false), (182, true)]);
    assert!(client.poll_event().is_none());
}

#[test]
fn winners_that_fill_a_packet_are_sent_in_one() {
    let mut winners = vec!["1".repeat(20); 389];
    winners.push("2".repeat(18));
    let payload = format!("1{}", winners.join("|"));
    assert_eq!(payload.len(), BLOCK - 4);
    let mut server = in_session();
    give(&mut server, at(0), &packet(WINNER, 3, b"2"));
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply_winners(at(0), ticket, &winners).unwrap();
    assert!(take(&mut server, at(0)) == packet(WINNER, 3, payload.as_bytes()));
}

#[test]
fn a_long_reason_is_cut_at_a_character_to_fit_a_packet() {
    let room = BLOCK - 4 - "0|2|storage: ".len();
    for (start, kept) in [("", room - 1), ("x", room)] {
        let reason = format!("{start}{}", "ñ".repeat(9000));
        let mut server = in_session();
        give(&mut server, at(0), &session_batch(3, &[ANA]));
        let ticket = next_batch(&mut server);
        reject(&mut server, ticket, Code::Storage, &reason);
        let expected = packet(BATCH_ACK, 3, format!("0|2|storage: {}", &reason[..kept]).as_bytes());
        assert!(take(&mut server, at(0)) == expected, "{start:?} and letters of two bytes");
    }
}

#[test]
fn a_server_without_sessions_rejects_hello() {
    let config = ServerConfig::builder(5).dialects(vec![Dialect::BLOCK]).build().unwrap();
    let mut server = lottery_testkit::server_with(config);
    give(&mut server, at(0), &hello(3));
    assert_eq!(take(&mut server, at(0))[0], ERROR);
    server.handle(at(0), Input::FinSent);
    server.handle(at(0), Input::Eof);
    let Some(Event::Closed(reason)) = server.poll_event() else { panic!() };
    assert_eq!(reason, CloseReason::NotSpoken(Dialect::SESSION));
}

#[test]
fn a_single_bet_in_a_session_gets_a_bet_ack() {
    let mut client = greeted(3);
    client.send_bet(at(0), &bet(ANA)).unwrap();
    let sent = take(&mut client, at(0));
    assert_eq!(sent, packet(BET, 3, ANA.as_bytes()));
    let mut server = in_session();
    give(&mut server, at(0), &sent);
    let Some(Event::Bet { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
    give(&mut client, at(0), &take(&mut server, at(0)));
    assert!(matches!(client.poll_event(), Some(client::Event::Bet(Ok(_)))));
}

#[test]
fn hello_after_another_packet_is_rejected() {
    let mut server = server();
    give(&mut server, at(0), &[block(FINISHED, 3, b""), hello(3)].concat());
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 0 }).unwrap();
    assert!(take(&mut server, at(0)) == block(BATCH_ACK, 3, b"1"));
    assert!(server.poll_event().is_none());
    server.handle(at(0), Input::Eof);
    server.handle(at(0), Input::FinSent);
    let Some(Event::Closed(why)) = server.poll_event() else { panic!() };
    assert_eq!(why.to_string(), "protocol error: expected Hello to come first (at byte 0)");
}

#[test]
fn a_waiting_session_gets_its_replies_and_then_the_shutdown() {
    let mut server = in_session();
    give(&mut server, at(0), &[session_batch(3, &[ANA]), packet(WINNER, 3, b"2")].concat());
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    server.handle(at(0), Input::Shutdown);
    server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
    let sent_back = take(&mut server, at(0));
    let error = block(ERROR, 3, b"shutting-down|the server is stopping");
    assert_eq!(sent_back, [packet(BATCH_ACK, 3, b"1|3"), error].concat());
}

#[test]
fn hello_names_an_agency_of_up_to_five_digits_and_the_length_of_its_list() {
    let config = || ServerConfig::builder(99_999).build().unwrap();
    for (payload, byte, agency, total) in [
        ("3|1|", 1, 1, None),
        ("3|255|0", 255, 255, Some(0)),
        ("3|256|78697", 0, 256, Some(78_697)),
        ("3|99999|18446744073709551615", 0, 99_999, Some(u64::MAX)),
    ] {
        let mut server = lottery_testkit::server_with(config());
        give(&mut server, at(0), &block(HELLO, byte, payload.as_bytes()));
        let event = server.poll_event();
        let Some(Event::Hello { agency: named, total: read, .. }) = event else { panic!("{event:?}") };
        assert_eq!((named.get(), read), (agency, total), "{payload}");
    }
    for (payload, byte, problem) in [
        ("3", 1, "expected 3|agency|total (at byte 4)"),
        ("3|1", 1, "expected 3|agency|total (at byte 4)"),
        ("3|1|2|3", 1, "expected 3|agency|total (at byte 4)"),
        ("3|x|", 1, "expected an agency from 1 to 99999 (at byte 4)"),
        ("3|0|", 0, "expected an agency from 1 to 99999 (at byte 4)"),
        ("3|100000|", 0, "expected an agency from 1 to 99999 (at byte 4)"),
        ("3|1|x", 1, "expected a number of bets, or nothing (at byte 4)"),
        ("3|1|18446744073709551616", 1, "expected a number of bets, or nothing (at byte 4)"),
        ("3|1|", 0, "agency 0, expected 1 (at byte 1)"),
        ("3|256|", 1, "agency 1, expected 256 (at byte 1)"),
        ("", 1, "unsupported version, expected 3 (at byte 4)"),
        ("2", 1, "unsupported version, expected 3 (at byte 4)"),
        ("4|1||", 1, "unsupported version, expected 3 (at byte 4)"),
        ("\u{fffd}", 1, "unsupported version, expected 3 (at byte 4)"),
    ] {
        let mut server = lottery_testkit::server_with(config());
        give(&mut server, at(0), &block(HELLO, byte, payload.as_bytes()));
        assert!(server.poll_event().is_none());
        let error = take(&mut server, at(0));
        assert_eq!(error.len(), BLOCK, "a reader of blocks can read it");
        let text = contents(&error).concat();
        assert!(text.ends_with(&format!("|{problem}")), "{payload}: {text}");
    }
}

#[test]
fn an_agency_over_255_has_no_number_in_its_headers() {
    let config = ServerConfig::builder(1_000).build().unwrap();
    let mut server = lottery_testkit::server_with(config);
    open_session(&mut server, 300, 0, false);
    give(&mut server, at(0), &session_batch(0, &[ANA, JOSE]));
    let event = server.poll_event();
    let Some(Event::Batch { ticket, agency, .. }) = event else { panic!("{event:?}") };
    assert_eq!(agency.get(), 300);
    server.reply(at(0), ticket, Receipt::Stored { total: 2 }).unwrap();
    assert_eq!(take(&mut server, at(0)), packet(BATCH_ACK, 0, b"1|2"));
    // The low byte of 300 is another agency.
    give(&mut server, at(0), &session_batch(44, &[ANA]));
    assert!(server.poll_event().is_none());
    let text = contents(&take(&mut server, at(0))).concat();
    assert!(text.ends_with("agency-mismatch|agency 44, expected 300 (at byte 0)"), "{text}");

    let mut client = greeted(300);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    assert_eq!(take(&mut client, at(0)), session_batch(0, &[ANA]));
    give(&mut client, at(0), &packet(BATCH_ACK, 0, b"1|8"));
    assert!(matches!(client.poll_event(), Some(client::Event::Batch(Ok(_)))));
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &packet(BATCH_ACK, 44, b"1|8"));
    assert!(client.poll_event().is_none());
    client.handle(at(0), Input::FinSent);
    client.handle(at(0), Input::Eof);
    let event = client.poll_event();
    assert!(matches!(event, Some(client::Event::Closed(CloseReason::Peer(_)))), "{event:?}");
}

#[test]
fn packets_of_a_session_follow_each_other_without_padding() {
    let mut server = in_session();
    let packets = [session_batch(3, &[ANA]), packet(BET, 3, JOSE.as_bytes()), packet(FINISHED, 3, b"")];
    let bytes = packets.concat();
    for cut in 1..bytes.len() {
        let (first, rest) = bytes.split_at(cut);
        give(&mut server, at(0), first);
        give(&mut server, at(0), rest);
        for replies in 0..3 {
            let event = server.poll_event();
            let Some(
                Event::Batch { ticket, .. } | Event::Bet { ticket, .. } | Event::Finished { ticket, .. },
            ) = event
            else {
                panic!("{replies} of those cut at {cut}: {event:?}")
            };
            server.reply(at(0), ticket, Receipt::Stored { total: 1 }).unwrap();
        }
        assert!(server.poll_event().is_none());
        take(&mut server, at(0));
    }
}

#[test]
fn a_size_out_of_range_ends_a_session_on_both_sides() {
    for size in [0, 1, 3, 8193, u16::MAX] {
        let [low, high] = size.to_le_bytes();
        let mut server = in_session();
        give(&mut server, at(0), &[3, 3, low, high]);
        assert!(server.poll_event().is_none());
        let text = contents(&take(&mut server, at(0))).concat();
        assert!(text.ends_with(&format!("size {size}, expected 4 to 8192 (at byte 2)")), "{text}");
        let mut client = greeted(3);
        client.send_finished(at(0)).unwrap();
        take(&mut client, at(0));
        give(&mut client, at(0), &[5, 3, low, high]);
        assert!(client.poll_event().is_none());
        client.handle(at(0), Input::FinSent);
        client.handle(at(0), Input::Eof);
        let Some(client::Event::Closed(reason)) = client.poll_event() else { panic!("{size}") };
        assert!(reason.to_string().contains(&format!("size {size}, expected 4 to 8192")), "{reason}");
    }
}
