//! Tests of the check of a whole log: what it finds, where, and that a server may go on meanwhile.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lottery_core::store::{Group, Store, StoreError};
use lottery_store::log::{Directory, Verified, verify, verify_log};
use lottery_store::{Disk, LogStore};
use lottery_testkit::Rng;
use lottery_testkit::disk::{SimDirectory, SimDisk};
use lottery_testkit::store::{drawn, group, open_log};

/// Number of groups of `BETS` bets of each of five agencies.
const GROUPS: u64 = 30;
const BETS: u32 = 30;

/// Returns the nth group of a history in which all records count the rows.
fn counted(nth: u64) -> Group {
    let mut group = group(nth, 5, BETS);
    for record in group.agencies.values_mut() {
        record.stored = (nth + 1) * u64::from(BETS);
    }
    group
}

/// Returns the log of several segments, and the file of bets, of a lottery that has been drawn.
fn stored() -> (SimDirectory, SimDisk) {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    for nth in 0..GROUPS {
        store.commit(&counted(nth)).unwrap();
    }
    store.commit(&drawn(counted(GROUPS))).unwrap();
    drop(store);
    assert!(log.segments() >= 3, "{:?}", log.files());
    (log, csv)
}

fn check(log: &SimDirectory, csv: Option<&SimDisk>, is_served: bool) -> Result<Verified, StoreError> {
    let open = csv.map(SimDisk::open);
    let csv = open.as_ref().map(|file| &**file as &dyn Disk);
    let directory: Arc<dyn Directory> = log.open();
    verify_log(&directory, "bets.csv", csv, &|| is_served)
}

/// Returns the text of the error, without the words that are the same in all of them.
fn problem(found: Result<Verified, StoreError>) -> String {
    match found {
        Err(StoreError::Unusable { place, cause }) => format!("{place}: {cause}"),
        other => panic!("{other:?}"),
    }
}

fn name(segment: u64) -> String {
    format!("{segment:08}.log")
}

#[test]
fn a_whole_log_is_counted() {
    let (log, csv) = stored();
    let verified = check(&log, Some(&csv), false).unwrap();
    assert_eq!(
        (verified.segments, verified.groups),
        (log.segments() as u64, GROUPS + 2),
        "the first is empty"
    );
    let bets: Vec<_> = verified.saved.agencies.values().map(|record| record.stored).collect();
    assert_eq!(bets, [(GROUPS + 1) * u64::from(BETS); 5]);
    assert_eq!(verified.csv_behind, 0);
    assert_eq!(check(&log, Some(&csv), true), Ok(verified), "also while a server has it");
}

#[test]
fn a_flipped_bit_anywhere_in_a_segment_is_found_with_its_file_and_an_offset() {
    let (log, csv) = stored();
    let mut rng = Rng::new(0);
    for segment in 1..=log.segments() as u64 {
        let len = log.file(&name(segment)).unwrap().content().len();
        let end = log.file(&name(segment)).unwrap().content().iter().rposition(|byte| *byte != 0).unwrap();
        // Half of them in what is used, among them its first and last byte.
        let random: Vec<_> = (0..300).map(|nth| rng.index(if nth % 2 == 0 { len } else { end })).collect();
        for at in [0, 4096, end, len - 1].into_iter().chain(random) {
            let changed = log.after_kill();
            changed.file(&name(segment)).unwrap().edit(|content| content[at] ^= 1 << rng.index(8));
            let problem = problem(check(&changed, Some(&csv), false));
            assert!(problem.contains(&name(segment)), "segment {segment}, byte {at}: {problem}");
            assert!(problem.contains("offset "), "segment {segment}, byte {at}: {problem}");
        }
    }
}

#[test]
fn a_frame_behind_a_hole_and_a_missing_segment_are_found() {
    let (log, csv) = stored();
    let last = log.segments() as u64;
    for segment in [1, last] {
        let holed = log.after_kill();
        holed.file(&name(segment)).unwrap().edit(|content| content[4096..8192].fill(0));
        let problem = problem(check(&holed, Some(&csv), true));
        assert!(problem.contains(&format!("{}: offset 4096: ", name(segment))), "{problem}");
    }
    let short = log.after_kill();
    short.open().remove(&name(2)).unwrap();
    assert!(problem(check(&short, Some(&csv), false)).contains("00000002.log: missing"));
    let empty = SimDirectory::new();
    assert!(problem(check(&empty, None, false)).ends_with("it holds no segment"));
}

#[test]
fn what_stands_behind_the_last_frame_is_found_unless_a_server_writes_it() {
    let (log, csv) = stored();
    let last = name(log.segments() as u64);
    let content = log.file(&last).unwrap().content();
    let used = content.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let end = used.next_multiple_of(4096);
    assert!(end + 2 * 4096 < content.len());
    let written = |at: usize| {
        let begun = log.after_kill();
        begun.file(&last).unwrap().edit(|content| content[at] = 1);
        begun
    };
    let torn = problem(check(&written(end), Some(&csv), false));
    assert!(torn.contains(&format!("{last}: offset {end}: no whole frame, and not zeros")), "{torn}");
    check(&written(end), Some(&csv), true).unwrap();
    let later = problem(check(&written(end + 5000), Some(&csv), true));
    assert!(
        later.ends_with(&format!(
            "{last}: offset {}: damaged: expected zeros behind the last frame",
            end + 5000
        )),
        "{later}"
    );
}

#[test]
fn records_that_do_not_count_the_rows_are_found() {
    let log = SimDirectory::new();
    let mut store = open_log(&log, &SimDisk::new()).unwrap();
    store.commit(&counted(0)).unwrap();
    let mut wrong = counted(1);
    wrong.agencies.get_mut(&4).unwrap().stored += 1;
    store.commit(&wrong).unwrap();
    drop(store);
    let problem = problem(check(&log, None, false));
    assert!(problem.ends_with("names 61 bets of agency 4, and there are 60 rows"), "{problem}");
}

#[test]
fn a_draw_whose_winners_are_missing_is_found() {
    let log = SimDirectory::new();
    let mut store = open_log(&log, &SimDisk::new()).unwrap();
    let mut draw = drawn(counted(0));
    draw.winners.as_mut().unwrap().pieces.pop();
    store.commit(&draw).unwrap();
    drop(store);
    let problem = problem(check(&log, None, false));
    assert!(problem.ends_with("a draw with 1 pieces of agency 4, and there are 0"), "{problem}");
}

#[test]
fn the_file_of_bets_is_compared_row_by_row() {
    let (log, csv) = stored();
    let all = csv.content();
    assert_eq!(check(&log, None, false).unwrap().csv_behind, all.len() as u64);
    let cut = SimDisk::with_content(&all[..all.len() - 10]);
    assert!(check(&log, Some(&cut), false).unwrap().csv_behind >= 10);
    let third = all.split_inclusive(|byte| *byte == b'\n').take(2).map(<[u8]>::len).sum::<usize>();
    let mut other = all.clone();
    other[third + 5] ^= 1;
    match check(&log, Some(&SimDisk::with_content(&other)), false) {
        Err(StoreError::Differs { place, difference, .. }) => {
            assert_eq!((place.as_str(), difference.same), ("bets.csv", 2));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_is_known_by_its_lock_and_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = LogStore::open(dir.path()).unwrap();
    store.commit(&counted(0)).unwrap();
    let segment = dir.path().join("log/00000001.log");
    let mut content = fs::read(&segment).unwrap();
    let end = (content.iter().rposition(|byte| *byte != 0).unwrap() + 1).next_multiple_of(4096);
    content[end] = 1;
    fs::write(&segment, &content).unwrap();
    verify(dir.path()).unwrap();
    drop(store);
    assert!(problem(verify(dir.path())).contains("no whole frame, and not zeros"));
    fs::remove_file(dir.path().join("lottery.lock")).unwrap();
    assert!(problem(verify(dir.path())).contains("no whole frame, and not zeros"));
    assert!(!dir.path().join("lottery.lock").exists());
    assert!(fs::read(&segment).unwrap() == content);
}

#[test]
fn a_store_is_found_whole_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = LogStore::open(dir.path()).unwrap();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let (path, ended) = (dir.path(), &ended);
        let checks = scope.spawn(move || {
            let mut last = 0;
            for nth in 0.. {
                let verified = verify(path).unwrap_or_else(|error| panic!("check {nth}: {error}"));
                assert!(verified.groups >= last);
                last = verified.groups;
                if ended.load(Ordering::Relaxed) {
                    break;
                }
            }
            last
        });
        for nth in 0..200 {
            store.commit(&counted(nth)).unwrap();
        }
        ended.store(true, Ordering::Relaxed);
        assert!(checks.join().unwrap() > 0);
    });
    drop(store);
    assert_eq!(verify(dir.path()).unwrap().groups, 201);
    assert_eq!(verify(dir.path()).unwrap().csv_behind, 0);
    fs::remove_file(dir.path().join("bets.csv")).unwrap();
    assert!(verify(dir.path()).unwrap().csv_behind > 0);
    assert!(!dir.path().join("bets.csv").exists(), "nothing is changed");
}
