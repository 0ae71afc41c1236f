//! Time of a start with millions of bets. Not a test that can fail: it prints figures.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use lottery_core::store::{AgencyRecord, EncodedBatch, Group, Store, rows};
use lottery_store::LogStore;
use tempfile::TempDir;

/// Bets in a group.
const GROUP: u32 = 10_000;

#[test]
#[ignore = "it writes 4 GB and measures; BETS says how many"]
fn time_of_a_start() {
    let bets = std::env::var("BETS").map_or(40_000_000_u64, |bets| bets.parse().expect("a number of bets"));
    let directory = TempDir::new().unwrap();
    let mut store = LogStore::open(directory.path()).unwrap();
    let mut text = String::new();
    for nth in 0..GROUP {
        rows::push_row(
            &mut text,
            1,
            "Santiago Lionel",
            "Lorca",
            &(30_904_465 + nth).to_string(),
            "1999-03-17",
            nth,
        );
    }
    let batch = Arc::new(EncodedBatch::from_rows(1, GROUP, text));
    let mut stored = 0;
    while stored < bets {
        stored += u64::from(GROUP);
        let record = AgencyRecord { stored, digest: 0, finished: false };
        let (batches, agencies) = (vec![Arc::clone(&batch)], [(1, record)].into());
        store.commit(&Group { batches, agencies, ..Group::default() }).unwrap();
    }
    let snapshots = store.snapshots().unwrap();
    while snapshots.csv_behind() > 0 {
        std::thread::yield_now();
    }
    drop(store);
    let mut out = std::io::stdout();
    for _ in 0..5 {
        // A start after a kill does the same: nothing is written at the end.
        let start = Instant::now();
        let store = LogStore::open(directory.path()).unwrap();
        let opened = start.elapsed();
        let start = Instant::now();
        drop(store);
        let closed = start.elapsed();
        writeln!(out, "{stored} bets: opened in {opened:.3?}; closed, after a part of the rest was compared, in {closed:.3?}").unwrap();
    }
}
