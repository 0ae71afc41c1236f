//! Tests that fail one operation after another: without room the store goes on, after any other failure it
//! does not.

use std::io::ErrorKind;

use lottery_core::store::{AgencyRecord, EncodedBatch, Group, Store, StoreError};
use lottery_testkit::disk::{Faults, SimDirectory, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open_log};

use crate::common::{assert_acknowledged, begun};

const NO_ROOM: [ErrorKind; 3] = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge];

/// Returns the groups to try: a small one, one with the draw, one so large that it takes a segment of its own, and one
/// without bets.
fn tried() -> [Group; 4] {
    let finished = AgencyRecord { stored: 9, digest: 9, finished: true };
    let without_bets = Group { agencies: [(1, finished)].into(), ..Group::default() };
    [group(7, 1, 1), drawn(group(7, 2, 3)), group(7, 20, 400), without_bets]
}

#[test]
fn a_write_without_room_stores_nothing_and_the_store_goes_on() {
    for (which, tried) in tried().iter().enumerate() {
        let mut full = 0;
        for (nth, kind) in (0..).zip(NO_ROOM.iter().cycle()) {
            let (log, csv, mut model) = begun();
            let mut store = open_log(&log, &csv).unwrap();
            log.fail(Faults { write: Some((nth, *kind)), ..Faults::default() });
            let result = store.commit(tried);
            let injected = log.faults().write.is_none();
            log.fail(Faults::default());
            match result {
                Ok(()) => model.apply(tried),
                Err(StoreError::Full { place, .. }) => {
                    assert!(place.starts_with("sim/log/0000000"), "{place}");
                    full += 1;
                }
                Err(error) => panic!("write {nth}: {error}"),
            }
            assert_eq!(Model::of(&mut store), model, "write {nth}");

            // The process is killed at this point; the other one goes on.
            let (other, other_csv) = (log.after_kill(), csv.after_kill());
            assert_eq!(Model::of(&mut open_log(&other, &other_csv).unwrap()), model, "write {nth}");
            for later in [tried, &group(8, 5, 20)] {
                store.commit(later).unwrap();
                model.apply(later);
            }
            assert_eq!(Model::of(&mut store), model, "write {nth}");
            assert_eq!(csv.content(), model.csv());
            drop(store);
            assert_eq!(Model::of(&mut open_log(&log, &csv).unwrap()), model, "write {nth}");
            if !injected {
                break;
            }
        }
        // A segment is made, written, renamed.
        let writes = if which == 2 { 4 } else { 1 };
        assert!(full >= writes, "group {which}: only {full} writes failed");
    }
}

#[test]
fn a_write_error_other_than_no_room_ends_the_store() {
    // A segment is made, its head and frame are written, and it is renamed.
    for (tried, writes) in [(group(7, 5, 20), 1), (group(7, 20, 400), 4)] {
        for nth in 0..writes {
            let (log, csv, mut model) = begun();
            let mut store = open_log(&log, &csv).unwrap();
            log.fail(Faults { write: Some((nth, ErrorKind::Other)), ..Faults::default() });
            let error = store.commit(&tried).unwrap_err();
            assert!(matches!(error, StoreError::Failed { .. }), "{error}");
            assert_ended(&mut store, &error);
            let writes = log.counts().writes;
            drop(store);
            assert_eq!(log.counts().writes, writes, "nothing is written over a failure");
            assert_acknowledged(&log, &csv, &mut model, &tried);
        }
    }
}

#[test]
fn a_start_that_finds_bets_csv_equal_to_the_store_leaves_it_alone() {
    let (log, csv, _) = begun();
    let writes = csv.counts().writes;
    open_log(&log, &csv).unwrap();
    assert_eq!(csv.counts().writes, writes);
}

#[test]
fn a_group_without_room_that_cannot_be_taken_back_ends_the_store() {
    let (log, csv, mut model) = begun();
    let mut store = open_log(&log, &csv).unwrap();
    let write = Some((0, ErrorKind::StorageFull));
    log.fail(Faults { write, write_for_good: true, ..Faults::default() });
    let error = store.commit(&group(7, 5, 20)).unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error}");
    assert_ended(&mut store, &error);
    drop(store);
    log.fail(Faults::default());
    assert_acknowledged(&log, &csv, &mut model, &group(7, 5, 20));
}

#[test]
fn a_failed_sync_ends_the_store_and_loses_nothing_acknowledged() {
    for tried in &tried() {
        for nth in 0.. {
            let (log, csv, mut model) = begun();
            let mut store = open_log(&log, &csv).unwrap();
            log.fail(Faults { sync: Some(nth), ..Faults::default() });
            let mut last = tried.clone();
            let mut error = None;
            for later in [tried.clone(), group(8, 2, 5), group(9, 30, 300)] {
                last = later;
                match store.commit(&last) {
                    Ok(()) => model.apply(&last),
                    Err(failed) => {
                        error = Some(failed);
                        break;
                    }
                }
            }
            if let Some(error) = &error {
                assert!(matches!(error, StoreError::Failed { .. }), "sync {nth}: {error}");
                assert_ended(&mut store, error);
            }
            // Closing syncs, too.
            drop(store);
            if log.faults().sync.is_some() {
                break;
            }

            // The page cache is lost, or another process finds it as it was.
            let (lost, lost_csv) = (log.after_power_cut(0), csv.after_power_cut(0));
            assert_acknowledged(&lost, &lost_csv, &mut model.clone(), &last);
            assert_acknowledged(&log, &csv, &mut model, &last);
            // Groups that this process has added survive a later loss of the page cache.
            let cold = log.after_power_cut(0);
            assert_eq!(Model::of(&mut open_log(&cold, &SimDisk::new()).unwrap()), model, "sync {nth}");
        }
    }
}

#[test]
fn a_failed_read_ends_the_store() {
    let log = SimDirectory::new();
    let mut store = open_log(&log, &SimDisk::new()).unwrap();
    // The rows are more than is read ahead.
    for _ in 0..6 {
        let batch = EncodedBatch::from_rows(1, 1, "x".repeat((4 << 20) - 64));
        store.commit(&Group { batches: vec![batch.into()], ..Group::default() }).unwrap();
    }
    let mut shown = 0;
    log.fail(Faults { read: Some(1), ..Faults::default() });
    let error = store.read(&mut |_| shown += 1).unwrap_err();
    assert!(shown < 6);
    log.fail(Faults::default());
    assert_ended(&mut store, &error);
}

#[test]
fn after_a_failed_start_the_next_one_succeeds() {
    let (_, csv, model) = begun();
    let unclean = || {
        let (log, csv, _) = begun();
        let mut store = open_log(&log, &csv).unwrap();
        store.commit(&Group::default()).unwrap();
        // The process is killed while it runs.
        log.after_kill()
    };
    for fault in 0..4 {
        for nth in 0.. {
            let mut faults = Faults::default();
            match fault {
                0 => faults.write = Some((nth, ErrorKind::StorageFull)),
                1 => faults.sync = Some(nth),
                2 => faults.read = Some(nth),
                _ => faults.size = Some(nth),
            }
            for log in [SimDirectory::new(), unclean()] {
                let empty = log.files().is_empty();
                let csv = if empty { SimDisk::new() } else { csv.clone() };
                log.fail(faults);
                let result = open_log(&log, &csv.after_kill());
                log.fail(Faults::default());
                if let Err(error) = result {
                    assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
                } else {
                    drop(result);
                }
                let mut expected = if empty { Model::default() } else { model.clone() };
                let mut store = open_log(&log, &csv.after_kill()).unwrap();
                assert_eq!(Model::of(&mut store), expected);
                store.commit(&group(7, 2, 9)).unwrap();
                expected.apply(&group(7, 2, 9));
                let cold = log.after_power_cut(0);
                assert_eq!(Model::of(&mut open_log(&cold, &csv.after_kill()).unwrap()), expected);
            }
            // The length is read a few times only.
            if nth > if fault == 3 { 8 } else { 40 } {
                break;
            }
        }
    }
}

fn assert_ended(store: &mut dyn Store, error: &StoreError) {
    assert!(matches!(error, StoreError::Failed { .. }), "{error}");
    assert_eq!(store.commit(&Group::default()).unwrap_err(), *error);
    assert_eq!(store.load().unwrap_err(), *error);
    assert_eq!(store.read(&mut |_| unreachable!()).unwrap_err(), *error);
}
