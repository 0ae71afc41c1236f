//! Requests that the application does not reply to in time: tickets that were dropped, tasks that hang.

use std::time::Duration;

use lottery_proto::server::Event;
use lottery_proto::{
    CloseReason, Dialect, Input, Instant, ListError, ListSize, Receipt, Server, ServerConfig, State,
    WinnersReply,
};
use lottery_testkit::{
    ACCEPT, ANA, BATCH_ACK, BET, BET_ACK, BLOCK, DRAWN, ERROR, FINISHED, HELLO, PendingRequest, ServerEvent,
    WINNER, accept_next, at, batch, bet, block, client_of, framed, give, hello, open_session, packet, server,
    server_events, server_with, session_batch, take,
};

use super::{deadline, ends};
use crate::support::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH};

const TEXT: &str = "no answer was given in time";
/// Time at which a request that was handed out at 1 s is given up.
const DUE: u64 = 301_000;

fn before(due: Instant) -> Instant {
    Instant::from_epoch(due.since_epoch().saturating_sub(Duration::from_nanos(1)))
}

/// Returns a server that was handed a request at 1 s, after what has to come before it.
fn asked(dialect: Dialect, request: &[u8]) -> (Server, PendingRequest) {
    let mut server = server();
    if dialect == Dialect::SESSION && request[0] != HELLO {
        open_session(&mut server, 1, 0, false);
    }
    if dialect == Dialect::FRAMED && request == framed("END") {
        give(&mut server, at(0), FRAMED_BATCH.as_bytes());
        assert!(accept_next(&mut server, at(0), None));
        take(&mut server, at(0));
    }
    give(&mut server, at(1_000), request);
    let request = server.poll_event().and_then(PendingRequest::of);
    (server, request.unwrap_or_else(|| panic!("{dialect} has no such request")))
}

/// Returns bytes as text, without the padding of blocks.
fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "")
}

fn error_block() -> Vec<u8> {
    block(ERROR, 1, format!("storage|{TEXT}").as_bytes())
}

/// Returns what a client sends for a bet, or for a batch of more.
fn sent(dialect: Dialect, bets: usize) -> Vec<u8> {
    let mut client = client_of(dialect, 1);
    match bets {
        1 => client.send_bet(at(0), &bet(ANA)).unwrap(),
        _ => assert_eq!(client.send_batch(at(0), &vec![bet(ANA); bets]), Ok(bets)),
    }
    take(&mut client, at(0))
}

/// Returns requests of every kind in every dialect, each with what its peer gets if the application is silent.
fn requests() -> Vec<(Dialect, Vec<u8>, Vec<u8>)> {
    let fixed = format!("E00027{TEXT}").into_bytes();
    let braces = format!("ERROR:{TEXT};").into_bytes();
    vec![
        (Dialect::BLOCK, block(BET, 1, ANA.as_bytes()), block(BET_ACK, 1, b"20000001|7574|0")),
        (Dialect::BLOCK, batch(1, &[ANA]), vec![]),
        (Dialect::BLOCK, block(FINISHED, 1, b""), block(BATCH_ACK, 1, b"0")),
        (Dialect::BLOCK, block(WINNER, 1, b"1"), vec![]),
        (Dialect::SESSION, hello(1), error_block()),
        (Dialect::SESSION, packet(BET, 1, ANA.as_bytes()), error_block()),
        (Dialect::SESSION, session_batch(1, &[ANA]), error_block()),
        (Dialect::SESSION, packet(FINISHED, 1, b""), error_block()),
        (Dialect::FIXED, FIXED_BATCH.into(), fixed.clone()),
        (Dialect::FIXED, b"F00001".to_vec(), fixed.clone()),
        (Dialect::FIXED, b"C00001".to_vec(), fixed),
        (Dialect::FRAMED, FRAMED_BATCH.into(), framed(format!("error;{TEXT}"))),
        (Dialect::FRAMED, framed("END"), vec![]),
        (Dialect::BRACES, BRACES_BATCH.into(), braces.clone()),
        (Dialect::BRACES, b"N{AgencyID:1};".to_vec(), braces.clone()),
        (Dialect::BRACES, b"Q{AgencyID:1};".to_vec(), braces),
        (Dialect::SHORT, sent(Dialect::SHORT, 1), vec![]),
        (Dialect::COLUMNS, sent(Dialect::COLUMNS, 1), vec![]),
        (Dialect::LINE, sent(Dialect::LINE, 1), format!("error;{TEXT}\n").into_bytes()),
        (Dialect::BARE, sent(Dialect::BARE, 1), format!("ERROR:{TEXT};").into_bytes()),
        (Dialect::BARE, sent(Dialect::BARE, 2), format!("ERROR:{TEXT};").into_bytes()),
        (Dialect::ECHO, b"hello\n".to_vec(), vec![]),
    ]
}

#[test]
fn a_request_without_a_reply_is_answered_with_a_failure_in_time() {
    for (dialect, request, failure) in requests() {
        let shown = String::from_utf8_lossy(&request[..request.len().min(20)]).into_owned();
        for peer_ends in [false, true] {
            let (mut server, ticket) = asked(dialect, &request);
            if peer_ends {
                server.handle(at(2_000), Input::Eof);
            }
            server.handle(before(at(DUE)), Input::Timeout);
            assert_eq!(deadline(&mut server), Some(at(DUE)), "{dialect} {shown}");
            assert!(server.unanswered() > 0 && server.poll_io().unwrap().send.is_empty());

            server.handle(at(DUE), Input::Timeout);
            assert!(deadline(&mut server).is_none_or(|next| next > at(DUE)), "{dialect} {shown}");
            assert_eq!(server.unanswered(), 0);
            ticket.answer(&mut server, at(DUE), ACCEPT).expect("a late reply is ignored");
            let sent = take(&mut server, at(DUE));
            assert!(sent == failure, "{dialect} {shown}: {:?}", text_of(&sent));
            // An end would be an acknowledgement.
            if dialect == Dialect::COLUMNS {
                assert!(server.poll_io().is_none() && server.resets());
                assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::NoReply)]);
                continue;
            }
            assert_eq!(server_events(&mut server), []);
            if peer_ends {
                server.handle(at(DUE), Input::FinSent);
                assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::NoReply)]);
            } else {
                ends(&mut server, at(DUE), CloseReason::NoReply);
            }
        }
    }
}

#[test]
fn the_reply_deadline_is_the_one_that_is_set() {
    let config = ServerConfig::builder(5).reply_timeout(Duration::from_secs(7)).build().unwrap();
    let mut server = server_with(config);
    give(&mut server, at(1_000), b"Q{AgencyID:1};");
    assert!(matches!(server.poll_event(), Some(Event::WinnersQuery { .. })));
    server.handle(at(7_999), Input::Timeout);
    assert_eq!(deadline(&mut server), Some(at(8_000)));
    server.handle(at(8_000), Input::Timeout);
    assert_eq!(take(&mut server, at(8_000)), format!("ERROR:{TEXT};").as_bytes());
    ends(&mut server, at(8_000), CloseReason::NoReply);
}

#[test]
fn a_reply_just_before_the_deadline_is_sent() {
    for (dialect, request, _) in requests() {
        let replied = |now| {
            let (mut server, ticket) = asked(dialect, &request);
            ticket.answer(&mut server, now, ACCEPT).expect("the dialect has this reply");
            server.handle(at(DUE), Input::Timeout);
            (take(&mut server, at(DUE)), server.state())
        };
        let soon = replied(at(DUE - 1_000));
        assert!(replied(before(at(DUE))) == soon, "{dialect}");
        assert!(!String::from_utf8_lossy(&soon.0).contains(TEXT), "{dialect}");
    }
}

#[test]
fn a_query_that_waits_for_the_draw_has_no_reply_deadline() {
    let year = at(365 * 24 * 3_600_000);
    let mut anonymous = server();
    give(&mut anonymous, at(0), &framed("END"));
    let waiting = anonymous.poll_event().and_then(PendingRequest::of).expect("it waits");
    let mut named = server();
    open_session(&mut named, 1, 0, true);
    give(&mut named, at(0), &packet(WINNER, 1, b"2"));
    let query = named.poll_event().and_then(PendingRequest::of).expect("it waits");
    for (mut server, ticket) in [(anonymous, waiting), (named, query)] {
        server.handle(at(1_000), Input::Timeout);
        assert_eq!(deadline(&mut server), None);
        server.handle(year, Input::Timeout);
        ticket.answer(&mut server, year, DRAWN).expect("there are no winners");
        assert!(!take(&mut server, year).is_empty());
    }
}

/// The oldest request counts, and replies that wait behind it never leave.
#[test]
fn a_reply_behind_a_request_without_one_does_not_extend_its_deadline() {
    let (mut server, first) = asked(Dialect::BRACES, BRACES_BATCH.as_bytes());
    give(&mut server, at(200_000), BRACES_BATCH.as_bytes());
    let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!() };
    server.reply(at(300_000), ticket, Receipt::Stored { total: 2 }).unwrap();
    server.handle(at(300_500), Input::Timeout);
    assert_eq!(deadline(&mut server), Some(at(DUE)));
    server.handle(at(DUE), Input::Timeout);
    assert_eq!(take(&mut server, at(DUE)), format!("ERROR:{TEXT};").as_bytes());
    first.answer(&mut server, at(DUE), ACCEPT).unwrap();
    ends(&mut server, at(DUE), CloseReason::NoReply);

    // Once the first is answered, the second has its own time.
    let (mut server, first) = asked(Dialect::BRACES, BRACES_BATCH.as_bytes());
    give(&mut server, at(200_000), BRACES_BATCH.as_bytes());
    assert!(matches!(server.poll_event(), Some(Event::Batch { .. })));
    first.answer(&mut server, at(300_000), ACCEPT).unwrap();
    take(&mut server, at(300_000));
    server.handle(at(300_500), Input::Timeout);
    assert_eq!(deadline(&mut server), Some(at(500_000)));
}

/// Returns a server that has announced a list of three winners at 1 s.
fn listing(dialect: Dialect) -> Server {
    let mut server = server();
    match dialect.name() {
        "session" => {
            open_session(&mut server, 1, 0, true);
            give(&mut server, at(1_000), &packet(WINNER, 1, b"2"));
        }
        "block" => give(&mut server, at(1_000), &block(WINNER, 1, b"1")),
        "fixed" => give(&mut server, at(1_000), b"C00001"),
        "braces" => give(&mut server, at(1_000), b"Q{AgencyID:1};"),
        _ => {
            give(&mut server, at(0), &[framed("1;0\n"), framed("END")].concat());
            assert!(accept_next(&mut server, at(0), None) && accept_next(&mut server, at(0), None));
            take(&mut server, at(1_000));
        }
    }
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!("{dialect}") };
    let size = ListSize { documents: 3, bytes: 24, longest: 8 };
    server.reply(at(1_000), ticket, WinnersReply::List(size)).unwrap();
    server
}

const DOCUMENTS: [&str; 3] = ["10000001", "10000002", "10000003"];

#[test]
fn a_list_whose_parts_stop_coming_ends_its_connection() {
    for dialect in [Dialect::BLOCK, Dialect::SESSION, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        let mut server = listing(dialect);
        let late = at(DUE + 200_000);
        server.put_winners(at(200_000), [].into_iter()).unwrap();
        server.put_winners(at(201_000), DOCUMENTS[..1].iter().copied()).unwrap();
        assert!(!take(&mut server, at(202_000)).is_empty());
        server.handle(before(at(501_000)), Input::Timeout);
        assert_eq!(deadline(&mut server), Some(at(501_000)), "{dialect}: from the last part");
        assert!(server.wants_winners());
        server.handle(at(501_000), Input::Timeout);
        assert!(take(&mut server, late).is_empty(), "{dialect}: nothing within a list");
        server.put_winners(late, DOCUMENTS[1..].iter().copied()).expect("a late part is ignored");
        ends(&mut server, late, CloseReason::NoReply);

        // Parts that come in time, each just before its deadline.
        let mut server = listing(dialect);
        for (part, document) in (1..).zip(&DOCUMENTS) {
            let now = at(1_000 + part * 299_999);
            server.handle(now, Input::Timeout);
            server.put_winners(now, [*document].into_iter()).unwrap();
            assert!(!take(&mut server, now).is_empty());
        }
        assert_eq!(server.unanswered(), 0, "{dialect}");
        assert_ne!(server.state(), State::Closed, "{dialect}");
    }
}

/// Nothing of the list is sent before its first part, so that its place can be taken by a failure.
#[test]
fn a_list_that_never_begins_is_answered_with_a_failure() {
    for (dialect, failure) in [
        (Dialect::SESSION, error_block()),
        (Dialect::FIXED, format!("E00027{TEXT}").into_bytes()),
        (Dialect::BRACES, format!("ERROR:{TEXT};").into_bytes()),
    ] {
        let mut server = listing(dialect);
        // An empty part is no progress.
        server.put_winners(at(200_000), [].into_iter()).unwrap();
        server.handle(before(at(DUE)), Input::Timeout);
        assert_eq!(deadline(&mut server), Some(at(DUE)), "{dialect}");
        server.handle(at(DUE), Input::Timeout);
        assert_eq!(take(&mut server, at(DUE)), failure, "{dialect}");
        ends(&mut server, at(DUE), CloseReason::NoReply);
    }
}

/// While the peer takes nothing of a list, its next part is not wanted, and the application owes none.
#[test]
fn a_list_waits_for_its_peer_without_a_reply_deadline() {
    let mut server = server();
    give(&mut server, at(1_000), b"Q{AgencyID:1};");
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    let documents = vec!["10000001"; 5 * BLOCK];
    let size = ListSize { documents: 5 * BLOCK as u64 + 1, bytes: 40 * BLOCK as u64 + 8, longest: 8 };
    server.reply(at(1_000), ticket, WinnersReply::List(size)).unwrap();
    server.put_winners(at(1_000), documents.into_iter()).unwrap();
    assert!(!server.wants_winners());
    // One byte each 10 s, for 10 minutes.
    for second in (10..600).step_by(10) {
        server.handle(at(second * 1_000), Input::Sent(1));
        server.handle(at(second * 1_000), Input::Timeout);
        assert_eq!(server.state(), State::Open, "after {second} s");
    }
    take(&mut server, at(600_000));
    server.handle(at(601_000), Input::Timeout);
    assert_eq!(deadline(&mut server), Some(at(900_000)), "from when the part was wanted");
    server.put_winners(at(899_999), ["10000001"].into_iter()).unwrap();
    assert_eq!(server.put_winners(at(899_999), ["1"].into_iter()), Err(ListError::NoList));
    assert!(take(&mut server, at(900_000)).ends_with(b"{PlayerDocID:10000001};"));
}
