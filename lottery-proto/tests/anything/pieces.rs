//! The same bytes, whole and in pieces, are the same events and the same answers.

use lottery_proto::server::Event;
use lottery_proto::{
    Batch, ConnId, Dialect, Echo, EchoReply, Finished, Input, Receipt, Server, ServerConfig, SingleBet,
    State, Stranger, Ticket, WinnersQuery, WinnersReply,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::common::{Dice, at, client_of, heard, take, text};
use crate::grammar::{self, conversation};
use crate::{ask, give_some, input};

enum Held {
    Bet(Ticket<SingleBet>),
    Batch(Ticket<Batch>),
    Finished(Ticket<Finished>),
    Winners(Ticket<WinnersQuery>),
    Stranger(Ticket<Stranger>),
    Echo(Ticket<Echo>),
}

/// Takes the events that there are, and writes them down.
fn poll(server: &mut Server, events: &mut Vec<String>, held: &mut Vec<Held>) {
    while let Some(event) = server.poll_event() {
        let mut said = format!("{event:?}");
        match event {
            Event::Bet { ticket, bets } => {
                said.extend(bets.iter().map(|bet| text(&bet)));
                held.push(Held::Bet(ticket));
            }
            Event::Batch { ticket, bets } => {
                said.extend(bets.iter().map(|bet| text(&bet)));
                held.push(Held::Batch(ticket));
            }
            Event::Finished { ticket } => held.push(Held::Finished(ticket)),
            Event::WinnersQuery { ticket, .. } => held.push(Held::Winners(ticket)),
            Event::Stranger { ticket } => held.push(Held::Stranger(ticket)),
            Event::Echo { ticket, line } => {
                said += &line.0.escape_ascii().to_string();
                held.push(Held::Echo(ticket));
            }
            _ => {}
        }
        events.push(said);
    }
}

/// What a server makes of these pieces, when its application answers as soon as all of them are there.
fn served(pieces: &[&[u8]], refuse: bool) -> (Vec<String>, Vec<u8>) {
    let config = ServerConfig { max_in_flight: 1000, ..ServerConfig::default() };
    let mut server = Server::new(config, ConnId(1), at(0));
    let (mut events, mut held, mut sent) = (vec![], vec![], vec![]);
    for mut piece in pieces.iter().copied() {
        while give_some(&mut server, &mut piece) {
            poll(&mut server, &mut events, &mut held);
            sent.extend(take(&mut server, at(0)));
        }
    }
    server.handle(at(0), Input::Eof);
    let failure = lottery_proto::Failure { code: lottery_proto::Code::Storage, text: "no" };
    let receipt = if refuse { Receipt::Refused(failure) } else { Receipt::Stored { total: 1 } };
    loop {
        poll(&mut server, &mut events, &mut held);
        if held.is_empty() {
            break;
        }
        for held in held.drain(..) {
            match held {
                Held::Bet(ticket) => server.reply(at(0), ticket, receipt).unwrap(),
                Held::Batch(ticket) => server.reply(at(0), ticket, receipt).unwrap(),
                Held::Finished(ticket) => server.reply(at(0), ticket, Receipt::Stored { total: 1 }).unwrap(),
                Held::Winners(ticket) => server.reply(at(0), ticket, WinnersReply::Pending).unwrap(),
                Held::Stranger(ticket) => server.reply(at(0), ticket, WinnersReply::Winners(&[])).unwrap(),
                Held::Echo(ticket) => server.reply(at(0), ticket, EchoReply("> ")).unwrap(),
            }
        }
    }
    sent.extend(take(&mut server, at(0)));
    server.handle(at(0), Input::FinSent);
    poll(&mut server, &mut events, &mut held);
    assert_eq!(server.state(), State::Closed);
    (events, sent)
}

/// What a client hears of these pieces.
fn answered(wire: Dialect, question: usize, pieces: &[&[u8]]) -> String {
    let mut client = client_of(wire, 1);
    ask(&mut client, question);
    for piece in pieces {
        let mut rest = *piece;
        while client.state() == State::Open && !rest.is_empty() {
            let recv = client.poll_io().unwrap().recv;
            let n = recv.len().min(rest.len());
            recv[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            client.handle(at(0), Input::Received(n));
        }
    }
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    format!("{:?}", heard(&mut client))
}

/// The bytes, cut where the dice say: into single bytes, a few pieces, or two.
fn cut<'a>(mut bytes: &'a [u8], dice: &mut Dice) -> Vec<&'a [u8]> {
    let most = *dice.pick(&[1, 2, 5, 30, 600, 9000]);
    let mut pieces = vec![];
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at((1 + dice.below(most)).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_500,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whole_and_in_pieces_is_the_same(seed: u64, wire in prop::sample::select(Dialect::ALL), refuse: bool) {
        let mut dice = Dice(seed);
        let bytes = input(wire, &mut dice, conversation);
        let whole = served(&[&bytes], refuse);
        prop_assert_eq!(&whole, &served(&cut(&bytes, &mut dice), refuse), "{}", bytes.escape_ascii());
        let question = dice.below(4);
        let bytes = input(wire, &mut dice, grammar::answer);
        let whole = answered(wire, question, &[&bytes]);
        prop_assert_eq!(whole, answered(wire, question, &cut(&bytes, &mut dice)), "{}", bytes.escape_ascii());
    }
}
