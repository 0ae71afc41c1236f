//! Messages that come slowly over a thin line: they have the time that they take at the minimum rate
//! (`docs/protocol.md#deadlines`).

use std::time::Duration;

use lottery_proto::server::Event;
use lottery_proto::{Client, CloseReason, ConnId, Dialect, Input, Server, ServerConfig, State};
use lottery_testkit::{
    ClientEvent, FINISHED, ServerEvent, at, block, client_events, client_of, framed, give, server,
    server_events, take,
};

/// Block over a line that many share: complete after 101 s at 81 bytes a second; too slow at 80.
#[test]
fn a_message_at_the_least_rate_has_the_time_that_it_takes() {
    for (rate, in_time) in [(1_000, true), (400, true), (81, true), (80, false), (10, false)] {
        let mut server = server();
        let (mut rest, mut second) = (&block(FINISHED, 1, b"")[..], 0);
        while !rest.is_empty() && server.state() == State::Open {
            let (some, more) = rest.split_at(rest.len().min(rate));
            give(&mut server, at(second * 1_000), some);
            (rest, second) = (more, second + 1);
            server.handle(at(second * 1_000), Input::Timeout);
        }
        let finished = matches!(server.poll_event(), Some(Event::Finished { .. }));
        assert_eq!(finished, in_time, "{rate} bytes a second, {second} s");
    }
}

#[test]
fn however_much_of_a_message_comes_its_time_is_bounded() {
    let message_timeout = Duration::from_secs(2);
    let config = ServerConfig { message_timeout, ..ServerConfig::default() };
    let mut server = Server::new(config, ConnId(1), at(0));
    give(&mut server, at(0), b"Q{AgencyID:");
    for second in 1..60 {
        give(&mut server, at(second * 1_000), &[b'1'; 1_000]);
        assert_eq!(server.poll_io().unwrap().deadline, Some(at((2_110 + second * 10_000).min(60_000))));
    }
    server.handle(at(60_000), Input::Timeout);
    assert_eq!(take(&mut server, at(60_000)), b"ERROR:a message was not completed in time;");
    server.handle(at(60_000), Input::FinSent);
    server.handle(at(60_000), Input::Eof);
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Incomplete)]);
}

/// Returns a client that waits for its winners, and a long winners list in its dialect.
fn awaiting_winners(dialect: Dialect) -> (Client, Vec<u8>) {
    let mut client = client_of(dialect, 1);
    let list = if dialect == Dialect::Framed {
        client.send_finished(at(0)).unwrap();
        framed(vec!["20000001"; 1_000].join(";"))
    } else {
        client.ask_winners(at(0)).unwrap();
        format!("R{};", vec!["{PlayerDocID:20000001}"; 1_000].join(",")).into_bytes()
    };
    let _ = take(&mut client, at(0));
    (client, list)
}

/// Winners lists may be long, and lines slow.
#[test]
fn an_answer_that_has_begun_has_the_time_that_it_takes_at_the_least_rate() {
    for dialect in [Dialect::Braces, Dialect::Framed] {
        let (mut client, list) = awaiting_winners(dialect);
        for (second, part) in (1..).zip(list.chunks(100)) {
            client.handle(at(second * 1_000), Input::Timeout);
            give(&mut client, at(second * 1_000), part);
        }
        assert_eq!(client_events(&mut client), [ClientEvent::Winners(vec!["20000001".into(); 1_000])]);
    }
}

/// Dialects without a deadline for the first byte of the reply have one for the rest.
#[test]
fn an_answer_that_stops_is_given_up() {
    for (dialect, at_first) in [(Dialect::Braces, Some(at(60_000))), (Dialect::Framed, None)] {
        let (mut client, list) = awaiting_winners(dialect);
        assert_eq!(client.poll_io().unwrap().deadline, at_first);
        give(&mut client, at(50_000), &list[..500]);
        assert_eq!(client.poll_io().unwrap().deadline, Some(at(115_000)));
        client.handle(at(115_000), Input::Timeout);
        assert_eq!(client_events(&mut client), [ClientEvent::Closed(CloseReason::NoAnswer)]);
    }
}
