//! Detection of the dialect by the first bytes (`docs/protocol.md#detection`).

use lottery_proto::Dialect;
use lottery_proto::{CloseReason, Code, Failure, Input, ServerConfig, State};
use lottery_testkit::{
    ServerEvent, WINNER, accept_next, at, block, framed, give, server, server_events, server_with, take,
};

use crate::support::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH, close_reason, server_given};

/// Returns a first message of each dialect, and the number of its bytes that choose the dialect.
fn first_messages() -> Vec<(Dialect, Vec<u8>, usize)> {
    vec![
        (Dialect::BLOCK, block(WINNER, 1, b"1"), 1),
        (Dialect::BLOCK, block(9, 1, b""), 1),
        (Dialect::FIXED, b"A0000100000".to_vec(), 11),
        (Dialect::FIXED, b"F00001".to_vec(), 6),
        (Dialect::FIXED, b"C00001".to_vec(), 6),
        (Dialect::FRAMED, framed("END"), 8),
        (Dialect::FRAMED, b"09999999".to_vec(), 8),
        (Dialect::BRACES, b"B{PlayerName:};".to_vec(), 13),
        (Dialect::BRACES, b"N{AgencyID:1};".to_vec(), 11),
        (Dialect::BRACES, b"Q{AgencyID:1};".to_vec(), 11),
        (Dialect::ECHO, b"hola\n".to_vec(), 1),
        (Dialect::ECHO, b"\n".to_vec(), 1),
        (Dialect::ECHO, b"\x00\n".to_vec(), 1),
        (Dialect::ECHO, b"\x0A".to_vec(), 1),
        (Dialect::ECHO, b"\xC3\xB1\n".to_vec(), 1),
        (Dialect::ECHO, b"A0000x\n".to_vec(), 6),
        (Dialect::ECHO, b"A12345\n".to_vec(), 7),
        (Dialect::ECHO, b"A123456789\n".to_vec(), 11),
        (Dialect::ECHO, b"F\n".to_vec(), 2),
        (Dialect::ECHO, b"0000000:\n".to_vec(), 9),
        (Dialect::ECHO, b"1234567\n".to_vec(), 8),
        (Dialect::ECHO, b"1234567890\n".to_vec(), 8),
        (Dialect::ECHO, b"20261128\n".to_vec(), 8),
        (Dialect::ECHO, b"99999999\n".to_vec(), 8),
        (Dialect::ECHO, b"1234 Ana\n".to_vec(), 5),
        (Dialect::ECHO, b"12345 Ana\n".to_vec(), 10),
        (Dialect::ECHO, b"1;2\n".to_vec(), 4),
        (Dialect::ECHO, b"B[\n".to_vec(), 2),
        (Dialect::ECHO, b"B{\"msg\":\"hola\"}\n".to_vec(), 3),
        (Dialect::ECHO, b"B{};\n".to_vec(), 3),
        (Dialect::ECHO, b"B{PlayerSurname:\n".to_vec(), 9),
        (Dialect::ECHO, b"N{}\n".to_vec(), 3),
        (Dialect::ECHO, b"Q{AgencyID=1};\n".to_vec(), 11),
        (Dialect::ECHO, b"Q\n".to_vec(), 2),
        (Dialect::ECHO, b";\n".to_vec(), 1),
        (Dialect::ECHO, b"{\n".to_vec(), 2),
        (Dialect::SHORT, b"\x01\x01\x25Ana|Paz|20000001|1980-01-01|7574".to_vec(), 4),
        (Dialect::COLUMNS, b"00001Ana       Paz       200000011980-01-017574".to_vec(), 47),
        (Dialect::LINE, b"1;Ana;Paz;20000001;1980-01-01;7574\n".to_vec(), 35),
        (Dialect::BARE, b"{PlayerName:};".to_vec(), 12),
    ]
}

#[test]
fn the_first_bytes_choose_the_dialect_whole_or_one_by_one() {
    for (dialect, message, needed) in first_messages() {
        let mut server = server();
        give(&mut server, at(0), &message);
        assert_eq!(server.dialect(), Some(dialect), "{}", message.escape_ascii());

        let mut server = lottery_testkit::server();
        for (at_byte, byte) in message.iter().enumerate() {
            let known = (at_byte >= needed).then_some(dialect);
            assert_eq!(server.dialect(), known, "{} at {at_byte}", message.escape_ascii());
            if server.state() == State::Open {
                give(&mut server, at(0), &[*byte]);
            }
        }
    }
}

#[test]
fn bytes_that_fit_more_than_one_dialect_are_awaited_and_then_a_line() {
    for begun in [
        &b"0"[..],
        b"0000013",
        b"A",
        b"A12345",
        b"A000010000",
        b"F0000",
        b"C1",
        b"B",
        b"B{",
        b"B{PlayerName",
        b"N{Agency",
        b"Q{AgencyID",
    ] {
        let mut server = server();
        give(&mut server, at(0), begun);
        assert_eq!(server.dialect(), None);
        let due = 20_000 + 10 * begun.len() as u64;
        assert_eq!(server.poll_io().unwrap().deadline, Some(at(due)), "a message was begun");

        let mut ended = lottery_testkit::server();
        give(&mut ended, at(0), begun);
        ended.handle(at(1), Input::Eof);
        assert_eq!(ended.dialect(), Some(Dialect::ECHO));
        assert_eq!(server_events(&mut ended), [ServerEvent::Echo(begun.to_vec())]);

        server.handle(at(due), Input::Timeout);
        assert!(take(&mut server, at(due)).is_empty());
        server.handle(at(due), Input::FinSent);
        server.handle(at(due), Input::Eof);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Incomplete)]);
    }
    // A peer without any byte is silent.
    let mut server = server();
    server.handle(at(60_000), Input::Timeout);
    server.handle(at(60_000), Input::FinSent);
    server.handle(at(60_000), Input::Eof);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Idle)]);
}

/// Lines of published checks of the course that were once taken for another dialect.
#[test]
fn a_line_of_digits_letters_or_braces_is_echoed() {
    for line in ["1234567890", "20261128", "A12345", "B{\"msg\":\"hola\"}", "12345678", "N{}", "C-00001"] {
        for end in ["\n", ""] {
            let mut server = server();
            give(&mut server, at(0), format!("{line}{end}").as_bytes());
            if end.is_empty() {
                server.handle(at(0), Input::Eof);
            }
            assert!(accept_next(&mut server, at(0), None), "{line}");
            assert_eq!(take(&mut server, at(0)), format!("> {line}\n").as_bytes());
        }
    }
}

/// Returns the rejection of each dialect for a connection that is not served.
fn failure(dialect: Dialect, text: &str) -> Vec<u8> {
    match dialect.name() {
        "fixed" => format!("E{:05}{text}", text.len()).into_bytes(),
        "framed" => framed(format!("error;{text}")),
        "braces" | "bare" => format!("ERROR:{text};").into_bytes(),
        "line" => format!("error;{text}\n").into_bytes(),
        _ => vec![],
    }
}

#[test]
fn a_disabled_dialect_is_rejected_in_its_own_words() {
    for spoken in Dialect::ALL {
        for (dialect, message, needed) in first_messages() {
            let config = ServerConfig::builder(5).dialects(vec![*spoken]).build().unwrap();
            let mut server = server_with(config);
            give(&mut server, at(0), &message[..needed]);
            if dialect == *spoken {
                assert_ne!(server.state() == State::Open, message == b"09999999");
                continue;
            }
            assert_eq!(take(&mut server, at(0)), failure(dialect, "this dialect is not spoken here"));
            assert_eq!(server.resets(), dialect == Dialect::COLUMNS);
            server.handle(at(0), Input::FinSent);
            server.handle(at(0), Input::Eof);
            assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::NotSpoken(dialect))]);
        }
    }
}

#[test]
fn a_rejected_connection_is_told_in_its_own_dialect() {
    let full = Failure { code: Code::TooManyConnections, text: "too many connections" };
    for known_before in [false, true] {
        for (dialect, message, needed) in first_messages() {
            let mut server = server();
            if known_before {
                give(&mut server, at(0), &message[..needed]);
                if server.state() != State::Open || needed >= message.len() {
                    continue;
                }
            }
            server.reject(at(0), full);
            if !known_before {
                assert_eq!(server.poll_io().unwrap().deadline, Some(at(1_000)));
                give(&mut server, at(1), &message[..needed]);
            }
            assert_eq!(take(&mut server, at(1)), failure(dialect, "too many connections"));
            let resets = server.poll_io().is_none() && server.resets();
            assert_eq!(resets, dialect == Dialect::COLUMNS);
            assert!(resets || server.poll_io().unwrap().fin, "{dialect} {}", message.escape_ascii());
            server.handle(at(2), Input::FinSent);
            server.handle(at(2), Input::Eof);
            assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Rejected)]);
        }
    }
    // A rejected connection does not wait for the bytes that choose the dialect.
    let mut server = server();
    server.reject(at(0), full);
    give(&mut server, at(900), b"A00");
    server.handle(at(1_000), Input::Timeout);
    assert!(server.poll_io().is_none());
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Rejected)]);
}

#[test]
fn the_dialect_does_not_change_within_a_connection() {
    let block = block(lottery_testkit::FINISHED, 1, b"");
    let others = [
        FIXED_BATCH.as_bytes().to_vec(),
        FRAMED_BATCH.into(),
        BRACES_BATCH.into(),
        block,
        b"hola\n".to_vec(),
    ];
    for (own, first) in ["A0000100000", "000000041;0\n", "Q{AgencyID:1};"].iter().enumerate() {
        for (index, other) in others.iter().enumerate() {
            if index == own {
                continue;
            }
            let mut server = server_given(first);
            assert!(accept_next(&mut server, at(0), None));
            let dialect = server.dialect();
            let _ = take(&mut server, at(0));
            give(&mut server, at(0), other);
            server.handle(at(1), Input::Eof);
            assert_eq!(server.dialect(), dialect);
            let events = server_events(&mut server);
            let _ = take(&mut server, at(1));
            let rejected = events.iter().all(|event| matches!(event, ServerEvent::Rejected(..)));
            assert!(rejected, "{first} {}: {events:?}", other[..9].escape_ascii());
            assert!(matches!(close_reason(&mut server), CloseReason::Peer(_)));
        }
    }
}
