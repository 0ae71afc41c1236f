//! Any input, in any pieces: no decoder panics, accepted messages can be sent again, memory has a bound, and
//! the same bytes mean the same wherever they are cut.
//!
//! `ANYTHING=1000000 cargo test --release --test proto anything -- --nocapture` takes a million inputs for each
//! decoder.

mod pieces;

use std::env;

use lottery_proto::{Dialect, ServerConfig, State};
use lottery_testkit::grammar::{self, conversation, noise, spoil};
use lottery_testkit::invariants::{give_until_over, send_request, serve};
use lottery_testkit::{Rng, at, client_of};

use crate::support::ended;

fn inputs() -> u64 {
    env::var("ANYTHING").map_or(20_000, |inputs| inputs.parse().expect("a number of inputs"))
}

/// Returns input for a decoder: messages, damaged or not, or noise.
fn input(dialect: Dialect, rng: &mut Rng, messages: impl Fn(Dialect, &mut Rng) -> Vec<u8>) -> Vec<u8> {
    if rng.one_in(20) {
        return noise(rng);
    }
    let mut bytes = messages(dialect, rng);
    spoil(&mut bytes, rng);
    bytes
}

fn all_inputs(dialect: Dialect) {
    let place = Dialect::ALL.iter().position(|other| *other == dialect).expect("one of them");
    let mut rng = Rng::new(place as u64);
    let config = ServerConfig::builder(5).max_in_flight(4).max_buffer(8192).build().unwrap();
    let (mut batches, mut answers) = (0, 0);
    for _ in 0..inputs() {
        batches += serve(dialect, &config, &input(dialect, &mut rng, conversation));
    }
    for _ in 0..inputs() {
        let mut client = client_of(dialect, 1);
        send_request(&mut client, rng.index(4));
        let bytes = input(dialect, &mut rng, grammar::answer);
        let mut events = give_until_over(&mut client, &bytes);
        events.extend(ended(&mut client, at(0)));
        answers += events.len() - 1;
        assert_eq!(client.state(), State::Closed);
    }
    println!("{dialect}: {} inputs each way, {batches} batches and {answers} answers taken", inputs());
    assert!(dialect == Dialect::ECHO || batches as u64 > inputs() / 10);
    assert!(answers as u64 > inputs() / 20);
}

#[test]
fn decoders_of_block_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::BLOCK);
}

#[test]
fn decoders_of_fixed_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::FIXED);
}

#[test]
fn decoders_of_framed_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::FRAMED);
}

#[test]
fn decoders_of_braces_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::BRACES);
}

#[test]
fn decoders_of_echo_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::ECHO);
}

#[test]
fn decoders_of_short_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::SHORT);
}

#[test]
fn decoders_of_columns_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::COLUMNS);
}

#[test]
fn decoders_of_line_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::LINE);
}

#[test]
fn decoders_of_bare_keep_their_invariants_on_any_bytes() {
    all_inputs(Dialect::BARE);
}
