//! Winners lists in pieces: the same bytes as a whole list, which is never in memory at once.

use lottery_proto::server::Event;
use lottery_proto::{
    CloseReason, Code, Dialect, Failure, Input, ListError, ListSize, ReplyError, Server, SocketError, Ticket,
    WinnersReply, client,
};
use lottery_testkit::{
    ServerEvent, WINNER, at, block, client_of, framed, give, open_session, packet, server, server_events,
    session_packets, take, welcome,
};

/// Returns a server that was asked for the winners of agency 1, and the query's ticket.
fn queried(dialect: Dialect) -> (Server, Ticket<WinnersReply<'static>>) {
    let mut server = server();
    match dialect.name() {
        "session" => {
            open_session(&mut server, 1, 0, true);
            give(&mut server, at(0), &packet(WINNER, 1, b"2"));
        }
        "block" => give(&mut server, at(0), &block(WINNER, 1, b"1")),
        "fixed" => give(&mut server, at(0), b"C00001"),
        "braces" => give(&mut server, at(0), b"Q{AgencyID:1};"),
        _ => {
            give(&mut server, at(0), &[framed("1;0\n"), framed("END")].concat());
            assert!(lottery_testkit::accept_next(&mut server, at(0), None), "the batch");
            assert!(lottery_testkit::accept_next(&mut server, at(0), None), "the end");
            take(&mut server, at(0));
        }
    }
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    (server, ticket)
}

fn documents(count: usize) -> Vec<String> {
    (0..count).map(|nth| (10_000_000 + nth * 7).to_string()).collect()
}

fn size_of(documents: &[String]) -> ListSize {
    ListSize::of(documents.iter().map(String::as_str))
}

fn put(server: &mut Server, documents: &[String]) -> Result<(), ListError> {
    server.put_winners(at(0), documents.iter().map(String::as_str))
}

const CARRY_BETS: [Dialect; 5] =
    [Dialect::BLOCK, Dialect::SESSION, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES];

#[test]
fn a_list_in_pieces_has_the_same_bytes() {
    for dialect in CARRY_BETS {
        for count in [0, 1, 2, 10, 909] {
            let documents = documents(count);
            let (mut server, ticket) = queried(dialect);
            server.reply_winners(at(0), ticket, &documents).unwrap();
            let whole = take(&mut server, at(0));
            let (ended, events) = (server.poll_io().is_none_or(|io| io.fin), server_events(&mut server));
            for piece in [1, 3, 1000] {
                if dialect == Dialect::SESSION && piece < count {
                    // Sessions send these in more blocks: the next test checks them.
                    continue;
                }
                let (mut server, ticket) = queried(dialect);
                server.reply(at(0), ticket, WinnersReply::List(size_of(&documents))).unwrap();
                let mut sent = take(&mut server, at(0));
                for piece in documents.chunks(piece) {
                    assert!(server.wants_winners());
                    put(&mut server, piece).unwrap();
                    sent.extend(take(&mut server, at(0)));
                }
                assert!(!server.wants_winners());
                assert!(sent == whole, "{dialect}, {count} in pieces of {piece}");
                assert_eq!(server.poll_io().is_none_or(|io| io.fin), ended, "{dialect}");
                assert_eq!(server_events(&mut server), events, "{dialect}");
            }
        }
    }
}

#[test]
fn a_session_gets_whole_blocks_wherever_the_pieces_end() {
    let documents = documents(5000);
    for piece in [1, 100, 909, 910, 5000] {
        let (mut server, ticket) = queried(Dialect::SESSION);
        server.reply(at(0), ticket, WinnersReply::List(size_of(&documents))).unwrap();
        let mut client = client_of(Dialect::SESSION, 1);
        give(&mut client, at(0), &welcome(1, 0, true, 16, 0));
        let Some(client::Event::Welcome { .. }) = client.poll_event() else { panic!() };
        client.ask_winners(at(0)).unwrap();
        let mut sent = Vec::new();
        for piece in documents.chunks(piece) {
            put(&mut server, piece).unwrap();
            let bytes = take(&mut server, at(0));
            let packets = session_packets(&bytes);
            assert_eq!(packets.len(), piece.len().div_ceil(909));
            for packet in packets {
                give(&mut client, at(0), packet);
                let Some(client::Event::Winners(part)) = client.poll_event() else { panic!() };
                let last = part.is_last();
                sent.extend(part.map(str::to_owned));
                assert_eq!(last, sent.len() == documents.len());
            }
        }
        assert!(sent == documents, "{piece}");
    }
}

#[test]
fn the_next_piece_is_wanted_once_the_last_is_read() {
    let documents = documents(80_000);
    for dialect in [Dialect::SESSION, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES] {
        let (mut server, ticket) = queried(dialect);
        server.reply(at(0), ticket, WinnersReply::List(size_of(&documents))).unwrap();
        let (mut pieces, mut most, mut sent) = (documents.chunks(900), 0, 0);
        loop {
            while server.wants_winners() {
                put(&mut server, pieces.next().unwrap()).unwrap();
                most = most.max(server.memory());
            }
            let unsent = server.poll_io().unwrap().send.len();
            if unsent == 0 {
                break;
            }
            sent += unsent;
            server.handle(at(0), Input::Sent(unsent));
        }
        assert!(pieces.next().is_none(), "{dialect}");
        assert!(sent > 600_000 && most < 250_000, "{dialect}: {most} bytes of memory for {sent}");
    }
}

#[test]
fn a_list_of_another_size_than_announced_is_rejected() {
    let few = documents(3);
    let other = |document: &str| vec![document.to_owned()];
    let (mut server, ticket) = queried(Dialect::FRAMED);
    assert_eq!(put(&mut server, &few), Err(ListError::NoList), "nothing is announced");
    server.reply(at(0), ticket, WinnersReply::List(size_of(&few))).unwrap();
    put(&mut server, &[]).unwrap();
    put(&mut server, &few[..1]).unwrap();
    let before = server.poll_io().unwrap().send.to_vec();
    for wrong in [documents(3), other("100000000"), vec!["1".to_owned(); 2], other("100000000000000000")] {
        assert_eq!(put(&mut server, &wrong), Err(ListError::OtherSize));
        assert_eq!(server.poll_io().unwrap().send, before, "nothing of it");
        assert!(server.wants_winners());
    }
    put(&mut server, &few[1..]).unwrap();
    assert_eq!(take(&mut server, at(0)), framed(few.join(";")));
    assert_eq!(put(&mut server, &few), Err(ListError::NoList), "all of it is there");
}

#[test]
fn a_list_that_the_dialect_cannot_carry_gives_the_query_back() {
    let size = |documents, bytes, longest| ListSize { documents, bytes, longest };
    for (dialect, fits, not) in [
        (Dialect::BLOCK, size(2, 8186, 4093), size(2, 8187, 4094)),
        (Dialect::SESSION, size(9, 9 * 8187, 8187), size(1, 8188, 8188)),
        (Dialect::FIXED, size(99_999, 8, 8), size(100_000, 8, 8)),
        (Dialect::FIXED, size(1, 8, 8), size(1, 9, 9)),
        (Dialect::FRAMED, size(50_000_000, 50_000_000, 1), size(50_000_000, 50_000_001, 2)),
    ] {
        let (mut server, ticket) = queried(dialect);
        let reply = server.reply(at(0), ticket, WinnersReply::List(not));
        let Err(ReplyError::TooLarge(ticket)) = reply else { panic!("{dialect} carries {not:?}") };
        assert!(take(&mut server, at(0)).is_empty() && !server.wants_winners());
        server.reply(at(0), ticket, WinnersReply::List(fits)).unwrap();
        assert!(server.wants_winners());
    }
}

#[test]
fn a_shutdown_within_a_list_waits_for_its_end() {
    let documents = documents(10);
    let list = format!("1{}", documents.join("|"));
    let (in_block, in_session) = (block(WINNER, 1, list.as_bytes()), packet(WINNER, 1, list.as_bytes()));
    for (dialect, sent) in [(Dialect::FRAMED, framed(documents.join(";"))), (Dialect::BLOCK, in_block)] {
        let (mut server, ticket) = queried(dialect);
        server.reply(at(0), ticket, WinnersReply::List(size_of(&documents))).unwrap();
        put(&mut server, &documents[..4]).unwrap();
        let begun = take(&mut server, at(0));
        server.handle(at(0), Input::Shutdown);
        assert!(server.wants_winners() && !server.poll_io().unwrap().fin, "{dialect}");
        put(&mut server, &documents[4..]).unwrap();
        assert!([begun, take(&mut server, at(0))].concat() == sent, "{dialect}");
        assert!(server.poll_io().unwrap().fin);
    }
    // A superseded session gets its reason, too.
    let (mut server, ticket) = queried(Dialect::SESSION);
    server.reply(at(0), ticket, WinnersReply::List(size_of(&documents))).unwrap();
    server.supersede(at(0));
    assert!(take(&mut server, at(0)).is_empty());
    put(&mut server, &documents).unwrap();
    let sent = take(&mut server, at(0));
    let (list, error) = sent.split_at(in_session.len());
    assert!(list == in_session);
    assert!(error.starts_with(b"\x09\x01\x37\x00superseded|"));
}

#[test]
fn a_request_behind_a_list_is_answered_after_it() {
    let documents = documents(10);
    let (mut server, ticket) = queried(Dialect::BRACES);
    server.reply(at(0), ticket, WinnersReply::List(size_of(&documents))).unwrap();
    put(&mut server, &documents[..9]).unwrap();
    give(&mut server, at(0), b"B{};Q{AgencyID:1};");
    assert!(matches!(server_events(&mut server)[..], [ServerEvent::Rejected(..)]), "the query waits");
    put(&mut server, &documents[9..]).unwrap();
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    let failure = Failure { code: Code::Storage, text: "no" };
    server.reply(at(0), ticket, WinnersReply::Rejected(failure)).unwrap();
    let sent = String::from_utf8(take(&mut server, at(0))).unwrap();
    let last = documents.last().unwrap();
    let (list, rest) = sent.split_once(&format!("{{PlayerDocID:{last}}};")).unwrap();
    assert!(list.starts_with("R{PlayerDocID:10000000},{"));
    assert!(rest.starts_with("ERROR:") && rest.ends_with(";ERROR:no;"), "{rest}");
}

#[test]
fn a_list_for_a_closed_connection_is_dropped() {
    let documents = documents(10);
    let (mut server, ticket) = queried(Dialect::FRAMED);
    server.reply(at(0), ticket, WinnersReply::List(size_of(&documents))).unwrap();
    put(&mut server, &documents[..4]).unwrap();
    server.handle(at(0), Input::Failed(SocketError::Reset));
    assert!(!server.wants_winners());
    put(&mut server, &documents[4..]).unwrap();
    assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Lost(SocketError::Reset))]);
}

#[test]
fn a_list_is_taken_from_an_iterator_or_a_slice_of_texts() {
    let owned = documents(3);
    let borrowed: Vec<&str> = owned.iter().map(String::as_str).collect();
    for dialect in CARRY_BETS {
        let sent = [0, 1, 2].map(|kind| {
            let (mut server, ticket) = queried(dialect);
            match kind {
                0 => server.reply_winners(at(0), ticket, &owned).unwrap(),
                1 => server.reply_winners(at(0), ticket, &borrowed).unwrap(),
                _ => server.reply_winners(at(0), ticket, borrowed.iter().copied()).unwrap(),
            }
            take(&mut server, at(0))
        });
        assert!(!sent[0].is_empty() && sent[1] == sent[0] && sent[2] == sent[0], "{dialect}");
    }
}

#[test]
fn too_many_winners_are_given_back() {
    let documents: Vec<String> = (0..910).map(|i| (20_000_000 + i).to_string()).collect();
    let rejected = Failure { code: Code::Storage, text: "too many winners" };
    for reject in [false, true] {
        let mut server = server();
        give(&mut server, at(0), &[block(WINNER, 1, b"1"), block(WINNER, 1, b"1")].concat());
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        assert!(server.poll_event().is_none(), "the next query waits for the reply");
        let Err(ReplyError::TooLarge(ticket)) = server.reply_winners(at(0), ticket, &documents) else {
            panic!()
        };
        assert_eq!(take(&mut server, at(0)), [0_u8; 0]);
        let Err(ReplyError::TooLarge(ticket)) = server.reply_winners(at(0), ticket, &documents) else {
            panic!()
        };
        if !reject {
            server.reply_winners(at(0), ticket, &documents[..909]).unwrap();
            let longest = block(WINNER, 1, format!("1{}", documents[..909].join("|")).as_bytes());
            assert_eq!(take(&mut server, at(0)), longest);
            assert!(matches!(server.poll_event(), Some(Event::WinnersQuery { .. })));
            continue;
        }
        server.reply(at(0), ticket, WinnersReply::Rejected(rejected)).unwrap();

        // The dialect has no message for this rejection: the connection ends, and no later request gets a
        // reply.
        assert_eq!(take(&mut server, at(0)), [0_u8; 0]);
        assert!(server.poll_io().unwrap().fin);
        server.handle(at(0), Input::FinSent);
        server.handle(at(0), Input::Eof);
        assert_eq!(server_events(&mut server), [ServerEvent::Closed(CloseReason::Rejected)]);
    }
}
