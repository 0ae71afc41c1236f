//! Replay of the operations of a real store, with its threads, on a real file system: after each of them, whatever the
//! disk has of those that are not synced, a start finds all that was acknowledged.

use std::sync::Arc;

use lottery_core::store::{Group, Store};
use lottery_store::LogStore;
use lottery_store::log::{Directory, FileDirectory};
use lottery_testkit::disk::SimDisk;
use lottery_testkit::store::{Model, SMALL, drawn, group, open_log};
use tempfile::TempDir;

use crate::recorded::{Kept, Operation, Operations, Replay};

/// Groups of several segments, one of them longer than a segment, and a draw.
fn history() -> Vec<Group> {
    let mut groups: Vec<Group> = (0..14).map(|nth| group(nth, 3, 10)).collect();
    groups.push(group(14, 8, 300));
    groups.extend((15..30).map(|nth| group(nth, 2, 60)));
    groups.push(drawn(Group::default()));
    groups.push(group(31, 1, 1));
    groups
}

/// Stores the groups, with two restarts, and returns what was done to the files.
fn record(groups: &[Group]) -> Vec<Operation> {
    let dir = TempDir::new().unwrap();
    let operations = Operations::default();
    for groups in groups.chunks(groups.len().div_ceil(3)) {
        let files: Arc<dyn Directory> = Arc::new(FileDirectory::create_at(&dir.path().join("log")).unwrap());
        let csv = SimDisk::new();
        let mut store = LogStore::with_disks(operations.of(files), SMALL, "bets.csv", csv.open()).unwrap();
        for group in groups {
            store.commit(group).unwrap();
            operations.push(Operation::Acknowledge);
        }
    }
    operations.all()
}

/// Checks the disk after each operation. Returns the number of disks that held a group that was not acknowledged.
///
/// # Errors
///
/// The first operation after which something is wrong, and that.
fn check(operations: &[Operation], groups: &[Group]) -> Result<u32, String> {
    // The content after each number of groups.
    let mut models = vec![Model::default()];
    for group in groups {
        let mut model = models[models.len() - 1].clone();
        model.apply(group);
        models.push(model);
    }
    let (mut replay, mut unfinished) = (Replay::default(), 0);
    for (nth, operation) in (0_u64..).zip(operations) {
        replay.apply(operation);
        let acknowledged = replay.acknowledged;
        let seeds = [Kept::Some(2 * nth), Kept::Some(2 * nth + 1)];
        for kept in [Kept::All, Kept::HalfOfTheLast, Kept::Nothing].into_iter().chain(seeds) {
            let wrong = |what: &str| Err(format!("operation {nth}, {kept:?}: {what}"));
            let (log, csv) = (replay.directory(kept), SimDisk::new());
            let mut store = match open_log(&log, &csv) {
                Ok(store) => store,
                Err(error) => return wrong(&error.to_string()),
            };
            let mut found = Model::of(&mut store);
            let mut expected = &models[acknowledged];
            if found != *expected {
                // The group that was being stored.
                expected = models.get(acknowledged + 1).unwrap_or(expected);
                unfinished += 1;
            }
            if found != *expected || csv.content() != expected.csv() {
                return wrong("other than what was acknowledged and the next group");
            }
            store.commit(&group(40, 1, 5)).unwrap();
            found.apply(&group(40, 1, 5));
            drop(store);
            if Model::of(&mut open_log(&log.after_power_cut(0), &csv).unwrap()) != found {
                return wrong("what was stored afterwards is not durable");
            }
        }
    }
    assert_eq!(replay.acknowledged, groups.len());
    Ok(unfinished)
}

#[test]
fn every_prefix_of_the_recorded_operations_keeps_what_was_acknowledged() {
    let groups = history();
    let operations = record(&groups);
    let count =
        |wanted: fn(&Operation) -> bool| operations.iter().filter(|operation| wanted(operation)).count();
    assert!(count(|operation| matches!(operation, Operation::Rename(..))) >= 4);
    assert!(count(|operation| matches!(operation, Operation::Write(..))) > 40);
    let unfinished = check(&operations, &groups).unwrap();
    assert!(unfinished > 20, "{unfinished}");
}

#[test]
fn a_replay_without_syncs_or_in_another_order_loses_something() {
    let groups = history();
    let operations = record(&groups);
    let without = |left_out: fn(&Operation) -> bool| -> Vec<Operation> {
        operations.iter().filter(|operation| !left_out(operation)).cloned().collect()
    };
    // Acknowledged before it is synced; a name that is not synced; a name before what it leads to is synced.
    let mut named_first = operations.clone();
    let synced =
        named_first.windows(2).position(|pair| matches!(pair, [Operation::Sync(_), Operation::Rename(..)]));
    named_first.swap(synced.unwrap(), synced.unwrap() + 1);
    for mistaken in [
        without(|operation| matches!(operation, Operation::Sync(_))),
        without(|operation| matches!(operation, Operation::SyncNames)),
        named_first,
    ] {
        check(&mistaken, &groups).unwrap_err();
    }
}
