//! Figures of the contenders, as a table or as lines for `cargo xtask bench-report`.

use benches::median;

use crate::Contender;
use crate::run::Run;

/// Prints the heads of the columns.
pub(crate) fn head(csv: bool, rounds: usize) {
    if !csv {
        println!("{rounds} rounds; medians. x sink: time, as the median of the rounds' ratios.");
        println!(
            "{:>6} {:8} {:>12} {:>8} {:>10} {:>10} {:>14} {:>14} {:>8}",
            "window",
            "",
            "Mbets/s",
            "x sink",
            "p50 us",
            "p99 us",
            "server s/Mbet",
            "client s/Mbet",
            "peak MiB"
        );
    }
}

/// Prints the medians of a contender's runs, and its time relative to that of the first; for the report, relative to
/// that of each of `all`.
pub(crate) fn contender(csv: bool, window: usize, own: &Contender<'_>, all: &[Contender<'_>]) {
    let of = |value: fn(&Run) -> f64| median(own.runs.iter().map(value).collect());
    let ratio_to = |other: &Contender<'_>| {
        let pairs = own.runs.iter().zip(&other.runs);
        median(pairs.map(|(run, other)| run.seconds_for_a_bet() / other.seconds_for_a_bet()).collect())
    };
    let (name, ratio) = (own.name, ratio_to(&all[0]));
    let (mbets, p50, p99) = (of(|run| 1e-6 / run.seconds_for_a_bet()), of(|run| run.p50), of(|run| run.p99));
    let server = of(|run| run.server_cpu / run.bets * 1e6);
    let (client, peak) = (of(|run| run.client_cpu / run.bets * 1e6), of(|run| run.peak_kib / 1024.0));
    if csv {
        println!(
            "ingest,{window},{name},{mbets:.3},{ratio:.3},{p50:.0},{p99:.0},{server:.3},{client:.3},{peak:.1}"
        );
        for other in all {
            println!("ingest-beside,{window},{name},{},{:.4}", other.name, ratio_to(other));
        }
    } else {
        println!(
            "{window:>6} {name:8} {mbets:>12.2} {ratio:>8.2} {p50:>10.0} {p99:>10.0} {server:>14.3} {client:>14.3} {peak:>8.1}"
        );
    }
}

/// Prints the time of a lone sync, in microseconds.
pub(crate) fn sync(csv: bool, window: usize, micros: f64) {
    if csv {
        println!("sync,{window},{micros:.0}");
    } else {
        println!("{window:>6} a lone write + fdatasync of a block: {micros:.0} us (median)");
    }
}
