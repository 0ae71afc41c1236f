//! Winners lists of any length: they are found, stored and sent piece by piece.

use std::sync::{Arc, Mutex};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, OpenError, Opening, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::{Command, Notice};
use lottery_core::server_connection::ServerConnection;
use lottery_core::store::{PIECE_SIZE, Store as _, StoreError};
use lottery_proto::{ConnId, Endpoint as _, Input, Instant, ServerConfig};
use lottery_runtime::{Machine as _, Mailbox, Service as _};

use crate::support::Seen::{Committed, Stored, Winners};
use crate::support::test_store::{Fate, TestStore};
use crate::support::{Fields, batch, bets, commit, finished, query, waits, winners};

/// Returns bets that all win.
fn winning(agency: u32, from: u32, count: u32) -> Vec<Fields> {
    let mut bets = bets(agency, from, count);
    for bet in &mut bets {
        "7574".clone_into(&mut bet[4]);
    }
    bets
}

/// Opens a committer that stores winners when it has gathered this number of bytes.
fn open(store: &TestStore, agencies: u32, gathered: usize) -> Result<Committer<TestStore>, OpenError> {
    let rules = Rules { agencies, winning_number: 7574 };
    Committer::open(store.clone(), Opening { gathered, ..rules.into() })
}

#[test]
fn winners_are_stored_while_they_are_found_and_the_draw_with_the_last_of_them() {
    for gathered in [1, 30, 1 << 20] {
        let store = TestStore::default();
        let mut committer = open(&store, 3, gathered).unwrap();
        for nth in 0..10 {
            commit(&mut committer, (1..=2).map(|agency| batch(agency, &bets(agency, nth * 6, 6))).collect());
        }
        commit(&mut committer, vec![finished(1), finished(2)]);
        let diary = store.diary();
        committer.commit(vec![diary.request(finished(3))]).unwrap();
        let mut seen = diary.take();
        assert_eq!(seen.pop(), Some(Stored(3, 0)), "after the draw");
        let parts = seen.len() - 1;
        assert!(parts >= 20 / gathered.div_ceil(8), "{parts} commits");
        assert!(seen[..parts].iter().all(|seen| *seen == Committed(0, false)), "{seen:?}");
        assert_eq!(seen[parts], Committed(0, true));
        for (agency, count) in [(1, 60), (2, 60), (3, 0)] {
            let expected = winners(&bets(agency, 0, count));
            assert_eq!(commit(&mut committer, vec![query(agency)]), [Winners(agency, expected)]);
        }
        // The same holds after a restart.
        let mut committer = open(&store, 3, gathered).unwrap();
        assert_eq!(commit(&mut committer, vec![query(1)]), [Winners(1, winners(&bets(1, 0, 60)))]);
    }
}

#[test]
fn pieces_of_winners_are_filled_up_to_their_limit() {
    let store = TestStore::default();
    let mut committer = open(&store, 1, usize::MAX).unwrap();
    for nth in 0..50 {
        commit(&mut committer, vec![batch(1, &winning(1, nth * 60, 60))]);
    }
    commit(&mut committer, vec![finished(1)]);
    let list = committer.draw().unwrap().winners[&1];
    assert_eq!((list.size.documents, list.size.bytes, list.size.longest), (3000, 21_000, 7));
    let pieces: Vec<_> =
        (0..list.pieces).map(|number| store.winners(1, number).unwrap().documents.len()).collect();
    assert_eq!(pieces, [PIECE_SIZE, PIECE_SIZE, PIECE_SIZE]);
    assert!(store.winners(1, list.pieces).is_err());
}

#[test]
fn winners_of_an_interrupted_draw_are_void() {
    for fate in [Fate::Full, Fate::Failed] {
        for parts in 0..8 {
            let store = TestStore::default();
            let mut committer = open(&store, 2, 1).unwrap();
            for nth in 0..8 {
                commit(&mut committer, vec![batch(1, &bets(1, nth * 5, 5))]);
            }
            // A waiter stands for agency 2, so that the draw is due; the store breaks off after this number
            // of parts.
            commit(&mut committer, vec![finished(1)]);
            store.next(&vec![Fate::Good; parts]);
            store.next(&[fate]);
            let diary = store.diary();
            diary.take();
            let result = committer.commit(vec![diary.request(waits(7, None))]);
            assert_eq!(result.is_err(), fate == Fate::Failed);
            assert!(committer.draw().is_none() && store.saved().draw.is_none(), "after {parts} parts");
            assert_eq!(diary.take(), vec![Committed(0, false); parts], "and nobody is told");
            // The waiter leaves, and the agency comes: the winners found before were not all.
            drop(committer);
            let mut committer = open(&store, 2, 1 << 20).unwrap();
            let other = bets(2, 0, 6);
            let told = commit(&mut committer, vec![batch(2, &other), finished(2), query(1), query(2)]);
            let expected = [Winners(1, winners(&bets(1, 0, 40))), Winners(2, winners(&other))];
            assert_eq!(told[2..], expected, "after {parts} parts");
            assert!(store.winners(1, 1).is_err(), "and nothing is left of the first");
        }
    }
}

/// Returns a connection, and the notices that came to its mailbox.
fn connect(service: &LotteryService) -> (ServerConnection, Arc<Mutex<Vec<Notice>>>) {
    let mail = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&mail);
    let mailbox = Mailbox::new(move |notice| into.lock().unwrap().push(notice));
    let server_connection = service.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
    (server_connection, mail)
}

#[test]
fn a_connection_holds_one_piece_of_a_winners_list_at_a_time() {
    let now = Instant::default();
    let store = TestStore::default();
    let mut committer = open(&store, 1, 1 << 20).unwrap();
    let (count, mut documents) = (30_000, Vec::new());
    for nth in 0..count / 60 {
        let some = winning(1, nth * 60, 60);
        documents.extend(winners(&some));
        commit(&mut committer, vec![batch(1, &some)]);
    }
    commit(&mut committer, vec![finished(1)]);
    let pieces = committer.draw().unwrap().winners[&1].pieces;

    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let service =
        LotteryService::new(ServerConfig::builder(1).build().unwrap(), Arc::clone(&commit_queue), 1);
    let (mut server_connection, mail) = connect(&service);
    let query = b"Q{AgencyID:1};";
    server_connection.poll_io().unwrap().recv[..query.len()].copy_from_slice(query);
    server_connection.handle(now, Input::Received(query.len()));
    let (mut told, mut asked, mut most) = (Vec::new(), 0, 0);
    loop {
        // Requests of the connection while its peer reads nothing.
        loop {
            let requests = commit_queue.try_take(usize::MAX).unwrap();
            let wanted =
                requests.iter().filter(|request| matches!(request.command, Command::Piece { .. })).count();
            assert!(wanted <= 1);
            asked += wanted;
            if requests.is_empty() {
                break;
            }
            committer.commit(requests).unwrap();
            let notices: Vec<_> = mail.lock().unwrap().drain(..).collect();
            for notice in notices {
                server_connection.notice(now, notice);
            }
        }
        let send = server_connection.poll_io().unwrap().send;
        if send.is_empty() {
            break;
        }
        most = most.max(send.len());
        let len = send.len().min(20_000);
        told.extend_from_slice(&send[..len]);
        server_connection.handle(now, Input::Sent(len));
    }
    assert_eq!(asked, usize::try_from(pieces).unwrap(), "each once");
    let list: Vec<String> = documents.iter().map(|document| format!("{{PlayerDocID:{document}}}")).collect();
    assert!(told == format!("R{};", list.join(",")).into_bytes());
    assert!(told.len() > 600_000 && most < 100_000, "{most} bytes at once");
}

#[test]
fn a_piece_that_cannot_be_read_ends_the_store() {
    let store = TestStore::default();
    let mut committer = open(&store, 1, 1).unwrap();
    commit(&mut committer, vec![batch(1, &bets(1, 0, 6)), finished(1)]);
    let diary = store.diary();
    let missing = diary.request(Command::Piece { conn: ConnId(1), agency: 1, number: 99 });
    let Err(StoreError::Failed { cause, .. }) = committer.commit(vec![missing]) else { panic!() };
    assert_eq!(cause, "piece 99 of the winners of agency 1 is missing");
}
