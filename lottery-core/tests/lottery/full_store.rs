//! Store without room: it pauses, and meanwhile every request that needs room is rejected at once.

use std::time::Duration;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::run;

use crate::support::Seen::{Pending, Rejected, Stored, Winners};
use crate::support::test_store::{Asked, Fate, TestStore};
use crate::support::{batch, bets, commit, finished, query, winners};

#[test]
fn during_the_pause_the_store_is_not_tried_and_all_is_rejected() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let rejected = || Rejected(1, "storage");
    for tries in 1..=3 {
        store.next(&[Fate::Full]);
        for _ in 0..100 {
            assert_eq!(commit(&mut committer, vec![batch(1, &bets(1, 0, 2))]), [rejected()]);
            // Requests that need no room are answered.
            assert_eq!(commit(&mut committer, vec![query(1), batch(1, &[])]), [Pending(1), rejected()]);
        }
        assert_eq!(store.asked().commits, tries, "once for each pause");
        committer.try_again();
    }
    assert_eq!(commit(&mut committer, vec![batch(1, &bets(1, 0, 2))]), [Stored(1, 2)]);
    assert_eq!(commit(&mut committer, vec![finished(1)]), [Stored(1, 2)]);
}

#[test]
fn a_rejection_in_the_pause_gives_the_stores_reason() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    store.next(&[Fate::Full]);
    let said: Vec<String> = (0..2)
        .map(|_| {
            let (sender, told) = std::sync::mpsc::channel();
            let mailbox = lottery_runtime::Mailbox::new(move |notice| _ = sender.send(format!("{notice:?}")));
            let request =
                lottery_core::messages::Request { from: mailbox, ..store.diary().request(finished(1)) };
            committer.commit(vec![request]).unwrap();
            told.recv().unwrap()
        })
        .collect();
    assert!(said[0].contains("test: no room, nothing of the group is stored: told to"), "{said:?}");
    assert_eq!(said[0], said[1]);
}

#[test]
fn the_draw_is_tried_once_for_each_pause() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 6))]);
    store.next(&[Fate::Good, Fate::Full, Fate::Full]);
    commit(&mut committer, vec![finished(1)]);
    for passes in 1..=2 {
        for _ in 0..100 {
            assert_eq!(commit(&mut committer, vec![query(1), finished(1)]), [Pending(1), Stored(1, 6)]);
        }
        assert_eq!(store.asked(), Asked { commits: 2 + passes, passes });
        committer.try_again();
    }
    assert_eq!(commit(&mut committer, vec![query(1)]), [Winners(1, winners(&bets(1, 0, 6)))]);
    assert_eq!(store.asked().passes, 3);
}

#[test]
fn pauses_double_to_a_limit_and_start_again_after_a_success() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let ask = |committer: &mut _| _ = commit(committer, vec![batch(1, &[])]);
    let pauses = |committer: &mut lottery_core::committer::Committer<TestStore>, fates: &[Fate]| {
        store.next(fates);
        let pause = |_: &Fate| {
            ask(committer);
            let pause = committer.no_room().unwrap_or_default();
            committer.try_again();
            pause.as_millis()
        };
        fates.iter().map(pause).collect::<Vec<_>>()
    };
    assert_eq!(committer.no_room(), None);
    assert_eq!(pauses(&mut committer, &[Fate::Full; 7]), [250, 500, 1000, 2000, 4000, 4000, 4000]);
    assert_eq!(pauses(&mut committer, &[Fate::Good, Fate::Full, Fate::Full, Fate::Good]), [0, 250, 500, 0]);
}

#[test]
fn repeated_requests_are_stored_once_there_is_room() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), store.diary());
    store.next(&[Fate::Full, Fate::Full]);
    let tries = std::thread::scope(|scope| {
        scope.spawn(|| run(&mut committer, &commit_queue).unwrap());
        let mut tries = 0;
        while tries < 4000 {
            tries += 1;
            commit_queue.submit(diary.request(batch(1, &bets(1, 0, 2)))).unwrap();
            let told = loop {
                let told = diary.answers();
                if !told.is_empty() {
                    break told;
                }
                std::thread::sleep(Duration::from_millis(1));
            };
            if told == [Stored(1, 2)] {
                break;
            }
            assert_eq!(told, [Rejected(1, "storage")]);
        }
        commit_queue.close();
        tries
    });
    assert_eq!(store.asked().commits, 3, "in {tries} tries");
    assert!(tries > 3, "refused at once, again and again");
}

#[test]
fn a_draw_due_at_the_start_without_room_takes_place_later() {
    let store = TestStore::default();
    store.next(&[Fate::Good, Fate::Full]);
    let mut committer = store.committer(1);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 6)), finished(1)]);
    store.next(&[Fate::Full]);
    drop(committer);
    let mut committer = store.committer(1);
    assert!(store.saved().draw.is_none());
    committer.try_again();
    commit(&mut committer, Vec::new());
    assert_eq!(commit(&mut committer, vec![query(1)]), [Winners(1, winners(&bets(1, 0, 6)))]);
}
