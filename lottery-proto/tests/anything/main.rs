//! Any input, in any pieces: no decoder panics, accepted messages can be sent again, memory has a bound, and
//! the same bytes mean the same wherever they are cut.
//!
//! `ANYTHING=1000000 cargo test --release --test anything -- --nocapture` takes a million inputs for each
//! decoder.

#[path = "../common/mod.rs"]
mod common;
mod grammar;
#[path = "../oracles/mod.rs"]
mod oracles;
mod pieces;

use std::env;

use common::{Dice, at, client_of, heard};
use grammar::{conversation, noise, spoil};
use lottery_proto::{Dialect, Input, ServerConfig, State};
use oracles::{ask, give_until_over, serve};

fn inputs() -> u64 {
    env::var("ANYTHING").map_or(20_000, |inputs| inputs.parse().expect("a number of inputs"))
}

/// Returns input for a decoder: messages, damaged or not, or noise.
fn input(wire: Dialect, dice: &mut Dice, messages: impl Fn(Dialect, &mut Dice) -> Vec<u8>) -> Vec<u8> {
    if dice.one_in(20) {
        return noise(dice);
    }
    let mut bytes = messages(wire, dice);
    spoil(&mut bytes, dice);
    bytes
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
        let mut said = give_until_over(&mut client, &bytes);
        client.handle(at(0), Input::Eof);
        client.handle(at(0), Input::FinSent);
        said.extend(heard(&mut client));
        answers += said.len() - 1;
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
