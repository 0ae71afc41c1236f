//! Commit queue: bounded, in order, and closed for good.

use lottery_core::commit_queue::{CommitQueue, OWN_ROOM};
use lottery_core::messages::{Command, Request};
use lottery_core::store::EncodedBatch;
use lottery_proto::server::Event;
use lottery_proto::{AgencyId, ConnId, Input, Instant, Server, ServerConfig};

use crate::support::Seen::{Room, Stored};
use crate::support::test_store::TestStore;
use crate::support::{Diary, batch, bets, finished, query};

fn agencies(requests: Vec<Request>) -> Vec<u32> {
    let agency = |request: Request| match request.command {
        Command::Store(submission, _) => submission.agency.get(),
        Command::Winners { agency, .. } => agency.map_or(0, AgencyId::get),
        Command::Hello(_, agency) => agency.get(),
        Command::Piece { agency, .. } => agency,
        Command::Ended(_) | Command::Gone(_) => 0,
    };
    requests.into_iter().map(agency).collect()
}

/// Returns the id of a connection.
const fn conn(number: u64) -> ConnId {
    ConnId(number)
}

/// Returns a request of a connection with bets that take about this many bytes of memory.
fn large(number: u64, bytes: usize) -> Command {
    let bets = "Ana;Paz;20000001;1980-01-31;7\n".repeat(bytes / 90);
    let body = format!("1;{}\n{bets}", bets.lines().count());
    let message = format!("{:08}{body}", body.len()).into_bytes();
    let config = ServerConfig::builder(5).max_message(message.len().max(8192)).build().unwrap();
    let mut server = Server::new(config, conn(number), Instant::default());
    let mut rest = &message[..];
    while !rest.is_empty() {
        let recv = server.poll_io().unwrap().recv;
        let n = recv.len().min(rest.len());
        recv[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        server.handle(Instant::default(), Input::Received(n));
    }
    let Some(Event::Batch { ticket, agency, bets, .. }) = server.poll_event() else { panic!("a batch") };
    Command::store_batch(ticket, agency, bets, None)
}

/// Returns the numbers of the connections that requests are from.
fn conns(requests: &[Request]) -> Vec<u64> {
    requests.iter().map(|request| request.command.conn().0).collect()
}

#[test]
fn room_is_limited_and_waiters_get_it_in_their_turn() {
    let commit_queue = CommitQueue::new(8000);
    let diaries = [1, 2, 3].map(|_| Diary::default());
    let room =
        |nth: u32, bytes| commit_queue.room(conn(nth.into()), bytes, &diaries[nth as usize - 1].mailbox());
    let first = room(1, 5000).expect("more than its share, but there is nothing else");
    let second = room(2, 3000).expect("there is room");
    assert!(room(1, 1001).is_none() && room(2, 1001).is_none() && room(3, 4000).is_none());
    assert!(room(3, 4000).is_none(), "asking again changes nothing");
    assert!(commit_queue.is_full());
    drop(second);
    // There may be enough room for the second now, but the third came first.
    assert_eq!(diaries.each_ref().map(Diary::take), [vec![], vec![], vec![]]);
    drop(first);
    assert_eq!(
        diaries.each_ref().map(Diary::take),
        [vec![Room], vec![Room], vec![Room]],
        "each is told once"
    );
    let all = [room(1, 1001), room(2, 1001), room(3, 4000)];
    assert!(all.iter().all(Option::is_some), "what they were told of is theirs");
    assert!(room(1, 1).is_some() && !commit_queue.is_full());
}

#[test]
fn a_request_larger_than_the_whole_queue_is_let_in_alone() {
    let commit_queue = CommitQueue::new(0);
    let (diary, other) = (Diary::default(), Diary::default());
    let room = commit_queue.room(conn(1), 5000, &diary.mailbox()).expect("nothing else is there");
    assert!(commit_queue.room(conn(2), 1, &other.mailbox()).is_none());
    drop(room);
    assert_eq!((diary.take(), other.take()), (vec![], vec![Room]));
}

#[test]
fn a_connection_always_has_a_little_room_of_its_own() {
    let commit_queue = CommitQueue::new(16 * 1024 * 1024);
    let diary = Diary::default();
    let full: Vec<_> =
        (1..=8).map(|nth| commit_queue.room(conn(nth), 2 * 1024 * 1024, &diary.mailbox())).collect();
    assert!(full.iter().all(Option::is_some), "no pool is left");
    let mut own = Vec::new();
    while let Some(room) = commit_queue.room(conn(9), 8192, &diary.mailbox()) {
        own.push(room);
    }
    assert_eq!(own.len(), OWN_ROOM / 8192);
    assert_eq!(diary.take(), []);
    own.pop();
    assert_eq!(diary.take(), [Room], "without a turn at the pool");
    assert!(commit_queue.room(conn(9), 8192, &diary.mailbox()).is_some());
}

#[test]
fn a_connection_gets_an_eighth_of_the_room_at_most() {
    const MIB: usize = 1024 * 1024;
    let commit_queue = CommitQueue::new(16 * MIB);
    let diary = Diary::default();
    let mut rooms = Vec::new();
    while let Some(room) = commit_queue.room(conn(1), MIB, &diary.mailbox()) {
        rooms.push(room);
    }
    assert_eq!(rooms.len(), 2);
    assert!(commit_queue.room(conn(2), MIB, &diary.mailbox()).is_some(), "there is room for others");
    assert_eq!(diary.take(), []);
    rooms.pop();
    assert_eq!(diary.take(), [Room]);
}

#[test]
fn a_connection_that_is_gone_leaves_its_room_and_its_turn() {
    let commit_queue = CommitQueue::new(1000);
    let [first, second, third] = [1, 2, 3].map(|_| Diary::default());
    let held = commit_queue.room(conn(1), 1000, &first.mailbox());
    assert!(held.is_some() && commit_queue.room(conn(2), 500, &second.mailbox()).is_none());
    assert!(commit_queue.room(conn(3), 1000, &third.mailbox()).is_none());
    commit_queue.leave(conn(1));
    drop(held);
    assert_eq!(second.take(), [Room]);
    assert_eq!(third.take(), []);
    commit_queue.leave(conn(2));
    assert_eq!(third.take(), [Room], "what the second was given and did not use");
    assert!(commit_queue.room(conn(3), 1000, &third.mailbox()).is_some());
}

#[test]
fn a_group_has_a_request_of_each_connection_before_any_has_two() {
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), Diary::default());
    for agency in [1, 1, 1, 1, 2, 2, 3] {
        commit_queue.submit(diary.request(batch(agency, &bets(agency, 0, 60)))).unwrap();
    }
    let size = EncodedBatch::size_of(60, 60 * 55);
    assert_eq!(conns(&commit_queue.try_take(2 * size).unwrap()), [1, 2, 3]);
    assert_eq!(conns(&commit_queue.try_take(usize::MAX).unwrap()), [1, 2, 1, 1]);
}

#[test]
fn long_batches_do_not_delay_clients_that_wait_for_each_reply() {
    const LONG: usize = 512 * 1024;
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), Diary::default());
    let mut groups = 0;
    // Connection 1 asks again as soon as it has its reply.
    let mut group = || {
        commit_queue
            .submit(Request { alone: true, ..diary.request(batch(1, &bets(1, groups, 20))) })
            .unwrap();
        groups += 1;
        conns(&commit_queue.try_take(4 * LONG).unwrap())
    };
    // Two requests alone may be chance: with the third it counts as one that waits for each reply.
    assert_eq!([group(), group()], [[1], [1]]);
    for nth in (1..=20).flat_map(|nth| [100 + nth; 2]) {
        commit_queue.submit(diary.request(large(nth, LONG))).unwrap();
    }
    let mut long = Vec::new();
    while long.len() < 20 {
        let taken = group();
        assert!(
            taken[0] == 1 && taken.len() <= 2,
            "it is in every group, with one long batch at most: {taken:?}"
        );
        long.extend_from_slice(&taken[1..]);
    }
    assert!((60..80).contains(&groups), "{groups} groups for 9 MiB");
    assert_eq!(long, (101..=120).collect::<Vec<_>>(), "in their turn");
    // Connection 1 asks no more, and nothing is withheld from the others.
    let mut rest = 0;
    while rest < 20 {
        rest += commit_queue.try_take(4 * LONG).unwrap().len();
        groups += 1;
    }
    assert!(groups < 95, "{groups}");
}

#[test]
fn long_batches_wait_briefly_for_clients_about_to_send() {
    let (commit_queue, diary) = (CommitQueue::new(usize::MAX), Diary::default());
    let ask = |nth| {
        commit_queue.submit(Request { alone: true, ..diary.request(batch(1, &bets(1, nth, 20))) }).unwrap();
    };
    for nth in 0..3 {
        ask(nth);
        assert_eq!(conns(&commit_queue.take(usize::MAX).unwrap()), [1]);
    }
    for nth in [7, 8] {
        commit_queue.submit(diary.request(large(nth, 512 * 1024))).unwrap();
    }
    assert_eq!(conns(&commit_queue.take(usize::MAX).unwrap()), [7], "it is its turn");
    std::thread::scope(|scope| {
        scope.spawn(|| ask(4));
        // Its request may come before or after the long batch, which does not wait for ever.
        let mut taken = Vec::new();
        while taken.len() < 2 {
            taken.extend(conns(&commit_queue.take(usize::MAX).unwrap()));
        }
        taken.sort_unstable();
        assert_eq!(taken, [1, 8]);
    });
}

#[test]
fn requests_are_taken_in_order_and_by_portions() {
    let commit_queue = CommitQueue::new(usize::MAX);
    let diary = Diary::default();
    for agency in 1..=100 {
        let asks = match agency % 3 {
            0 => query(agency % 5 + 1),
            1 => finished(agency % 5 + 1),
            _ => batch(agency % 5 + 1, &bets(1, 0, agency)),
        };
        commit_queue.submit(diary.request(asks)).unwrap();
    }
    let mut taken = Vec::new();
    let mut sizes = [const { Vec::new() }; 5];
    let mut portions = 0;
    while taken.len() < 100 {
        let portion = commit_queue.try_take(4000).unwrap();
        assert!(!portion.is_empty(), "one at least");
        for request in &portion {
            if let Command::Store(submission, Some(batch)) = &request.command {
                sizes[submission.agency.get() as usize - 1].push(batch.bets());
            }
        }
        taken.extend(agencies(portion));
        portions += 1;
    }
    assert!(portions > 10);
    for agency in 1..=5 {
        assert_eq!(taken.iter().filter(|taken| **taken == agency).count(), 20);
    }
    assert!(sizes.iter().all(|sizes| sizes.len() > 5 && sizes.is_sorted()), "{sizes:?}");
    assert!(commit_queue.try_take(1).unwrap().is_empty());
}

#[test]
fn a_closed_queue_rejects_hands_out_the_rest_and_wakes_waiters() {
    let commit_queue = CommitQueue::new(1);
    let diary = Diary::default();
    commit_queue.submit(diary.request(query(1))).unwrap();
    let _held = commit_queue.room(conn(1), 1000, &diary.mailbox()).unwrap();
    assert!(commit_queue.room(conn(2), 1000, &diary.mailbox()).is_none());
    commit_queue.close();
    assert_eq!(diary.take(), [Room]);
    assert!(
        commit_queue.room(conn(2), 1000, &diary.mailbox()).is_some(),
        "so that whoever comes is refused at once"
    );
    assert!(commit_queue.room(conn(3), 1000, &diary.mailbox()).is_some());
    let rejected = commit_queue.submit(diary.request(query(3))).unwrap_err();
    assert_eq!(agencies(vec![rejected]), [3]);
    assert_eq!(agencies(commit_queue.take(1).unwrap()), [1]);
    assert!(commit_queue.take(1).is_none() && commit_queue.try_take(1).is_none());
    commit_queue.close();
    assert!(commit_queue.take(1).is_none());
}

#[test]
fn a_committer_that_waits_is_woken_by_a_request_and_by_the_end() {
    let store = TestStore::default();
    let (commit_queue, diary) = (CommitQueue::new(1000), store.diary());
    std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| (commit_queue.take(1).map(agencies), commit_queue.take(1).map(agencies)));
        std::thread::sleep(std::time::Duration::from_millis(20));
        commit_queue.submit(diary.request(query(4))).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        commit_queue.close();
        assert_eq!(waiting.join().unwrap(), (Some(vec![4]), None));
    });
    assert!(!diary.take().contains(&Stored(4, 0)));
}
