//! Peers that always leave something unread, and the end of connections that others wait for.

use std::time::Duration;

use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Client, ClientConfig, CloseReason, Dialect, HelloReply, Input, Receipt, State,
};
use lottery_testkit::{
    ANA, BATCH_ACK, BLOCK, ERROR, FINISHED, HELLO, ServerEvent, WINNER, accept_next, at, batch, block,
    client_events, client_of, give, server, server_events, take,
};

#[test]
fn what_was_sent_takes_no_memory_though_something_is_always_left_to_be_sent() {
    let mut server = server();
    let question = block(WINNER, 3, b"1");
    let ask = |server: &mut _, sent: usize| {
        give(server, at(0), &question);
        assert!(accept_next(server, at(0), None));
        server.handle(at(0), Input::Sent(sent));
    };
    ask(&mut server, 1);
    for _ in 0..100 {
        ask(&mut server, BLOCK);
    }
    assert_eq!(server.poll_io().unwrap().send.len(), BLOCK - 1);
    assert!(server.memory() < 64 * 1024, "{}", server.memory());
}

#[test]
fn a_connection_that_fails_before_the_last_answer_was_sent_is_not_done() {
    let mut server = server();
    give(&mut server, at(0), &block(FINISHED, 3, b""));
    server.handle(at(0), Input::Eof);
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(server.state(), State::Draining);
    server.handle(at(0), Input::Failed);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Lost)]);
}

#[test]
fn a_connection_that_is_done_stays_so_though_the_peer_never_ends() {
    let mut server = server();
    give(&mut server, at(0), b"hello\n");
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(take(&mut server, at(0)), b"> hello\n");
    server.handle(at(0), Input::FinSent);
    assert_eq!(server.state(), State::Lingering);
    server.handle(at(10_000), Input::Timeout);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Done)]);
}

#[test]
fn whoever_waits_for_the_draw_behind_other_answers_is_told_of_the_end() {
    let mut server = server();
    give(&mut server, at(0), &block(HELLO, 3, b"2"));
    let Some(Event::Hello { ticket }) = server.poll_event() else { panic!() };
    server.reply(at(0), ticket, HelloReply::Welcome { stored: 2, finished: false, digest: 0 }).unwrap();
    take(&mut server, at(0));
    give(&mut server, at(0), &[batch(3, &[ANA]), block(WINNER, 3, b"2")].concat());
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    server.handle(at(0), Input::Shutdown);
    server.reply(at(0), ticket, Receipt::Stored { total: 3 }).unwrap();
    let told = take(&mut server, at(0));
    let error = block(ERROR, 3, b"shutting-down|the centre is stopping");
    assert_eq!(told, [block(BATCH_ACK, 3, b"1|3"), error].concat());
}

#[test]
fn an_error_answers_all_that_was_asked() {
    let mut client = client_of(Dialect::Session, 3);
    client.hello(at(0)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(HELLO + 1, 3, b"2|7|0|2|0badcafe"));
    client.send_finished(at(0)).unwrap();
    client.ask_winners(at(0)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(ERROR, 3, b"storage|the disk is full"));
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    let heard = client_events(&mut client);
    assert_eq!(heard.last(), Some(&lottery_testkit::ClientEvent::Closed(CloseReason::Done)), "{heard:?}");
}

#[test]
fn a_centre_that_has_not_read_the_question_owes_no_answer() {
    let config = ClientConfig {
        answer_timeout: Duration::from_secs(1),
        ..ClientConfig::new(AgencyId::new(1).unwrap(), Dialect::Block)
    };
    let mut client = Client::new(config, at(0));
    client.ask_winners(at(0)).unwrap();
    assert_eq!(client.poll_io().unwrap().deadline, Some(at(60_000)), "it stalls");
    take(&mut client, at(0));
    assert_eq!(client.poll_io().unwrap().deadline, Some(at(1_000)), "it does not answer");
}
