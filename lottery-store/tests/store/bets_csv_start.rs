//! Tests of the part of a long `bets.csv` that a start leaves, and that is compared once the store is open.

use std::io::ErrorKind;

use lottery_core::store::{Store, StoreError};
use lottery_testkit::disk::{Faults, SimDirectory, SimDisk};
use lottery_testkit::log::{Level, logged};
use lottery_testkit::store::{Model, SMALL, group, open_log};

/// Returns a store whose `bets.csv` is several times as long as what a start compares.
fn long() -> (SimDirectory, SimDisk, Model) {
    let (log, csv, mut model) = (SimDirectory::new(), SimDisk::new(), Model::default());
    let mut store = open_log(&log, &csv).unwrap();
    for nth in 0..100 {
        store.commit(&group(nth, 5, 30)).unwrap();
        model.apply(&group(nth, 5, 30));
    }
    assert!(csv.content().len() as u64 > 4 * (SMALL.compared + SMALL.most), "{}", csv.content().len());
    (log, csv, model)
}

#[test]
fn nuls_that_a_power_cut_left_anywhere_are_filled() {
    let (log, csv, mut model) = long();
    let size = csv.content().len();
    for (from, to) in
        [(0, 1), (9, 30_000), (size / 2, size / 2 + 100), (0, size), (100, size - 3), (size - 9, size)]
    {
        csv.edit(|content| content[from..to].fill(0));
        let store = open_log(&log, &csv).unwrap();
        assert_eq!(store.csv_behind(), 0, "{from}..{to}");
        assert!(csv.content() == model.csv(), "{from}..{to}");
    }
    // Also when there is room only later.
    csv.edit(|content| content[9..30_000].fill(0));
    csv.fail(Faults { write: Some((0, ErrorKind::StorageFull)), write_for_good: true, ..Faults::default() });
    let mut store = open_log(&log, &csv).unwrap();
    assert!(csv.content() != model.csv());
    csv.fail(Faults::default());
    store.commit(&group(100, 1, 1)).unwrap();
    model.apply(&group(100, 1, 1));
    while csv.content() != model.csv() {
        store.tend().unwrap();
    }
}

#[test]
fn rows_of_others_far_from_the_end_are_left_alone_and_logged() {
    let (log, csv, mut model) = long();
    csv.edit(|content| content[1000] ^= 1);
    let foreign = csv.content();
    let lines = logged(Level::Info, || {
        let mut store = open_log(&log, &csv).unwrap();
        for nth in 100..103 {
            store.commit(&group(nth, 2, 3)).unwrap();
            model.apply(&group(nth, 2, 3));
        }
        assert_eq!(store.csv_behind(), model.csv().len() as u64);
        assert!(csv.content() == foreign);
        // Somebody takes it away.
        csv.edit(Vec::clear);
        store.commit(&group(103, 1, 1)).unwrap();
        model.apply(&group(103, 1, 1));
        assert!(csv.content() == model.csv());
        assert_eq!(Model::of(&mut store), model);
    });
    let [told, caught_up] = &lines[..] else { panic!("{lines:#?}") };
    let left = "it holds rows that the store does not have, and is left alone";
    assert!(told.starts_with("WARNING  action: repair_bets_csv | result: fail | behind: "), "{told}");
    assert!(told.ends_with(left), "{told}");
    assert!(caught_up.starts_with("INFO     action: repair_bets_csv | result: success"), "{caught_up}");
}

#[test]
fn rows_of_others_near_the_end_are_rejected_at_the_start() {
    let (log, csv, _) = long();
    let size = csv.content().len();
    for at in [size - 9, size - 500, size - usize::try_from(SMALL.compared).unwrap()] {
        let csv = csv.after_kill();
        csv.edit(|content| content[at] ^= 1);
        let changed = csv.content();
        let error = open_log(&log.after_kill(), &csv).unwrap_err();
        let StoreError::Differs { difference, .. } = &error else { panic!("{error}") };
        assert_eq!((difference.size, difference.stored_size), (size as u64, size as u64));
        assert!(difference.same < difference.rows && difference.same > difference.rows / 2, "{error}");
        assert!(csv.content() == changed);
    }
    // Rows that the log has lost are behind all others.
    csv.edit(|content| content.extend(b"1,Ana,Paz,1,1980-01-01,1\r\n"));
    assert!(matches!(open_log(&log, &csv), Err(StoreError::Differs { .. })));
}

#[test]
fn damage_of_an_old_segment_ends_the_store_that_finds_it() {
    let (log, csv, _) = long();
    log.file("00000001.log").unwrap().edit(|content| content[9000] ^= 1);
    let mut store = open_log(&log, &csv).unwrap();
    let error = store.commit(&group(100, 1, 1)).unwrap_err();
    let says = error.to_string();
    assert!(matches!(error, StoreError::Failed { .. }), "{says}");
    assert!(
        says.starts_with("sim/log/00000001.log: ") && says.contains(": damaged: no whole frame"),
        "{says}"
    );
    assert_eq!(store.tend().unwrap_err(), error);
}

#[test]
fn a_segment_that_cannot_be_read_for_a_while_does_not_end_the_store() {
    let (log, csv, mut model) = long();
    let mut store = open_log(&log, &csv).unwrap();
    csv.edit(Vec::clear);
    log.fail(Faults { size: Some(0), ..Faults::default() });
    store.tend().unwrap();
    assert!(store.csv_behind() > 0);
    store.commit(&group(100, 1, 1)).unwrap();
    model.apply(&group(100, 1, 1));
    while store.csv_behind() > 0 {
        store.tend().unwrap();
    }
    assert!(csv.content() == model.csv());
}
