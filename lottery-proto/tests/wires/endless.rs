//! Messages that never end, or announce more than any message has: the end of their connection, and their
//! memory until then.

use lottery_proto::{CloseReason, Input, Server, ServerConfig, State, Violation};
use lottery_testkit::{ServerEvent, accept_next, at, framed, give, server, server_events, server_with, take};

use crate::golden::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH};
use crate::{End, outcome};

const MIB: usize = 1024 * 1024;

/// Feeds `sent` to the server over and over, as far as it reads, and returns the number of bytes until it
/// stops reading.
fn flood(server: &mut Server, sent: &[u8]) -> usize {
    let mut received = 0;
    while server.state() == State::Open {
        let io = server.poll_io().unwrap();
        assert!(!io.recv.is_empty(), "it waits for nothing, after {received} bytes");
        assert!(io.deadline.is_some());
        let rest = &sent[received % sent.len()..];
        let n = rest.len().min(io.recv.len());
        io.recv[..n].copy_from_slice(&rest[..n]);
        received += n;
        server.handle(at(1), Input::Received(n));
        assert!(server.memory() <= MIB + 4096);
    }
    received
}

#[test]
fn a_message_without_an_end_is_refused_at_the_limit() {
    let braces = "a message of 1048577 bytes, at most 1048576 are taken (at byte 0)";
    for (begin, more, text, answer, most) in [
        ("B{PlayerName:", "x", braces, format!("ERROR:{braces};"), MIB),
        // Few enough characters, but each of them has more than one byte.
        ("A0000112000", "ñ", braces, format!("E00065{braces}"), MIB),
        ("x", "x", "a message of 8193 bytes, at most 8192 are taken (at byte 0)", String::new(), 8193),
    ] {
        for size in [1, 511, 8192] {
            let mut server = server();
            give(&mut server, at(1), begin.as_bytes());
            let received = begin.len() + flood(&mut server, more.repeat(size).as_bytes());
            assert!((most..most + size * 2).contains(&received), "{begin} {size}: {received}");
            let (said, answered, end) = outcome(&mut server);
            assert_eq!((&said[..], answered, end), (text, answer.clone().into_bytes(), End::Closed));
        }
    }
}

#[test]
fn a_message_may_be_as_long_as_the_limit() {
    for max_message in [0, 8192, 20_000] {
        let limit = max_message.max(8192);
        let config = || ServerConfig { max_message, max_buffer: 0, ..ServerConfig::default() };
        for over in [0, 1] {
            let lines = "Ana;Paz;1;1980-01-01;1\n".to_string();
            let body = format!("1;1\n{lines}{}", "\n".repeat(limit - 8 - 4 - lines.len() + over));
            let name = "x".repeat(limit - BRACES_BATCH.find('}').unwrap() - 2 + 3 + over);
            let braces = format!("{};", &BRACES_BATCH.replacen("Ana", &name, 1).split_once("},").unwrap().0);
            let braces = braces.replace(';', "};");
            for sent in [framed(body), braces.into_bytes()] {
                assert_eq!(sent.len(), limit + over);
                let mut server = server_with(config());
                for part in sent.chunks(1000) {
                    if server.state() == State::Open {
                        give(&mut server, at(1), part);
                    }
                }
                let text = if server.state() == State::Open { "" } else { &outcome(&mut server).0 };
                let too_long =
                    format!("a message of {} bytes, at most {limit} are taken (at byte 0)", limit + 1);
                assert_eq!(text, if over == 1 { &too_long } else { "" });
            }
        }
    }
}

/// Memory grows with the bytes that have come, not with the length that a message announces.
#[test]
fn nothing_is_sized_by_what_a_message_says() {
    for (sent, refused) in [
        ("09999999", true),
        ("01048568", false),
        ("A0000199999", true),
        ("A0000112787", false),
        ("000000231;999999999\nAna;Paz;", false),
    ] {
        let mut server = server();
        let before = server.memory();
        give(&mut server, at(1), sent.as_bytes());
        assert_eq!(server.state() == State::Open, !refused, "{sent}");
        assert!(server.memory() < before + 1024, "{sent}: {}", server.memory());
    }
}

#[test]
fn a_message_that_stops_is_given_up() {
    for (sent, failure) in [
        (&FIXED_BATCH.as_bytes()[..90], "E00035a message was not completed in time"),
        (b"A0000100003", "E00035a message was not completed in time"),
        (&FRAMED_BATCH.as_bytes()[..60], "00000041error;a message was not completed in time"),
        (&FRAMED_BATCH.as_bytes()[..8], "00000041error;a message was not completed in time"),
        (&BRACES_BATCH.as_bytes()[..60], "ERROR:a message was not completed in time;"),
        (b"000", ""),
        (b"A000010000", ""),
        (b"B", ""),
        (b"B{PlayerName", ""),
    ] {
        let mut server = server();
        give(&mut server, at(1_000), sent);
        let due = 21_000 + 10 * sent.len() as u64;
        assert_eq!(server.poll_io().unwrap().deadline, Some(at(due)));
        server.handle(at(due - 1), Input::Timeout);
        assert_eq!(server.state(), State::Open);
        server.handle(at(due), Input::Timeout);
        assert_eq!(String::from_utf8(take(&mut server, at(due))).unwrap(), failure);
        server.handle(at(due), Input::FinSent);
        server.handle(at(due), Input::Eof);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Incomplete)]);
    }
}

#[test]
fn a_message_that_is_cut_off_is_so_wherever() {
    for whole in [FIXED_BATCH, FRAMED_BATCH, BRACES_BATCH] {
        for cut in 1..whole.len() {
            let mut server = server();
            give(&mut server, at(1), &whole.as_bytes()[..cut]);
            let known = server.dialect().is_some();
            server.handle(at(1), Input::Eof);
            if !known {
                // Bytes that may be a line until their end are one.
                assert_eq!(
                    server_events(&mut server),
                    [ServerEvent::Echo(whole.as_bytes()[..cut].trim_ascii_end().to_vec())]
                );
                assert!(cut < "B{PlayerName:".len());
                continue;
            }
            assert!(take(&mut server, at(1)).is_empty());
            server.handle(at(1), Input::FinSent);
            let reason = CloseReason::Peer(Violation::Truncated { received: cut });
            assert_eq!(server_events(&mut server), [ServerEvent::Closed(reason)]);
        }
    }
}

/// Fillers are not kept, and only a bounded number of rejected messages waits to be seen.
#[test]
fn tiny_messages_cost_no_more_than_their_bytes() {
    for (first, tiny) in
        [("Q{AgencyID:1};", ";"), ("Q{AgencyID:", ";"), ("Q{AgencyID:", "x;"), ("00000000", "00000000")]
    {
        let mut server = server();
        give(&mut server, at(1), first.as_bytes());
        let sent = tiny.repeat(50_000);
        let mut rest = sent.as_bytes();
        let mut most = 0;
        while !rest.is_empty() {
            let recv = server.poll_io().unwrap().recv;
            let n = recv.len().min(rest.len());
            recv[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            if n > 0 {
                server.handle(at(1), Input::Received(n));
            }
            most = most.max(server.memory());
            if n == 0 {
                // The application is behind: it takes events last.
                let _ = take(&mut server, at(1));
                while server.poll_event().is_some() {}
            }
        }
        assert!(most <= 256 * 1024 + 64 * 1024 * 2 + 16 * 1024, "{first} {tiny}: {most}");
    }
}

/// A peer that was held up by its own mistakes is served when the application has taken them, without another
/// byte.
#[test]
fn what_waited_behind_refused_messages_is_handed_out() {
    let config = ServerConfig { max_in_flight: 2, ..ServerConfig::default() };
    let mut server = server_with(config);
    give(&mut server, at(1), format!("Q{{AgencyID:}};{}Q{{AgencyID:1}};", "x;".repeat(9)).as_bytes());
    assert!(server.poll_io().unwrap().recv.is_empty());
    for _ in 0..10 {
        assert!(matches!(server.poll_event(), Some(lottery_proto::server::Event::Refused { .. })));
    }
    assert!(accept_next(&mut server, at(1), None));
    let sent = String::from_utf8(take(&mut server, at(1))).unwrap();
    assert!(sent.ends_with("ERROR:expected B, N or Q (at byte 0);W;"), "{sent}");
    assert!(!accept_next(&mut server, at(1), None));
    // The peer's silence counts again.
    assert!(server.poll_io().unwrap().deadline.is_some());
}
