//! Groups: bets that are stored of them, and replies to their requests.

use lottery_core::store::AgencyRecord;
use lottery_proto::Instant;

use crate::support::Seen::{Committed, Rejected, Stored};
use crate::support::test_store::TestStore;
use crate::support::{as_bets, asks, batch, bets, commit, finished};

#[test]
fn requests_of_several_agencies_are_one_commit_with_a_total_each() {
    let store = TestStore::default();
    let mut committer = store.committer(5);
    let diary = store.diary();
    let alone = bets(2, 10, 1);
    let group = vec![
        batch(1, &bets(1, 0, 3)),
        batch(2, &bets(2, 0, 10)),
        batch(1, &bets(1, 3, 4)),
        asks(2, |client| client.send_bet(Instant::default(), &as_bets(&alone)[0]).unwrap()),
        batch(3, &[]),
        finished(1),
    ];
    committer.commit(group.into_iter().map(|asks| diary.request(asks)).collect()).unwrap();
    let told = [Stored(1, 3), Stored(2, 10), Stored(1, 7), Stored(2, 11), Stored(3, 0), Stored(1, 7)];
    assert_eq!(diary.take(), [&[Committed(5, false)][..], &told].concat());
    assert_eq!(committer.agency(1), AgencyRecord { finished: true, ..committer.agency(1) });
    assert_eq!((committer.agency(1).stored, committer.agency(2).stored), (7, 11));
    let documents: Vec<_> =
        store.rows().lines().map(|row| row.rsplit(',').nth(2).unwrap().to_owned()).collect();
    let expected =
        [bets(1, 0, 3), bets(2, 0, 10), bets(1, 3, 4), alone].concat().into_iter().map(|bet| bet[2].clone());
    assert_eq!(documents, expected.collect::<Vec<_>>(), "in the order of the group");
}

#[test]
fn a_batch_after_finished_is_rejected_and_so_is_one_later_in_the_same_group() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let same =
        vec![batch(1, &bets(1, 0, 2)), finished(1), batch(1, &bets(1, 2, 2)), batch(2, &bets(2, 0, 1))];
    assert_eq!(
        commit(&mut committer, same),
        [Stored(1, 2), Stored(1, 2), Rejected(1, "finished"), Stored(2, 1)]
    );
    let before = store.saved();
    assert_eq!(commit(&mut committer, vec![batch(1, &bets(1, 2, 1))]), [Rejected(1, "finished")]);
    assert_eq!(commit(&mut committer, vec![batch(1, &[])]), [Rejected(1, "finished")]);
    assert_eq!((store.saved(), committer.agency(1).stored), (before, 2));
    assert_eq!(store.rows().lines().count(), 3);
    // The same holds after a restart.
    let mut again = store.committer(2);
    assert_eq!(commit(&mut again, vec![batch(1, &bets(1, 2, 1))]), [Rejected(1, "finished")]);
}

#[test]
fn finished_twice_is_the_same_as_once() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let twice = vec![batch(1, &bets(1, 0, 2)), finished(1), finished(1)];
    assert_eq!(commit(&mut committer, twice), [Stored(1, 2), Stored(1, 2), Stored(1, 2)]);
    let before = store.saved();
    let diary = store.diary();
    committer.commit(vec![diary.request(finished(1))]).unwrap();
    assert_eq!(diary.take(), [Stored(1, 2)], "without a commit");
    assert_eq!(store.saved(), before);
    assert!(committer.draw().is_none(), "two times one is not two");
    // Agency without bets.
    assert_eq!(commit(&mut committer, vec![finished(2)]), [Stored(2, 0)]);
    assert!(committer.draw().is_some());
}

#[test]
fn an_empty_group_commits_nothing() {
    let store = TestStore::default();
    assert_eq!(commit(&mut store.committer(5), vec![]), []);
    assert_eq!(store.saved(), lottery_core::store::Saved::default());
}

#[test]
fn bets_after_finished_in_the_same_group_are_rejected() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let told = commit(&mut committer, vec![batch(1, &bets(1, 0, 2)), finished(1), batch(1, &bets(1, 2, 2))]);
    assert_eq!(told, [Stored(1, 2), Stored(1, 2), Rejected(1, "finished")]);
    assert_eq!(committer.agency(1).stored, 2);
}
