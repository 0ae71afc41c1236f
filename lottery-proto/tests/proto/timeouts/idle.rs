//! Silent peers, and peers whose messages do not count.

use lottery_proto::server::Event;
use lottery_proto::{CloseReason, Input, Receipt, Server, State, WinnersReply};
use lottery_testkit::{
    ANA, FINISHED, ServerEvent, WINNER, accept_next, at, batch, block, give, server, server_events, take,
};

use super::{deadline, ends, expire};

#[test]
fn a_silent_peer_is_closed() {
    let mut server = server();
    assert_eq!(expire(&mut server), at(60_000));
    ends(&mut server, at(60_000), CloseReason::Idle);
}

#[test]
fn silence_counts_from_the_last_byte_and_the_last_reply() {
    let mut server = server();
    give(&mut server, at(5_000), &batch(1, &[ANA]));
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    // As long as the server owes a reply the client owes nothing.
    server.handle(at(300_000), Input::Timeout);
    assert_eq!(deadline(&mut server), Some(at(305_000)), "that for the reply");
    server.reply(at(300_000), ticket, Receipt::Stored { total: 1 }).unwrap();
    assert_eq!(deadline(&mut server), Some(at(360_000)));
    give(&mut server, at(301_000), &block(FINISHED, 1, b""));
    let Some(Event::Finished { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(302_000), ticket, Receipt::Stored { total: 1 }).unwrap();
    let _ = take(&mut server, at(303_000));
    assert_eq!(expire(&mut server), at(303_250), "memory is given back");
    assert_eq!(expire(&mut server), at(363_000));
    ends(&mut server, at(363_000), CloseReason::Idle);
}

/// Fillers and rejected messages every second do not keep a connection: it ends as if the peer had been
/// silent.
#[test]
fn fillers_and_rejected_messages_do_not_keep_a_connection_open() {
    let hello = b"Q{AgencyID:1};";
    for (first, again) in [
        (&hello[..], &b";"[..]),
        (hello, b";;;;;;;;"),
        (hello, b"x;"),
        (hello, b"Q{AgencyID:2};"),
        (hello, b"B{};"),
        // Peers without any accepted message.
        (b"Q{AgencyID:;", b"B{;"),
        (b"00000000", b"00000000"),
        (b"00000001\n", b"00000001\n"),
        (b"00000004\n\n\n\n", b"00000004\n\n\n\n"),
    ] {
        let mut server = server();
        let mut now = 0;
        give(&mut server, at(now), first);
        let counts = accept_next(&mut server, at(now), None);
        let _ = take(&mut server, at(now));
        // A client that was told to ask again later may be silent for longer, but not for ever.
        let most = if counts { 61 } else { 60 };
        while server.state() == State::Open {
            now += 1_000;
            assert!(now <= most * 1_000, "kept by {again:?}");
            give(&mut server, at(now), again);
            while server.poll_event().is_some() {}
            let _ = take(&mut server, at(now));
            // Nothing more is left to read.
            server.handle(at(now), Input::Timeout);
            let _ = take(&mut server, at(now));
        }
        assert!(now > 59_000, "{again:?}: closed after {now} ms");
        server.handle(at(now), Input::FinSent);
        server.handle(at(now), Input::Eof);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Idle)], "{again:?}");
    }
}

/// The time at which a peer was last heard helps to choose which connection to close.
#[test]
fn last_heard_is_updated_by_accepted_messages_and_read_replies() {
    let mut server = server();
    let last_heard = |server: &Server| server.last_heard();
    assert_eq!(last_heard(&server), at(0));
    give(&mut server, at(1_000), b"Q{AgencyID:1}");
    assert_eq!(last_heard(&server), at(0), "a part of a message");
    give(&mut server, at(2_000), b";");
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    assert_eq!(last_heard(&server), at(2_000));
    server.reply(at(3_000), ticket, WinnersReply::Pending).unwrap();
    assert_eq!(last_heard(&server), at(3_000));
    let _ = take(&mut server, at(4_000));
    assert_eq!(last_heard(&server), at(4_000), "it reads");
    for filler in [&b";"[..], b"x;"] {
        give(&mut server, at(5_000), filler);
        while server.poll_event().is_some() {}
        let _ = take(&mut server, at(6_000));
        assert_eq!(last_heard(&server), at(4_000), "{filler:?}");
    }
}

/// A client that is told to ask again later pauses 1, 2, 4, … s, and is not closed as idle.
#[test]
fn a_peer_that_polls_at_growing_intervals_is_not_closed() {
    for server_takes in [0, 3_000] {
        let (mut server, mut now) = (server(), 0);
        for pause in (0..=12).map(|power| 1_000 << power) {
            give(&mut server, at(now), &block(WINNER, 1, b"1"));
            let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
            now += server_takes;
            server.reply(at(now), ticket, WinnersReply::Pending).unwrap();
            let _ = take(&mut server, at(now));
            now += pause;
            while let Some(due) = deadline(&mut server)
                && due <= at(now)
            {
                server.handle(due, Input::Timeout);
            }
            assert_eq!(server.state(), State::Open, "after a pause of {pause} ms");
        }
        // A pause of more than a minute plus twice the time since it was first told to wait closes it.
        let asked = now - 4_096_000;
        let last = at(asked + 60_000 + 2 * (asked - server_takes));
        assert_eq!(expire(&mut server), last);
        ends(&mut server, last, CloseReason::Idle);
    }
}
