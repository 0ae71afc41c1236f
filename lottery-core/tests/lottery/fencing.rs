//! Sessions at the server: the newest of an agency counts, and begins behind all that was stored before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, step};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::client::Event;
use lottery_proto::{
    AgencyId, Client, ClientConfig, Code, Dialect, Endpoint as _, Input, Instant, ServerConfig,
};
use lottery_runtime::{Machine as _, Mailbox, Service as _};

use crate::support::digest::{crc32c, text_of};
use crate::support::test_store::{Fate, TestStore};
use crate::support::{as_bets, bets};

/// Server of two agencies, whose committer is stepped by hand.
struct Lottery {
    store: TestStore,
    committer: Committer<TestStore>,
    commit_queue: Arc<CommitQueue>,
    service: LotteryService,
}

/// Connection of a session, with both ends.
struct Session {
    client: Client,
    server_connection: ServerConnection,
    mail: Arc<Mutex<VecDeque<Notice>>>,
}

/// Reply to a session.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// Number of stored bets, true if these are all, and their digest.
    Welcome(u64, bool, u32),
    Stored(Option<u64>),
    /// Rejection of a batch or of Finished.
    Rejected(String),
    Finished,
    Failed(Option<Code>, String),
}

const NOW: fn() -> Instant = Instant::default;

impl Lottery {
    fn new() -> Self {
        let store = TestStore::default();
        let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
        let config = ServerConfig::builder(2).build().unwrap();
        let service = LotteryService::new(config, Arc::clone(&commit_queue), 100);
        Self { committer: store.committer(2), store, commit_queue, service }
    }

    /// Returns a connection of that agency that has sent Hello.
    fn session(&self, agency: u32) -> Session {
        let mail = Arc::<Mutex<VecDeque<Notice>>>::default();
        let box_of = Arc::clone(&mail);
        let mailbox = Mailbox::new(move |notice| box_of.lock().unwrap().push_back(notice));
        let server_connection = self.service.accept(NOW(), ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
        let config = ClientConfig::new(AgencyId::new(agency).unwrap(), Dialect::SESSION).unwrap();
        let client = Client::new(config, NOW());
        let mut session = Session { client, server_connection, mail };
        session.carry();
        session
    }

    /// Commits all requests on the commit queue, as one group.
    fn commit(&mut self) {
        let requests = self.commit_queue.try_take(usize::MAX).unwrap();
        let _ = step(&mut self.committer, &self.commit_queue, requests);
    }

    /// Returns a session that was welcomed.
    fn welcomed(&mut self, agency: u32) -> Session {
        let mut session = self.session(agency);
        self.commit();
        assert!(matches!(session.told()[..], [Told::Welcome(..)]));
        session
    }
}

impl Session {
    fn carry(&mut self) {
        loop {
            let mut moved = false;
            for notice in std::mem::take(&mut *self.mail.lock().unwrap()) {
                self.server_connection.notice(NOW(), notice);
            }
            if let (Some(from), Some(to)) = (self.client.poll_io(), self.server_connection.poll_io()) {
                let sent = from.send.len().min(to.recv.len());
                to.recv[..sent].copy_from_slice(&from.send[..sent]);
                if sent > 0 {
                    self.client.handle(NOW(), Input::Sent(sent));
                    self.server_connection.handle(NOW(), Input::Received(sent));
                    moved = true;
                }
            }
            if let (Some(to), Some(from)) = (self.client.poll_io(), self.server_connection.poll_io()) {
                let sent = from.send.len().min(to.recv.len());
                to.recv[..sent].copy_from_slice(&from.send[..sent]);
                if sent > 0 {
                    self.server_connection.handle(NOW(), Input::Sent(sent));
                    self.client.handle(NOW(), Input::Received(sent));
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Returns the replies so far.
    fn told(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        loop {
            self.carry();
            let Some(event) = self.client.poll_event() else { return told };
            told.push(match event {
                Event::Welcome { stored, finished, digest, .. } => Told::Welcome(stored, finished, digest),
                Event::Batch(Ok(stored)) => Told::Stored(stored.total),
                Event::Finished(Ok(_)) => Told::Finished,
                Event::Batch(Err(rejected)) | Event::Finished(Err(rejected)) => {
                    Told::Rejected(rejected.to_string())
                }
                Event::Failed(failed) => Told::Failed(failed.code, failed.reason.to_owned()),
                Event::Closed(_) => continue,
                other => panic!("{other:?}"),
            });
        }
    }

    fn send(&mut self, agency: u32, from: u32, count: u32) {
        assert_eq!(self.client.send_batch(NOW(), &as_bets(&bets(agency, from, count))), Ok(count as usize));
        self.carry();
    }
}

fn digest(agency: u32, count: u32) -> u32 {
    crc32c(text_of(&bets(agency, 0, count)).as_bytes())
}

fn superseded() -> Told {
    Told::Failed(Some(Code::Superseded), "a newer session of this agency took over".to_owned())
}

#[test]
fn welcome_tells_what_is_stored() {
    let mut lottery = Lottery::new();
    let mut first = lottery.session(1);
    lottery.commit();
    assert_eq!(first.told(), [Told::Welcome(0, false, 0)]);
    first.send(1, 0, 9);
    lottery.commit();
    assert_eq!(first.told(), [Told::Stored(Some(9))]);
    drop(first);
    let mut second = lottery.session(1);
    lottery.commit();
    assert_eq!(second.told(), [Told::Welcome(9, false, digest(1, 9))]);
    second.client.send_finished(NOW()).unwrap();
    second.carry();
    lottery.commit();
    assert_eq!(second.told(), [Told::Finished]);
    let mut third = lottery.session(1);
    lottery.commit();
    assert_eq!(third.told(), [Told::Welcome(9, true, digest(1, 9))]);
}

#[test]
fn a_newer_session_ends_the_older_one_of_its_agency_and_no_other() {
    let mut lottery = Lottery::new();
    let (mut older, mut other) = (lottery.welcomed(1), lottery.welcomed(2));
    let mut newer = lottery.session(1);
    lottery.commit();
    // Batches that the older session sends before it hears of the newer one are not stored.
    assert_eq!(older.client.send_batch(NOW(), &as_bets(&bets(1, 0, 3))), Ok(3));
    let told = older.told();
    assert_eq!(told.last(), Some(&superseded()), "{told:?}");
    lottery.commit();
    assert_eq!(newer.told(), [Told::Welcome(0, false, 0)]);
    newer.send(1, 0, 2);
    other.send(2, 0, 1);
    lottery.commit();
    assert_eq!(newer.told(), [Told::Stored(Some(2))]);
    assert_eq!(other.told(), [Told::Stored(Some(1))]);
    assert_eq!(lottery.store.rows().lines().count(), 3);
}

#[test]
fn queued_requests_of_an_older_session_are_rejected() {
    let mut lottery = Lottery::new();
    let mut older = lottery.welcomed(1);
    older.send(1, 0, 4);
    let mut newer = lottery.session(1);
    older.send(1, 4, 4);
    lottery.commit();
    assert_eq!(newer.told(), [Told::Welcome(4, false, digest(1, 4))], "with what came before its Hello");
    let told = older.told();
    assert!(!told.contains(&Told::Stored(Some(8))), "{told:?}");
    assert_eq!(lottery.committer.agency(1).stored, 4);
}

#[test]
fn of_two_hellos_in_a_group_the_later_counts() {
    let mut lottery = Lottery::new();
    let (mut first, mut second) = (lottery.session(1), lottery.session(1));
    lottery.commit();
    let told = first.told();
    assert!(!told.is_empty() && told.iter().all(|told| *told == superseded()), "{told:?}");
    assert_eq!(second.told(), [Told::Welcome(0, false, 0)]);
}

#[test]
fn a_hello_whose_group_finds_no_room_is_welcomed_with_what_is_durable() {
    let mut lottery = Lottery::new();
    let mut older = lottery.welcomed(1);
    older.send(1, 0, 4);
    lottery.commit();
    older.send(1, 4, 4);
    let mut newer = lottery.session(1);
    lottery.store.next(&[Fate::Full]);
    lottery.commit();
    assert_eq!(newer.told(), [Told::Welcome(4, false, digest(1, 4))]);
}

#[test]
fn a_hello_is_rejected_when_the_store_has_failed() {
    let mut lottery = Lottery::new();
    let mut other = lottery.welcomed(2);
    other.send(2, 0, 4);
    let mut session = lottery.session(1);
    lottery.store.next(&[Fate::Failed]);
    lottery.commit();
    let told = session.told();
    assert!(matches!(&told[..], [Told::Failed(Some(Code::Storage), _)]), "{told:?}");
    // The commit queue is closed, too.
    let told = lottery.session(1).told();
    assert_eq!(told, [Told::Failed(Some(Code::ShuttingDown), "the server is stopping".to_owned())]);
}

#[test]
fn after_a_rejection_nothing_of_a_session_is_stored() {
    let mut lottery = Lottery::new();
    let (mut session, mut other) = (lottery.welcomed(1), lottery.welcomed(2));
    session.send(1, 0, 4);
    session.send(1, 4, 4);
    other.send(2, 0, 1);
    lottery.store.next(&[Fate::Full]);
    // Each request is a group of its own.
    while let Some(requests) = lottery.commit_queue.try_take(1).filter(|requests| !requests.is_empty()) {
        step(&mut lottery.committer, &lottery.commit_queue, requests).unwrap();
        lottery.committer.try_again();
    }
    let told = session.told();
    let [Told::Rejected(first), Told::Rejected(second)] = &told[..] else { panic!("{told:?}") };
    assert!(first.starts_with("storage: "), "{first}");
    assert!(second.starts_with("malformed: "), "{second}");
    assert_eq!(other.told(), [Told::Stored(Some(1))], "another session goes on");
    // A new session begins anew.
    drop(session);
    let mut newer = lottery.welcomed(1);
    newer.send(1, 0, 4);
    lottery.commit();
    assert_eq!(newer.told(), [Told::Stored(Some(4))]);
}

#[test]
fn a_session_that_is_gone_is_forgotten_and_others_are_not() {
    let mut lottery = Lottery::new();
    let (gone, mut other) = (lottery.welcomed(1), lottery.welcomed(2));
    let mail = Arc::clone(&gone.mail);
    drop(gone);
    assert!(Arc::strong_count(&mail) > 1, "the committer has a mailbox of it");
    lottery.commit();
    assert_eq!(Arc::strong_count(&mail), 1);
    other.send(2, 0, 1);
    lottery.commit();
    assert_eq!(other.told(), [Told::Stored(Some(1))]);
}
