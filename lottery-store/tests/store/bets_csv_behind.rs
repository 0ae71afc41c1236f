//! Tests of a `bets.csv` that cannot follow the store: one log line when it falls behind, one when it has
//! caught up.

use std::fs;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use lottery_core::store::{Group, Store};
use lottery_store::LogStore;
use lottery_testkit::disk::{Faults, SimDirectory, SimDisk};
use lottery_testkit::log::{Level, logged};
use lottery_testkit::store::{Model, drawn, group, open_log};
use tempfile::TempDir;

use crate::common::{assert_acknowledged, begun};

#[test]
fn falling_behind_and_catching_up_are_logged_once_each() {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let mut model = Model::default();
    let lines = logged(Level::Info, || {
        for round in 0..2 {
            let write = Some((0, ErrorKind::StorageFull));
            csv.fail(Faults { write, write_for_good: true, ..Faults::default() });
            for nth in 0..3 {
                let group = group(10 * round + nth, 2, 3);
                store.commit(&group).unwrap();
                model.apply(&group);
            }
            assert!(store.csv_behind() > 0);
            csv.fail(Faults::default());
            // There is nothing to commit.
            store.tend().unwrap();
            assert_eq!(csv.content(), model.csv());
        }
    });
    let says = |line: &String| line.split(" | ").take(2).collect::<Vec<_>>().join(" | ");
    let behind = "WARNING  action: repair_bets_csv | result: fail";
    let equal = "INFO     action: repair_bets_csv | result: success";
    assert_eq!(lines.iter().map(says).collect::<Vec<_>>(), [behind, equal, behind, equal], "{lines:#?}");
    let size = group(0, 2, 3).batches.iter().map(|batch| batch.rows().len()).sum::<usize>();
    assert_eq!(lines[0], format!("{behind} | behind: {size} | reason: no storage space"));
    assert_eq!(lines[3], format!("{equal} | size: {}", model.csv().len()));
}

#[test]
fn a_bets_csv_that_others_cut_or_append_to_gets_no_holes() {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let mut model = Model::default();
    for (nth, quarters) in (0..40).zip((0..5).cycle()) {
        let next = group(nth, 2, 3);
        store.commit(&next).unwrap();
        model.apply(&next);
        assert_eq!(csv.content(), model.csv());
        // The cut is anywhere, also in the middle of a row.
        let cut = csv.content().len() * quarters / 4;
        csv.edit(|content| content.truncate(cut));
    }
    // Foreign bytes behind our rows stay.
    csv.edit(Vec::clear);
    store.tend().unwrap();
    let foreign = b"1,Ana,Paz,1,1980-01-01,1\r\n";
    csv.edit(|content| content.extend(foreign));
    let lines = logged(Level::Info, || {
        for nth in 50..60 {
            store.commit(&group(nth, 2, 3)).unwrap();
        }
    });
    assert_eq!(csv.content(), [&model.csv()[..], foreign].concat());
    let says = ["result: in_progress", "result: fail"];
    assert!(lines.len() == 2 && lines.iter().zip(says).all(|(line, says)| line.contains(says)), "{lines:#?}");
}

#[test]
fn many_missing_rows_are_written_in_pieces() {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let mut model = Model::default();
    for nth in 0..12 {
        let group = group(nth, 10, 1000);
        store.commit(&group).unwrap();
        model.apply(&group);
    }
    csv.edit(Vec::clear);
    let mut commits = 0;
    while store.csv_behind() > 0 || commits == 0 {
        let before = csv.content().len();
        store.commit(&Group { batches: vec![group(9, 1, 1).batches.remove(0)], ..Group::default() }).unwrap();
        model.apply(&Group { batches: vec![group(9, 1, 1).batches.remove(0)], ..Group::default() });
        assert!(csv.content().len() - before < 5 << 20, "agencies wait for no more than a piece");
        commits += 1;
    }
    assert!(commits > 1);
    assert_eq!(csv.content(), model.csv());
}

fn csv_of(group: &Group) -> Vec<u8> {
    group.batches.iter().flat_map(|batch| batch.rows().bytes()).collect()
}

#[test]
fn bets_csv_falls_behind_without_room_and_catches_up() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for nth in 0..6 {
            let (log, csv, mut model) = begun();
            let mut store = open_log(&log, &csv).unwrap();
            // The first failing writes leave a torn row; cutting it fails, too.
            csv.fail(Faults { write: Some((nth, kind)), write_for_good: true, ..Faults::default() });
            for later in (10..16).map(|nth| group(nth, 3, 20)) {
                store.commit(&later).unwrap();
                model.apply(&later);
            }
            assert!(store.csv_behind() > 0);
            csv.fail(Faults::default());
            let (other, other_csv) = (log.after_kill(), csv.after_kill());
            if nth % 2 == 0 {
                store.commit(&group(9, 1, 1)).unwrap();
                model.apply(&group(9, 1, 1));
                assert_eq!(store.csv_behind(), 0);
                assert_eq!(csv.content(), model.csv());
            } else {
                open_log(&other, &other_csv).unwrap();
                assert_eq!(other_csv.content(), model.csv());
            }
        }
    }
}

#[test]
fn bets_csv_never_keeps_a_torn_row_that_can_be_cut() {
    let (log, csv, mut model) = begun();
    let mut store = open_log(&log, &csv).unwrap();
    csv.fail(Faults { write: Some((1, ErrorKind::StorageFull)), ..Faults::default() });
    for nth in 7..9 {
        store.commit(&group(nth, 3, 20)).unwrap();
        let whole = if nth == 7 { [model.csv(), csv_of(&group(nth, 3, 20))].concat() } else { model.csv() };
        assert_eq!(csv.content(), whole);
        model.apply(&group(nth, 3, 20));
        assert_eq!(store.csv_behind(), (model.csv().len() - whole.len()) as u64);
    }
}

#[test]
fn a_store_opens_without_room_for_bets_csv() {
    let (log, _, model) = begun();
    let csv = SimDisk::with_content(b"1,torn");
    csv.fail(Faults { write: Some((0, ErrorKind::StorageFull)), write_for_good: true, ..Faults::default() });
    let mut store = open_log(&log, &csv).unwrap();
    assert_eq!(store.csv_behind(), model.csv().len() as u64);
    csv.fail(Faults::default());
    store.commit(&Group::default()).unwrap();
    assert_eq!(csv.content(), model.csv());
    drop(store);

    let csv = SimDisk::new();
    csv.fail(Faults { write: Some((0, ErrorKind::PermissionDenied)), ..Faults::default() });
    let error = open_log(&log, &csv).unwrap_err();
    assert!(error.to_string().starts_with("sim/bets.csv: cannot be used: "), "{error}");
}

#[test]
fn a_bets_csv_whose_length_cannot_be_read_is_rejected() {
    let (log, csv, mut model) = begun();
    csv.fail(Faults { size: Some(0), ..Faults::default() });
    let error = open_log(&log, &csv).unwrap_err();
    assert!(error.to_string().starts_with("sim/bets.csv: cannot be used: "), "{error}");
    assert_acknowledged(&log, &csv, &mut model, &Group::default());
}

#[test]
fn following_the_log_opens_each_segment_once() {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let (opened, segments) = (log.counts().opens, log.segments());
    let mut model = Model::default();
    for nth in 0..100 {
        // Some groups hold no rows.
        let group = if nth % 3 == 0 { Group::default() } else { group(nth, 5, 10) };
        store.commit(&group).unwrap();
        model.apply(&group);
        assert_eq!(csv.content(), model.csv());
    }
    let begun = (log.segments() - segments) as u64;
    assert!(begun >= 2, "{begun}");
    // The writer opens a segment under each of its names, the follower it once; the first is read from its start.
    let opens = log.counts().opens - opened;
    assert!(opens <= 3 * begun + 1, "{opens} for {begun} segments");
}

/// Store in a directory, whose `bets.csv` has a thread of its own.
fn in_directory() -> (TempDir, LogStore) {
    let directory = TempDir::new().unwrap();
    let store = LogStore::open(directory.path()).unwrap();
    (directory, store)
}

#[test]
fn bets_csv_is_complete_when_the_draw_is_committed() {
    let (directory, mut store) = in_directory();
    let mut model = Model::default();
    for nth in 0..40 {
        let group = group(nth, 10, 400);
        let group = if nth == 39 { drawn(group) } else { group };
        store.commit(&group).unwrap();
        model.apply(&group);
    }
    assert_eq!(store.csv_behind(), 0);
    assert_eq!(store.snapshots().unwrap().csv_behind(), 0);
    assert_eq!(fs::read(directory.path().join("bets.csv")).unwrap(), model.csv());
}

#[test]
fn bets_csv_is_complete_when_the_store_is_closed() {
    let (directory, mut store) = in_directory();
    let mut model = Model::default();
    for nth in 0..8 {
        store.commit(&group(nth, 10, 400)).unwrap();
        model.apply(&group(nth, 10, 400));
    }
    drop(store);
    assert_eq!(fs::read(directory.path().join("bets.csv")).unwrap(), model.csv());
}

#[test]
fn bets_csv_becomes_complete_while_nothing_is_committed() {
    let (directory, mut store) = in_directory();
    let mut model = Model::default();
    for round in 0..5 {
        for nth in 0..8 {
            let group = group(10 * round + nth, 10, 400);
            store.commit(&group).unwrap();
            model.apply(&group);
        }
        // Nobody calls the store: its thread goes on by itself.
        let snapshots = store.snapshots().unwrap();
        let start = Instant::now();
        while snapshots.csv_behind() > 0 {
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
        assert_eq!(fs::read(directory.path().join("bets.csv")).unwrap(), model.csv());
    }
}

#[test]
fn the_bytes_that_bets_csv_is_behind_are_told_to_other_threads() {
    let (log, csv, mut model) = begun();
    let mut store = open_log(&log, &csv).unwrap();
    let (snapshots, whole) = (store.snapshots().unwrap(), csv.content().len());
    assert_eq!(snapshots.csv_behind(), 0);
    csv.fail(Faults { write: Some((0, ErrorKind::StorageFull)), write_for_good: true, ..Faults::default() });
    for nth in 7..9 {
        store.commit(&group(nth, 3, 20)).unwrap();
        model.apply(&group(nth, 3, 20));
        assert_eq!(snapshots.csv_behind(), (model.csv().len() - whole) as u64);
    }
    csv.fail(Faults::default());
    store.tend().unwrap();
    assert_eq!(snapshots.csv_behind(), 0);
}
