//! Connections whose agency is known before their first message, by a certificate for example (`Server::speaks_for`).

use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{
    AgencyId, Client, CloseReason, Dialect, Input, Problem, Receipt, Server, State, Violation,
};
use lottery_testkit::{
    ANA, ServerEvent, accept_next, at, bet, client_of, framed, give, server, server_events, take,
};

/// Returns a server whose peer has a certificate of that agency.
fn server_of(agency: u32) -> Server {
    let mut server = server();
    server.speaks_for(AgencyId::new(agency).unwrap());
    server
}

/// Returns the first message of a client: Hello, a batch or a bet.
fn first_message(dialect: Dialect, agency: u32) -> Vec<u8> {
    let mut client: Client = client_of(dialect, agency);
    let profile = dialect.profile();
    if profile.one_bet {
        client.send_bet(at(0), &bet(ANA)).unwrap();
    } else if !profile.has_sessions {
        assert_eq!(client.send_batch(at(0), &[bet(ANA)]), Ok(1));
    }
    take(&mut client, at(0))
}

#[test]
fn messages_of_the_preset_agency_are_taken_in_every_dialect() {
    for dialect in Dialect::WITH_BETS.iter().copied() {
        let mut server = server_of(2);
        assert_eq!(server.agency().map(AgencyId::get), Some(2));
        give(&mut server, at(0), &first_message(dialect, 2));
        let named = match server.poll_event() {
            Some(Event::Hello { agency, .. } | Event::Batch { agency, .. } | Event::Bet { agency, .. }) => {
                agency
            }
            other => panic!("{dialect}: {other:?}"),
        };
        assert_eq!(named.get(), 2, "{dialect}");
    }
}

/// Gives a first message to a server of agency 2, and returns the mistake that it finds and its reply.
fn rejected(sent: &[u8]) -> (Problem, String) {
    let mut server = server_of(2);
    give(&mut server, at(0), sent);
    let mut events = server_events(&mut server);
    let reply = take(&mut server, at(1));
    if server.state() != State::Open {
        server.handle(at(1), Input::FinSent);
        server.handle(at(1), Input::Eof);
        events.extend(server_events(&mut server));
    }
    let error = match events[..] {
        [ServerEvent::Rejected(_, RejectedBy::Malformed(error)), ..]
        | [ServerEvent::Closed(CloseReason::Peer(Violation::Malformed(error)))] => error,
        ref other => panic!("{other:?}"),
    };
    (error.problem, String::from_utf8_lossy(&reply).trim_end_matches('\0').to_owned())
}

#[test]
fn a_first_message_of_another_agency_is_rejected_in_the_words_of_every_dialect() {
    let mut rejecting = 0;
    for (dialect, words) in [
        // These close without a word: they have none for a batch of another agency, or for any failure.
        (Dialect::BLOCK, ""),
        (Dialect::SHORT, ""),
        (Dialect::COLUMNS, ""),
        (Dialect::SESSION, "\t\u{1}4\0agency-mismatch|agency 1, expected 2 (at byte 0)"),
        (Dialect::FIXED, "E00032agency 1, expected 2 (at byte 0)"),
        (Dialect::FRAMED, "00000038error;agency 1, expected 2 (at byte 0)"),
        (Dialect::BRACES, "ERROR:agency 1, expected 2 (at byte 0);"),
        (Dialect::LINE, "error;agency 1, expected 2 (at byte 0)\n"),
        (Dialect::BARE, "ERROR:agency 1, expected 2 (at byte 0);"),
    ] {
        let mismatch = Problem::AgencyMismatch { found: 1, expected: 2 };
        assert_eq!(rejected(&first_message(dialect, 1)), (mismatch, words.to_owned()), "{dialect}");
        rejecting += 1;
    }
    assert_eq!(rejecting, Dialect::WITH_BETS.len());
}

#[test]
fn an_agency_that_the_server_does_not_have_is_rejected_whatever_it_names() {
    let unknown = Problem::UnknownAgency { agency: 6, max: 5 };
    for (sent, expected) in [
        (framed("END"), unknown),
        (first_message(Dialect::FRAMED, 6), unknown),
        (first_message(Dialect::FRAMED, 1), Problem::AgencyMismatch { found: 1, expected: 6 }),
    ] {
        let mut server = server_of(6);
        give(&mut server, at(0), &sent);
        let events = server_events(&mut server);
        let [ServerEvent::Rejected(_, RejectedBy::Malformed(error))] = events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(error.problem, expected);
    }
}

#[test]
fn end_of_framed_is_finished_of_the_preset_agency_and_its_query() {
    let mut server = server_of(2);
    give(&mut server, at(0), &framed("END"));
    let Some(Event::Finished { ticket, agency, .. }) = server.poll_event() else { panic!() };
    assert_eq!(agency.get(), 2);
    server.reply(at(0), ticket, Receipt::Stored { total: 0 }).unwrap();
    let Some(Event::WinnersQuery { ticket, agency, wait: true, .. }) = server.poll_event() else { panic!() };
    assert_eq!(agency.get(), 2);
    server.reply_winners(at(9), ticket, &["20000003"]).unwrap();
    assert_eq!(take(&mut server, at(9)), framed("20000003"));
    assert!(server.poll_io().unwrap().fin);
}

#[test]
fn a_line_is_sent_back_whatever_agency_is_preset() {
    for agency in [2, 6] {
        let mut server = server_of(agency);
        give(&mut server, at(0), b"are you there?\n");
        assert!(accept_next(&mut server, at(0), None));
        assert_eq!(take(&mut server, at(0)), b"> are you there?\n");
    }
}
