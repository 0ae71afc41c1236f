//! `Display` and `Debug` of small types, in messages and logs.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use lottery_proto::server::Event;
use lottery_proto::{AgencyId, BetVec, Code, Dialect, LineOfBet, Receipt, client};
use lottery_testkit::{ANA, BET, JOSE, WINNER, at, batch, block, client, give, server, take};

#[test]
fn display_of_an_agency_is_its_number() {
    assert_eq!(AgencyId::new(99_999).unwrap().to_string(), "99999");
    assert_eq!(format!("{:>4}|", AgencyId::new(7).unwrap()), "   7|");
}

#[test]
fn debug_of_bets_shows_their_number() {
    let mut server = server();
    give(&mut server, at(0), &batch(3, &[ANA, JOSE, ANA]));
    let Some(Event::Batch { bets, .. }) = server.poll_event() else { panic!() };
    assert_eq!(format!("{bets:?}"), "Bets(3)");
    let mut iter = bets.iter();
    iter.next();
    assert_eq!(format!("{iter:?}"), "Iter(2 left)");
    let Some(LineOfBet::Short(line)) = bets.lines().next() else { panic!() };
    assert_eq!(format!("{line:?}"), format!("ShortLine({})", ANA.len()));
    let kept: BetVec = bets.iter().collect();
    let rest = kept.slice(1, 9);
    assert_eq!((format!("{rest:?}"), rest.is_empty()), ("BetSlice(2)".to_owned(), false));
    assert!(kept.slice(3, 9).is_empty() && rest.first(1).len() == 1);
}

/// A reply may repeat a bet, a line or documents.
#[cfg(feature = "custom-dialects")]
#[test]
fn debug_of_a_codecs_messages_omits_their_content() {
    use lottery_proto::wire::{Answer, Written};

    let written = Written::with_bets(1).repeating(*b"Wilhelmina");
    assert_eq!(format!("{written:?}"), "Written(1 bets)");
    assert_eq!(format!("{:?}", Answer::Echo("Wilhelmina")), "Echo");
    assert_eq!(format!("{:?}", Answer::Stored { total: 1 }), "Stored");
}

#[test]
fn debug_of_a_machine_shows_numbers_only() {
    let mut server = server();
    let fresh = format!("{server:?}");
    assert!(fresh.contains("RecvBuffer(0 of 64)") && fresh.contains("SendBuffer(0)"), "{fresh}");
    assert_eq!(
        format!("{:?}", server.poll_io().unwrap()),
        "Io { recv: 64, send: 0, fin: false, deadline: Some(Instant(60s)), unacked: false }"
    );
    give(&mut server, at(0), &[block(BET, 3, ANA.as_bytes()), block(BET, 3, JOSE.as_bytes())].concat());
    assert_eq!(server.next_bets(), (1, 4 + ANA.len()));
    let shown = format!("{server:?}");
    assert!(shown.contains("Request(Bet, Some(AgencyId(3)), 1 bets)"), "{shown}");
    let Some(Event::Bet { .. }) = server.poll_event() else { panic!() };
    let shown = format!("{server:?}");
    assert!(shown.contains("PendingReply(Bet, 3)"), "{shown}");
    let Some(Event::Bet { ticket, .. }) = server.poll_event() else { panic!() };
    assert_eq!(format!("{ticket:?}"), "Ticket(1, 1)");
    server.reply(at(0), ticket, Receipt::Stored { total: 2 }).unwrap();
    let shown = format!("{server:?}");
    assert!(shown.contains("Ready(8192, None)"), "{shown}");
}

#[test]
fn debug_of_a_line_shows_its_length() {
    let mut server = server();
    give(&mut server, at(0), b"Wilhelmina\n");
    let event = server.poll_event();
    assert!(format!("{event:?}").contains("Line(10)"), "{event:?}");
}

#[test]
fn debug_of_winners_shows_their_number() {
    let mut client = client(1);
    client.ask_winners(at(0)).unwrap();
    take(&mut client, at(0));
    give(&mut client, at(0), &block(WINNER, 1, b"11|2"));
    let Some(client::Event::Winners(documents)) = client.poll_event() else { panic!() };
    assert_eq!(format!("{documents:?}"), "Documents(2)");
    let mut rest = documents.clone();
    assert_eq!(documents, rest);
    rest.next();
    assert_ne!(documents, rest);
}

#[test]
fn dialects_are_hashed_by_their_names() {
    let hash = |dialect: Dialect| {
        let mut hasher = DefaultHasher::new();
        dialect.hash(&mut hasher);
        hasher.finish()
    };
    // Two descriptions of one dialect have one name.
    assert_eq!(hash(Dialect::FIXED), hash(Dialect::FIXED.answering_ok()));
    let differs = |dialect: &Dialect| hash(*dialect) != hash(Dialect::FIXED);
    assert_eq!(Dialect::ALL.iter().filter(|dialect| differs(dialect)).count(), Dialect::ALL.len() - 1);
}

#[test]
fn codes_are_parsed_as_they_are_displayed() {
    for code in Code::ALL {
        assert_eq!(Code::from_name(&code.to_string()), Some(*code));
    }
    for unknown in ["", "Storage", "storage ", "unknown"] {
        assert_eq!(Code::from_name(unknown), None);
    }
}
