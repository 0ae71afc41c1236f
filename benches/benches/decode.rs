//! From the wire's bytes to bets: ours, the textbook's, and how fast bytes can be searched or copied at all.

use benches::input::{Blocks, agencies};
use benches::work;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn decode(criterion: &mut Criterion) {
    let blocks = Blocks::of(&agencies());
    let mut copy = Vec::with_capacity(blocks.size());
    let throughput =
        Throughput::ElementsAndBytes { elements: blocks.bets() as u64, bytes: blocks.size() as u64 };
    let mut group = criterion.benchmark_group("decode");
    group.throughput(throughput);
    for (name, work) in work::ALL {
        group.bench_function(*name, |bencher| bencher.iter(|| work(black_box(&blocks), &mut copy)));
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
