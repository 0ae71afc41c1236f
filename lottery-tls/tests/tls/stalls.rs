//! Peers that take nothing, and deadlines of what is inside TLS.

use lottery_proto::{CloseReason, Dialect, Endpoint, Input, ServerConfig, State};
use lottery_runtime::Dialer;
use lottery_testkit::{Pipe, at};
use lottery_tls::Tls;

use crate::support::certificates::{Ca, server_config};
use crate::support::machines::Storing;
use crate::support::pair::Joined;
use crate::support::raw;

#[test]
fn a_peer_that_takes_nothing_is_given_up_by_the_server_inside() {
    let ca = Ca::new("the CA");
    let config = server_config(&ca.server(), &ca.pem()).unwrap();
    let inside = ServerConfig::builder(5).build().unwrap();
    let mut server = Tls::new(Storing::with(inside), config, false);
    let mut client = raw::client(raw::config(&ca, Some(&ca.agency(3))));
    raw::exchange(&mut client, &mut server, at(0)).unwrap();
    std::io::Write::write_all(&mut client.writer(), b"are you there?\n").unwrap();
    lottery_testkit::give(&mut server, at(1_000), &raw::records(&mut client));
    let records = server.poll_io().unwrap().send.len();
    // The line, and 22 bytes of a record.
    assert_eq!(records, 15 + 22);
    // Each part that leaves is progress, and the last byte counts as sent when the whole record has left.
    for (time, sent) in [(2_000, 10), (12_000, 20), (31_000, 6)] {
        server.handle(at(time), Input::Sent(sent));
        assert!(!server.get_ref().server.state().eq(&State::Closed));
    }
    let io = server.poll_io().unwrap();
    assert_eq!((io.send.len(), io.deadline), (1, Some(at(51_000))));
    server.handle(at(50_999), Input::Timeout);
    assert_eq!(server.get_ref().closed, None);
    server.handle(at(51_000), Input::Timeout);
    assert_eq!(server.get_ref().closed, Some(CloseReason::Stalled));
    assert!(server.poll_io().is_none());
}

#[test]
fn a_peer_that_does_not_take_the_end_of_tls_is_given_up() {
    let ca = Ca::new("the CA");
    let config = server_config(&ca.server(), &ca.pem()).unwrap();
    let mut server = Tls::new(Storing::new(), config, false);
    let mut client = raw::client(raw::config(&ca, Some(&ca.agency(3))));
    raw::exchange(&mut client, &mut server, at(0)).unwrap();
    server.handle(at(1), Input::Eof);
    assert_eq!(server.poll_io().unwrap().send.len(), 24);
    assert_eq!(server.poll_io().unwrap().deadline, Some(at(20_001)));
    server.handle(at(20_001), Input::Timeout);
    assert!(server.poll_io().is_none());
    assert!(matches!(server.get_ref().closed, Some(CloseReason::Lost(_))), "{server:?}");
}

#[test]
fn a_shutdown_ends_both_sides_in_the_handshake_and_later() {
    for steps in 0..12 {
        let mut joined = Joined::new(Dialect::FRAMED, 3);
        (joined.up, joined.down) = (Pipe::new(700), Pipe::new(700));
        for _ in 0..steps {
            let Joined { server, client, up, down, now, rng } = &mut joined;
            lottery_testkit::drive(client, up, down, *now, rng);
            lottery_testkit::drive(server, down, up, *now, rng);
        }
        let now = joined.now;
        joined.server.handle(now, Input::Shutdown);
        joined.client.handle(now, Input::Shutdown);
        joined.run();
        assert!(joined.now <= at(2_000), "step {steps}: {:?}", joined.now);
        assert!(joined.server.get_ref().closed.is_some());
        assert!(joined.client.get_ref().is_stopped);
        assert_eq!(joined.client.next_step(now), lottery_runtime::Step::Done);
    }
}

#[test]
fn buffers_of_a_silent_connection_are_given_back_after_a_second() {
    let ca = Ca::new("the CA");
    let config = server_config(&ca.server(), &ca.pem()).unwrap();
    let mut server = Tls::new(Storing::new(), config, false);
    let mut client = raw::client(raw::config(&ca, Some(&ca.agency(3))));
    raw::exchange(&mut client, &mut server, at(0)).unwrap();
    assert!(server.poll_io().unwrap().recv.len() > 256);
    assert_eq!(server.poll_io().unwrap().deadline, Some(at(1_000)));
    server.handle(at(999), Input::Timeout);
    assert!(server.poll_io().unwrap().recv.len() > 256);
    server.handle(at(1_000), Input::Timeout);
    assert_eq!(server.poll_io().unwrap().recv.len(), 256);
    // The server inside is silent for its own time.
    assert_eq!(server.poll_io().unwrap().deadline, Some(at(60_000)));
}
