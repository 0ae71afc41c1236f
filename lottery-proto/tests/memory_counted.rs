//! Memory that both machines report is the memory that the allocator counts.
//!
//! The allocator counts for the whole process, so there is one test here.

use std::sync::Arc;

use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Client, ClientConfig, ConnId, Dialect, Input, Receipt, Server, ServerConfig, WinnersReply,
};
use lottery_testkit::{ANA, BET, BET_ACK, FINISHED, JOSE, WINNER, at, batch, bet, block, give};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

#[test]
fn both_machines_count_their_memory_to_the_byte() {
    a_client_counts_its_memory();
    a_server_counts_its_memory();
}

fn a_client_counts_its_memory() {
    let bets = [bet(ANA), bet(JOSE)];
    let config = ClientConfig::new(AgencyId::new(1).unwrap(), Dialect::BLOCK).unwrap();
    let answers = [block(BET_ACK, 1, b"20000001|7574|1"), block(BET_ACK, 1, b"20000003|8|1")];
    let before = ALLOCATOR.current_usage();
    let mut client = Client::new(config, at(0));
    let mut counted = 0;
    let mut is_counted = |client: &Client| {
        let taken = ALLOCATOR.current_usage() - before;
        assert_eq!(client.memory(), size_of::<Client>() + taken);
        counted += 1;
    };
    is_counted(&client);
    for bet in &bets {
        client.send_bet(at(0), bet).unwrap();
        is_counted(&client);
    }
    let unsent = client.unsent();
    client.handle(at(0), Input::Sent(unsent));
    is_counted(&client);
    for answer in &answers {
        give(&mut client, at(0), answer);
        is_counted(&client);
    }
    while client.poll_event().is_some() {}
    is_counted(&client);
    assert_eq!(counted, 7);
}

fn a_server_counts_its_memory() {
    let config = Arc::new(ServerConfig::builder(5).build().unwrap());
    let stream = [
        block(WINNER, 1, b"1"),
        block(BET, 1, ANA.as_bytes()),
        block(BET, 1, JOSE.as_bytes()),
        batch(1, &[ANA]),
        block(FINISHED, 1, b""),
    ]
    .concat();
    let mut tickets = Vec::with_capacity(8);
    let before = ALLOCATOR.current_usage();
    let mut server = Server::new(config, ConnId(1), at(0));
    let mut counted = 0;
    let mut is_counted = |server: &Server| {
        let taken = ALLOCATOR.current_usage() - before;
        assert_eq!(server.memory(), size_of::<Server>() + taken);
        counted += 1;
    };
    is_counted(&server);
    give(&mut server, at(0), &stream);
    is_counted(&server);
    let Some(Event::WinnersQuery { ticket: winners, .. }) = server.poll_event() else { panic!() };
    while let Some(Event::Bet { ticket, .. }) = server.poll_event() {
        tickets.push(ticket);
    }
    is_counted(&server);
    for ticket in tickets.drain(..) {
        server.reply(at(0), ticket, Receipt::Stored { total: 1 }).unwrap();
        is_counted(&server);
    }
    server.reply(at(0), winners, WinnersReply::Pending).unwrap();
    is_counted(&server);
    let unsent = server.poll_io().unwrap().send.len();
    assert!(unsent >= 3 * 8192, "{unsent}");
    server.handle(at(0), Input::Sent(unsent));
    server.handle(at(10_000), Input::Timeout);
    is_counted(&server);
    assert_eq!(counted, 7);
}
