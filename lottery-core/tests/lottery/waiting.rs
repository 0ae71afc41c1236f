//! Waiters for the draw: those that stand for an agency, and those that get a reply.

use std::sync::{Arc, Mutex};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, run};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Command;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::server::Event;
use lottery_proto::{ConnId, Input, Instant, Machine as _, Receipt, Server, ServerConfig};
use lottery_runtime::{Mailbox, Service as _};

use crate::support::Seen::{Refused, Stored, TurnedAway, Winners};
use crate::support::{Fate, TestStore, batch, bets, commit, finished, winners};

/// Returns the command of a `framed` connection that has sent END; as an agency, if it has named one.
pub(crate) fn waits(conn: u64, agency: Option<u32>) -> Command {
    let now = Instant::default();
    let mut server = Server::new(ServerConfig { agencies: 9, ..ServerConfig::default() }, ConnId(conn), now);
    let give = |server: &mut Server, body: &str| {
        let message = format!("{:08}{body}", body.len());
        server.poll_io().unwrap().recv[..message.len()].copy_from_slice(message.as_bytes());
        server.handle(now, Input::Received(message.len()));
    };
    let stored = Receipt::Stored { total: 0 };
    if let Some(agency) = agency {
        give(&mut server, &format!("{agency};0\n"));
        let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!("a batch") };
        server.reply(now, ticket, stored).unwrap();
    }
    give(&mut server, "END");
    match server.poll_event().unwrap() {
        Event::AnonymousWaiter { ticket } => return Command::AnonymousWaiter(ticket),
        Event::Finished { ticket } => server.reply(now, ticket, stored).unwrap(),
        other => panic!("{other:?}"),
    }
    let Some(Event::WinnersQuery { ticket, wait: true }) = server.poll_event() else { panic!("a question") };
    Command::Winners { ticket, wait: true }
}

fn stranger(conn: u64) -> Command {
    waits(conn, None)
}

#[test]
fn all_who_wait_are_told_at_the_draw_in_the_order_in_which_they_came() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    let mine = bets(1, 0, 11);
    let first = commit(&mut committer, vec![batch(1, &mine), finished(1), waits(1, Some(1))]);
    assert_eq!(first, [Stored(1, 11), Stored(1, 11)], "the question waits");
    // Agency 2 has sent a batch: the anonymous waiter does not stand for it. It asks twice.
    assert_eq!(commit(&mut committer, vec![batch(2, &[]), stranger(7)]), [Stored(2, 0)]);
    let then = vec![finished(3), waits(3, Some(3)), waits(2, Some(2))];
    assert_eq!(commit(&mut committer, then), [Stored(3, 0)]);
    assert!(committer.draw().is_none());
    let own = Winners(1, winners(&mine));
    let nobody = |agency| Winners(agency, Vec::new());
    let told = [Stored(2, 0), own.clone(), nobody(0), nobody(3), nobody(2), nobody(2)];
    assert_eq!(commit(&mut committer, vec![finished(2), waits(4, Some(2))]), told);
    // Each waiter gets one reply, and later ones get theirs at once.
    assert_eq!(commit(&mut committer, vec![]), []);
    assert_eq!(commit(&mut committer, vec![waits(5, Some(1)), stranger(8)]), [own, nobody(0)]);
}

#[test]
fn connections_that_are_gone_are_forgotten() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    commit(&mut committer, vec![finished(1), waits(1, Some(1)), waits(2, Some(1))]);
    // Two that are gone before they have counted, one that waits, and one that is not known.
    let mut gone: Vec<Command> = [7, 3, 1, 99].map(|conn| Command::Gone(ConnId(conn))).into();
    gone.splice(..0, [stranger(7), waits(3, Some(1))]);
    assert_eq!(commit(&mut committer, gone), []);
    assert!(committer.draw().is_none(), "nobody stands for agency 2");
    assert_eq!(commit(&mut committer, vec![finished(2)]), [Stored(2, 0), Winners(1, Vec::new())]);
}

#[test]
fn a_stranger_stays_when_another_connection_goes() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    commit(&mut committer, vec![stranger(7), stranger(8), waits(3, Some(1))]);
    commit(&mut committer, vec![Command::Gone(ConnId(8)), Command::Gone(ConnId(3))]);
    let told = [Stored(1, 1), Stored(1, 1), Stored(2, 0), Winners(0, Vec::new())];
    let asked = vec![batch(1, &bets(1, 1, 1)), finished(1), finished(2)];
    assert_eq!(commit(&mut committer, asked), told);
}

#[test]
fn who_has_ended_counts_no_more_and_is_turned_away() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    let first =
        vec![batch(1, &bets(1, 1, 1)), finished(1), stranger(7), stranger(8), Command::Ended(ConnId(8))];
    assert_eq!(commit(&mut committer, first), [Stored(1, 1), Stored(1, 1), TurnedAway(8)]);
    assert!(committer.draw().is_none(), "one of two stands for another");
    // The end of an agency's connection changes nothing, and that of an anonymous waiter nothing twice.
    let then = vec![waits(1, Some(1)), Command::Ended(ConnId(1)), Command::Ended(ConnId(8))];
    assert_eq!(commit(&mut committer, then), []);
    assert!(committer.draw().is_none());
    let told = commit(&mut committer, vec![stranger(9), Command::Gone(ConnId(8))]);
    assert_eq!(told, [0, 1, 0].map(|agency| Winners(agency, Vec::new())), "in the order of their coming");
    // After the draw a peer that has ended its side gets a reply, as it may still read.
    assert_eq!(
        commit(&mut committer, vec![stranger(10), Command::Ended(ConnId(10))]),
        [Winners(0, Vec::new())]
    );
}

#[test]
fn strangers_stand_for_as_many_as_nothing_was_heard_of() {
    for missing in 1..=3 {
        let store = TestStore::default();
        let mut committer = store.committer(4);
        commit(&mut committer, vec![batch(4, &bets(4, 0, 1))]);
        commit(&mut committer, (missing + 1..=4).map(finished).collect());
        for nth in 1..=missing {
            assert!(committer.draw().is_none(), "{nth} of {missing}");
            commit(&mut committer, vec![stranger(nth.into())]);
        }
        assert!(committer.draw().is_some(), "{missing} are stood for");
    }
}

#[test]
fn strangers_draw_nothing_as_long_as_no_agency_has_sent_a_bet() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    assert_eq!(commit(&mut committer, [7, 8, 9].map(stranger).into()), []);
    // Agencies without bets do not change that.
    assert_eq!(commit(&mut committer, vec![batch(1, &[]), finished(1)]), [Stored(1, 0), Stored(1, 0)]);
    assert!(committer.draw().is_none() && !committer.owes_draw());
    // With a bet the waiters count, in the same group.
    let told = commit(&mut committer, vec![batch(2, &bets(2, 1, 1)), finished(2)]);
    assert_eq!(told[..2], [Stored(2, 1), Stored(2, 1)]);
    assert_eq!(told[2..], [0, 0, 0].map(|agency| Winners(agency, Vec::new())));
}

#[test]
fn there_are_never_more_strangers_than_agencies_and_the_newest_stay() {
    let store = TestStore::default();
    let mut committer = store.committer(3);
    assert_eq!(commit(&mut committer, [1, 2, 3].map(stranger).into()), []);
    assert_eq!(commit(&mut committer, vec![stranger(4)]), [TurnedAway(1)]);
    // A waiter that is gone makes room, and one that has ended goes first.
    let then = vec![Command::Gone(ConnId(2)), stranger(5), stranger(6), Command::Ended(ConnId(4))];
    assert_eq!(commit(&mut committer, then), [TurnedAway(4)]);
    assert_eq!(commit(&mut committer, (7..=100).map(stranger).collect()).len(), 94);
    let told = commit(&mut committer, vec![batch(1, &bets(1, 1, 1)), finished(1)]);
    assert_eq!(told.len(), 2 + 3, "{told:?}");
}

#[test]
fn what_is_asked_with_the_last_stranger_is_answered_after_the_draw() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let told = commit(&mut committer, vec![stranger(7), batch(1, &bets(1, 0, 1)), finished(1)]);
    assert_eq!(told, [Stored(1, 1), Stored(1, 1), Winners(0, Vec::new())]);
    // Bets of the agency that was stood for come too late, also after a restart.
    for committer in [&mut committer, &mut store.committer(2)] {
        assert_eq!(commit(committer, vec![batch(2, &bets(2, 0, 1))]), [Refused(2, "finished")]);
        assert_eq!(commit(committer, vec![finished(2)]), [Stored(2, 0)]);
    }
    assert_eq!(store.rows().lines().count(), 1);
}

#[test]
fn a_draw_that_there_was_no_room_for_is_tried_again_though_nobody_asks_anything_more() {
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
    let config = ServerConfig { agencies: 2, ..ServerConfig::default() };
    let centres =
        LotteryService::new(config, Arc::clone(&commit_queue), 1).with_anonymous_finish(anonymous_finish);
    let now = Instant::default();
    let mail = Arc::new(Mutex::new(Vec::new()));
    let notices = Arc::clone(&mail);
    let mailbox = Mailbox::new(move |notice| notices.lock().unwrap().push(notice));
    let mut centre = centres.accept(now, ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
    let end = b"00000003END";
    centre.poll_io().unwrap().recv[..end.len()].copy_from_slice(end);
    for input in [Input::Received(end.len()), then] {
        centre.handle(now, input);
        committer.commit(commit_queue.try_take(usize::MAX).unwrap()).unwrap();
        for notice in mail.lock().unwrap().drain(..) {
            centre.notice(now, notice);
        }
    }
    centre
}

#[test]
fn a_connection_whose_peer_has_ended_stands_for_nobody_and_is_closed() {
    for ends in [false, true] {
        let store = TestStore::default();
        let mut committer = store.committer(2);
        let mut centre = end_and(&mut committer, if ends { Input::Eof } else { Input::Timeout }, true);
        let io = centre.poll_io().unwrap();
        assert_eq!((io.fin, io.send), (ends, &b""[..]), "closed without a word");
        commit(&mut committer, vec![batch(1, &bets(1, 0, 1)), finished(1)]);
        assert_eq!(committer.draw().is_none(), ends, "who has ended stands for nobody");
    }
}

#[test]
fn nobody_stands_for_an_agency_without_saying_which_unless_that_is_set() {
    for set in [false, true] {
        let store = TestStore::default();
        let mut committer = store.committer(2);
        commit(&mut committer, vec![batch(1, &bets(1, 0, 1)), finished(1)]);
        let mut centre = end_and(&mut committer, Input::Timeout, set);
        assert_eq!(committer.draw().is_some(), set);
        let answer = if set { &b"00000010NO_WINNERS"[..] } else { b"" };
        assert_eq!(centre.poll_io().unwrap().send, answer);
        // The same holds after the draw, as the connection names no agency.
        commit(&mut committer, vec![finished(2)]);
        assert!(committer.draw().is_some());
        let mut centre = end_and(&mut committer, Input::Timeout, set);
        assert_eq!(centre.poll_io().unwrap().send, answer);
    }
}
