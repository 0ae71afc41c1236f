//! Deadlines, stepped to exactly: a nanosecond before one nothing happens, at it what
//! `docs/protocol.md#deadlines` says.

use std::time::Duration;

use lottery_proto::server::Event;
use lottery_proto::{
    CloseReason, Dialect, Input, Instant, Receipt, Server, ServerConfig, State, WinnersReply,
};
use lottery_testkit::{
    ANA, BATCH_ACK, BET, BLOCK, ClientEvent, Endpoint, FINISHED, ServerEvent, WINNER, accept_next, at, batch,
    bet, block, client, client_events, client_of, give, server, server_events, take,
};

fn deadline(end: &mut impl Endpoint) -> Option<Instant> {
    end.poll_io().and_then(|io| io.deadline)
}

/// Steps to a nanosecond before the deadline, then to the deadline.
fn expire(end: &mut impl Endpoint) -> Instant {
    let due = deadline(end).expect("there is a deadline");
    let before = Instant::from_epoch(due.since_epoch().saturating_sub(Duration::from_nanos(1)));
    end.handle(before, Input::Timeout);
    assert_eq!(deadline(end), Some(due), "nothing happens before the deadline");
    end.handle(due, Input::Timeout);
    assert!(deadline(end).is_none_or(|next| next > due), "a deadline that has come is over");
    due
}

/// Checks that the server has ended its side and, after the peer's end, closes for this reason.
fn ends(server: &mut Server, now: Instant, reason: CloseReason) {
    assert_eq!(server.state(), State::Draining);
    assert!(server.poll_io().unwrap().fin);
    server.handle(now, Input::FinSent);
    server.handle(now, Input::Eof);
    assert_eq!(server_events(server), [ServerEvent::Closed(reason)]);
}

#[test]
fn a_silent_peer_is_closed() {
    let mut server = server();
    assert_eq!(expire(&mut server), at(60_000));
    ends(&mut server, at(60_000), CloseReason::Idle);
}

#[test]
fn silence_is_counted_from_the_last_byte_and_from_the_last_answer() {
    let mut server = server();
    give(&mut server, at(5_000), &batch(1, &[ANA]));
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    // As long as the server owes a reply the agency owes nothing.
    server.handle(at(9_000_000), Input::Timeout);
    assert_eq!(deadline(&mut server), None);
    server.reply(at(9_000_000), ticket, Receipt::Stored { total: 1 }).unwrap();
    assert_eq!(deadline(&mut server), Some(at(9_060_000)));
    give(&mut server, at(9_001_000), &block(FINISHED, 1, b""));
    let Some(Event::Finished { ticket }) = server.poll_event() else { panic!() };
    server.reply(at(9_002_000), ticket, Receipt::Stored { total: 1 }).unwrap();
    let _ = take(&mut server, at(9_003_000));
    assert_eq!(expire(&mut server), at(9_003_250), "memory is given back");
    assert_eq!(expire(&mut server), at(9_063_000));
    ends(&mut server, at(9_063_000), CloseReason::Idle);
}

/// Fillers and rejected messages every second do not keep a connection: it ends as if the peer had been
/// silent.
#[test]
fn fillers_and_refused_messages_keep_no_connection() {
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
        // An agency that was told to ask again later may be silent for longer, but not for ever.
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
fn a_peer_is_heard_when_it_is_taken_and_when_it_has_read_the_answer() {
    let mut server = server();
    let heard = |server: &Server| server.last_heard();
    assert_eq!(heard(&server), at(0));
    give(&mut server, at(1_000), b"Q{AgencyID:1}");
    assert_eq!(heard(&server), at(0), "a part of a message");
    give(&mut server, at(2_000), b";");
    assert_eq!(heard(&server), at(2_000));
    assert!(accept_next(&mut server, at(3_000), None));
    assert_eq!(heard(&server), at(3_000));
    let _ = take(&mut server, at(4_000));
    assert_eq!(heard(&server), at(4_000), "it reads");
    for filler in [&b";"[..], b"x;"] {
        give(&mut server, at(5_000), filler);
        while server.poll_event().is_some() {}
        let _ = take(&mut server, at(6_000));
        assert_eq!(heard(&server), at(4_000), "{filler:?}");
    }
}

#[test]
fn a_message_has_to_be_complete_in_time_however_it_trickles() {
    let mut server = server();
    for second in 0..20 {
        give(&mut server, at(1_000 + second * 1_000), b"\x04");
        assert_eq!(deadline(&mut server), Some(at(21_000 + 10 * (second + 1))));
    }
    assert_eq!(expire(&mut server), at(21_200));
    ends(&mut server, at(21_200), CloseReason::Incomplete);
}

#[test]
fn a_peer_in_a_message_is_not_silent() {
    let idle_timeout = Duration::from_secs(5);
    let config = ServerConfig { idle_timeout, ..ServerConfig::default() };
    let mut server = Server::new(config, lottery_proto::ConnId(1), at(0));
    give(&mut server, at(4_000), b"\x04");
    assert_eq!(deadline(&mut server), Some(at(24_010)));
}

#[test]
fn each_message_has_its_own_time() {
    let mut server = server();
    let question = block(WINNER, 1, b"1");
    give(&mut server, at(0), &question[..1]);
    give(&mut server, at(19_000), &[&question[1..], &question[..1]].concat());
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    assert_eq!(expire(&mut server), at(39_010));
    // The first query still gets its reply, before the end.
    server.reply(at(39_011), ticket, WinnersReply::Pending).unwrap();
    assert_eq!(take(&mut server, at(39_012)), block(WINNER, 1, b"0"));
    ends(&mut server, at(39_013), CloseReason::Incomplete);
}

#[test]
fn a_message_that_is_not_read_takes_no_time() {
    let config = ServerConfig { max_in_flight: 1, ..ServerConfig::default() };
    let mut server = Server::new(config, lottery_proto::ConnId(1), at(0));
    let question = block(WINNER, 1, b"1");
    // The first buffer is too small for more than a block.
    for (read, now, answered) in [(0, 0, 0), (100, 100, 90_000)] {
        give(&mut server, at(now), &[&question[..], &question[..read]].concat());
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        assert!(server.poll_io().unwrap().recv.is_empty());
        if answered > now {
            server.handle(at(answered), Input::Timeout);
            assert_eq!(deadline(&mut server), None);
        }
        server.reply(at(answered), ticket, WinnersReply::Pending).unwrap();
        let _ = take(&mut server, at(answered));
    }
    server.handle(at(91_000), Input::Timeout);
    assert_eq!(expire(&mut server), at(111_000));
    ends(&mut server, at(111_000), CloseReason::Incomplete);
}

/// Returns a server that has something to send.
fn answering() -> Server {
    let mut server = server();
    give(&mut server, at(0), &block(FINISHED, 1, b""));
    let Some(Event::Finished { ticket }) = server.poll_event() else { panic!() };
    server.reply(at(1_000), ticket, Receipt::Stored { total: 0 }).unwrap();
    server.handle(at(1_250), Input::Timeout);
    server
}

#[test]
fn a_peer_that_takes_nothing_is_dropped() {
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
fn the_peers_end_is_not_waited_for_long() {
    let mut server = server();
    give(&mut server, at(0), &[9; BLOCK]);
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
fn a_shutdown_does_not_take_long() {
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

#[test]
fn bytes_that_are_read_late_beat_every_deadline_but_the_end_of_time_for_reading() {
    // The program stood still for an hour: bytes that arrived meanwhile are read before time is told.
    let late = at(3_600_000);
    let question = block(WINNER, 1, b"1");
    for begun in [0, 1, 4000] {
        let mut server = server();
        give(&mut server, at(1_000), &question[..begun]);
        let rest = &question[begun..];
        for piece in rest.chunks(700) {
            give(&mut server, late, piece);
            assert_eq!(deadline(&mut server).filter(|due| *due <= late), None, "a deadline lies ahead");
        }
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!("from {begun}") };
        server.handle(late, Input::Timeout);
        server.reply(late, ticket, WinnersReply::Pending).unwrap();
        assert_eq!(take(&mut server, late), question_pending());
        assert_eq!(server.state(), State::Open);

        // An incomplete message is over at the next timeout.
        let mut server = lottery_testkit::server();
        give(&mut server, at(1_000), &question[..=begun]);
        give(&mut server, late, &question[begun + 1..begun + 2]);
        assert_eq!(server.state(), State::Open);
        server.handle(late, Input::Timeout);
        ends(&mut server, late, CloseReason::Incomplete);
    }

    // The same holds for bytes that a peer takes late, and for a late reply.
    let mut server = answering();
    let sent = server.poll_io().unwrap().send.len();
    server.handle(late, Input::Sent(sent - 1));
    server.handle(late, Input::Timeout);
    assert_eq!(server.state(), State::Open);
    let mut client = client(1);
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    give(&mut client, late, &block(BATCH_ACK, 1, b"1"));
    client.handle(late, Input::Timeout);
    assert_eq!(client.state(), State::Open);
}

fn question_pending() -> Vec<u8> {
    block(WINNER, 1, b"0")
}

/// The request is on a line that takes a kilobyte a minute.
#[test]
fn an_answer_is_due_from_when_the_question_has_arrived() {
    let mut client = client(1);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    let mut now = at(0);
    for left in (1..=8).rev() {
        let due = deadline(&mut client).expect("an answer is due");
        assert_eq!(due, now.after(Duration::from_secs(60)));
        assert!(client.poll_io().unwrap().unacked, "it asks how far its question is");
        now = due;
        client.handle(now, Input::Unacked(left * 1000));
        client.handle(now, Input::Timeout);
        assert_eq!(client.state(), State::Open, "{left} kilobytes are on their way");
    }
    // All has arrived, perhaps just now: the server has a minute from here.
    now = now.after(Duration::from_secs(60));
    client.handle(now, Input::Unacked(0));
    client.handle(now, Input::Timeout);
    let due = now.after(Duration::from_secs(60));
    assert_eq!(deadline(&mut client), Some(due));
    client.handle(due, Input::Unacked(0));
    client.handle(due, Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
}

/// Nothing more of the request arrives.
#[test]
fn a_line_on_which_nothing_moves_is_given_up() {
    let mut client = client(1);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    client.handle(at(60_000), Input::Unacked(5));
    assert_eq!(deadline(&mut client), Some(at(120_000)));
    client.handle(at(120_000), Input::Unacked(5));
    client.handle(at(120_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);

    // All has arrived long ago.
    let mut client = lottery_testkit::client(1);
    client.send_finished(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    client.handle(at(60_000), Input::Unacked(0));
    client.handle(at(60_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);

    // The same holds while the machine itself has something left to send.
    let mut client = lottery_testkit::client(1);
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    client.handle(at(0), Input::Sent(1));
    client.handle(at(60_000), Input::Unacked(9));
    client.handle(at(60_000), Input::Timeout);
    assert_eq!(deadline(&mut client), Some(at(120_000)));
    client.handle(at(120_000), Input::Unacked(9));
    client.handle(at(120_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::Stalled)]);
}

#[test]
fn an_answer_is_not_waited_for_for_ever() {
    let mut client = client(1);
    assert_eq!(deadline(&mut client), None, "an agency that asks nothing may take its time");
    client.send_batch(at(0), &[bet(ANA)]).unwrap();
    let _ = take(&mut client, at(0));
    assert_eq!(deadline(&mut client), None, "a batch is not answered");
    client.send_finished(at(1_000)).unwrap();
    client.ask_winners(at(1_000)).unwrap();
    let _ = take(&mut client, at(2_000));
    give(&mut client, at(3_000), &block(BATCH_ACK, 1, b"1"));
    assert_eq!(client_events(&mut client), [ClientEvent::Finished(true)]);
    assert_eq!(expire(&mut client), at(63_000));
    assert!(client.poll_io().is_none());
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
}

/// A filler is no reply, and does not extend the deadline for one.
#[test]
fn a_filler_is_no_answer() {
    let mut client = client_of(Dialect::Braces, 1);
    client.ask_winners(at(0)).unwrap();
    let _ = take(&mut client, at(0));
    for second in 1..60 {
        give(&mut client, at(second * 1_000), b";");
        assert_eq!(deadline(&mut client), Some(at(60_000)));
    }
    client.handle(at(60_000), Input::Timeout);
    assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
}

/// Connections that wait, for the agency or for the application, keep little memory.
#[test]
fn memory_is_given_back_while_a_connection_waits() {
    let burst = [batch(1, &[ANA]).repeat(20), block(BET, 1, ANA.as_bytes()).repeat(5)].concat();
    let mut server = server();
    println!("new: {} bytes", server.memory());
    give(&mut server, at(0), &burst);
    let grown = server.memory();
    assert!(grown > 100_000, "{grown}");
    loop {
        match server.poll_event() {
            Some(Event::Batch { ticket, .. }) => {
                server.reply(at(0), ticket, Receipt::Stored { total: 1 }).unwrap();
            }
            Some(Event::Bet { ticket, .. }) => {
                server.reply(at(0), ticket, Receipt::Stored { total: 1 }).unwrap();
            }
            _ => break,
        }
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
    assert_eq!(deadline(&mut server), None);
    server.reply(at(90_000), ticket, WinnersReply::Pending).unwrap();
    let _ = take(&mut server, at(90_000));
    assert_eq!(expire(&mut server), at(90_250));
    assert!(server.memory() < 2048);
}

/// The same holds where not even one more request would be read.
#[test]
fn memory_is_given_back_where_nothing_more_is_read() {
    let config = ServerConfig { max_in_flight: 1, ..ServerConfig::default() };
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

/// An agency that is told to ask again later pauses 1, 2, 4, … s, and is not closed as idle.
#[test]
fn a_peer_that_asks_again_later_and_later_is_not_closed() {
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
