//! Messages behind one another: without a gap, in a wrong order, twice, in another dialect, cut anywhere.

use lottery_proto::server::{Event, RefusedBy};
use lottery_proto::{CloseReason, Code, Failure, Input, Server, State, Violation};
use lottery_testkit::{
    ANA, ServerEvent, accept_next, at, framed, give, reject_next, server, server_events, server_with, take,
};

use crate::golden::{BRACES_BATCH, FIXED_BATCH, FRAMED_BATCH};
use crate::{End, outcome};

const STORED: &[u8] = b"00000034success;Batch stored successfully.";

fn given(sent: impl AsRef<[u8]>) -> Server {
    let mut server = server();
    give(&mut server, at(0), sent.as_ref());
    server
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Accepts all, and returns the replies.
fn answers(server: &mut Server, winners: Option<&[String]>) -> String {
    let mut sent = vec![];
    while accept_next(server, at(0), winners) {
        sent.extend(take(server, at(0)));
    }
    text(sent)
}

fn closed(server: &mut Server) -> CloseReason {
    server.handle(at(0), Input::FinSent);
    server.handle(at(0), Input::Eof);
    match server_events(server)[..] {
        [ServerEvent::Closed(reason)] => reason,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn messages_that_arrive_together_are_taken_one_by_one() {
    let mut server = given(format!("{FIXED_BATCH}{FIXED_BATCH}F00001C00001"));
    assert_eq!(answers(&mut server, None), "O", "behind its answer nothing is answered");
    assert_eq!(closed(&mut server), CloseReason::Done);

    let mut server = given(format!("{FRAMED_BATCH}{FRAMED_BATCH}00000003END"));
    let stored = text(STORED.to_vec());
    assert_eq!(answers(&mut server, Some(&[])), format!("{stored}{stored}00000010NO_WINNERS"));
    assert_eq!(closed(&mut server), CloseReason::Done);

    let mut server = given(format!("{BRACES_BATCH}{BRACES_BATCH};N{{AgencyID:1}};;Q{{AgencyID:1}};"));
    assert_eq!(answers(&mut server, None), "ACK_CHUNK;ACK_CHUNK;ACK_NOTIFY;W;");
    assert_eq!(server.state(), State::Open);
}

#[test]
fn bets_that_were_not_announced_are_no_message() {
    // The second bet stands where a message is expected.
    let one = FIXED_BATCH.replacen("00002", "00001", 1);
    let mut server = given(&one);
    assert_eq!(server_events(&mut server), [ServerEvent::Batch(vec![ANA.into()])]);
    let (said, answered, end) = outcome(&mut {
        let mut server = given(one.replace("José ", "Xosé "));
        assert!(accept_next(&mut server, at(0), None));
        server
    });
    assert_eq!((&said[..], end), ("expected A, F or C (at byte 0)", End::Closed));
    assert_eq!(answered, b"E00030expected A, F or C (at byte 0)");
    // The batch lacks a bet, so the next message is taken for one.
    let three = FIXED_BATCH.replacen("00002", "00003", 1);
    let mut server = given(format!("{three}F00001"));
    assert_eq!(server_events(&mut server), []);
    server.handle(at(0), Input::Eof);
    let received = three.len() + 6;
    assert_eq!(closed(&mut server), CloseReason::Peer(Violation::Truncated { received }));
    // Bodies that are shorter or longer than their length says.
    for (length, said) in [
        (82, "expected eight digits, the length of the body (at byte 0)"),
        (84, "expected eight digits, the length of the body (at byte 7)"),
    ] {
        let sent = FRAMED_BATCH.replacen("83", &length.to_string(), 1) + "00000003END.";
        let mut server = given(sent);
        assert!(matches!(server_events(&mut server)[..], [ServerEvent::Refused(_, RefusedBy::Malformed(_))]));
        let answered = text(take(&mut server, at(0)));
        assert!(answered.ends_with(&format!("error;{said}")), "{answered}");
        assert!(matches!(closed(&mut server), CloseReason::Peer(_)));
    }
}

#[test]
fn an_end_before_any_bet_and_twice_is_an_end() {
    let mut server = given("F00001F00001");
    assert_eq!(answers(&mut server, None), "O");
    assert_eq!(closed(&mut server), CloseReason::Done);

    let mut server = given("N{AgencyID:1};N{AgencyID:1};");
    assert_eq!(answers(&mut server, None), "ACK_NOTIFY;ACK_NOTIFY;");

    // END counts as one anonymous waiter, however often it is sent; bytes behind it are not decoded.
    let end = framed("END");
    for more in [end.clone(), FRAMED_BATCH.into(), b"garbage".to_vec(), vec![b'x'; 600_000]] {
        let mut server = given(&end);
        give(&mut server, at(0), &more);
        let Some(Event::AnonymousWaiter { ticket }) = server.poll_event() else { panic!() };
        assert_eq!(server_events(&mut server), []);
        assert_eq!(server.agency(), None);
        server.handle(at(250), Input::Timeout);
        assert!(server.poll_io().unwrap().deadline.is_none(), "the draw may take its time");
        server.reply(at(9), ticket, lottery_proto::WinnersReply::Winners(&[])).unwrap();
        assert_eq!(take(&mut server, at(9)), framed("NO_WINNERS"));
        assert_eq!(closed(&mut server), CloseReason::Done);
    }
    let mut server = given(format!("{FRAMED_BATCH}00000003END00000003END"));
    let stored = text(STORED.to_vec());
    assert_eq!(answers(&mut server, Some(&["7".into()])), format!("{stored}000000017"));
}

#[test]
fn an_end_for_another_agency_than_the_bets_is_refused() {
    let mut server = given(format!("{FIXED_BATCH}F00002"));
    assert!(accept_next(&mut server, at(0), None));
    let (said, answered, end) = outcome(&mut server);
    assert_eq!((&said[..], end), ("agency 2, expected 1 (at byte 0)", End::Closed));
    assert_eq!(answered, b"E00032agency 2, expected 1 (at byte 0)");

    let mut server = given(BRACES_BATCH);
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(take(&mut server, at(0)), b"ACK_CHUNK;");
    for other in ["N{AgencyID:2};", "Q{AgencyID:2};", "N{AgencyID:6};"] {
        give(&mut server, at(0), other.as_bytes());
        let (said, answered, end) = outcome(&mut server);
        assert_eq!(end, End::Open);
        assert_eq!(text(answered), format!("ERROR:{said};"));
    }
    // Finished of its own agency still counts.
    give(&mut server, at(0), b"N{AgencyID:1};");
    assert_eq!(answers(&mut server, None), "ACK_NOTIFY;");

    let mut server = given(FRAMED_BATCH);
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(take(&mut server, at(0)), STORED);
    give(&mut server, at(0), FRAMED_BATCH.replacen("1;2", "2;2", 1).as_bytes());
    let (said, answered, end) = outcome(&mut server);
    assert_eq!((&said[..], end), ("agency 2, expected 1 (at byte 0)", End::Open));
    assert_eq!(answered, framed(format!("error;{said}")));
    assert_eq!(server.agency().unwrap().get(), 1);
}

#[test]
fn who_had_a_batch_refused_is_not_finished() {
    let failure = Failure { code: Code::Storage, text: "the disk is full" };
    let earlier = "bets that were sent before were refused";
    for by_application in [true, false] {
        let spoilt =
            |batch: &str| if by_application { batch.into() } else { batch.replace("1980-01", "1980-13") };

        // Bets that name the agency and bets that do not, each with and without END in the same read.
        for body in [spoilt(FRAMED_BATCH), "000000041;x\n".to_string()] {
            for glued in [false, true] {
                let mut server = given(if glued { format!("{body}00000003END") } else { body.clone() });
                if by_application && body.len() > 20 {
                    reject_next(&mut server, at(0), failure);
                } else {
                    assert!(matches!(server.poll_event(), Some(Event::Refused { .. })));
                }
                let answered = text(take(&mut server, at(0)));
                assert!(answered[8..].starts_with("error;"), "{answered}");
                if !glued {
                    give(&mut server, at(0), &framed("END"));
                }
                let agency = server.agency().map_or(0, lottery_proto::AgencyId::get);
                assert_eq!(
                    server_events(&mut server),
                    [ServerEvent::Refused(agency, RefusedBy::EarlierBets)]
                );
                assert!(take(&mut server, at(0)).is_empty(), "it would be taken for winners");
                assert!(server.poll_io().unwrap().fin);
                assert_eq!(closed(&mut server), CloseReason::Refused);
            }
        }

        let mut server = given(spoilt(BRACES_BATCH) + "N{AgencyID:1};Q{AgencyID:1};");
        if by_application {
            reject_next(&mut server, at(0), failure);
        } else {
            assert!(matches!(server.poll_event(), Some(Event::Refused { .. })));
        }
        assert!(matches!(server.poll_event(), Some(Event::Refused { error: RefusedBy::EarlierBets, .. })));
        assert!(accept_next(&mut server, at(0), None));
        let answered = text(take(&mut server, at(0)));
        assert!(answered.ends_with(&format!(";ERROR:{earlier};W;")), "{answered}");

        // `fixed` closes at once: its F is not even read.
        let mut server = given(spoilt(FIXED_BATCH) + "F00001");
        if by_application {
            reject_next(&mut server, at(0), failure);
        }
        let answered = text(take(&mut server, at(0)));
        assert!(answered.starts_with('E'), "{answered}");
        assert!(server.poll_io().unwrap().fin);
        assert!(matches!(closed(&mut server), CloseReason::Refused | CloseReason::Peer(_)));
    }
}

/// In `braces` a separator in a name ends the message early: neither part is taken for a batch.
#[test]
fn a_semicolon_in_a_name_spoils_both_parts() {
    let mut server = given(BRACES_BATCH.replacen("Ana", "A;na", 1));
    let errors: Vec<String> = server_events(&mut server)
        .into_iter()
        .map(|seen| match seen {
            ServerEvent::Refused(0, RefusedBy::Malformed(error)) => error.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(errors[0].starts_with("bet 1: expected {PlayerName:…"), "{errors:?}");
    assert_eq!(errors[1..], ["expected B, N or Q (at byte 0)"]);
    give(&mut server, at(0), b"N{AgencyID:1};");
    assert!(matches!(server_events(&mut server)[..], [ServerEvent::Refused(1, RefusedBy::EarlierBets)]));
}

#[test]
fn an_empty_batch_is_one_where_the_wire_has_it() {
    for (sent, answer) in
        [("A0000100000F00001", "O"), ("000000041;0\n", "00000034success;Batch stored successfully.")]
    {
        let mut server = given(sent);
        assert_eq!(answers(&mut server, None), answer);
    }
    let mut server = given("Q{AgencyID:1};B;");
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(text(take(&mut server, at(0))), "W;ERROR:expected bets (at byte 1);");
}

#[test]
fn a_wire_is_not_changed_in_mid_connection() {
    let block = lottery_testkit::block(lottery_testkit::FINISHED, 1, b"");
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
            let mut server = given(first);
            assert!(accept_next(&mut server, at(0), None));
            let dialect = server.dialect();
            let _ = take(&mut server, at(0));
            give(&mut server, at(0), other);
            server.handle(at(1), Input::Eof);
            assert_eq!(server.dialect(), dialect);
            let _ = take(&mut server, at(1));
            let seen = server_events(&mut server);
            let refused = seen.iter().all(|seen| matches!(seen, ServerEvent::Refused(..)));
            assert!(refused, "{first} {}: {seen:?}", other[..9].escape_ascii());
            assert!(matches!(closed(&mut server), CloseReason::Peer(_)));
        }
    }
}

/// A connection that is stopped while it waits for the draw gets nothing that could be taken for winners.
#[test]
fn a_shutdown_tells_each_wire_what_it_can() {
    for (sent, said) in [
        ("A0000100000", "E00022the centre is stopping"),
        ("00000003END", ""),
        ("000000041;0\n", "00000028error;the centre is stopping"),
        ("Q{AgencyID:1};", "ERROR:the centre is stopping;"),
        ("A0", ""),
        ("hola", ""),
    ] {
        let mut server = server_with(lottery_proto::ServerConfig { agencies: 1, ..Default::default() });
        give(&mut server, at(0), sent.as_bytes());
        if sent != "00000003END" {
            let _ = answers(&mut server, None);
        }
        server.handle(at(1), Input::Shutdown);
        assert_eq!(text(take(&mut server, at(1))), said, "{sent}");
        assert_eq!(closed(&mut server), CloseReason::Shutdown, "{sent}");
    }
    // An agency whose Finished was acknowledged is told that the server stops.
    for (sent, said) in [("F00001", "O"), ("N{AgencyID:1};", "ACK_NOTIFY;ERROR:the centre is stopping;")] {
        let mut server = given(sent);
        server.handle(at(1), Input::Shutdown);
        assert!(take(&mut server, at(1)).is_empty());
        assert_eq!(answers(&mut server, None), said);
        assert_eq!(closed(&mut server), CloseReason::Shutdown, "{sent}");
    }
}
