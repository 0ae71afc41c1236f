//! Tests of snapshots: each shows one state of the store while groups are committed, or fails once that
//! state may be overwritten.

use std::io::ErrorKind;
use std::ops::ControlFlow;

use lottery_core::store::{Group, Snapshot, Store, StoreError};
use lottery_testkit::disk::{Faults, SimDirectory, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open_log};

/// Returns the content of a snapshot, without the winners: they follow from the rows.
fn held(snapshot: &dyn Snapshot) -> Result<Model, StoreError> {
    let mut rows = String::new();
    let saved = snapshot.saved()?;
    snapshot.read(&mut |piece| {
        rows.push_str(piece);
        ControlFlow::Continue(())
    })?;
    Ok(Model { saved, rows, ..Model::default() })
}

fn without_winners(model: Model) -> Model {
    Model { winners: [].into(), ..model }
}

#[test]
fn a_snapshot_is_what_was_durable_when_it_was_taken() {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let snapshots = store.snapshots().expect("a log has them");
    let (mut model, mut taken) = (Model::default(), Vec::new());
    for nth in 0..40 {
        taken.push((snapshots.take().unwrap(), model.clone()));
        let group = group(nth, 3, 40);
        let group = if nth == 30 { drawn(group) } else { group };
        store.commit(&group).unwrap();
        model.apply(&group);
    }
    for (snapshot, model) in taken {
        assert!(held(&*snapshot).unwrap() == without_winners(model));
    }
    assert!(held(&*snapshots.take().unwrap()).unwrap() == without_winners(Model::of(&mut store)));
    let mut pieces = 0;
    let first = &mut |_: &str| {
        pieces += 1;
        ControlFlow::Break(())
    };
    snapshots.take().unwrap().read(first).unwrap();
    assert_eq!(pieces, 1);
}

#[test]
fn a_snapshot_is_read_after_a_lack_of_room_and_after_the_end_and_no_new_one_is_taken() {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let snapshots = store.snapshots().unwrap();
    store.commit(&group(0, 3, 40)).unwrap();
    let before = snapshots.take().unwrap();
    // A group that there was no room for is taken back.
    log.fail(Faults { write: Some((0, ErrorKind::StorageFull)), ..Faults::default() });
    assert!(matches!(store.commit(&group(1, 20, 400)), Err(StoreError::Full { .. })));
    log.fail(Faults::default());
    let mut model = Model::default();
    model.apply(&group(0, 3, 40));
    let after = snapshots.take().unwrap();
    assert!(held(&*before).unwrap() == model);
    assert!(held(&*after).unwrap() == model);
    store.commit(&group(1, 20, 400)).unwrap();
    drop(store);
    assert!(held(&*after).unwrap() == model);
    assert!(matches!(snapshots.take(), Err(StoreError::Failed { .. })));
    model.apply(&group(1, 20, 400));
    let mut again = open_log(&log, &csv).unwrap();
    assert!(Model::of(&mut again) == model);
}

#[test]
fn snapshots_are_read_while_groups_are_committed() {
    let (log, csv) = (SimDirectory::new(), SimDisk::new());
    let mut store = open_log(&log, &csv).unwrap();
    let snapshots = store.snapshots().unwrap();
    let groups: Vec<Group> = (0..150).map(|nth| group(nth, 2, 20)).collect();
    let all: Vec<String> = groups
        .iter()
        .scan(Model::default(), |model, group| {
            model.apply(group);
            Some(model.rows.clone())
        })
        .collect();
    let committing = std::thread::spawn(move || {
        for group in &groups {
            store.commit(group).unwrap();
        }
        store
    });
    let mut seen = 0;
    while !committing.is_finished() || seen == 0 {
        let snapshot = held(&*snapshots.take().unwrap()).unwrap();
        assert!(snapshot.rows.is_empty() || all.contains(&snapshot.rows), "it holds whole groups");
        seen += 1;
    }
    drop(committing.join().unwrap());
}
