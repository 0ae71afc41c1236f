//! `echo`: lines, and lines that are too long (`docs/protocol.md#echo`).

use lottery_proto::{CloseReason, Dialect, Foreign, Input, SendError, ServerConfig, State};
use lottery_testkit::{
    ClientEvent, ServerEvent, accept_next, at, client_events, client_of, framed, give, server, server_events,
    server_with, take,
};

use crate::support::{End, ended, rejection};

#[test]
fn a_line_is_echoed_behind_a_prefix() {
    for (sent, line) in [
        (&b"[CLIENT 1] Message N\xC2\xB01\n"[..], &b"[CLIENT 1] Message N\xC2\xB01"[..]),
        (b"hola \t\r\n", b"hola"),
        (b" hola\n", b" hola"),
        (b"\n", b""),
        (b"\xFF\xFE\x00\n", b"\xFF\xFE\x00"),
    ] {
        let mut server = server();
        give(&mut server, at(0), sent);
        assert!(accept_next(&mut server, at(0), None));
        let answer = [b"> ", line, b"\n"].concat();
        assert_eq!(take(&mut server, at(0)), answer);
        assert!(server.poll_io().unwrap().fin);
    }
    let mut client = client_of(Dialect::ECHO, 1);
    client.send_line(at(0), "[CLIENT 1] Message N°1").unwrap();
    assert_eq!(take(&mut client, at(0)), "[CLIENT 1] Message N°1\n".as_bytes());
    give(&mut client, at(0), "Your Message has been received: [CLIENT 1] Message N°1 \n".as_bytes());
    let line = "Your Message has been received: [CLIENT 1] Message N°1";
    assert_eq!(client_events(&mut client), [ClientEvent::Line(line.into())]);
    assert_eq!(framed("hola"), b"00000004hola");
}

#[test]
fn a_line_may_have_8192_bytes_and_no_more() {
    let line = [b'x'; 8193];
    for end in [&b"\n"[..], b""] {
        let mut server = server();
        give(&mut server, at(0), &[&line[..8192], end].concat());
        server.handle(at(0), Input::Eof);
        assert!(accept_next(&mut server, at(0), None));
        assert_eq!(take(&mut server, at(0)), [b"> ", &line[..8192], b"\n"].concat());
    }
    for sent in [line.to_vec(), [&line[..], b"\n"].concat(), vec![b'x'; 200_000]] {
        let mut server = server();
        let text = "a message of 8193 bytes, at most 8192 are taken (at byte 0)";
        if sent.len() < 9_000 {
            assert_eq!(rejection(&sent), (text.into(), vec![], End::Closed));
        }
        for part in sent.chunks(4000) {
            give(&mut server, at(0), part);
        }
        assert_ne!(server.state(), State::Open);
        assert!(take(&mut server, at(0)).is_empty());
    }
}

#[test]
fn a_connection_carries_one_line() {
    let mut server = server();
    give(&mut server, at(0), b"one\ntwo\nB{three");
    assert!(accept_next(&mut server, at(0), None));
    assert!(!accept_next(&mut server, at(0), None));
    assert_eq!(take(&mut server, at(0)), b"> one\n");
    server.handle(at(0), Input::FinSent);
    server.handle(at(0), Input::Eof);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Done)]);
}

#[test]
fn an_empty_connection_is_closed_without_a_reply() {
    let mut server = server();
    server.handle(at(0), Input::Eof);
    assert!(take(&mut server, at(0)).is_empty());
    assert!(server.poll_io().unwrap().fin);
    server.handle(at(0), Input::FinSent);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Done)]);
}

#[test]
fn a_client_of_echo_sends_lines_only() {
    let mut client = client_of(Dialect::ECHO, 1);
    let bet = lottery_testkit::bet(lottery_testkit::ANA);
    assert_eq!(client.send_batch(at(0), &[bet]), Err(SendError::NotInDialect));
    assert_eq!(client.send_bet(at(0), &bet), Err(SendError::NotInDialect));
    assert_eq!(client.send_finished(at(0)), Err(SendError::NotInDialect));
    assert_eq!(client.ask_winners(at(0)), Err(SendError::NotInDialect));
    assert_eq!(client.send_line(at(0), "two\nlines"), Err(SendError::NotInDialect));
    assert_eq!(client.send_line(at(0), &"x".repeat(8193)), Err(SendError::TooLong));
    assert_eq!((client.unsent(), client.poll_io().unwrap().deadline), (0, None));
    for line in ["", &"x".repeat(8192)] {
        client = client_of(Dialect::ECHO, 1);
        client.send_line(at(0), line).unwrap();
        assert_eq!(client.send_line(at(0), line), Err(SendError::AfterLast));
        assert_eq!(take(&mut client, at(0)), format!("{line}\n").as_bytes());
        give(&mut client, at(0), format!("{line}\n").as_bytes());
        assert_eq!(client_events(&mut client), [ClientEvent::Line(line.into())]);
    }
    for dialect in &[Dialect::BLOCK, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        assert_eq!(client_of(*dialect, 1).send_line(at(0), "hola"), Err(SendError::NotInDialect));
    }
    // Unasked line.
    give(&mut client, at(0), b"hola\n");
    let events = ended(&mut client, at(0));
    let [ClientEvent::Closed(reason)] = events[..] else { panic!("{events:?}") };
    assert_eq!(reason.to_string(), "protocol error: an answer to no question (at byte 0)");
}

/// Line as `printf` sends it into `nc`, which stays open: the course's server replies to each read at once.
#[test]
fn a_line_without_its_end_is_echoed_after_a_silence() {
    for line in ["hola", "[CLIENT 1] Message N°1 ", "20261128", "B{\"msg\"", "A12345 "] {
        let mut server = server();
        for (n, byte) in line.bytes().enumerate() {
            // As long as more bytes come, the line goes on.
            give(&mut server, at(90 * n as u64), &[byte]);
        }
        let due = 90 * (line.len() as u64 - 1) + 100;
        assert_eq!(server.poll_io().unwrap().deadline, Some(at(due)));
        server.handle(at(due - 1), Input::Timeout);
        assert!(server.poll_event().is_none());
        server.handle(at(due), Input::Timeout);
        assert!(accept_next(&mut server, at(due), None));
        assert_eq!(take(&mut server, at(due)), format!("> {}\n", line.trim_end()).as_bytes());
        assert!(server.poll_io().unwrap().fin);
        server.handle(at(due), Input::FinSent);
        server.handle(at(due), Input::Eof);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Done)]);
    }
}

/// Beginnings of another dialect are not ended by the line timeout.
#[test]
fn a_silence_ends_lines_only() {
    let begun = ["A12345", "0000013", "Q{Agency", "Q{AgencyID:1", "00000003EN", "A0000100001Ana", "\u{3}"];
    for begun in begun {
        let mut server = server();
        give(&mut server, at(0), begun.as_bytes());
        for millis in [100, 250, 19_999] {
            server.handle(at(millis), Input::Timeout);
            assert!(server.poll_event().is_none());
            assert!(take(&mut server, at(millis)).is_empty());
            assert_eq!(server.state(), State::Open, "{begun}");
        }
    }
}

#[test]
fn the_silence_that_ends_a_line_is_configured() {
    let line_timeout = std::time::Duration::from_secs(3);
    let mut server = server_with(ServerConfig::builder(5).line_timeout(line_timeout).build().unwrap());
    give(&mut server, at(0), b"hola");
    assert_eq!(server.poll_io().unwrap().deadline, Some(at(3_000)));
}

/// Web browsers, scanners and TLS clients: the connection is closed without a reply.
#[test]
fn a_foreign_protocol_is_closed_without_a_reply() {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and thirty-two random bytes, without an end";
    let request = b"GET /index.html HTTP/1.1\r\nHost: server\r\nAccept: */*\r\n\r\n";
    let all = ServerConfig::builder(5).build().unwrap();
    let without = ServerConfig::builder(5).dialects(vec![Dialect::BLOCK]).build().unwrap();
    for (sent, protocol) in [(&hello[..], Foreign::Tls), (request, Foreign::Http)] {
        for config in [&all, &without] {
            let mut server = server_with(config.clone());
            give(&mut server, at(0), sent);
            server.handle(at(100), Input::Timeout);
            let io = server.poll_io().unwrap();
            assert!(io.fin && io.send.is_empty(), "{protocol}");
            server.handle(at(101), Input::FinSent);
            // Further bytes are read and dropped.
            give(&mut server, at(102), request);
            server.handle(at(103), Input::Eof);
            assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Foreign(protocol))]);
        }
        // The same holds wherever the bytes are cut.
        let mut server = server_with(all.clone());
        for byte in sent {
            if server.state() == State::Open {
                give(&mut server, at(0), &[*byte]);
            }
        }
        server.handle(at(100), Input::Timeout);
        assert!(server.poll_io().unwrap().fin && server_events(&mut server).is_empty());
    }
}
