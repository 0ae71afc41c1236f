//! The same bytes, whole and in pieces, yield the same events and the same replies.

use lottery_proto::Dialect;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::common::Dice;
use crate::grammar::{self, conversation};
use crate::input;
use crate::oracles::{answered, served};

/// Cuts the bytes at random: into single bytes, a few pieces, or two.
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
