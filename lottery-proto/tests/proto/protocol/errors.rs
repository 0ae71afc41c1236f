//! Texts of rejections, their codes, and the digest (`docs/protocol.md#errors`).

use lottery_proto::{
    Code, DecodeError, Dialect, Failure, Field, FieldError, FieldProblem, Input, Problem, Server,
    ServerConfig,
};
use lottery_testkit::{
    BLOCK, HELLO, accept_next, at, block, crc32c, give, hello, open_session, server, server_with,
    session_batch, take, welcome,
};

use super::document::{characters, document, listing, table};

/// Returns a server that has sent Welcome to agency 1.
fn in_session() -> Server {
    let mut server = server();
    assert_eq!(open_session(&mut server, 1, 0, false), welcome(1, 0, false, 1024, 0));
    server
}

/// Returns a server with a cause for an Error of that code, if the code is one that the machine sends by
/// itself.
fn with_reason_for(code: Code) -> Option<Server> {
    let first = |bytes: Vec<u8>| {
        let mut server = server();
        give(&mut server, at(0), &bytes);
        server
    };
    let mut server = in_session();
    match code {
        Code::Malformed => server = first(block(HELLO, 0, b"3|0|")),
        Code::UnknownAgency => server = first(hello(9)),
        Code::UnsupportedVersion => server = first(block(HELLO, 1, b"2")),
        Code::AgencyMismatch => give(&mut server, at(0), &session_batch::<&str>(2, &[])),
        Code::Superseded => server.supersede(at(0)),
        Code::TooManyConnections => server.reject(at(0), Failure { code, text: "too many connections" }),
        Code::ShuttingDown => server.handle(at(0), Input::Shutdown),
        Code::Timeout => server.handle(at(60_000), Input::Timeout),
        _ => return None,
    }
    Some(server)
}

#[test]
fn errors_of_a_session_are_those_of_the_document() {
    let document = document();
    let shown: Vec<String> =
        listing(&document, "session server errors").lines.iter().map(|line| characters(line)).collect();
    let sent: Vec<String> = Code::ALL
        .iter()
        .filter_map(|code| with_reason_for(*code))
        .map(|mut server| {
            assert!(server.poll_event().is_none());
            let packet = take(&mut server, at(60_000));
            assert_eq!((packet[0], packet.len()), (9, BLOCK));
            let size = usize::from(u16::from_le_bytes([packet[2], packet[3]]));
            String::from_utf8(packet[4..size].to_vec()).unwrap()
        })
        .collect();
    assert_eq!(sent, shown);
}

#[test]
fn the_document_has_every_error_code() {
    let document = document();
    let shown = table(&document, "| code | may pass | means |");
    let shown: Vec<&str> = shown.iter().map(|row| row[0].trim_matches('`')).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(shown, codes);
}

#[test]
fn problems_have_the_texts_of_the_document() {
    let document = document();
    let field = |field, problem| Problem::Field(FieldError::new(field, problem));
    let problems = [
        Problem::Size { size: 3, min: 4, max: 8192 },
        Problem::SizeMismatch { size: 9, needed: 4 },
        Problem::UnknownType(200),
        Problem::WrongDirection(8),
        Problem::TypeMismatch { found: 4, expected: 1 },
        Problem::Expected("UTF-8"),
        Problem::BetCount { said: 3, found: 2 },
        Problem::AgencyMismatch { found: 2, expected: 1 },
        Problem::UnknownAgency { agency: 9, max: 5 },
        Problem::FieldCount { found: 4 },
        Problem::UnsupportedVersion,
        Problem::TooLong { size: 1_048_577, max: 1_048_576 },
        field(Field::FirstName, FieldProblem::Empty),
        field(Field::LastName, FieldProblem::TooLong(255)),
        field(Field::FirstName, FieldProblem::NotUtf8),
        field(Field::FirstName, FieldProblem::ControlCharacter),
        field(Field::Document, FieldProblem::NotDigits),
        field(Field::Birthdate, FieldProblem::NotADate),
        field(Field::Number, FieldProblem::TooLarge),
    ];
    let shown: Vec<String> = table(&document, "| problem | means |")
        .iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .collect();
    assert_eq!(problems.map(|problem| problem.to_string()).to_vec(), shown);

    let wrong = Problem::UnsupportedVersion;
    let text = |bet: Option<usize>| match bet {
        Some(bet) => DecodeError::in_bet(bet, 7, wrong).to_string(),
        None => DecodeError::new(7, wrong).to_string(),
    };
    assert_eq!(text(None), "unsupported version, expected 3 (at byte 7)");
    assert_eq!(text(Some(4)), "bet 4: unsupported version, expected 3 (at byte 7)");
}

#[test]
fn texts_of_the_machine_stand_in_the_document() {
    let document = document();
    let mut unspoken = server_with(ServerConfig::builder(5).dialects(vec![Dialect::ECHO]).build().unwrap());
    give(&mut unspoken, at(0), b"F00001");
    let mut begun = server();
    give(&mut begun, at(0), b"00000003E");
    begun.handle(at(60_000), Input::Timeout);
    let mut rejected = server();
    give(&mut rejected, at(0), b"Q{AgencyID:1};B{};N{AgencyID:1};");
    assert!(accept_next(&mut rejected, at(0), None));
    while rejected.poll_event().is_some() {}
    for (mut server, text) in [
        (unspoken, "this dialect is not spoken here"),
        (begun, "a message was not completed in time"),
        (rejected, "bets that were sent before were refused"),
    ] {
        let reply = take(&mut server, at(60_000));
        assert!(String::from_utf8_lossy(&reply).contains(text), "{}", reply.escape_ascii());
        assert!(document.contains(&format!("`{text}`")), "{text}");
    }
}

#[test]
fn the_digest_is_that_of_the_document() {
    let document = document();
    let listing = listing(&document, "digest");
    let all = listing.lines.join("\n");
    let (bets, digest) = all.split_once('=').expect("bets and their digest");
    assert_eq!(format!("{:08x}", crc32c(characters(bets).as_bytes())), digest.trim());
    let of_digits = format!("{:08x}", crc32c(b"123456789"));
    assert!(
        document.contains("digest of the ASCII text `123456789`")
            && document.contains(&format!("`{of_digits}`"))
    );
}
