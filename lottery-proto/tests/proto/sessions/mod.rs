//! Sessions: messages byte for byte, and their order (`docs/protocol.md#sessions`).

mod client;
mod hello;
mod server;
mod superseded;

use lottery_proto::server::Event;
use lottery_proto::{Client, Code, Dialect, Failure, HelloReply, Receipt, SendError, Server, Ticket, Window};
use lottery_testkit::{ANA, at, bet, client_of, give, hello, server, session_packets, take, welcome};

/// Returns a server in a session of agency 3, which has two bets stored.
pub(crate) fn in_session() -> Server {
    let mut server = server();
    give(&mut server, at(0), &hello(3));
    let Some(Event::Hello { ticket, agency, .. }) = server.poll_event() else { panic!() };
    assert_eq!(agency.get(), 3);
    let reply = HelloReply::Welcome { stored: 2, finished: false, digest: 0xAB };
    server.reply(at(0), ticket, reply).unwrap();
    assert_eq!(take(&mut server, at(0)), welcome(3, 2, false, 1024, 0xAB));
    server
}

/// Returns packets as text, without padding.
pub(crate) fn contents(packets: &[u8]) -> Vec<String> {
    let text = |packet: &[u8]| String::from_utf8_lossy(packet).trim_end_matches('\0').to_owned();
    session_packets(packets).into_iter().map(text).collect()
}

pub(crate) fn next_batch(server: &mut Server) -> Ticket<Receipt<'static>> {
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    ticket
}

pub(crate) fn reject(server: &mut Server, ticket: Ticket<Receipt<'static>>, code: Code, text: &str) {
    server.reply(at(0), ticket, Receipt::Rejected(Failure { code, text })).unwrap();
}

/// Returns a client in a session with a window of 2.
pub(crate) fn greeted(agency: u32) -> Client {
    let mut client = client_of(Dialect::SESSION, agency);
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy), "Hello comes first");
    assert_eq!(take(&mut client, at(0)), hello(agency));
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy), "Welcome comes second");
    give(&mut client, at(0), &welcome(agency, 7, true, 2, 0x0BAD_CAFE));
    let Some(lottery_proto::client::Event::Welcome {
        stored: 7,
        finished: true,
        window: Window { batches: 2, bytes: 4_194_304 },
        digest: 0x0BAD_CAFE,
        ..
    }) = client.poll_event()
    else {
        panic!()
    };
    client
}
