//! Tests of power cuts: data that was not synced survives or not, sector by sector.

use lottery_core::store::{Group, Store};
use lottery_testkit::disk::{Faults, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open};
use proptest::prelude::*;

/// Commits the groups until the power goes at write `cut` of the database. Returns the acknowledged groups,
/// and the one that was not.
fn run(database: &SimDisk, csv: &SimDisk, groups: &[Group], cut: Option<u64>) -> (Model, Option<Group>) {
    let mut model = Model::default();
    if let Some(cut) = cut {
        // A write that fails for another reason than room is the last one: nothing follows it.
        let write = Some((cut, std::io::ErrorKind::BrokenPipe));
        database.fail(Faults { write, write_for_good: true, ..Faults::default() });
    }
    let Ok(mut store) = open(database, csv) else { return (model, None) };
    for group in groups {
        if store.commit(group).is_err() {
            return (model, Some(group.clone()));
        }
        model.apply(group);
    }
    if cut.is_none() {
        // The store is not closed in good order.
        std::mem::forget(store);
    }
    (model, None)
}

fn check(database: &SimDisk, csv: &SimDisk, mut model: Model, last: Option<&Group>) {
    let mut store = open(database, csv).unwrap();
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
    let cold = database.after_power_cut(0);
    assert_eq!(Model::of(&mut open(&cold, csv).unwrap()), model);
    assert_eq!(csv.content(), model.csv());
}

fn history() -> Vec<Group> {
    let mut groups: Vec<Group> = (0..4).map(|nth| group(nth, 3, 10)).collect();
    groups.push(group(5, 16, 300));
    groups.push(drawn(Group::default()));
    groups
}

#[test]
fn a_power_cut_at_any_write_loses_nothing_acknowledged() {
    let groups = history();
    let whole = SimDisk::new();
    run(&whole, &SimDisk::new(), &groups, None);
    let writes = whole.counts().writes;
    assert!(writes > 50, "{writes}");
    for cut in 0..writes {
        for seed in 0..3 {
            let (database, csv) = (SimDisk::new(), SimDisk::new());
            let (model, last) = run(&database, &csv, &groups, Some(cut));
            let seed = seed * (cut * 2 + 1);
            check(&database.after_power_cut(seed), &csv.after_power_cut(seed), model, last.as_ref());
        }
    }
}

#[test]
fn a_power_cut_during_a_repair_loses_nothing_acknowledged() {
    let groups = [group(0, 3, 10), drawn(group(1, 2, 2))];
    let (database, csv) = (SimDisk::new(), SimDisk::new());
    let (model, _) = run(&database, &csv, &groups, None);
    let starting = database.after_kill();
    drop(open(&starting, &SimDisk::new()).unwrap());
    for cut in 0..starting.counts().writes {
        for seed in 1..4 {
            let starting = database.after_kill();
            let write = Some((cut, std::io::ErrorKind::BrokenPipe));
            starting.fail(Faults { write, write_for_good: true, ..Faults::default() });
            drop(open(&starting, &SimDisk::new()));
            let seed = seed * (cut * 2 + 1);
            check(&starting.after_power_cut(seed), &csv.after_power_cut(seed), model.clone(), None);
        }
    }
}

#[test]
fn a_commit_syncs_once_unless_the_file_grows() {
    let database = SimDisk::new();
    let mut store = open(&database, &SimDisk::new()).unwrap();
    let mut growths = 0;
    for nth in 0..500 {
        let (before, size) = (database.counts().syncs, database.content().len());
        store.commit(&group(nth, 5, 10)).unwrap();
        let syncs = database.counts().syncs - before;
        if database.content().len() > size {
            growths += 1;
        } else {
            assert_eq!(syncs, 1, "group {nth}");
        }
    }
    assert!(growths < 10, "{growths}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn several_power_cuts_lose_nothing_acknowledged(
        runs in prop::collection::vec((prop::collection::vec((1u32..8, 1u32..80), 1..5), 0u64..60, any::<u64>()), 1..4)
    ) {
        let (mut database, mut csv) = (SimDisk::new(), SimDisk::new());
        let mut model = Model::default();
        for (nth, (groups, cut, seed)) in runs.into_iter().enumerate() {
            let write = Some((cut, std::io::ErrorKind::BrokenPipe));
            database.fail(Faults { write, write_for_good: true, ..Faults::default() });
            let mut last = None;
            if let Ok(mut store) = open(&database, &csv) {
                prop_assert_eq!(&Model::of(&mut store), &model);
                for (batches, bets) in groups {
                    let group = group(nth as u64, batches, bets);
                    if store.commit(&group).is_err() {
                        last = Some(group);
                        break;
                    }
                    model.apply(&group);
                }
                std::mem::forget(store);
            }
            (database, csv) = (database.after_power_cut(seed), csv.after_power_cut(seed));
            let found = Model::of(&mut open(&database, &csv).unwrap());
            if let Some(last) = last.filter(|_| found != model) {
                model.apply(&last);
            }
            prop_assert_eq!(&found, &model);
            prop_assert_eq!(csv.content(), model.csv());
        }
    }
}
