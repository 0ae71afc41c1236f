//! Reading of agencies' files, from bytes to valid bets.

use benches::input::{Blocks, agencies};
use benches::read::reading;
use benches::work::measure;
use criterion::{Criterion, criterion_group, criterion_main};

fn read(criterion: &mut Criterion) {
    let agencies = agencies();
    measure(criterion, "read", &Blocks::of(&agencies), reading(&agencies));
}

criterion_group!(benches, read);
criterion_main!(benches);
