//! Textual dialects: their bytes, their rejections, and clients that speak them.

mod behind;
mod clients;
mod columns;
mod detection;
mod endless;
mod golden;
mod lines;
mod names;
mod refused;

use lottery_proto::server::RefusedBy;
use lottery_proto::{CloseReason, Input, Server, State, Violation};
use lottery_testkit::{ServerEvent, accept_next, at, give, server, server_events, take};

/// State of the connection after the reply to `sent`.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Open,
    Closed,
}

/// Sends `sent`, and returns the text of the error, the reply, and the state of the connection.
fn refused(sent: &[u8]) -> (String, Vec<u8>, End) {
    let mut server = server();
    give(&mut server, at(1), sent);
    outcome(&mut server)
}

/// Sends `sent` behind an accepted first message, so that its beginning need not choose the dialect.
fn refused_behind(first: &str, sent: &[u8]) -> (String, Vec<u8>, End) {
    let mut server = server();
    give(&mut server, at(0), first.as_bytes());
    assert!(accept_next(&mut server, at(0), None));
    let _ = take(&mut server, at(0));
    give(&mut server, at(1), sent);
    outcome(&mut server)
}

fn outcome(server: &mut Server) -> (String, Vec<u8>, End) {
    let answer = take(server, at(1));
    if server.state() == State::Open {
        let seen = server_events(server);
        let [ServerEvent::Refused(_, RefusedBy::Malformed(error))] = seen[..] else { panic!("{seen:?}") };
        return (error.to_string(), answer, End::Open);
    }
    assert!(server.poll_io().unwrap().fin);
    server.handle(at(1), Input::FinSent);
    server.handle(at(1), Input::Eof);
    let seen = server_events(server);
    let [ServerEvent::Closed(CloseReason::Peer(Violation::Malformed(error)))] = seen[..] else {
        panic!("{seen:?}")
    };
    (error.to_string(), answer, End::Closed)
}
