//! Decoding, from bytes to bets: ours, the alternatives, and the speed at which bytes can be searched or
//! copied.

use benches::input::{Blocks, agencies};
use benches::work::{decoding, measure};
use criterion::{Criterion, criterion_group, criterion_main};

fn decode(criterion: &mut Criterion) {
    let agencies = agencies();
    let blocks = Blocks::of(&agencies);
    measure(criterion, "decode", &blocks, decoding(&agencies, &blocks));
}

criterion_group!(benches, decode);
criterion_main!(benches);
