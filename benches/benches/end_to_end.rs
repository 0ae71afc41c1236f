//! Whole lottery on each runtime: all agencies of the input at once, from connecting to the winners.

use std::time::Duration;

use benches::input::{self, agencies};
use benches::lottery;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use lottery_runtime::{RunClient, Serve};

fn end_to_end(criterion: &mut Criterion) {
    let agencies = agencies();
    of(criterion, "tokio", &runtime_tokio::Tokio, &agencies);
    of(criterion, "std", &runtime_std::Std, &agencies);
    of(criterion, "smol", &runtime_smol::Smol, &agencies);
    #[cfg(feature = "async-std")]
    of(criterion, "async-std", &runtime_smol::AsyncStd, &agencies);
}

fn of(
    criterion: &mut Criterion,
    name: &str,
    runtime: &(impl Serve + RunClient + Sync),
    agencies: &[input::Agency],
) {
    let bets: usize = agencies.iter().map(|(_, bets)| bets.len()).sum();
    let mut group = criterion.benchmark_group("end_to_end");
    // A lottery takes seconds of disk time at worst: few samples, each of few lotteries.
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(bets as u64));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|lotteries| (0..lotteries).map(|_| lottery::hold(runtime, agencies)).sum());
    });
    group.finish();
}

criterion_group!(benches, end_to_end);
criterion_main!(benches);
