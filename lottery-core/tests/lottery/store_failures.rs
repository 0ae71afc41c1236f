//! Stores without room, and stores that fail.

use std::time::Duration;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, OpenError, Rules, run};
use lottery_core::messages::Command;
use lottery_core::store::{AgencyRecord, EncodedBatch, Group, Store as _, StoreError};
use lottery_proto::ConnId;

use crate::support::Seen::{Committed, Lost, Pending, Rejected, Stored, Winners};
use crate::support::test_store::{Fate, TestStore};
use crate::support::{batch, bets, commit, finished, query, waits, winners};

#[test]
fn a_group_without_room_is_rejected_whole_and_later_groups_work() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 2))]);
    let (before, record) = (store.saved(), committer.agency(1));
    store.next(&[Fate::Full]);
    let group = vec![
        batch(1, &bets(1, 2, 2)),
        batch(2, &bets(2, 0, 2)),
        finished(2),
        // Rejected for want of room, too: agency 2 is not finished.
        batch(2, &bets(2, 2, 2)),
        finished(1),
        query(1),
    ];
    let rejected = |agency| Rejected(agency, "storage");
    let told = [rejected(1), rejected(2), rejected(2), rejected(2), rejected(1), Pending(1)];
    assert_eq!(commit(&mut committer, group), told);
    assert_eq!((store.saved(), committer.agency(1)), (before, record));
    assert_eq!(committer.agency(2), AgencyRecord::default());
    // There is room again.
    committer.try_again();
    let group = vec![batch(1, &bets(1, 2, 4)), batch(2, &bets(2, 0, 1)), finished(2), finished(1), query(1)];
    let told = [Stored(1, 6), Stored(2, 1), Stored(2, 1), Stored(1, 6)];
    assert_eq!(commit(&mut committer, group), [&told[..], &[Winners(1, winners(&bets(1, 0, 6)))]].concat());
    assert_eq!(store.rows().lines().count(), 7);
}

#[test]
fn a_draw_without_room_takes_place_later_without_a_request() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 6))]);
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), store.diary());
    store.next(&[Fate::Good, Fate::Full, Fate::Full]);
    let Command::Winners { ticket, agency, .. } = query(1) else { panic!("a question") };
    commit_queue.submit(diary.request(finished(1))).unwrap();
    commit_queue.submit(diary.request(Command::Winners { ticket, agency, wait: true })).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| run(&mut committer, &commit_queue).unwrap());
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while store.saved().draw.is_none() && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        commit_queue.close();
    });
    assert_eq!(diary.answers(), [Stored(1, 6), Winners(1, winners(&bets(1, 0, 6)))]);
}

#[test]
fn a_store_failure_is_told_to_all_and_closes_the_queue() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), store.diary());
    store.next(&[Fate::Good, Fate::Failed]);
    commit_queue.submit(diary.request(batch(1, &bets(1, 0, 2)))).unwrap();
    commit(
        &mut committer,
        commit_queue.try_take(usize::MAX).unwrap().into_iter().map(|request| request.command).collect(),
    );
    // More than one group holds, so that some of them are still on the commit queue when it fails.
    for _ in 0..2000 {
        commit_queue.submit(diary.request(batch(1, &bets(1, 2, 100)))).unwrap();
    }
    commit_queue.submit(diary.request(finished(1))).unwrap();
    commit_queue.submit(diary.request(query(1))).unwrap();
    let error = run(&mut committer, &commit_queue).unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }));
    let told = diary.answers();
    assert_eq!(told.len(), 2002);
    assert!(told[..2001].iter().all(|seen| *seen == Rejected(1, "storage")));
    assert_eq!(told[2001], Pending(1));
    assert!(commit_queue.submit(diary.request(query(1))).is_err(), "closed");
    assert!(commit_queue.take(1).is_none());
    assert_eq!((committer.agency(1).stored, store.rows().lines().count()), (2, 2));
}

#[test]
fn a_failed_draw_ends_the_committer_after_acknowledging_stored_bets() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let diary = store.diary();
    store.next(&[Fate::Good, Fate::Failed]);
    let group = [batch(1, &bets(1, 0, 2)), finished(1), query(1)];
    let result = committer.commit(group.into_iter().map(|asks| diary.request(asks)).collect());
    assert!(matches!(result, Err(StoreError::Failed { .. })));
    assert_eq!(diary.answers(), [Stored(1, 2), Stored(1, 2), Pending(1)]);
}

#[test]
fn a_failed_store_is_not_used_again() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let diary = store.diary();
    store.next(&[Fate::Failed]);
    for _ in 0..2 {
        assert!(committer.commit(vec![diary.request(batch(1, &bets(1, 0, 2)))]).is_err());
        assert_eq!(diary.answers(), [Rejected(1, "storage")]);
    }
}

#[test]
fn a_committer_that_panics_ends_as_if_the_store_had_failed() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), store.diary());
    store.next(&[Fate::Panic]);
    for _ in 0..2000 {
        commit_queue.submit(diary.request(batch(1, &bets(1, 0, 100)))).unwrap();
    }
    assert!(matches!(run(&mut committer, &commit_queue), Err(StoreError::Failed { .. })));
    assert!(commit_queue.submit(diary.request(query(1))).is_err(), "closed");
    let told = diary.answers();
    assert_eq!(told.len(), 2000, "nobody waits for ever");
    let lost = told.iter().filter(|seen| **seen == Lost(1)).count();
    assert!(lost > 0, "those of the group in which it panicked");
    assert!(told.iter().all(|seen| [Lost(1), Rejected(1, "storage")].contains(seen)));
}

#[test]
fn waiters_for_the_draw_are_told_when_a_committer_is_dropped() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    let waiters = vec![waits(7, Some(1)), waits(8, None), waits(9, None), Command::Gone(ConnId(9))];
    assert_eq!(commit(&mut committer, waiters), []);
    drop(committer);
    assert_eq!(store.diary().answers(), [Lost(7), Lost(8)], "the third is gone");
}

#[test]
fn the_committer_runs_until_the_queue_is_closed_and_empty() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), store.diary());
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&mut committer, &commit_queue));
        for nth in 0..50 {
            commit_queue.submit(diary.request(batch(1, &bets(1, nth * 10, 10)))).unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
        commit_queue.close();
        running.join().unwrap().unwrap();
    });
    let expected: Vec<_> = (1..=50).map(|nth| Stored(1, nth * 10)).collect();
    assert_eq!(diary.answers(), expected);
}

#[test]
fn queued_requests_are_stored_as_one_group() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), store.diary());
    for nth in 0..250 {
        commit_queue.submit(diary.request(batch(1, &bets(1, nth * 100, 100)))).unwrap();
    }
    commit_queue.close();
    run(&mut committer, &commit_queue).unwrap();
    let commits: Vec<_> = diary.take().into_iter().filter(|seen| matches!(seen, Committed(..))).collect();
    assert_eq!(commits, [Committed(250, false)]);
    assert!(store.rows().len() > 1024 * 1024 + 4, "more than a megabyte");
}

#[test]
fn rows_that_are_no_bets_fail_the_draw() {
    let mut store = TestStore::default();
    let finished = AgencyRecord { stored: 1, digest: 0, finished: true };
    let batches = vec![EncodedBatch::from_rows(1, 1, "1,Ana,Paz\r\n".to_owned()).into()];
    store.commit(&Group { batches, agencies: [(1, finished)].into(), ..Group::default() }).unwrap();
    let error = Committer::open(store, Rules { agencies: 1, winning_number: 7574 }).unwrap_err();
    let OpenError::Store(StoreError::Failed { place, .. }) = error else { panic!("{error}") };
    assert_eq!(place, "the stored bets");
}
