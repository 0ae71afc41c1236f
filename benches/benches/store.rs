//! Groups of batches made durable: through the committer, and as a raw write and sync; and batches of many
//! producers at once, by groups and one by one.

use std::time::Duration;

use benches::group::{Groups, SIZES};
use benches::input::{Blocks, agencies};
use benches::producers::{PRODUCERS, Taken, produce};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn store(criterion: &mut Criterion) {
    let blocks = Blocks::of(&agencies());
    // Directory on the disk: one for temporary files may be in memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    let mut groups = Groups::new(&blocks, dir.path());
    let mut group = criterion.benchmark_group("store");
    group.sample_size(20).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    for size in SIZES {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(format!("group-of-{size}"), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| groups.commit(size)).sum());
        });
        group.bench_function(format!("write-and-sync-of-{size}"), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| groups.write_and_sync(size)).sum());
        });
    }
    for (producers, each) in PRODUCERS {
        group.throughput(Throughput::Elements((producers * each) as u64));
        for taken in Taken::ALL {
            group.bench_function(format!("{}-of-{producers}-producers", taken.name()), |bencher| {
                let produce = |_| produce(&blocks, dir.path(), (producers, each), taken);
                bencher.iter_custom(|times| (0..times).map(produce).sum());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, store);
criterion_main!(benches);
