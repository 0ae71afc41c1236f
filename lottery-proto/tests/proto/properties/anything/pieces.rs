//! The same bytes, whole and in pieces, yield the same events and the same replies.

use lottery_proto::Dialect;
use lottery_testkit::Rng;
use lottery_testkit::grammar::{self, conversation};
use lottery_testkit::invariants::{answered, served};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::input;

/// Cuts the bytes at random: into single bytes, a few pieces, or two.
fn cut<'a>(mut bytes: &'a [u8], rng: &mut Rng) -> Vec<&'a [u8]> {
    let most = *rng.pick(&[1, 2, 5, 30, 600, 9000]);
    let mut pieces = vec![];
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at((1 + rng.index(most)).min(bytes.len()));
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
    fn the_same_bytes_whole_or_in_pieces_mean_the_same(seed: u64, dialect in prop::sample::select(Dialect::ALL), reject: bool) {
        let mut rng = Rng::new(seed);
        let bytes = input(dialect, &mut rng, conversation);
        let whole = served(&[&bytes], reject);
        prop_assert_eq!(&whole, &served(&cut(&bytes, &mut rng), reject), "{}", bytes.escape_ascii());
        let request = rng.index(4);
        let bytes = input(dialect, &mut rng, grammar::answer);
        let whole = answered(dialect, request, &[&bytes]);
        prop_assert_eq!(whole, answered(dialect, request, &cut(&bytes, &mut rng)), "{}", bytes.escape_ascii());
    }
}
