//! Tests of power cuts: data that was not synced survives or not, sector by sector, and so does each name.

use lottery_core::store::{Group, Store, StoreError};
use lottery_store::LogStore;
use lottery_testkit::disk::{Faults, SimDirectory, SimDisk};
use lottery_testkit::store::{Model, SMALL, drawn, group, open_log};
use proptest::prelude::*;

/// Commits the groups until the power goes at operation `cut` of the log. Returns the acknowledged groups, and
/// the one that was not.
pub(crate) fn run(
    log: &SimDirectory,
    csv: &SimDisk,
    groups: &[Group],
    cut: Option<u64>,
) -> (Model, Option<Group>) {
    let mut model = Model::default();
    let Ok(mut store) = open_until(log, csv, cut) else { return (model, None) };
    for group in groups {
        if store.commit(group).is_err() {
            return (model, Some(group.clone()));
        }
        model.apply(group);
    }
    (model, None)
}

/// Opens a store whose process is killed at an operation of the log.
fn open_until(log: &SimDirectory, csv: &SimDisk, cut: Option<u64>) -> Result<LogStore, StoreError> {
    let (directory, csv) = (log.open(), csv.open());
    log.fail(Faults { kill: cut, ..Faults::default() });
    LogStore::with_disks(directory, SMALL, "sim/bets.csv", csv)
}

fn check(log: &SimDirectory, csv: &SimDisk, mut model: Model, last: Option<&Group>) {
    let mut store = open_log(log, csv).unwrap();
    let found = Model::of(&mut store);
    if let Some(last) = last.filter(|_| found != model) {
        model.apply(last);
    }
    assert_eq!(found, model);
    assert_eq!(csv.content(), model.csv());
    let next = group(50, 3, 30);
    store.commit(&next).unwrap();
    model.apply(&next);
    drop(store);
    // The group was durable at once.
    let cold = log.after_power_cut(0);
    assert_eq!(Model::of(&mut open_log(&cold, csv).unwrap()), model);
    assert_eq!(csv.content(), model.csv());
}

/// Returns groups that fill several segments, one of them by itself, and a draw.
fn history() -> Vec<Group> {
    let mut groups: Vec<Group> = (0..8).map(|nth| group(nth, 3, 10)).collect();
    groups.push(group(9, 16, 300));
    groups.extend((10..14).map(|nth| group(nth, 5, 90)));
    groups.push(drawn(Group::default()));
    groups.push(group(15, 5, 400));
    groups.push(group(16, 1, 1));
    groups
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_acknowledged() {
    let groups = history();
    let whole = SimDirectory::new();
    run(&whole, &SimDisk::new(), &groups, None);
    let operations = whole.counts().writes + whole.counts().syncs;
    let segments = whole.segments();
    assert!(operations > 60 && segments >= 4, "{operations} {segments}");
    for cut in 0..operations {
        for seed in 0..4 {
            let (log, csv) = (SimDirectory::new(), SimDisk::new());
            let (model, last) = run(&log, &csv, &groups, Some(cut));
            assert!(log.was_killed(), "operation {cut}");
            let seed = seed * (cut * 2 + 1);
            check(&log.after_power_cut(seed), &csv.after_power_cut(seed), model, last.as_ref());
        }
    }
}

#[test]
fn a_power_cut_during_a_start_loses_nothing_acknowledged() {
    let groups = [group(0, 3, 10), drawn(group(1, 2, 2)), group(2, 16, 300), group(3, 1, 1)];
    for torn in [false, true] {
        let (log, csv) = (SimDirectory::new(), SimDisk::new());
        let (model, _) = run(&log, &csv, &groups, None);
        if torn {
            // A group that is written and not synced, for the start to remove.
            let mut store = open_log(&log, &csv).unwrap();
            log.fail(Faults { kill: Some(0), ..Faults::default() });
            store.commit(&group(4, 20, 40)).unwrap_err();
        }
        let starting = log.after_kill();
        drop(open_log(&starting, &SimDisk::new()).unwrap());
        let operations = starting.counts().writes + starting.counts().syncs;
        assert!(operations >= 2, "{operations}");
        for cut in 0..operations {
            for seed in 1..4 {
                let starting = log.after_kill();
                open_until(&starting, &SimDisk::new(), Some(cut)).unwrap_err();
                let seed = seed * (cut * 2 + 1);
                check(&starting.after_power_cut(seed), &csv.after_power_cut(seed), model.clone(), None);
            }
        }
    }
}

#[test]
fn a_commit_syncs_once_unless_a_segment_is_begun() {
    let log = SimDirectory::new();
    let mut store = open_log(&log, &SimDisk::new()).unwrap();
    let mut begun = 0;
    for nth in 0..200 {
        let (before, files) = (log.counts(), log.files().len());
        store.commit(&group(nth, 5, 10)).unwrap();
        let after = log.counts();
        if after.writes - before.writes == 1 {
            assert_eq!(after.syncs - before.syncs, 1, "group {nth}");
        } else {
            // One is renamed, or made ahead.
            assert!(after.syncs - before.syncs <= 3, "group {nth}");
            begun += 1;
        }
        assert!(log.files().len() >= files);
    }
    assert!((2..30).contains(&begun), "{begun}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn several_power_cuts_lose_nothing_acknowledged(
        runs in prop::collection::vec((prop::collection::vec((1u32..8, 1u32..200), 1..6), 0u64..60, any::<u64>()), 1..5)
    ) {
        let (mut log, mut csv) = (SimDirectory::new(), SimDisk::new());
        let mut model = Model::default();
        for (nth, (groups, cut, seed)) in runs.into_iter().enumerate() {
            let mut last = None;
            if let Ok(mut store) = open_until(&log, &csv, Some(cut)) {
                prop_assert_eq!(&Model::of(&mut store), &model);
                for (batches, bets) in groups {
                    let group = group(nth as u64, batches, bets);
                    if store.commit(&group).is_err() {
                        last = Some(group);
                        break;
                    }
                    model.apply(&group);
                }
            }
            (log, csv) = (log.after_power_cut(seed), csv.after_power_cut(seed));
            let found = Model::of(&mut open_log(&log, &csv).unwrap());
            if let Some(last) = last.filter(|_| found != model) {
                model.apply(&last);
            }
            prop_assert_eq!(&found, &model);
            prop_assert_eq!(csv.content(), model.csv());
        }
    }
}
