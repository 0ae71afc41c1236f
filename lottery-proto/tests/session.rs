//! Sessions, through both machines: messages byte for byte, and their order (`docs/protocol.md#sessions`).

use lottery_proto::server::{Event, RefusedBy};
use lottery_proto::{
    AgencyId, Bet, Client, ClientConfig, CloseReason, Code, Dialect, Failure, HelloReply, Input, Receipt,
    SendError, Server, ServerConfig, State, Ticket, Violation, WinnersReply, client,
};
use lottery_testkit::{
    ANA, BATCH_ACK, BET, BLOCK, ERROR, FINISHED, HELLO, JOSE, WELCOME, WINNER, at, batch, bet, block,
    client_of, give, server, take,
};

/// Returns a server in a session of agency 3, which has two bets stored.
fn in_session() -> Server {
    let mut server = server();
    give(&mut server, at(0), &block(HELLO, 3, b"2"));
    let Some(Event::Hello { ticket }) = server.poll_event() else { panic!() };
    assert_eq!(ticket.agency().get(), 3);
    let welcome = HelloReply::Welcome { stored: 2, finished: false, digest: 0xAB };
    server.reply(at(0), ticket, welcome).unwrap();
    assert_eq!(take(&mut server, at(0)), block(WELCOME, 3, b"2|2|0|16|000000ab"));
    server
}

/// Returns the contents of blocks, without their padding.
fn said(blocks: &[u8]) -> Vec<String> {
    let text = |block: &[u8]| String::from_utf8_lossy(block).trim_end_matches('\0').to_owned();
    blocks.chunks(BLOCK).map(text).collect()
}

fn next_batch(server: &mut Server) -> Ticket<lottery_proto::Batch> {
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    ticket
}

fn refuse(server: &mut Server, ticket: Ticket<lottery_proto::Batch>, code: Code, text: &str) {
    server.reply(at(0), ticket, Receipt::Refused(Failure { code, text })).unwrap();
}

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
    let Some(Event::Finished { ticket }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 5 }).unwrap();
    assert_eq!(take(&mut server, at(0)), block(BATCH_ACK, 3, b"1|5"));
}

#[test]
fn after_a_refused_batch_every_later_one_is_refused_in_its_turn() {
    let mut server = in_session();
    let bad = batch(3, &[ANA, "Ana|Paz|1|1980-02-31|1"]);
    let later = [batch(3, &[ANA]), block(FINISHED, 3, b"")].concat();
    give(&mut server, at(0), &[batch(3, &[ANA]), bad, later].concat());
    let first = next_batch(&mut server);
    assert!(server.poll_event().is_none(), "what is refused waits for the batch before it");
    server.reply(at(0), first, Receipt::Stored { total: 3 }).unwrap();
    let told = take(&mut server, at(0));
    let reason = "0|3|malformed: bet 2: birthdate: expected a date, YYYY-MM-DD (at byte 45)";
    let rest = b"0|3|malformed: bets that were sent before were refused";
    let expected = [
        block(BATCH_ACK, 3, b"1|3"),
        block(BATCH_ACK, 3, reason.as_bytes()),
        block(BATCH_ACK, 3, rest),
        block(BATCH_ACK, 3, rest),
    ];
    assert_eq!(said(&told), said(&expected.concat()));
    let mut refused = Vec::new();
    while let Some(event) = server.poll_event() {
        let Event::Refused { agency, error } = event else { panic!("{event:?}") };
        assert_eq!(agency.map(AgencyId::get), Some(3));
        refused.push(matches!(error, RefusedBy::EarlierBets));
    }
    assert_eq!(refused, [false, true, true]);
    assert_eq!(server.state(), State::Open);
}

#[test]
fn a_batch_that_the_application_refuses_ends_the_storing_of_its_session() {
    let mut server = in_session();
    give(&mut server, at(0), &batch(3, &[ANA]));
    let ticket = next_batch(&mut server);
    refuse(&mut server, ticket, Code::Storage, "no room");
    give(&mut server, at(0), &batch(3, &[JOSE]));
    assert!(matches!(server.poll_event(), Some(Event::Refused { .. })));
    let told = take(&mut server, at(0));
    assert!(told.starts_with(&lottery_testkit::packet(BATCH_ACK, 3, b"0|2|storage: no room")));
    assert_eq!(told.len(), 2 * BLOCK);
}

#[test]
fn a_session_is_superseded_behind_what_it_is_owed() {
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
fn failures_are_named() {
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
        assert_eq!(said(&take(&mut server, at(0))), said(&answer));
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
        let told = take(&mut server, at(0));
        assert_eq!(told[0], ERROR);
        assert!(told[4..].starts_with(start.as_bytes()), "{:?}", said(&told));
    }
    let mut server = in_session();
    server.handle(at(0), Input::Shutdown);
    assert_eq!(take(&mut server, at(0)), block(ERROR, 3, b"shutting-down|the centre is stopping"));
    let mut server = in_session();
    server.handle(at(60_000), Input::Timeout);
    assert_eq!(take(&mut server, at(60_000)), block(ERROR, 3, b"timeout|nothing was sent for too long"));
}

#[test]
fn winners_fill_as_many_blocks_as_they_need() {
    let documents: Vec<String> = (0..2000).map(|n| format!("{:08}", 20_000_000 + n)).collect();
    let mut server = in_session();
    give(&mut server, at(0), &block(WINNER, 3, b"2"));
    let Some(Event::WinnersQuery { ticket, wait: true }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, WinnersReply::Winners(&documents)).unwrap();
    let told = take(&mut server, at(0));
    let kinds: Vec<u8> = told.chunks(BLOCK).map(|block| block[4]).collect();
    assert_eq!(kinds, [b'2', b'2', b'1']);

    let mut client = greeted(3);
    client.ask_winners(at(0)).unwrap();
    take(&mut client, at(0));
    let mut heard: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    for block in told.chunks(BLOCK) {
        give(&mut client, at(0), block);
        let Some(client::Event::Winners(part)) = client.poll_event() else { panic!() };
        parts.push((part.len(), part.is_last()));
        heard.extend(part.map(str::to_owned));
    }
    assert_eq!(heard, documents);
    assert_eq!(parts, [(909, false), (909, false), (182, true)]);
    assert!(client.poll_event().is_none());
}

#[test]
fn winners_that_fill_one_block_are_one_block() {
    let mut winners = vec!["1".repeat(20); 389];
    winners.push("2".repeat(18));
    let payload = format!("1{}", winners.join("|"));
    assert_eq!(payload.len(), BLOCK - 4);
    let mut server = in_session();
    give(&mut server, at(0), &block(WINNER, 3, b"2"));
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, WinnersReply::Winners(&winners)).unwrap();
    assert!(take(&mut server, at(0)) == block(WINNER, 3, payload.as_bytes()));
}

/// Returns a client in a session with a window of 2.
fn greeted(agency: u32) -> Client {
    let mut client = client_of(Dialect::Session, agency);
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy), "Hello comes first");
    client.hello(at(0)).unwrap();
    assert_eq!(client.hello(at(0)), Err(SendError::Busy));
    let agency = u8::try_from(agency).unwrap();
    assert_eq!(take(&mut client, at(0)), block(HELLO, agency, b"2"));
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy), "Welcome comes second");
    give(&mut client, at(0), &block(WELCOME, agency, b"2|7|1|2|0badcafe"));
    let Some(client::Event::Welcome { stored: 7, finished: true, window: 2, digest: 0x0BAD_CAFE }) =
        client.poll_event()
    else {
        panic!()
    };
    client
}

#[test]
fn a_client_keeps_to_its_window() {
    let mut client = greeted(3);
    for _ in 0..2 {
        client.send_batch(at(0), &[bet(ANA)]).unwrap();
    }
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy));
    assert_eq!(take(&mut client, at(0)), [batch(3, &[ANA]), batch(3, &[ANA])].concat());
    give(&mut client, at(0), &block(BATCH_ACK, 3, b"1|8"));
    let event = client.poll_event();
    assert!(matches!(event, Some(client::Event::Batch { stored: true, total: Some(8), .. })), "{event:?}");
    client.send_batch(at(0), &[bet(JOSE)]).unwrap();
    give(&mut client, at(0), &block(BATCH_ACK, 3, "0|8|malformed: bet 1: ñ".as_bytes()));
    let event = client.poll_event();
    let Some(client::Event::Batch { stored: false, total: Some(8), reason: "malformed: bet 1: ñ" }) = event
    else {
        panic!("{event:?}")
    };
}

#[test]
fn an_error_ends_a_session_whatever_was_asked() {
    for asked in [false, true] {
        let mut client = greeted(3);
        if asked {
            client.ask_winners(at(0)).unwrap();
            take(&mut client, at(0));
        }
        give(&mut client, at(0), &block(ERROR, 3, b"superseded|by another"));
        let event = client.poll_event();
        assert!(
            matches!(
                event,
                Some(client::Event::Failed { code: Some(Code::Superseded), reason: "by another" })
            ),
            "{event:?}"
        );
        client.handle(at(0), Input::Eof);
        assert!(client.poll_event().is_none());
        client.handle(at(0), Input::FinSent);
        assert!(matches!(client.poll_event(), Some(client::Event::Closed(CloseReason::Done))));
    }
}

#[test]
fn wrong_answers_are_the_centres_fault() {
    for answer in [
        block(WELCOME, 3, b"2|7|2|2|0badcafe"),
        block(WELCOME, 3, b"2|7|1|0|0badcafe"),
        block(WELCOME, 3, b"2|7|1|2|0BADCAFE"),
        block(WELCOME, 3, b"2|7|1|2|badcafe"),
        block(WELCOME, 3, b"1|7|1|2|0badcafe"),
        block(WELCOME, 3, b"2|+7|1|2|0badcafe"),
        block(WELCOME, 4, b"2|7|1|2|0badcafe"),
        block(BATCH_ACK, 3, b"1|7"),
        block(BET, 3, b""),
    ] {
        let mut client = client_of(Dialect::Session, 3);
        client.hello(at(0)).unwrap();
        take(&mut client, at(0));
        give(&mut client, at(0), &answer);
        assert!(client.poll_event().is_none());
        client.handle(at(0), Input::FinSent);
        client.handle(at(2_000), Input::Timeout);
        let event = client.poll_event();
        let Some(client::Event::Closed(CloseReason::Peer(Violation::Malformed(_)))) = event else {
            panic!("{event:?}")
        };
    }
}

#[test]
fn hello_waits_where_a_centre_refuses_what_it_does_not_read() {
    let config = ClientConfig::new(AgencyId::new(3).unwrap(), Dialect::Session);
    let mut client = Client::new(ClientConfig { max_unsent: 2 * BLOCK, ..config }, at(0));
    for _ in 0..2 {
        client.hello(at(0)).unwrap();
        give(&mut client, at(0), &block(ERROR, 3, b"storage|no room"));
        assert!(matches!(client.poll_event(), Some(client::Event::Failed { .. })));
    }
    assert_eq!(client.hello(at(0)), Err(SendError::Busy));
    assert_eq!(client.unsent(), 2 * BLOCK);
    assert_eq!(take(&mut client, at(0)), block(HELLO, 3, b"2").repeat(2));
    client.hello(at(0)).unwrap();
}

#[test]
fn another_answer_to_hello_is_named() {
    let mut client = client_of(Dialect::Session, 3);
    client.hello(at(0)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(BATCH_ACK, 3, b"1|7"));
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    let Some(client::Event::Closed(why)) = client.poll_event() else { panic!("there is no other event") };
    assert_eq!(why.to_string(), "protocol error: packet type 5, expected 8 (at byte 0)");
}

#[test]
fn a_session_carries_the_names_that_its_packets_can() {
    let bet = |first| Bet::new(first, "Paz", "1", "1980-01-01", "1").unwrap();
    assert_eq!(Dialect::Session.check_sendable(&bet("Ana")), Ok(()));
    let error = Dialect::Session.check_sendable(&bet("A|na")).unwrap_err();
    assert_eq!(error.to_string(), "first_name: '|' cannot be sent on this wire");
}

#[test]
fn a_long_reason_is_cut_where_a_block_ends_and_no_character_is_torn() {
    let room = BLOCK - 4 - "0|2|storage: ".len();
    for (start, kept) in [("", room - 1), ("x", room)] {
        let reason = format!("{start}{}", "ñ".repeat(9000));
        let mut server = in_session();
        give(&mut server, at(0), &batch(3, &[ANA]));
        let ticket = next_batch(&mut server);
        refuse(&mut server, ticket, Code::Storage, &reason);
        let expected = block(BATCH_ACK, 3, format!("0|2|storage: {}", &reason[..kept]).as_bytes());
        assert!(take(&mut server, at(0)) == expected, "{start:?} and letters of two bytes");
    }
}

#[test]
fn a_centre_that_does_not_speak_sessions_refuses_them() {
    let config = ServerConfig { dialects: vec![Dialect::Block], ..ServerConfig::default() };
    let mut server = lottery_testkit::server_with(config);
    give(&mut server, at(0), &block(HELLO, 3, b"2"));
    assert_eq!(take(&mut server, at(0))[0], ERROR);
    server.handle(at(0), Input::FinSent);
    server.handle(at(0), Input::Eof);
    assert!(matches!(server.poll_event(), Some(Event::Closed(CloseReason::NotSpoken(Dialect::Session)))));
}

#[test]
fn a_client_says_that_these_were_all_and_gets_winners_from_several_blocks() {
    let mut client = greeted(3);
    client.send_finished(at(0)).unwrap();
    client.ask_winners(at(0)).unwrap();
    assert_eq!(take(&mut client, at(0)), [block(FINISHED, 3, b""), block(WINNER, 3, b"2")].concat());
    give(&mut client, at(0), &block(BATCH_ACK, 3, b"1|7"));
    assert!(matches!(client.poll_event(), Some(client::Event::Finished { stored: true, .. })));
    for (answer, expected, all) in [("210|20", &["10", "20"][..], false), ("1", &[], true)] {
        give(&mut client, at(0), &block(WINNER, 3, answer.as_bytes()));
        let Some(client::Event::Winners(documents)) = client.poll_event() else { panic!("{answer}") };
        assert_eq!((documents.is_last(), documents.len()), (all, expected.len()));
        assert_eq!(documents.collect::<Vec<_>>(), expected);
    }
}

/// Returns the reason for which a client closes that has sent this request and gets such a reply.
fn told(ask: fn(&mut Client) -> Result<(), SendError>, answer: &[u8]) -> String {
    let mut client = greeted(3);
    ask(&mut client).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), answer);
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    let Some(client::Event::Closed(why)) = client.poll_event() else { panic!("there is no other event") };
    why.to_string()
}

#[test]
fn wrong_answers_in_a_session_are_named() {
    let finish: fn(&mut Client) -> _ = |client| client.send_finished(at(0));
    let ask: fn(&mut Client) -> _ = |client| client.ask_winners(at(0));
    for (what, answer, reason) in [
        (finish, block(WINNER, 3, b"1"), "packet type 6, expected 5 (at byte 0)"),
        (finish, block(BATCH_ACK, 3, b"1"), "expected 1|stored, or 0|stored|reason (at byte 4)"),
        (finish, block(BATCH_ACK, 3, b"0|7"), "expected 1|stored, or 0|stored|reason (at byte 4)"),
        (finish, block(BATCH_ACK, 3, b"1|7|x"), "expected 1|stored, or 0|stored|reason (at byte 4)"),
        (ask, block(BATCH_ACK, 3, b"1|7"), "packet type 5, expected 6 (at byte 0)"),
        (ask, block(WINNER, 3, b"0"), "expected 1 or 2, and documents (at byte 4)"),
        (ask, block(WINNER, 3, b""), "expected 1 or 2, and documents (at byte 4)"),
        (ask, block(WINNER, 3, b"2123|"), "expected a document of 1 to 20 digits (at byte 9)"),
    ] {
        assert_eq!(told(what, &answer), format!("protocol error: {reason}"));
    }
}

#[test]
fn a_single_bet_in_a_session_is_answered_as_without() {
    let mut client = greeted(3);
    client.send_bet(at(0), &bet(ANA)).unwrap();
    let sent = take(&mut client, at(0));
    assert_eq!(sent, block(BET, 3, ANA.as_bytes()));
    let mut server = in_session();
    give(&mut server, at(0), &sent);
    let Some(Event::Bet { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
    give(&mut client, at(0), &take(&mut server, at(0)));
    assert!(matches!(client.poll_event(), Some(client::Event::Bet { stored: true, .. })));
}

#[test]
fn who_has_begun_without_a_session_cannot_open_one() {
    let mut server = server();
    give(&mut server, at(0), &[block(FINISHED, 3, b""), block(HELLO, 3, b"2")].concat());
    let Some(Event::Finished { ticket }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, Receipt::Stored { total: 0 }).unwrap();
    assert_eq!(take(&mut server, at(0)), block(BATCH_ACK, 3, b"1"));
    server.handle(at(0), Input::Eof);
    server.handle(at(0), Input::FinSent);
    let Some(Event::Closed(why)) = server.poll_event() else { panic!() };
    assert_eq!(why.to_string(), "protocol error: expected Hello to come first (at byte 0)");
}

#[test]
fn codes_are_read_as_they_are_written() {
    for code in Code::ALL {
        assert_eq!(Code::from_name(&code.to_string()), Some(*code));
    }
    for unknown in ["", "Storage", "storage ", "unknown"] {
        assert_eq!(Code::from_name(unknown), None);
    }
}

#[test]
fn a_client_asks_for_so_much_at_once_and_no_more() {
    let mut client = client_of(Dialect::Block, 3);
    for nth in 0..64 {
        assert_eq!(client.ask_winners(at(0)), Ok(()), "{nth}");
        take(&mut client, at(0));
    }
    assert_eq!(client.ask_winners(at(0)), Err(SendError::Busy));
    assert!(!client.can_send());
}
