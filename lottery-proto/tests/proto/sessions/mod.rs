//! Sessions: messages byte for byte, and their order (`docs/protocol.md#sessions`).

mod client;
mod hello;
mod server;
mod superseded;

use lottery_proto::server::Event;
use lottery_proto::{Client, Code, Dialect, Failure, HelloReply, Receipt, SendError, Server, Ticket};
use lottery_testkit::{ANA, BLOCK, HELLO, WELCOME, at, bet, block, client_of, give, server, take};

/// Returns a server in a session of agency 3, which has two bets stored.
pub(crate) fn in_session() -> Server {
    let mut server = server();
    give(&mut server, at(0), &block(HELLO, 3, b"2"));
    let Some(Event::Hello { ticket, agency, .. }) = server.poll_event() else { panic!() };
    assert_eq!(agency.get(), 3);
    let welcome = HelloReply::Welcome { stored: 2, finished: false, digest: 0xAB };
    server.reply(at(0), ticket, welcome).unwrap();
    assert_eq!(take(&mut server, at(0)), block(WELCOME, 3, b"2|2|0|16|000000ab"));
    server
}

/// Returns the contents of blocks, without their padding.
pub(crate) fn contents(blocks: &[u8]) -> Vec<String> {
    let text = |block: &[u8]| String::from_utf8_lossy(block).trim_end_matches('\0').to_owned();
    blocks.chunks(BLOCK).map(text).collect()
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
    let agency = u8::try_from(agency).unwrap();
    assert_eq!(take(&mut client, at(0)), block(HELLO, agency, b"2"));
    assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Err(SendError::Busy), "Welcome comes second");
    give(&mut client, at(0), &block(WELCOME, agency, b"2|7|1|2|0badcafe"));
    let Some(lottery_proto::client::Event::Welcome {
        stored: 7,
        finished: true,
        window: 2,
        digest: 0x0BAD_CAFE,
        ..
    }) = client.poll_event()
    else {
        panic!()
    };
    client
}
