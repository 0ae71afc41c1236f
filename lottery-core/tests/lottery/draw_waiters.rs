//! Waiters for the draw: those that stand for an agency, and those that get a reply.

use std::sync::{Arc, Mutex};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, run};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Command;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{ConnId, Endpoint as _, Input, Instant, ServerConfig};
use lottery_runtime::{Machine as _, Mailbox, Service as _};

use crate::support::Seen::{Rejected, Stored, TurnedAway, Winners};
use crate::support::test_store::{Fate, TestStore};
use crate::support::{batch, bets, commit, finished, waits, winners};

fn anonymous_waiter(conn: u64) -> Command {
    waits(conn, None)
}

#[test]
fn all_waiters_are_told_at_the_draw_in_order_of_arrival() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    let mine = bets(1, 0, 11);
    let first = commit(&mut committer, vec![batch(1, &mine), finished(1), waits(1, Some(1))]);
    assert_eq!(first, [Stored(1, 11), Stored(1, 11)], "the question waits");
    // Agency 2 has sent a batch: the anonymous waiter does not stand for it. It asks twice.
    assert_eq!(commit(&mut committer, vec![batch(2, &[]), anonymous_waiter(7)]), [Stored(2, 0)]);
    let then = vec![finished(3), waits(3, Some(3)), waits(2, Some(2))];
    assert_eq!(commit(&mut committer, then), [Stored(3, 0)]);
    assert!(committer.draw().is_none());
    let own = Winners(1, winners(&mine));
    let nobody = |agency| Winners(agency, Vec::new());
    let told = [Stored(2, 0), own.clone(), nobody(0), nobody(3), nobody(2), nobody(2)];
    assert_eq!(commit(&mut committer, vec![finished(2), waits(4, Some(2))]), told);
    // Each waiter gets one reply, and later ones get theirs at once.
    assert_eq!(commit(&mut committer, vec![]), []);
    assert_eq!(commit(&mut committer, vec![waits(5, Some(1)), anonymous_waiter(8)]), [own, nobody(0)]);
}

#[test]
fn waiters_of_closed_connections_are_removed() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    commit(&mut committer, vec![finished(1), waits(1, Some(1)), waits(2, Some(1))]);
    // Two that are gone before they have counted, one that waits, and one that is not known.
    let mut gone: Vec<Command> = [7, 3, 1, 99].map(|conn| Command::Gone(ConnId(conn))).into();
    gone.splice(..0, [anonymous_waiter(7), waits(3, Some(1))]);
    assert_eq!(commit(&mut committer, gone), []);
    assert!(committer.draw().is_none(), "nobody stands for agency 2");
    assert_eq!(commit(&mut committer, vec![finished(2)]), [Stored(2, 0), Winners(1, Vec::new())]);
}

#[test]
fn an_anonymous_waiter_stays_when_another_connection_closes() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    commit(&mut committer, vec![anonymous_waiter(7), anonymous_waiter(8), waits(3, Some(1))]);
    commit(&mut committer, vec![Command::Gone(ConnId(8)), Command::Gone(ConnId(3))]);
    let told = [Stored(1, 1), Stored(1, 1), Stored(2, 0), Winners(0, Vec::new())];
    let asked = vec![batch(1, &bets(1, 1, 1)), finished(1), finished(2)];
    assert_eq!(commit(&mut committer, asked), told);
}

#[test]
fn an_anonymous_waiter_at_eof_is_turned_away() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    let first = vec![
        batch(1, &bets(1, 1, 1)),
        finished(1),
        anonymous_waiter(7),
        anonymous_waiter(8),
        Command::Ended(ConnId(8)),
    ];
    assert_eq!(commit(&mut committer, first), [Stored(1, 1), Stored(1, 1), TurnedAway(8)]);
    assert!(committer.draw().is_none(), "one of two stands for another");
    // The end of an agency's connection changes nothing, and that of an anonymous waiter nothing twice.
    let then = vec![waits(1, Some(1)), Command::Ended(ConnId(1)), Command::Ended(ConnId(8))];
    assert_eq!(commit(&mut committer, then), []);
    assert!(committer.draw().is_none());
    let told = commit(&mut committer, vec![anonymous_waiter(9), Command::Gone(ConnId(8))]);
    assert_eq!(told, [0, 1, 0].map(|agency| Winners(agency, Vec::new())), "in the order of their coming");
    // After the draw a peer that has ended its side gets a reply, as it may still read.
    assert_eq!(
        commit(&mut committer, vec![anonymous_waiter(10), Command::Ended(ConnId(10))]),
        [Winners(0, Vec::new())]
    );
}

#[test]
fn anonymous_waiters_stand_in_for_as_many_absent_agencies() {
    for missing in 1..=3 {
        let store = TestStore::default();
        let mut committer = store.committer(4);
        commit(&mut committer, vec![batch(4, &bets(4, 0, 1))]);
        commit(&mut committer, (missing + 1..=4).map(finished).collect());
        for nth in 1..=missing {
            assert!(committer.draw().is_none(), "{nth} of {missing}");
            commit(&mut committer, vec![anonymous_waiter(nth.into())]);
        }
        assert!(committer.draw().is_some(), "{missing} are stood for");
    }
}

#[test]
fn anonymous_waiters_cause_no_draw_before_the_first_bet() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    assert_eq!(commit(&mut committer, [7, 8, 9].map(anonymous_waiter).into()), []);
    // Agencies without bets do not change that.
    assert_eq!(commit(&mut committer, vec![batch(1, &[]), finished(1)]), [Stored(1, 0), Stored(1, 0)]);
    assert!(committer.draw().is_none() && !committer.owes_draw());
    // With a bet the waiters count, in the same group.
    let told = commit(&mut committer, vec![batch(2, &bets(2, 1, 1)), finished(2)]);
    assert_eq!(told[..2], [Stored(2, 1), Stored(2, 1)]);
    assert_eq!(told[2..], [0, 0, 0].map(|agency| Winners(agency, Vec::new())));
}

#[test]
fn there_are_never_more_anonymous_waiters_than_agencies() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    assert_eq!(commit(&mut committer, [1, 2, 3].map(anonymous_waiter).into()), []);
    assert_eq!(commit(&mut committer, vec![anonymous_waiter(4)]), [TurnedAway(1)]);
    // A waiter that is gone makes room, and one that has ended goes first.
    let then =
        vec![Command::Gone(ConnId(2)), anonymous_waiter(5), anonymous_waiter(6), Command::Ended(ConnId(4))];
    assert_eq!(commit(&mut committer, then), [TurnedAway(4)]);
    assert_eq!(commit(&mut committer, (7..=100).map(anonymous_waiter).collect()).len(), 94);
    let told = commit(&mut committer, vec![batch(1, &bets(1, 1, 1)), finished(1)]);
    assert_eq!(told.len(), 2 + 3, "{told:?}");
}

#[test]
fn a_query_with_the_last_anonymous_waiter_is_answered_after_the_draw() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let told = commit(&mut committer, vec![anonymous_waiter(7), batch(1, &bets(1, 0, 1)), finished(1)]);
    assert_eq!(told, [Stored(1, 1), Stored(1, 1), Winners(0, Vec::new())]);
    // Bets of the agency that was stood for come too late, also after a restart.
    for committer in [&mut committer, &mut store.committer(2)] {
        assert_eq!(commit(committer, vec![batch(2, &bets(2, 0, 1))]), [Rejected(2, "finished")]);
        assert_eq!(commit(committer, vec![finished(2)]), [Stored(2, 0)]);
    }
    assert_eq!(store.rows().lines().count(), 1);
}

#[test]
fn a_draw_without_room_is_tried_again_without_requests() {
    let store = TestStore::default();
    let mut committer = store.committer(1);
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), store.diary());
    let mine = bets(1, 0, 6);
    // The bets and Finished have room.
    store.next(&[Fate::Good, Fate::Full]);
    for asks in [batch(1, &mine), finished(1), waits(1, Some(1))] {
        commit_queue.submit(diary.request(asks)).unwrap();
    }
    let told = std::thread::scope(|scope| {
        scope.spawn(|| run(&mut committer, &commit_queue).unwrap());
        let mut told = Vec::new();
        for _ in 0..4000 {
            told.extend(diary.answers());
            if told.len() == 3 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        commit_queue.close();
        told
    });
    assert_eq!(told, [Stored(1, 6), Stored(1, 6), Winners(1, winners(&mine))]);
}

/// Returns a `framed` connection that has sent END, and then got this input.
fn end_and(committer: &mut Committer<TestStore>, then: Input, anonymous_finish: bool) -> ServerConnection {
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let config = ServerConfig::builder(2).build().unwrap();
    let service =
        LotteryService::new(config, Arc::clone(&commit_queue), 1).with_anonymous_finish(anonymous_finish);
    let now = Instant::default();
    let mail = Arc::new(Mutex::new(Vec::new()));
    let notices = Arc::clone(&mail);
    let mailbox = Mailbox::new(move |notice| notices.lock().unwrap().push(notice));
    let mut server_connection = service.accept(now, ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
    let end = b"00000003END";
    server_connection.poll_io().unwrap().recv[..end.len()].copy_from_slice(end);
    for input in [Input::Received(end.len()), then] {
        server_connection.handle(now, input);
        committer.commit(commit_queue.try_take(usize::MAX).unwrap()).unwrap();
        for notice in mail.lock().unwrap().drain(..) {
            server_connection.notice(now, notice);
        }
    }
    server_connection
}

#[test]
fn a_connection_at_eof_stands_in_for_no_agency_and_is_closed() {
    for ends in [false, true] {
        let store = TestStore::default();
        let mut committer = store.committer(2);
        let mut server_connection =
            end_and(&mut committer, if ends { Input::Eof } else { Input::Timeout }, true);
        let io = server_connection.poll_io().unwrap();
        assert_eq!((io.fin, io.send), (ends, &b""[..]), "closed without a word");
        commit(&mut committer, vec![batch(1, &bets(1, 0, 1)), finished(1)]);
        assert_eq!(committer.draw().is_none(), ends, "who has ended stands for nobody");
    }
}

#[test]
fn an_anonymous_client_stands_in_for_no_agency_by_default() {
    for set in [false, true] {
        let store = TestStore::default();
        let mut committer = store.committer(2);
        commit(&mut committer, vec![batch(1, &bets(1, 0, 1)), finished(1)]);
        let mut server_connection = end_and(&mut committer, Input::Timeout, set);
        assert_eq!(committer.draw().is_some(), set);
        let answer = if set { &b"00000010NO_WINNERS"[..] } else { b"" };
        assert_eq!(server_connection.poll_io().unwrap().send, answer);
        // The same holds after the draw, as the connection names no agency.
        commit(&mut committer, vec![finished(2)]);
        assert!(committer.draw().is_some());
        let mut server_connection = end_and(&mut committer, Input::Timeout, set);
        assert_eq!(server_connection.poll_io().unwrap().send, answer);
    }
}
