//! Tests of a database file that something else has changed: a start either finds all of it sound or fails.

use lottery_core::store::{Store, StoreError};
use lottery_testkit::Rng;
use lottery_testkit::disk::SimDisk;
use lottery_testkit::store::{Model, drawn, group, open};

/// Returns the file of a store of some groups, closed or still open, and the content before and after the
/// last group.
fn stored(closed: bool) -> (Vec<u8>, Model, Model) {
    let database = SimDisk::new();
    let mut store = open(&database, &SimDisk::new()).unwrap();
    let mut model = Model::default();
    for nth in 0..10 {
        store.commit(&group(nth, 3, 5)).unwrap();
        model.apply(&group(nth, 3, 5));
    }
    let before = model.clone();
    let last = drawn(group(10, 3, 5));
    store.commit(&last).unwrap();
    model.apply(&last);
    if closed {
        drop(store);
        return (database.content(), before, model);
    }
    (database.content(), before, model)
}

#[test]
fn a_damaged_database_is_rejected_or_does_no_harm() {
    for closed in [true, false] {
        let (content, before, model) = stored(closed);
        let pages: Vec<usize> =
            (0..content.len()).step_by(4096).filter(|at| content[*at..*at + 4096] != [0; 4096]).collect();
        let mut rng = Rng::new(0);
        let (mut rejected, mut sound) = (0, 0);
        for _ in 0..400 {
            let mut content = content.clone();
            for _ in 0..=rng.index(3) {
                // Half of the changes hit the head of a page, where its structure is.
                let within = [400, 4096][rng.index(2)];
                content[pages[rng.index(pages.len())] + rng.index(within)] =
                    u8::try_from(rng.below(256)).unwrap();
            }
            match open(&SimDisk::with_content(&content), &SimDisk::new()) {
                Ok(mut store) => {
                    sound += 1;
                    let found = Model::of(&mut store);
                    // In a file that was not closed, a damaged last group looks like one that a crash has
                    // torn.
                    assert!(found == model || (!closed && found == before));
                }
                Err(StoreError::Unusable { .. }) => rejected += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(rejected > 50 && sound > 50, "{rejected} {sound}");
    }
}
