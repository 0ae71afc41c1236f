//! Damaged `bets.csv` beside a good store: a start makes it equal to the store, or leaves it alone if it
//! holds other rows.

use std::sync::OnceLock;

use lottery_core::store::{Store, StoreError};
use lottery_testkit::disk::{SimDirectory, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open_log};

use crate::feed::Feed;

/// Returns the log of a store of some groups, and the model of its content.
fn good() -> &'static (SimDirectory, Model) {
    static GOOD: OnceLock<(SimDirectory, Model)> = OnceLock::new();
    GOOD.get_or_init(|| {
        let log = SimDirectory::new();
        let mut store = open_log(&log, &SimDisk::new()).expect("a new store");
        let mut model = Model::default();
        for nth in 0..4 {
            let group = group(nth, 2, 2);
            let group = if nth == 3 { drawn(group) } else { group };
            store.commit(&group).expect("a commit");
            model.apply(&group);
        }
        drop(store);
        (log, model)
    })
}

/// Returns the good `bets.csv`.
pub(crate) fn good_csv() -> Vec<u8> {
    good().1.csv()
}

/// Opens the store. `data` is the number of bytes of the good file that come first, in two bytes, then the
/// rest of the damaged file.
pub fn run(data: &[u8]) {
    let (log, model) = good();
    let good = model.csv();
    let mut feed = Feed(data);
    let (Some(low), Some(high)) = (feed.byte(), feed.byte()) else { return };
    let first = usize::from(u16::from_le_bytes([low, high])).min(good.len());
    let damaged = [&good[..first], feed.0].concat();

    let (log, csv) = (log.after_kill(), SimDisk::with_content(&damaged));
    let mut store = match open_log(&log, &csv) {
        Err(StoreError::Differs { difference, .. }) => {
            assert!(csv.content() == damaged, "it is left alone");
            assert_eq!(difference.size, damaged.len() as u64);
            assert!(damaged.iter().zip(&good).any(|(a, b)| a != b && *a != 0) || damaged.len() > good.len());
            return;
        }
        opened => opened.expect("the store is good"),
    };
    assert!(csv.content() == good, "a start makes the file what the store holds");
    let repair = store.csv_repair();
    let equal = damaged.iter().zip(&good).take_while(|(a, b)| a == b || **a == 0).count() as u64;
    assert!(repair.kept <= equal, "what is kept was there");
    let cut = usize::try_from(repair.cut).expect("it was in memory");
    let cut = &damaged[damaged.len() - cut..];
    assert!(!cut.contains(&b'\n'), "no whole row is cut");
    assert_eq!(repair.kept + repair.cut, damaged.len() as u64);
    assert_eq!(repair.kept + repair.appended, good.len() as u64);
    assert!(Model::of(&mut store) == *model, "the store is as it was");
    assert_eq!(store.csv_behind(), 0);

    let mut after = model.clone();
    after.apply(&group(9, 1, 1));
    store.commit(&group(9, 1, 1)).expect("it goes on");
    assert!(csv.content() == after.csv());
}
