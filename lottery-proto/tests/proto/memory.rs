//! Memory of a connection that waits, or whose peer reads slowly.

use lottery_proto::server::Event;
use lottery_proto::{Input, Receipt, Server, ServerConfig, WinnersReply};
use lottery_testkit::{ANA, BET, BLOCK, WINNER, accept_next, at, batch, block, give, server, take};

use crate::timeouts::{deadline, expire};

/// Connections that wait, for the client or for the application, keep little memory.
#[test]
fn memory_is_given_back_while_a_connection_waits() {
    let burst = [batch(1, &[ANA]).repeat(20), block(BET, 1, ANA.as_bytes()).repeat(5)].concat();
    let mut server = server();
    println!("new: {} bytes", server.memory());
    give(&mut server, at(0), &burst);
    let grown = server.memory();
    assert!(grown > 100_000, "{grown}");
    while let Some(Event::Batch { ticket, .. } | Event::Bet { ticket, .. }) = server.poll_event() {
        server.reply(at(0), ticket, Receipt::Stored { total: 1 }).unwrap();
    }
    let _ = take(&mut server, at(10));
    assert_eq!(expire(&mut server), at(260));
    println!("grown: {grown} bytes; shrunk: {} bytes", server.memory());
    assert!(server.memory() < 2048);

    // One request is unanswered: the application took it, and the machine heard nothing since.
    give(&mut server, at(1_000), &[burst, block(WINNER, 1, b"1")].concat()[25 * BLOCK..]);
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    assert_eq!(expire(&mut server), at(1_250));
    println!("with an unanswered request: {} bytes", server.memory());
    assert!(server.memory() < 2048);
    assert!(!server.poll_io().unwrap().recv.is_empty());
    assert!(server.memory() < 2048, "to be ready to read is not to grow");
    assert_eq!(deadline(&mut server), Some(at(301_000)), "that for the reply");
    server.reply(at(90_000), ticket, WinnersReply::Pending).unwrap();
    let _ = take(&mut server, at(90_000));
    assert_eq!(expire(&mut server), at(90_250));
    assert!(server.memory() < 2048);
}

/// The same holds where not even one more request would be read.
#[test]
fn memory_is_given_back_while_nothing_more_is_read() {
    let config = ServerConfig::builder(5).max_in_flight(1).build().unwrap();
    let mut server = Server::new(config, lottery_proto::ConnId(1), at(0));
    give(&mut server, at(0), &block(WINNER, 1, b"1"));
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    assert_eq!(expire(&mut server), at(250));
    assert!(server.memory() < 2048);
    server.reply(at(1_000), ticket, WinnersReply::Pending).unwrap();
    let _ = take(&mut server, at(1_000));
    assert!(!server.poll_io().unwrap().recv.is_empty());
    assert_eq!(expire(&mut server), at(1_250));
    assert!(server.memory() < 2048);
}

#[test]
fn sent_bytes_take_no_memory_if_some_are_always_unsent() {
    let mut server = server();
    let query = block(WINNER, 3, b"1");
    let ask = |server: &mut _, sent: usize| {
        give(server, at(0), &query);
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
