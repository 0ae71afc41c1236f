//! A session that waits for the draw is told at once that a newer one superseded it, before any winners.

use lottery_proto::client::Event as ClientEvent;
use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Client, ClientConfig, Code, ConnId, Dialect, HelloReply, Input, Instant, Server, ServerConfig,
};

const NOW: Instant = Instant::from_epoch(std::time::Duration::ZERO);

/// Carries over all that one side wants to send.
macro_rules! carry {
    ($from:expr, $to:expr) => {
        while let Some(io) = $from.poll_io() {
            let bytes = io.send.to_vec();
            let Some(to) = $to.poll_io() else { break };
            let n = bytes.len().min(to.recv.len());
            if n == 0 {
                break;
            }
            to.recv[..n].copy_from_slice(&bytes[..n]);
            $from.handle(NOW, Input::Sent(n));
            $to.handle(NOW, Input::Received(n));
        }
    };
}

#[test]
fn a_waiting_session_is_told_at_once_that_it_is_superseded() {
    let agency = AgencyId::new(1).unwrap();
    let mut client = Client::new(ClientConfig::new(agency, Dialect::Session), NOW);
    let mut server = Server::new(ServerConfig::default(), ConnId(1), NOW);
    client.hello(NOW).unwrap();
    carry!(client, server);
    let Some(Event::Hello { ticket }) = server.poll_event() else { panic!("no Hello") };
    server.reply(NOW, ticket, HelloReply::Welcome { stored: 0, finished: true, digest: 0 }).unwrap();
    carry!(server, client);
    assert!(matches!(client.poll_event(), Some(ClientEvent::Welcome { .. })));
    client.ask_winners(NOW).unwrap();
    carry!(client, server);
    assert!(matches!(server.poll_event(), Some(Event::WinnersQuery { wait: true, .. })));

    server.supersede(NOW);
    // A slow connection takes its time to read that.
    let later = NOW.after(std::time::Duration::from_secs(5));
    server.handle(later, Input::Timeout);
    carry!(server, client);
    let event = client.poll_event();
    assert!(matches!(event, Some(ClientEvent::Failed { code: Some(Code::Superseded), .. })), "{event:?}");
}
