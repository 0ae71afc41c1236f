//! From bets to the wire's bytes and to core's rows: ours, and what people would write instead.

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
