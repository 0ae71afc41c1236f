//! Beginnings and ends that several tests share.

use std::path::Path;

use lottery_core::store::{Group, Store};
use lottery_store::LogStore;
use lottery_testkit::disk::{SimDirectory, SimDisk};
use lottery_testkit::store::{Model, group, open_log};

/// Returns the content of a directory's store after some groups.
pub(crate) fn with_groups(directory: &Path, groups: u64) -> Model {
    let mut model = Model::default();
    let mut store = LogStore::open(directory).unwrap();
    for nth in 0..groups {
        let group = group(nth, 3, 10);
        store.commit(&group).unwrap();
        model.apply(&group);
    }
    model
}

/// Returns a store's disks and content after a few groups.
pub(crate) fn begun() -> (SimDirectory, SimDisk, Model) {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let mut model = Model::default();
    for nth in 0..3 {
        store.commit(&group(nth, 5, 20)).unwrap();
        model.apply(&group(nth, 5, 20));
    }
    (log, csv, model)
}

/// Asserts that a restart finds all acknowledged groups, and the last group whole or not at all, and that
/// the store goes on.
pub(crate) fn assert_acknowledged(log: &SimDirectory, csv: &SimDisk, model: &mut Model, last: &Group) {
    let mut store = open_log(log, csv).unwrap();
    let found = Model::of(&mut store);
    if found != *model {
        model.apply(last);
        assert_eq!(found, *model);
    }
    assert_eq!(csv.content(), model.csv());
    for later in [group(20, 5, 20), group(21, 1, 1)] {
        store.commit(&later).unwrap();
        model.apply(&later);
    }
    assert_eq!(Model::of(&mut store), *model);
    assert_eq!(csv.content(), model.csv());
}
