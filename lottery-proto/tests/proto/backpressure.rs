//! Backpressure: a machine that has enough stops reading, and sets no deadline for a peer that it does not
//! read from.

use lottery_proto::server::Event;
use lottery_proto::{
    Client, ClientConfig, ConnId, Dialect, Input, Receipt, SendError, Server, ServerConfig, State,
    WinnersReply,
};
use lottery_testkit::{
    ANA, BATCH_ACK, BET, BET_ACK, BLOCK, FINISHED, JOSE, WINNER, accept_next, at, batch, bet, block, client,
    client_of, framed, give, open_session, packet, server_with, take, text,
};

fn reads(server: &mut Server) -> bool {
    !server.poll_io().unwrap().recv.is_empty()
}

fn told_to_wait(server: &mut Server) {
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, WinnersReply::Pending).unwrap();
}

fn with(config: ServerConfig) -> Server {
    Server::new(config, ConnId(1), at(0))
}

#[test]
fn a_server_reads_at_most_max_in_flight_requests_ahead_of_its_replies() {
    for most in [1, 2, 7] {
        let mut server = with(ServerConfig::builder(5).max_in_flight(most).build().unwrap());
        let mut tickets = Vec::new();
        for taken in 0..most {
            assert!(reads(&mut server), "{taken} of {most}");
            give(&mut server, at(0), &batch(1, &[ANA]));
            let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
            tickets.push(ticket);
        }
        assert!(!reads(&mut server));
        server.reply(at(0), tickets.remove(0), Receipt::Stored { total: 1 }).unwrap();
        assert!(reads(&mut server));
    }
}

#[test]
fn a_server_reads_nothing_from_a_peer_that_does_not_read() {
    let mut server = with(ServerConfig::builder(5).build().unwrap());
    let mut answers = 0;
    while reads(&mut server) {
        give(&mut server, at(0), &block(WINNER, 1, b"1"));
        told_to_wait(&mut server);
        answers += 1;
    }
    assert_eq!(answers * BLOCK, 64 * 1024);
    server.handle(at(1), Input::Sent(1));
    assert!(reads(&mut server));
    assert_eq!(take(&mut server, at(1)).len(), answers * BLOCK - 1);
}

/// A message that has no room to arrive has no deadline.
#[test]
fn a_message_without_room_to_arrive_has_no_deadline() {
    let mut server = with(ServerConfig::builder(5).max_buffer(12_000).build().unwrap());
    give(&mut server, at(0), &batch(1, &[ANA]));
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    // Finished waits in the buffer until the batch is stored.
    let rest = [block(FINISHED, 1, b""), block(WINNER, 1, b"1")].concat();
    give(&mut server, at(0), &rest[..12_000]);
    assert!(server.poll_event().is_none());
    assert!(!reads(&mut server));
    server.handle(at(100_000), Input::Timeout);
    assert_eq!(server.state(), State::Open);
    assert_eq!(server.poll_io().unwrap().deadline, Some(at(300_000)), "that for the reply");

    server.reply(at(100_000), ticket, Receipt::Stored { total: 1 }).unwrap();
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(100_000), ticket, Receipt::Stored { total: 1 }).unwrap();
    give(&mut server, at(100_000), &rest[12_000..]);
    told_to_wait(&mut server);
    assert_eq!(take(&mut server, at(100_000)).len(), 2 * BLOCK);
}

#[test]
fn a_client_with_much_unsent_is_busy_and_still_reads() {
    let mut client = client(1);
    let mut batches = 0;
    while client.can_send() {
        client.send_batch(at(0), &[bet(ANA)]).unwrap();
        batches += 1;
    }
    assert_eq!(batches * BLOCK, 64 * 1024);
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy));
    assert_eq!(client.send_bet(at(0), &bet(ANA)), Err(SendError::Busy));
    assert_eq!(client.send_finished(at(0)), Err(SendError::Busy));
    assert_eq!(client.ask_winners(at(0)), Err(SendError::Busy));
    assert_eq!(client.unsent(), batches * BLOCK);
    assert!(!client.poll_io().unwrap().recv.is_empty());
    client.handle(at(0), Input::Sent(1));
    assert!(client.can_send());
}

/// Winners lists may be long: the next query waits until the peer has read the list before it.
#[test]
fn a_winners_query_waits_until_the_list_before_it_is_read() {
    let winners = vec!["20000001".to_owned(); 40_000];
    let mut server = with(ServerConfig::builder(5).build().unwrap());
    open_session(&mut server, 1, 0, true);
    give(&mut server, at(0), &packet(WINNER, 1, b"2").repeat(3));
    let mut lists = Vec::new();
    while let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() {
        server.reply_winners(at(0), ticket, &winners).unwrap();
        let unsent = server.poll_io().unwrap().send.len();
        assert!(unsent > 64 * 1024);
        assert!(server.poll_event().is_none() && !reads(&mut server));
        // One byte too many is left.
        server.handle(at(0), Input::Sent(unsent - 64 * 1024));
        assert!(server.poll_event().is_none());
        lists.push(unsent + take(&mut server, at(0)).len() - 64 * 1024);
    }
    assert_eq!(lists, [lists[0]; 3]);
}

/// A peer that was held up by its own mistakes is served when the application has taken them, without another
/// byte.
#[test]
fn a_request_behind_rejected_messages_is_handed_out() {
    let config = ServerConfig::builder(5).max_in_flight(2).build().unwrap();
    let mut server = server_with(config);
    give(&mut server, at(1), format!("Q{{AgencyID:}};{}Q{{AgencyID:1}};", "x;".repeat(9)).as_bytes());
    for _ in 0..10 {
        assert!(matches!(server.poll_event(), Some(Event::Rejected { .. })));
    }
    assert!(accept_next(&mut server, at(1), None));
    let sent = String::from_utf8(take(&mut server, at(1))).unwrap();
    assert!(sent.ends_with("ERROR:expected B, N or Q (at byte 0);W;"), "{sent}");
    assert!(!accept_next(&mut server, at(1), None));
    // The peer's silence counts again.
    assert!(server.poll_io().unwrap().deadline.is_some());
}

#[test]
fn a_client_waits_for_1024_replies_at_most() {
    let config = ClientConfig::builder(lottery_proto::AgencyId::new(1).unwrap(), Dialect::BLOCK);
    let config = config.max_unsent(usize::MAX).build().unwrap();
    let mut client = Client::new(config, at(0));
    for _ in 0..1024 {
        client.ask_winners(at(0)).unwrap();
    }
    assert!(!client.can_send());
    assert_eq!(client.ask_winners(at(0)), Err(SendError::Busy));
}

#[test]
fn a_client_with_1024_sent_queries_is_busy() {
    let mut client = client_of(Dialect::BLOCK, 3);
    for nth in 0..1024 {
        assert_eq!(client.ask_winners(at(0)), Ok(()), "{nth}");
        take(&mut client, at(0));
    }
    assert_eq!(client.ask_winners(at(0)), Err(SendError::Busy));
    assert!(!client.can_send());
}

/// Bets are lent by one list of places, so bets that wait hold back what follows them.
#[test]
fn bets_that_wait_hold_back_what_follows_without_a_deadline() {
    let dialects = [
        (Dialect::BLOCK, [batch(1, &[ANA]), batch(1, &[JOSE, ANA])].concat(), block(FINISHED, 1, b"")),
        (
            Dialect::FRAMED,
            [framed(format!("1;1\n{}\n", ANA.replace('|', ";"))), {
                let [jose, ana] = [JOSE, ANA].map(|bet| bet.replace('|', ";"));
                framed(format!("1;2\n{jose}\n{ana}\n"))
            }]
            .concat(),
            framed("END"),
        ),
    ];
    for (dialect, batches, next) in dialects {
        let mut server = with(ServerConfig::builder(5).build().unwrap());
        give(&mut server, at(0), &batches);
        give(&mut server, at(0), &next[..2]);
        for expected in [&[ANA][..], &[JOSE, ANA]] {
            // Only memory may be given back.
            let deadline = server.poll_io().unwrap().deadline;
            assert!(deadline.is_none_or(|due| due <= at(250)), "{dialect}: {deadline:?} while bets wait");
            let Some(Event::Batch { ticket, bets, .. }) = server.poll_event() else { panic!("{dialect}") };
            assert_eq!(bets.iter().map(|bet| text(&bet)).collect::<Vec<_>>(), expected, "{dialect}");
            assert_eq!(bets.len(), expected.len());
            server.reply(at(0), ticket, Receipt::Stored { total: 0 }).unwrap();
            take(&mut server, at(0));
        }
        assert!(server.poll_event().is_none());
        server.handle(at(250), Input::Timeout);
        assert_eq!(server.poll_io().unwrap().deadline, Some(at(20_020)), "{dialect}: two bytes of a message");
        give(&mut server, at(0), &next[2..]);
        assert!(matches!(server.poll_event(), Some(Event::Finished { .. })), "{dialect}");
    }
}

/// The time of a message begins when the one before it is taken, at the time that the application says it is.
#[test]
fn a_message_behind_one_that_waits_has_its_time_from_then_on() {
    let mut server = with(ServerConfig::builder(5).build().unwrap());
    give(&mut server, at(0), &[&batch(1, &[ANA])[..], &block(FINISHED, 1, b"")[..2]].concat());
    server.handle(at(50_000), Input::Timeout);
    assert_eq!(server.state(), State::Open, "it owes nothing");
    server.set_time(at(60_000));
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    assert_eq!(server.poll_io().unwrap().deadline, Some(at(80_020)));
    drop(ticket);
}

/// A request that waits when the connection ends is what the failure is about: in `framed` a text in reply to END would
/// be taken for winners.
#[test]
fn a_failure_is_the_reply_to_the_message_that_waits() {
    for (sent, reply) in [
        (b"00000003END".to_vec(), b"".to_vec()),
        (framed("1;1\nx\n"), framed("error;the server is stopping")),
        (block(BET, 1, ANA.as_bytes()), block(BET_ACK, 1, b"20000001|7574|0")),
        (block(FINISHED, 1, b""), block(BATCH_ACK, 1, b"0")),
        (batch(1, &[ANA]), vec![]),
    ] {
        let mut server = with(ServerConfig::builder(5).build().unwrap());
        give(&mut server, at(0), &sent);
        server.handle(at(0), Input::Shutdown);
        assert!(server.poll_event().is_none(), "no new request is taken");
        assert!(take(&mut server, at(0)) == reply, "{}", sent.escape_ascii());
        assert!(server.poll_io().unwrap().fin);
    }
}

/// Requests are handed out as replies leave, however many have come at once.
#[test]
fn many_small_requests_are_handed_out_as_their_replies_leave() {
    let config = ServerConfig::builder(5).max_in_flight(4).build().unwrap();
    let mut server = server_with(config);
    let most = 30_000;
    give(&mut server, at(0), "Q{AgencyID:1};;;".repeat(10_000).as_bytes());
    give(&mut server, at(0), "x;".repeat(most - 10_000).as_bytes());
    let (mut asked, mut rejected) = (0, 0);
    while asked + rejected < most {
        match server.poll_event() {
            Some(Event::WinnersQuery { ticket, .. }) => {
                asked += 1;
                server.reply(at(0), ticket, WinnersReply::Pending).unwrap();
            }
            Some(Event::Rejected { .. }) => rejected += 1,
            None => {
                let unsent = server.poll_io().unwrap().send.len();
                assert!((64 * 1024..65 * 1024).contains(&unsent), "{unsent}: only sending makes room");
                take(&mut server, at(0));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((asked, rejected), (10_000, 20_000));
}
