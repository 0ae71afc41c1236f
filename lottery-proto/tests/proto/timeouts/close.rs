//! Peers that take nothing, and the end of a connection.

use lottery_proto::server::Event;
use lottery_proto::{CloseReason, Input, State};
use lottery_testkit::{
    ANA, BLOCK, ClientEvent, FINISHED, ServerEvent, at, bet, block, client, client_events, give, server,
    server_events,
};

use super::{answering, deadline, expire};

#[test]
fn a_peer_that_reads_nothing_is_dropped() {
    let mut server = answering();
    assert_eq!(deadline(&mut server), Some(at(21_000)));
    server.handle(at(20_000), Input::Sent(1));
    assert_eq!(expire(&mut server), at(40_000));
    assert!(server.poll_io().is_none());
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Stalled)]);

    // Writing zero bytes is no progress.
    let mut server = answering();
    server.handle(at(20_000), Input::Sent(0));
    assert_eq!(deadline(&mut server), Some(at(21_000)));

    let mut client = client(1);
    client.send_batch(at(500), &[bet(ANA)]).unwrap();
    client.handle(at(20_000), Input::Sent(1));
    assert_eq!(expire(&mut client), at(80_000));
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Stalled)]);
}

#[test]
fn the_peers_end_is_awaited_for_the_linger_timeout() {
    let mut server = server();
    give(&mut server, at(0), &[9; BLOCK]);
    assert_eq!(server_events(&mut server), []);
    server.handle(at(499), Input::Timeout);
    assert_eq!(deadline(&mut server), Some(at(1_000)));
    server.handle(at(500), Input::FinSent);
    // Bytes that arrive meanwhile do not extend the deadline.
    give(&mut server, at(1_100), &[b'x'; BLOCK]);
    server.handle(at(1_499), Input::Timeout);
    assert_eq!(expire(&mut server), at(1_500));
    assert!(matches!(server_events(&mut server)[..], [ServerEvent::Closed(CloseReason::Peer(_))]));

    let mut client = client(1);
    client.close(at(0));
    assert_eq!(deadline(&mut client), None, "its end has not been sent");
    client.handle(at(500), Input::FinSent);
    assert_eq!(expire(&mut client), at(1_500));
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Done)]);
}

#[test]
fn a_shutdown_takes_one_second_at_most() {
    // A reply that is owed does not extend it.
    let mut server = server();
    give(&mut server, at(0), &block(FINISHED, 1, b""));
    let Some(Event::Finished { .. }) = server.poll_event() else { panic!() };
    assert_eq!(expire(&mut server), at(250), "memory is given back");
    server.handle(at(5_000), Input::Shutdown);
    server.handle(at(5_900), Input::Shutdown);
    assert_eq!(server.state(), State::Draining);
    assert_eq!(expire(&mut server), at(6_000));
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Shutdown)]);

    // Unsent bytes that the peer does not take do not extend it either.
    let mut server = answering();
    server.handle(at(5_000), Input::Shutdown);
    assert_eq!(expire(&mut server), at(6_000));
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Shutdown)]);

    let mut client = client(1);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    client.handle(at(5_000), Input::Shutdown);
    assert_eq!(expire(&mut client), at(6_000));
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Shutdown)]);
}
