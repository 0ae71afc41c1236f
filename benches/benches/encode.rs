//! Encoding, from bets to blocks and to core's rows: ours, and the alternatives.

use benches::encode::encoding;
use benches::input::{Blocks, agencies};
use benches::work::measure;
use criterion::{Criterion, criterion_group, criterion_main};

fn encode(criterion: &mut Criterion) {
    let agencies = agencies();
    let blocks = Blocks::of(&agencies);
    measure(criterion, "encode", &blocks, encoding(&agencies, &blocks));
}

criterion_group!(benches, encode);
criterion_main!(benches);
