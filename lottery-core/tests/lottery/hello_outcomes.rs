//! Outcomes of a Hello that is in a group with other requests.

use std::sync::{Arc, Mutex};

use lottery_core::messages::{Command, HelloOutcome, Notice, Request};
use lottery_proto::server::Event;
use lottery_proto::{Code, ConnId, Input, Instant, Server, ServerConfig};
use lottery_runtime::Mailbox;

use crate::support::test_store::{Fate, TestStore};
use crate::support::{batch, bets, commit};

/// Returns the Hello of a session of agency 1, whose notices come to `mailbox`.
fn hello(conn: u64, mailbox: Mailbox<Notice>) -> Request {
    let now = Instant::default();
    let mut server = Server::new(ServerConfig::builder(9).build().unwrap(), ConnId(conn), now);
    for bytes in lottery_testkit::hello(1).chunks(64) {
        server.poll_io().unwrap().recv[..64].copy_from_slice(bytes);
        server.handle(now, Input::Received(64));
    }
    let Some(Event::Hello { ticket, agency, .. }) = server.poll_event() else { panic!("a session") };
    Request { from: mailbox, in_session: true, alone: false, command: Command::Hello(ticket, agency) }
}

#[test]
fn a_hello_in_a_group_without_room_gets_the_durable_record() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 2))]);
    store.next(&[Fate::Full]);
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&outcomes);
    let mailbox = Mailbox::new(move |notice| match notice {
        Notice::Hello(_, _, HelloOutcome::Welcome(record)) => heard.lock().unwrap().push(record),
        other => panic!("{other:?}"),
    });
    let group = vec![store.diary().request(batch(1, &bets(1, 2, 5))), hello(77, mailbox)];
    committer.commit(group).unwrap();
    assert_eq!(*outcomes.lock().unwrap(), [committer.agency(1)]);
    assert_eq!(committer.agency(1).stored, 2);
}

/// Returns the outcomes of sessions that begin in one group.
fn greeted(store: &TestStore, conns: &[u64]) -> Vec<HelloOutcome> {
    let mut committer = store.committer(2);
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let request = |conn: &u64| {
        let heard = Arc::clone(&outcomes);
        let keep = move |notice| {
            if let Notice::Hello(_, _, outcome) = notice {
                heard.lock().unwrap().push(outcome);
            }
        };
        hello(*conn, Mailbox::new(keep))
    };
    let mut group = vec![store.diary().request(batch(1, &bets(1, 0, 2)))];
    group.extend(conns.iter().map(request));
    let _ = committer.commit(group);
    std::mem::take(&mut *outcomes.lock().unwrap())
}

#[test]
fn of_two_sessions_in_a_group_the_later_is_welcomed() {
    let outcomes = greeted(&TestStore::default(), &[1, 2]);
    let [HelloOutcome::Rejected { code: Code::Superseded, .. }, HelloOutcome::Welcome(record)] =
        &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!(record.stored, 2);
}

#[test]
fn no_session_begins_with_a_failed_store() {
    let store = TestStore::default();
    store.next(&[Fate::Failed]);
    let outcomes = greeted(&store, &[1]);
    assert!(matches!(outcomes[..], [HelloOutcome::Rejected { code: Code::Storage, .. }]), "{outcomes:?}");
}
