//! The server's side of a session: acknowledgements, rejections, Errors, winners.

use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{AgencyId, CloseReason, Code, Dialect, Input, Receipt, ServerConfig, State, client};
use lottery_testkit::{
    ANA, BATCH_ACK, BET, BLOCK, ERROR, FINISHED, HELLO, JOSE, WELCOME, WINNER, at, batch, bet, block, give,
    server, take,
};

use super::{contents, greeted, in_session, next_batch, reject};

#[test]
fn each_batch_is_acknowledged_with_the_new_total() {
    let mut server = in_session();
    give(&mut server, at(0), &[batch(3, &[ANA]), batch(3, &[ANA, JOSE]), block(FINISHED, 3, b"")].concat());
    let (first, second) = (next_batch(&mut server), next_batch(&mut server));
    assert!(server.poll_event().is_none(), "Finished waits for what came before it");
    // The second reply waits for the first.
    server.reply(at(0), second, Receipt::Stored { total: 5 }).unwrap();
    assert_eq!(take(&mut server, at(0)), b"");
    server.reply(at(0), first, Receipt::Stored { total: 3 }).unwrap();
    assert_eq!(take(&mut server, at(0)), [block(BATCH_ACK, 3, b"1|3"), block(BATCH_ACK, 3, b"1|5")].concat());
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 5 }).unwrap();
    assert_eq!(take(&mut server, at(0)), block(BATCH_ACK, 3, b"1|5"));
}

#[test]
fn every_batch_after_a_rejected_one_is_rejected_in_its_turn() {
    let mut server = in_session();
    let bad = batch(3, &[ANA, "Ana|Paz|1|1980-02-31|1"]);
    let later = [batch(3, &[ANA]), block(FINISHED, 3, b"")].concat();
    give(&mut server, at(0), &[batch(3, &[ANA]), bad, later].concat());
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
        block(BATCH_ACK, 3, b"1|3"),
        block(BATCH_ACK, 3, reason.as_bytes()),
        block(BATCH_ACK, 3, rest),
        block(BATCH_ACK, 3, rest),
    ];
    assert_eq!(contents(&sent_back), contents(&expected.concat()));
    assert_eq!(server.state(), State::Open);
}

#[test]
fn a_session_stores_nothing_after_the_application_rejects_a_batch() {
    let mut server = in_session();
    give(&mut server, at(0), &batch(3, &[ANA]));
    let ticket = next_batch(&mut server);
    reject(&mut server, ticket, Code::Storage, "no room");
    give(&mut server, at(0), &batch(3, &[JOSE]));
    assert!(matches!(server.poll_event(), Some(Event::Rejected { .. })));
    let sent_back = take(&mut server, at(0));
    assert!(sent_back.starts_with(&lottery_testkit::packet(BATCH_ACK, 3, b"0|2|storage: no room")));
    assert_eq!(sent_back.len(), 2 * BLOCK);
}

#[test]
fn superseded_is_sent_after_the_replies_that_are_owed() {
    let mut server = in_session();
    give(&mut server, at(0), &batch(3, &[ANA]));
    let ticket = next_batch(&mut server);
    server.supersede(at(0));
    give(&mut server, at(0), &batch(3, &[JOSE]));
    assert!(server.poll_event().is_none(), "nothing new is taken");
    server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
    let error = block(ERROR, 3, b"superseded|a newer session of this agency took over");
    assert_eq!(take(&mut server, at(0)), [block(BATCH_ACK, 3, b"1|3"), error].concat());
    server.handle(at(0), Input::FinSent);
    server.handle(at(0), Input::Eof);
    assert!(matches!(server.poll_event(), Some(Event::Closed(CloseReason::Superseded))));
}

#[test]
fn errors_carry_their_code() {
    let unsupported = block(ERROR, 0, b"unsupported-version|unsupported version, expected 2 (at byte 4)");
    let malformed = block(ERROR, 0, b"malformed|expected an agency from 1 (at byte 1)");
    let unknown = block(ERROR, 6, b"unknown-agency|unknown agency 6, expected 1 to 5 (at byte 0)");
    for (hello, answer) in [
        (block(HELLO, 3, b"3"), unsupported),
        (block(HELLO, 0, b"2"), malformed),
        (block(HELLO, 6, b"2"), unknown),
    ] {
        let mut server = server();
        give(&mut server, at(0), &hello);
        assert!(server.poll_event().is_none());
        assert_eq!(contents(&take(&mut server, at(0))), contents(&answer));
        assert!(server.poll_io().unwrap().fin);
    }
    for (sent, start) in [
        (batch(4, &[ANA]), "agency-mismatch|agency 4, expected 3"),
        (block(200, 3, b""), "malformed|unknown packet type 200"),
        (block(WELCOME, 3, b""), "malformed|packet type 8 is not for this side"),
        (block(WINNER, 3, b"3"), "malformed|expected the payload"),
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
fn a_long_winners_list_is_sent_in_several_blocks() {
    let documents: Vec<String> = (0..2000).map(|n| format!("{:08}", 20_000_000 + n)).collect();
    let mut server = in_session();
    give(&mut server, at(0), &block(WINNER, 3, b"2"));
    let Some(Event::WinnersQuery { ticket, wait: true, .. }) = server.poll_event() else { panic!() };
    server.reply_winners(at(0), ticket, &documents).unwrap();
    let sent_back = take(&mut server, at(0));
    let kinds: Vec<u8> = sent_back.chunks(BLOCK).map(|block| block[4]).collect();
    assert_eq!(kinds, [b'2', b'2', b'1']);

    let mut client = greeted(3);
    client.ask_winners(at(0)).unwrap();
    take(&mut client, at(0));
    let mut received: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    for block in sent_back.chunks(BLOCK) {
        give(&mut client, at(0), block);
        let Some(client::Event::Winners(part)) = client.poll_event() else { panic!() };
        parts.push((part.len(), part.is_last()));
        received.extend(part.map(str::to_owned));
    }
    assert_eq!(received, documents);
    assert_eq!(parts, [(909, false), (909, false), (182, true)]);
    assert!(client.poll_event().is_none());
}

#[test]
fn winners_that_fill_a_block_are_sent_in_one() {
    let mut winners = vec!["1".repeat(20); 389];
    winners.push("2".repeat(18));
    let payload = format!("1{}", winners.join("|"));
    assert_eq!(payload.len(), BLOCK - 4);
    let mut server = in_session();
    give(&mut server, at(0), &block(WINNER, 3, b"2"));
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply_winners(at(0), ticket, &winners).unwrap();
    assert!(take(&mut server, at(0)) == block(WINNER, 3, payload.as_bytes()));
}

#[test]
fn a_long_reason_is_cut_at_a_character_to_fit_a_block() {
    let room = BLOCK - 4 - "0|2|storage: ".len();
    for (start, kept) in [("", room - 1), ("x", room)] {
        let reason = format!("{start}{}", "ñ".repeat(9000));
        let mut server = in_session();
        give(&mut server, at(0), &batch(3, &[ANA]));
        let ticket = next_batch(&mut server);
        reject(&mut server, ticket, Code::Storage, &reason);
        let expected = block(BATCH_ACK, 3, format!("0|2|storage: {}", &reason[..kept]).as_bytes());
        assert!(take(&mut server, at(0)) == expected, "{start:?} and letters of two bytes");
    }
}

#[test]
fn a_server_without_sessions_rejects_hello() {
    let config = ServerConfig::builder(5).dialects(vec![Dialect::BLOCK]).build().unwrap();
    let mut server = lottery_testkit::server_with(config);
    give(&mut server, at(0), &block(HELLO, 3, b"2"));
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
    assert_eq!(sent, block(BET, 3, ANA.as_bytes()));
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
    give(&mut server, at(0), &[block(FINISHED, 3, b""), block(HELLO, 3, b"2")].concat());
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 0 }).unwrap();
    assert_eq!(take(&mut server, at(0)), block(BATCH_ACK, 3, b"1"));
    assert!(server.poll_event().is_none());
    server.handle(at(0), Input::Eof);
    server.handle(at(0), Input::FinSent);
    let Some(Event::Closed(why)) = server.poll_event() else { panic!() };
    assert_eq!(why.to_string(), "protocol error: expected Hello to come first (at byte 0)");
}

#[test]
fn a_waiting_session_gets_its_replies_and_then_the_shutdown() {
    let mut server = in_session();
    give(&mut server, at(0), &[batch(3, &[ANA]), block(WINNER, 3, b"2")].concat());
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    server.handle(at(0), Input::Shutdown);
    server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
    let sent_back = take(&mut server, at(0));
    let error = block(ERROR, 3, b"shutting-down|the server is stopping");
    assert_eq!(sent_back, [block(BATCH_ACK, 3, b"1|3"), error].concat());
}
