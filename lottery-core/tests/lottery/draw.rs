//! Draw: its time, its winners, and that it stays the same.

use lottery_core::committer::{Committer, Rules};
use lottery_core::messages::Won;
use lottery_core::store::Store;
use lottery_proto::AgencyId;
use lottery_store::LogStore;

use crate::support::Seen::{self, Committed, Pending, Stored, Winners};
use crate::support::test_store::{Fate, TestStore};
use crate::support::{Diary, all_of, batch, bets, commit, finished, query, winners};

fn draws(seen: &[Seen]) -> usize {
    seen.iter().filter(|seen| matches!(seen, Committed(_, true))).count()
}

#[test]
fn the_draw_takes_place_when_the_last_agency_is_finished() {
    for agencies in [1, 2, 5, 30] {
        let store = TestStore::default();
        let mut committer = store.committer(agencies);
        for agency in 1..=agencies {
            commit(&mut committer, vec![batch(agency, &bets(agency, 0, 11))]);
        }
        // The highest comes first: counting finished agencies, or those up to the first gap, is not enough.
        for agency in (1..=agencies).rev() {
            assert!(committer.draw().is_none(), "{agency} of {agencies}");
            assert_eq!(commit(&mut committer, vec![query(agency)]), [Pending(agency)]);
            assert_eq!(commit(&mut committer, vec![finished(agency)]), [Stored(agency, 11)]);
        }
        let draw = committer.draw().unwrap();
        assert_eq!((draw.agencies, draw.winning_number), (agencies, 7574));
        for agency in 1..=agencies {
            let expected = winners(&bets(agency, 0, 11));
            assert_eq!(commit(&mut committer, vec![query(agency)]), [Winners(agency, expected)]);
        }
    }
}

#[test]
fn each_agency_gets_its_own_winners_in_stored_order() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    // Batches of alternating agencies, with falling documents: neither sorted nor by batch.
    for nth in (0..20).rev() {
        let group = (1..=2).map(|agency| batch(agency, &bets(agency, nth * 3, 3))).collect();
        commit(&mut committer, group);
    }
    commit(&mut committer, (1..=3).map(finished).collect());
    for agency in 1..=2 {
        let all: Vec<_> = (0..20).rev().flat_map(|nth| bets(agency, nth * 3, 3)).collect();
        assert_eq!(commit(&mut committer, vec![query(agency)]), [Winners(agency, winners(&all))]);
    }
    assert_eq!(commit(&mut committer, vec![query(3)]), [Winners(3, vec![])], "no bets, no winners");
}

#[test]
fn a_query_in_the_group_of_the_last_finished_gets_winners_of_a_durable_draw() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let diary = store.diary();
    let group = vec![query(1), batch(1, &bets(1, 0, 6)), finished(2), finished(1), query(1), query(2)];
    committer.commit(group.into_iter().map(|asks| diary.request(asks)).collect()).unwrap();
    let seen = diary.take();
    assert_eq!(seen[..2], [Committed(1, false), Committed(0, true)], "both, before anybody is told");
    let documents = winners(&bets(1, 0, 6));
    assert_eq!(documents.len(), 2);
    let won = Winners(1, documents);
    assert_eq!(seen[2..], [won.clone(), Stored(1, 6), Stored(2, 0), Stored(1, 6), won, Winners(2, vec![])]);
    assert_eq!(store.saved().draw.as_ref(), committer.draw());
}

#[test]
fn a_draw_that_finds_no_room_is_tried_again_after_a_pause() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 6))]);
    assert!(!committer.owes_draw(), "an agency is not finished");
    store.next(&[Fate::Good, Fate::Full, Fate::Full]);
    assert_eq!(commit(&mut committer, vec![finished(1), query(1)]), [Stored(1, 6), Pending(1)]);
    assert!(store.saved().agencies[&1].finished, "that much had room");
    for _ in 0..3 {
        assert_eq!(commit(&mut committer, vec![query(1)]), [Pending(1)], "the pause is not over");
    }
    committer.try_again();
    assert_eq!(commit(&mut committer, vec![query(1)]), [Pending(1)]);
    assert!(committer.draw().is_none() && store.saved().draw.is_none());
    assert!(committer.owes_draw());
    committer.try_again();
    assert_eq!(commit(&mut committer, vec![query(1)]), [Winners(1, winners(&bets(1, 0, 6)))]);
    assert!(!committer.owes_draw());
    assert_eq!(commit(&mut committer, vec![query(1)]), [Winners(1, winners(&bets(1, 0, 6)))]);
    assert_eq!(draws(&store.diary().take()), 0, "there is one draw");
}

#[test]
fn a_draw_due_at_a_crash_takes_place_at_the_next_open() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    store.next(&[Fate::Good, Fate::Full]);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 6)), finished(1)]);
    drop(committer);
    store.diary().take();
    let mut committer = store.committer(1);
    assert_eq!(store.diary().take(), [Committed(0, true)]);
    assert_eq!(commit(&mut committer, vec![query(1)]), [Winners(1, winners(&bets(1, 0, 6)))]);
}

#[test]
fn the_draw_is_the_same_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let diary = Diary::default();
    let open = || {
        let store = LogStore::open(dir.path()).unwrap();
        Committer::open(store, Rules { agencies: 2, winning_number: 7574 }).unwrap()
    };
    let mut committer = open();
    let group = [batch(2, &bets(2, 0, 11)), batch(1, &bets(1, 0, 6)), finished(1), finished(2)];
    committer.commit(group.into_iter().map(|asks| diary.request(asks)).collect()).unwrap();
    let drawn = committer.draw().cloned();
    for _ in 0..2 {
        drop(committer);
        committer = open();
        assert_eq!(committer.draw().cloned(), drawn);
        for (agency, expected) in [(1, winners(&bets(1, 0, 6))), (2, winners(&bets(2, 0, 11)))] {
            let won = Won::of(committer.draw().unwrap(), AgencyId::new(agency).unwrap());
            assert_eq!(all_of(won, committer.store()), expected);
        }
        let mut rows = 0;
        committer.store().read(&mut |text| rows += text.lines().count()).unwrap();
        assert_eq!(rows, 17);
    }
}
