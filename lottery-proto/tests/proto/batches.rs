//! Batches: their limits, and messages that arrive together or cut anywhere.

use lottery_proto::Dialect;
use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{AgencyId, Client, ClientConfig, CloseReason, Input, State, Violation};
use lottery_testkit::{
    ANA, JOSE, ServerEvent, accept_next, at, batch, bet, client_of, give, server, server_events, take, text,
};

use crate::support::{
    BRACES_BATCH, End, FIXED_BATCH, FRAMED_BATCH, FRAMED_STORED, accept_all, close_reason, outcome,
    server_given, utf8,
};

/// Returns a client whose batches have at most this number of bytes.
fn limited(dialect: Dialect, max_batch: usize) -> Client {
    let config = ClientConfig::builder(AgencyId::new(1).unwrap(), dialect).max_batch(max_batch);
    Client::new(config.build().unwrap(), at(0))
}

#[test]
fn a_batch_holds_at_least_one_bet_whatever_the_limit() {
    for dialect in [Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        let mut client = limited(dialect, 1);
        assert_eq!(client.send_batch(at(0), &[bet(ANA), bet(JOSE)]), Ok(1), "{dialect}");
        let sent = take(&mut client, at(0));
        assert!(String::from_utf8(sent).unwrap().contains("20000001"), "{dialect}");
    }
}

#[test]
fn unsent_bytes_do_not_shorten_a_batch() {
    for (dialect, answer) in [
        (Dialect::BRACES, "ACK_CHUNK;"),
        (Dialect::FRAMED, "00000034success;Batch stored successfully."),
        (Dialect::FIXED, ""),
    ] {
        let mut client = limited(dialect, 400);
        let bets = [bet(ANA); 20];
        let first = client.send_batch(at(0), &bets).unwrap();
        assert!((2..20).contains(&first), "{dialect}: {first}");
        give(&mut client, at(0), answer.as_bytes());
        assert_eq!(client.poll_event().is_some(), !answer.is_empty(), "{dialect}");
        assert_eq!(client.send_batch(at(0), &bets), Ok(first), "{dialect}");
    }
}

#[test]
fn a_batch_of_columns_is_filled_to_the_limit() {
    for (limit, taken) in [(11 + 2 * 82, 2), (11 + 2 * 82 - 1, 1)] {
        let mut client = limited(Dialect::FIXED, limit);
        assert_eq!(client.send_batch(at(0), &[bet(ANA); 5]), Ok(taken), "{limit}");
    }
}

#[test]
fn a_batch_of_lines_is_filled_to_the_limit() {
    let line = ANA.len() + 1;
    for (limit, taken) in [(2 * line, 2), (2 * line - 1, 1)] {
        let mut client = limited(Dialect::FRAMED, limit);
        assert_eq!(client.send_batch(at(0), &[bet(ANA); 5]), Ok(taken), "{limit}");
    }
}

/// Messages hold as many bets as the limit leaves room for, at least one.
#[test]
fn a_batch_stays_within_its_limit() {
    let long = format!("{0}|{0}|1|1980-01-01|1", "é".repeat(30));
    let bets = vec![bet(&long); 30_000];
    for (dialect, batch_bytes) in
        [(Dialect::FIXED, 1024 * 1024), (Dialect::FRAMED, 8192), (Dialect::BRACES, 1024 * 1024)]
    {
        let mut client = client_of(dialect, 1);
        let taken = client.send_batch(at(0), &bets).unwrap();
        let sent = take(&mut client, at(0));
        assert!(sent.len() <= batch_bytes + 14, "{dialect}: {}", sent.len());
        assert!(sent.len() + sent.len() / taken > batch_bytes, "{dialect}: another would have fitted");
        if dialect != Dialect::FRAMED {
            assert!(sent.len() <= batch_bytes, "{dialect}: the server takes no more");
        }
        let mut server = server();
        give(&mut server, at(0), &sent);
        assert!(accept_next(&mut server, at(0), None));
    }
}

#[test]
fn an_empty_batch_is_accepted_by_dialects_that_have_it() {
    for (sent, answer) in
        [("A0000100000F00001", "O"), ("000000041;0\n", "00000034success;Batch stored successfully.")]
    {
        let mut server = server_given(sent);
        assert_eq!(accept_all(&mut server, None), answer);
    }
    let mut server = server_given("Q{AgencyID:1};B;");
    assert!(accept_next(&mut server, at(0), None));
    assert!(!accept_next(&mut server, at(0), None));
    assert_eq!(utf8(take(&mut server, at(0))), "W;ERROR:expected bets (at byte 1);");
}

#[test]
fn messages_that_arrive_together_are_decoded_one_by_one() {
    let mut server = server_given(format!("{FIXED_BATCH}{FIXED_BATCH}F00001C00001"));
    assert_eq!(accept_all(&mut server, None), "O", "behind its answer nothing is reply");
    assert_eq!(close_reason(&mut server), CloseReason::Done);

    let mut server = server_given(format!("{FRAMED_BATCH}{FRAMED_BATCH}00000003END"));
    let stored = utf8(FRAMED_STORED.to_vec());
    assert_eq!(accept_all(&mut server, Some(&[])), format!("{stored}{stored}00000010NO_WINNERS"));
    assert_eq!(close_reason(&mut server), CloseReason::Done);

    let mut server = server_given(format!("{BRACES_BATCH}{BRACES_BATCH};N{{AgencyID:1}};;Q{{AgencyID:1}};"));
    assert_eq!(accept_all(&mut server, None), "ACK_CHUNK;ACK_CHUNK;ACK_NOTIFY;W;");
    assert_eq!(server.state(), State::Open);
}

#[test]
fn bets_beyond_the_announced_count_are_malformed() {
    // The second bet stands where a message is expected.
    let one = FIXED_BATCH.replacen("00002", "00001", 1);
    let mut server = server_given(&one);
    assert_eq!(server_events(&mut server), [ServerEvent::Batch(vec![ANA.into()])]);
    let (error, reply, end) = outcome(&mut {
        let mut server = server_given(one.replace("José ", "Xosé "));
        assert!(accept_next(&mut server, at(0), None));
        server
    });
    assert_eq!((&error[..], end), ("expected A, F or C (at byte 0)", End::Closed));
    assert_eq!(reply, b"E00030expected A, F or C (at byte 0)");
    // The batch lacks a bet, so the next message is taken for one.
    let three = FIXED_BATCH.replacen("00002", "00003", 1);
    let mut server = server_given(format!("{three}F00001"));
    assert_eq!(server_events(&mut server), []);
    server.handle(at(0), Input::Eof);
    let received = three.len() + 6;
    assert_eq!(close_reason(&mut server), CloseReason::Peer(Violation::Truncated { received }));
    // Bodies that are shorter or longer than their length says.
    for (length, error) in [
        (82, "expected eight digits, the length of the body (at byte 0)"),
        (84, "expected eight digits, the length of the body (at byte 7)"),
    ] {
        let sent = FRAMED_BATCH.replacen("83", &length.to_string(), 1) + "00000003END.";
        let mut server = server_given(sent);
        assert!(matches!(
            server_events(&mut server)[..],
            [ServerEvent::Rejected(_, RejectedBy::Malformed(_))]
        ));
        let reply = utf8(take(&mut server, at(0)));
        assert!(reply.ends_with(&format!("error;{error}")), "{reply}");
        assert!(matches!(close_reason(&mut server), CloseReason::Peer(_)));
    }
}

#[test]
fn a_batch_may_be_cut_anywhere_even_inside_a_character() {
    for whole in [FIXED_BATCH, FRAMED_BATCH, BRACES_BATCH] {
        for first in 0..whole.len() {
            for second in [first, first + 1, whole.len()] {
                let mut server = server();
                for part in [&whole.as_bytes()[..first], &whole.as_bytes()[first..second.min(whole.len())]] {
                    give(&mut server, at(0), part);
                }
                give(&mut server, at(0), &whole.as_bytes()[second.min(whole.len())..]);
                assert_eq!(server_events(&mut server), [ServerEvent::Batch(vec![ANA.into(), JOSE.into()])]);
            }
        }
    }
    // Characters of two, three and four bytes, next to the edge of each column, and padding between them.
    let name = "ñ李𝒜".repeat(10);
    for length in [1, 2, 3, 28, 29, 30] {
        let name: String = name.chars().take(length).collect();
        let sent = format!("A0000100001{name:30}{name:30}{:0>8}1980-01-01{:0>4}", 1, 1);
        let mut server = server();
        for byte in sent.as_bytes() {
            give(&mut server, at(0), &[*byte]);
        }
        assert_eq!(
            server_events(&mut server),
            [ServerEvent::Batch(vec![format!("{name}|{name}|1|1980-01-01|1")])]
        );
    }
}

#[test]
fn bets_can_be_iterated_more_than_once() {
    let mut server = server();
    give(&mut server, at(0), &batch(1, &[ANA, JOSE]));
    let Some(Event::Batch { bets, .. }) = server.poll_event() else { panic!() };
    for _ in 0..2 {
        let mut shown = Vec::new();
        for bet in &bets {
            shown.push(text(&bet));
        }
        assert_eq!(shown, [ANA, JOSE]);
    }
}

#[test]
fn an_iterator_of_bets_has_an_exact_size() {
    let mut server = server();
    give(&mut server, at(0), &batch(3, &[ANA, JOSE, ANA]));
    let Some(Event::Batch { bets, .. }) = server.poll_event() else { panic!() };
    assert_eq!(bets.size(), 3 * 4 + ANA.len() + JOSE.len() + ANA.len());
    let mut iter = bets.iter();
    for left in (0..=3).rev() {
        assert_eq!((iter.size_hint(), iter.len()), ((left, Some(left)), left));
        assert_eq!(iter.next().is_some(), left > 0);
    }
}
