//! Anything may arrive, and in any pieces: no decoder panics, what is accepted can be sent again, memory has a bound,
//! and the same bytes mean the same however they are cut.
//!
//! `ANYTHING=1000000 cargo test --release --test anything -- --nocapture` takes a million inputs for each decoder.

#[path = "../common/mod.rs"]
mod common;
mod grammar;
mod pieces;

use std::env;

use common::{Dice, answer, at, bet, client_of, heard, take};
use grammar::{conversation, noise, spoil};
use lottery_proto::server::Event;
use lottery_proto::{
    Bet, Client, ConnId, Dialect, EchoReply, Input, Server, ServerConfig, State, WinnersReply,
};

fn inputs() -> u64 {
    env::var("ANYTHING").map_or(20_000, |inputs| inputs.parse().expect("a number of inputs"))
}

/// Bytes for a decoder: messages that are spoilt or not, or noise.
fn input(wire: Dialect, dice: &mut Dice, messages: impl Fn(Dialect, &mut Dice) -> Vec<u8>) -> Vec<u8> {
    if dice.one_in(20) {
        return noise(dice);
    }
    let mut bytes = messages(wire, dice);
    spoil(&mut bytes, dice);
    bytes
}

/// What the README says that a server holds at most, if no answer is longer than a block.
fn bound(config: &ServerConfig) -> usize {
    let receive = config.max_message.max(8192);
    let requests = (config.max_in_flight + 2) * (2 * 512 + 8192);
    let answers = 4 * (64 * 1024 + (config.max_in_flight + 2) * 8192);
    1024 + receive + requests + answers
}

/// Gives as much as the server takes, and whether it may take more.
fn give_some(server: &mut Server, bytes: &mut &[u8]) -> bool {
    let Some(io) = server.poll_io() else { return false };
    let n = io.recv.len().min(bytes.len());
    io.recv[..n].copy_from_slice(&bytes[..n]);
    *bytes = &bytes[n..];
    if n > 0 {
        server.handle(at(0), Input::Received(n));
    }
    n > 0
}

/// What was accepted is sent again, and means the same.
fn is_stable(wire: Dialect, agency: u32, bets: &[Bet<'_>]) {
    let mut rest = bets;
    let mut client = client_of(wire, agency);
    let mut server = Server::new(ServerConfig::default(), ConnId(2), at(0));
    while !rest.is_empty() {
        let taken = client.send_batch(at(0), rest).expect("what was accepted can be sent");
        let sent = take(&mut client, at(0));
        common::give(&mut server, at(0), &sent);
        let Some(Event::Batch { ticket, bets }) = server.poll_event() else { panic!("{wire}") };
        assert!(bets.iter().eq(rest[..taken].iter().copied()), "{}", sent.escape_ascii());
        server.reply(at(0), ticket, lottery_proto::Receipt::Stored { total: 0 }).unwrap();
        let answer = take(&mut server, at(0));
        common::give(&mut client, at(0), &answer);
        rest = &rest[taken..];
    }
}

/// The server takes all of it; the application answers at once. How many batches were accepted.
fn serve(wire: Dialect, config: &ServerConfig, bytes: &[u8]) -> usize {
    let mut server = Server::new(config.clone(), ConnId(1), at(0));
    let bound = bound(config);
    let mut rest = bytes;
    let mut batches = 0;
    loop {
        let more = give_some(&mut server, &mut rest);
        assert!(server.memory() <= bound, "{} > {bound}", server.memory());
        while let Some(event) = server.poll_event() {
            let stored = lottery_proto::Receipt::Stored { total: 1 };
            match event {
                Event::Batch { ticket, bets } => {
                    if server_wire(wire, bytes) {
                        is_stable(wire, ticket.agency().get(), &bets.iter().collect::<Vec<_>>());
                    }
                    batches += 1;
                    server.reply(at(0), ticket, stored).unwrap();
                }
                Event::Bet { ticket, .. } => server.reply(at(0), ticket, stored).unwrap(),
                Event::Finished { ticket } => server.reply(at(0), ticket, stored).unwrap(),
                Event::WinnersQuery { ticket, .. } => {
                    server.reply(at(0), ticket, WinnersReply::Pending).unwrap();
                }
                Event::Stranger { ticket } => {
                    server.reply(at(0), ticket, WinnersReply::Winners(&[])).unwrap();
                }
                Event::Echo { ticket, .. } => server.reply(at(0), ticket, EchoReply("")).unwrap(),
                _ => {}
            }
        }
        assert!(server.memory() <= bound, "{} > {bound}", server.memory());
        let _ = take(&mut server, at(0));
        if !more {
            break;
        }
    }
    assert!(rest.is_empty(), "whatever comes is read, or the connection is over");
    server.handle(at(0), Input::Eof);
    while answer(&mut server, at(0), Some(&[])) {}
    let _ = take(&mut server, at(0));
    server.handle(at(0), Input::FinSent);
    assert_eq!(server.state(), State::Closed);
    batches
}

/// Asks something, and sends it.
fn ask(client: &mut Client, question: usize) {
    let bets = [bet(common::ANA)];
    let asked = match question {
        0 => client.send_batch(at(0), &bets).map(|_| ()),
        1 => client.send_bet(at(0), &bets[0]),
        2 => client.send_finished(at(0)),
        _ => client.ask_winners(at(0)),
    };
    if asked.is_err() {
        let _ = client.send_line(at(0), "hola");
    }
    let _ = take(client, at(0));
}

/// Whether the bytes are of that wire at all: noise need not be.
fn server_wire(wire: Dialect, bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(1..=9) => wire == Dialect::Block,
        Some(b'A' | b'C' | b'F') => wire == Dialect::Fixed,
        Some(b'0'..=b'9') => wire == Dialect::Framed,
        Some(b'B' | b'N' | b'Q') => wire == Dialect::Braces,
        _ => false,
    }
}

fn all_inputs(wire: Dialect) {
    let mut dice = Dice(wire as u64);
    let config = ServerConfig { max_in_flight: 4, max_buffer: 8192, ..ServerConfig::default() };
    let (mut batches, mut answers) = (0, 0);
    for _ in 0..inputs() {
        batches += serve(wire, &config, &input(wire, &mut dice, conversation));
    }
    for _ in 0..inputs() {
        let mut client = client_of(wire, 1);
        ask(&mut client, dice.below(4));
        let bytes = input(wire, &mut dice, grammar::answer);
        let mut rest = &bytes[..];
        while client.state() == State::Open && !rest.is_empty() {
            let recv = client.poll_io().unwrap().recv;
            let n = recv.len().min(rest.len());
            recv[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            client.handle(at(0), Input::Received(n));
        }
        client.handle(at(0), Input::Eof);
        client.handle(at(0), Input::FinSent);
        answers += heard(&mut client).len() - 1;
        assert_eq!(client.state(), State::Closed);
    }
    println!("{wire}: {} inputs each way, {batches} batches and {answers} answers taken", inputs());
    assert!(wire == Dialect::Echo || batches as u64 > inputs() / 10);
    assert!(answers as u64 > inputs() / 20);
}

#[test]
fn the_decoders_of_block_stand_anything() {
    all_inputs(Dialect::Block);
}

#[test]
fn the_decoders_of_fixed_stand_anything() {
    all_inputs(Dialect::Fixed);
}

#[test]
fn the_decoders_of_framed_stand_anything() {
    all_inputs(Dialect::Framed);
}

#[test]
fn the_decoders_of_braces_stand_anything() {
    all_inputs(Dialect::Braces);
}

#[test]
fn the_decoders_of_echo_stand_anything() {
    all_inputs(Dialect::Echo);
}
