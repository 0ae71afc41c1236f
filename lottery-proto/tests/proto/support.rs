//! Messages and helpers that tests of several subjects share.

use lottery_proto::server::RejectedBy;
use lottery_proto::{Client, CloseReason, Dialect, Input, Instant, Server, State, Violation};
use lottery_testkit::{
    ANA, BATCH, BET, ClientEvent, FINISHED, ServerEvent, WINNER, accept_next, at, bet, client_events,
    client_of, give, server, server_events, take,
};

/// Batch of two bets of agency 1 in `fixed`.
pub(crate) const FIXED_BATCH: &str = "A0000100002\
    Ana                           Paz                           200000011980-01-017574\
    José María                    de la Cruz                    200000032000-02-290008";

/// The same batch in `framed`.
pub(crate) const FRAMED_BATCH: &str = "000000831;2\n\
    Ana;Paz;20000001;1980-01-01;7574\nJosé María;de la Cruz;20000003;2000-02-29;8\n";

/// The same batch in `braces`.
pub(crate) const BRACES_BATCH: &str = "B{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:20000001,\
    PlayerDateOfBirth:1980-01-01,WageredNumber:7574,AgencyID:1},\
    {PlayerName:José María,PlayerSurname:de la Cruz,PlayerDocID:20000003,\
    PlayerDateOfBirth:2000-02-29,WageredNumber:8,AgencyID:1};";

/// No request.
pub(crate) const NOTHING: u8 = 0;

/// Reply to a stored batch in `framed`.
pub(crate) const FRAMED_STORED: &[u8] = b"00000034success;Batch stored successfully.";

/// State of a connection after a rejection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Open,
    Closed,
}

/// Sends `sent`, and returns the text of the error, the reply, and the state of the connection.
pub(crate) fn rejection(sent: &[u8]) -> (String, Vec<u8>, End) {
    let mut server = server();
    give(&mut server, at(1), sent);
    outcome(&mut server)
}

/// Sends `sent` behind an accepted first message, so that its beginning need not choose the dialect.
pub(crate) fn rejection_behind(first: &str, sent: &[u8]) -> (String, Vec<u8>, End) {
    let mut server = server();
    give(&mut server, at(0), first.as_bytes());
    assert!(accept_next(&mut server, at(0), None));
    let _ = take(&mut server, at(0));
    give(&mut server, at(1), sent);
    outcome(&mut server)
}

/// Returns the text of the error, the reply, and the state of the connection after a malformed message.
pub(crate) fn outcome(server: &mut Server) -> (String, Vec<u8>, End) {
    let events = server_events(server);
    let reply = take(server, at(1));
    if server.state() == State::Open {
        let [ServerEvent::Rejected(_, RejectedBy::Malformed(error))] = events[..] else {
            panic!("{events:?}")
        };
        return (error.to_string(), reply, End::Open);
    }
    assert!(server.poll_io().unwrap().fin);
    server.handle(at(1), Input::FinSent);
    server.handle(at(1), Input::Eof);
    let events = server_events(server);
    let [ServerEvent::Closed(CloseReason::Peer(Violation::Malformed(error)))] = events[..] else {
        panic!("{events:?}")
    };
    (error.to_string(), reply, End::Closed)
}

/// Returns a server that has received `sent`.
pub(crate) fn server_given(sent: impl AsRef<[u8]>) -> Server {
    let mut server = server();
    give(&mut server, at(0), sent.as_ref());
    server
}

pub(crate) fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Accepts all requests, and returns the replies.
pub(crate) fn accept_all(server: &mut Server, winners: Option<&[String]>) -> String {
    let mut sent = vec![];
    while accept_next(server, at(0), winners) {
        sent.extend(take(server, at(0)));
    }
    utf8(sent)
}

/// Ends both sides, and returns the reason of the only event left.
pub(crate) fn close_reason(server: &mut Server) -> CloseReason {
    server.handle(at(0), Input::FinSent);
    server.handle(at(0), Input::Eof);
    match server_events(server)[..] {
        [ServerEvent::Closed(reason)] => reason,
        ref other => panic!("{other:?}"),
    }
}

/// Ends both sides, and returns the events. Replies are taken before the end behind them is known.
pub(crate) fn ended(client: &mut Client, now: Instant) -> Vec<ClientEvent> {
    let mut events = client_events(client);
    client.handle(now, Input::Eof);
    events.extend(client_events(client));
    client.handle(now, Input::FinSent);
    events.extend(client_events(client));
    events
}

/// Returns a client that has sent this request.
pub(crate) fn asking(dialect: Dialect, request: u8) -> Client {
    let mut client = client_of(dialect, 1);
    match request {
        BET => client.send_bet(at(0), &bet(ANA)).unwrap(),
        BATCH => assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Ok(1)),
        FINISHED => client.send_finished(at(0)).unwrap(),
        WINNER => client.ask_winners(at(0)).unwrap(),
        _ => {}
    }
    let _ = take(&mut client, at(0));
    client
}
