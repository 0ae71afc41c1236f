//! Cost of blocks in the machines of a server connection, beside decoding alone.

use benches::input::{Blocks, agencies};
use benches::machine::machines;
use benches::work::measure;
use criterion::{Criterion, criterion_group, criterion_main};

fn machine(criterion: &mut Criterion) {
    let agencies = agencies();
    let blocks = Blocks::of(&agencies);
    measure(criterion, "machine", &blocks, machines(&blocks));
}

criterion_group!(benches, machine);
criterion_main!(benches);
