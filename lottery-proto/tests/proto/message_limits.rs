//! Messages that never end, or announce more than any message has: the end of their connection, and their
//! memory until then.

use lottery_proto::server::Event;
use lottery_proto::{Input, Server, ServerConfig, State};
use lottery_testkit::{ANA, at, framed, give, server, server_with, take};

use crate::support::{BRACES_BATCH, End, outcome};

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
fn an_endless_message_is_rejected_at_the_limit() {
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
            let (error, reply, end) = outcome(&mut server);
            assert_eq!((&error[..], reply, end), (text, answer.clone().into_bytes(), End::Closed));
        }
    }
}

#[test]
fn a_message_may_be_as_long_as_the_limit() {
    for limit in [8192, 20_000] {
        let config = || ServerConfig::builder(5).max_message(limit).max_buffer(8192).build().unwrap();
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

#[test]
fn a_message_at_the_limit_is_accepted_and_a_longer_one_rejected() {
    let bet = format!("{:<30}{:<30}200000011980-01-017574", "Ana", "Paz");
    let line = ANA.replace('|', ";") + "\n";
    let fixed = format!("A0000100100{}", bet.repeat(100));
    let framed = framed(format!("1;300\n{}", line.repeat(300)));
    for message in [fixed.into_bytes(), framed] {
        for (less, open) in [(0, true), (1, false)] {
            let config = ServerConfig::builder(5).max_message(message.len() - less).build().unwrap();
            let mut server = server_with(config);
            give(&mut server, at(0), &message[..message.len() - less]);
            assert_eq!(server.state() == State::Open, open, "{less}");
            let taken = matches!(server.poll_event(), Some(Event::Batch { .. }));
            assert_eq!(taken, open);
        }
    }
}

/// Memory grows with the bytes that have come, not with the length that a message announces.
#[test]
fn an_announced_length_sizes_nothing() {
    for (sent, rejected) in [
        ("09999999", true),
        ("01048568", false),
        ("A0000199999", true),
        ("A0000112787", false),
        ("000000231;999999999\nAna;Paz;", false),
    ] {
        let mut server = server();
        let before = server.memory();
        give(&mut server, at(1), sent.as_bytes());
        assert_eq!(server.state() == State::Open, !rejected, "{sent}");
        assert!(server.memory() < before + 1024, "{sent}: {}", server.memory());
    }
}

/// Fillers are not kept, and only a bounded number of rejected messages waits to be seen.
#[test]
fn tiny_messages_take_no_more_memory_than_their_bytes() {
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
