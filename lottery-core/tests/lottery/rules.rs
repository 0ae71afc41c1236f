//! Rules of a lottery: it goes on with those that it was begun with, or not at all.

use lottery_core::committer::{Committer, OpenError, Opening, Rules};
use lottery_core::store::{AgencyRecord, Draw, Group, Saved, Store as _};

use crate::support::Seen::{Rejected, Stored, Winners};
use crate::support::test_store::{Fate, TestStore};
use crate::support::{batch, bets, commit, finished, query, winners};

const fn rules(agencies: u32, winning_number: u32) -> Rules {
    Rules { agencies, winning_number }
}

fn open(store: &TestStore, opening: impl Into<Opening>) -> Result<Committer<TestStore>, OpenError> {
    Committer::open(store.clone(), opening)
}

/// Returns an opening with `--agencies-before`.
fn raised(before: u32, rules: Rules) -> Opening {
    Opening { raised_from: Some(before), ..rules.into() }
}

fn rejected(store: &TestStore, opening: impl Into<Opening>) -> String {
    let before = store.saved();
    let error = open(store, opening).unwrap_err();
    assert!(matches!(error, OpenError::OtherRules { .. }), "{error}");
    assert_eq!(store.saved(), before, "nothing is changed");
    error.to_string()
}

#[test]
fn other_rules_are_rejected_and_both_are_named() {
    let store = TestStore::default();
    let mut committer = open(&store, rules(8, 1234)).unwrap();
    commit(&mut committer, vec![batch(1, &bets(1, 0, 6))]);
    // All agencies of the second start are finished: with its rules it would draw at once.
    commit(&mut committer, (1..=5).map(finished).collect());
    drop(committer);
    let begun = "the lottery was begun with 8 agencies and the winning number 1234, not with ";
    let go_on = "start it with --agencies 8 --winning-number 1234";
    for (other, says, raise) in [
        (rules(5, 7574), "5 agencies and the winning number 7574", ""),
        (rules(5, 1234), "5 agencies and the winning number 1234", ""),
        (rules(8, 7574), "8 agencies and the winning number 7574", ""),
        (rules(9, 7574), "9 agencies and the winning number 7574", ""),
        (
            rules(9, 1234),
            "9 agencies and the winning number 1234",
            ", or with --agencies 9 --agencies-before 8 if more are to take part",
        ),
    ] {
        assert_eq!(rejected(&store, other), format!("{begun}{says}: {go_on}{raise}"));
    }
    assert!(store.saved().draw.is_none());
    let mut committer = open(&store, rules(8, 1234)).unwrap();
    assert!(committer.draw().is_none());
    commit(&mut committer, (6..=8).map(finished).collect());
    let Rules { agencies, winning_number } = rules(8, 1234);
    let draw = committer.draw().unwrap();
    assert_eq!((draw.agencies, draw.winning_number), (agencies, winning_number));
    // The same holds after the draw, when nothing can be raised either.
    for other in [rules(8, 7574).into(), rules(5, 1234).into(), raised(8, rules(9, 1234))] {
        assert!(rejected(&store, other).ends_with(go_on));
    }
    open(&store, rules(8, 1234)).unwrap();
}

#[test]
fn rules_may_change_before_anything_is_stored() {
    let store = TestStore::default();
    for (agencies, number) in [(5, 7574), (3, 1), (9, 2)] {
        let mut committer = open(&store, rules(agencies, number)).unwrap();
        assert_eq!(commit(&mut committer, vec![query(1)]), [crate::support::Seen::Pending(1)]);
        assert_eq!(store.saved(), Saved::default());
    }
    // Requests that found no room are not stored, and neither are the rules.
    let mut committer = open(&store, rules(2, 1)).unwrap();
    store.next(&[Fate::Full]);
    assert_eq!(commit(&mut committer, vec![finished(1)]), [Rejected(1, "storage")]);
    assert_eq!(store.saved(), Saved::default());
    let mut committer = open(&store, rules(1, 7574)).unwrap();
    commit(&mut committer, vec![batch(1, &[])]);
    assert_eq!(store.saved().rules, Some(rules(1, 7574)));
    rejected(&store, rules(2, 7574));
}

#[test]
fn more_agencies_take_part_if_the_former_number_is_given() {
    let store = TestStore::default();
    let mut committer = open(&store, rules(2, 7574)).unwrap();
    let mine = bets(1, 0, 6);
    store.next(&[Fate::Good, Fate::Full]);
    // The draw was due, and there was no room for it.
    commit(&mut committer, vec![batch(1, &mine), finished(1), finished(2)]);
    assert!(committer.draw().is_none());
    drop(committer);
    for other in [
        raised(1, rules(4, 7574)),
        raised(3, rules(4, 7574)),
        raised(2, rules(4, 1)),
        raised(2, rules(1, 7574)),
    ] {
        rejected(&store, other);
    }
    // A restart has the same flags.
    for _ in 0..2 {
        let committer = open(&store, raised(2, rules(4, 7574))).unwrap();
        assert_eq!(store.saved().rules, Some(rules(4, 7574)), "stored before there are bets of the new ones");
        assert!(committer.draw().is_none());
    }
    let before = "the lottery was begun with 4 agencies and";
    assert!(rejected(&store, rules(2, 7574)).starts_with(before));
    let mut committer = open(&store, rules(4, 7574)).unwrap();
    let told = commit(&mut committer, vec![finished(3), finished(4), query(1)]);
    assert_eq!(told, [Stored(3, 0), Stored(4, 0), Winners(1, winners(&mine))]);
    assert_eq!(committer.draw().unwrap().agencies, 4);
}

#[test]
fn a_store_without_rules_gets_those_of_its_draw_or_next_start() {
    let record = AgencyRecord { stored: 0, digest: 0, finished: false };
    let draw = Draw { winning_number: 1234, agencies: 2, winners: [].into() };
    for (draw, asked) in [(None, rules(5, 7574)), (Some(draw), rules(2, 1234))] {
        let mut store = TestStore::default();
        let drawn = draw.is_some();
        store.commit(&Group { agencies: [(1, record)].into(), draw, ..Group::default() }).unwrap();
        if drawn {
            assert!(
                rejected(&store, rules(5, 7574))
                    .contains("begun with 2 agencies and the winning number 1234")
            );
        }
        // Without room the start goes on; the next group stores the rules.
        store.next(&[Fate::Full]);
        open(&store, asked).unwrap();
        assert_eq!(store.saved().rules, None);
        open(&store, asked).unwrap();
        assert_eq!(store.saved().rules, Some(asked));
        rejected(&store, rules(3, 7574));
    }
}

#[test]
fn rules_without_room_are_stored_with_the_next_group() {
    let mut store = TestStore::default();
    let record = AgencyRecord { stored: 0, digest: 0, finished: false };
    store.commit(&Group { agencies: [(1, record)].into(), ..Group::default() }).unwrap();
    store.next(&[Fate::Full]);
    let mut committer = open(&store, rules(3, 1)).unwrap();
    committer.try_again();
    commit(&mut committer, vec![batch(2, &[])]);
    assert_eq!(store.saved().rules, Some(rules(3, 1)));
}
