//! A session that waits for the draw is told at once that a newer one superseded it, before any winners.

use lottery_proto::client::Event as ClientEvent;
use lottery_proto::server::Event;
use lottery_proto::{Code, Dialect, HelloReply, Input};
use lottery_testkit::{at, carry, client_of, server};

#[test]
fn a_waiting_session_is_told_at_once_that_it_is_superseded() {
    let (mut client, mut server) = (client_of(Dialect::SESSION, 1), server());
    carry(&mut client, &mut server, at(0));
    let Some(Event::Hello { ticket, .. }) = server.poll_event() else { panic!("no Hello") };
    server.reply(at(0), ticket, HelloReply::Welcome { stored: 0, finished: true, digest: 0 }).unwrap();
    carry(&mut server, &mut client, at(0));
    assert!(matches!(client.poll_event(), Some(ClientEvent::Welcome { .. })));
    client.ask_winners(at(0)).unwrap();
    carry(&mut client, &mut server, at(0));
    assert!(matches!(server.poll_event(), Some(Event::WinnersQuery { wait: true, .. })));

    server.supersede(at(0));
    // A slow connection takes its time to read that.
    server.handle(at(5_000), Input::Timeout);
    carry(&mut server, &mut client, at(0));
    let event = client.poll_event();
    let Some(ClientEvent::Failed(failed)) = event else { panic!("{event:?}") };
    assert_eq!(failed.code, Some(Code::Superseded));
}
