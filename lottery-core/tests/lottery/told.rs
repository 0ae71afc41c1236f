//! Rare replies: rejections that name a bet, totals that differ, a group without room for a session that has
//! just begun.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, OpenError, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::HelloOutcome;
use lottery_core::messages::{Command, Notice, Request, Won};
use lottery_core::store::{
    AgencyRecord, EncodedBatch, Group, Store as _, StoreError, WinnersList, WinnersPiece,
};
use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, ClientConfig, Code, ConnId, Dialect, Input, Instant, ListSize, Machine, Server, ServerConfig,
};
use lottery_runtime::{Dialer as _, Mailbox, Service as _, Step};

use crate::support::{Fate, Seen, TestStore, batch, bets, commit, finished, query, winners};

/// Types of packets (`docs/protocol.md#block`).
pub(crate) const BATCH_ACK: u8 = 5;
const HELLO: u8 = 7;
pub(crate) const WELCOME: u8 = 8;
pub(crate) const ERROR: u8 = 9;

/// Returns a packet of agency 1, padded to a block.
pub(crate) fn block(kind: u8, payload: &str) -> Vec<u8> {
    let mut block = vec![0; 8192];
    let size = u16::try_from(payload.len() + 4).unwrap().to_le_bytes();
    block[..4].copy_from_slice(&[kind, 1, size[0], size[1]]);
    block[4..4 + payload.len()].copy_from_slice(payload.as_bytes());
    block
}

pub(crate) fn hear(machine: &mut impl Machine, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let io = machine.poll_io().expect("it is there");
        let len = io.recv.len().min(bytes.len());
        io.recv[..len].copy_from_slice(&bytes[..len]);
        machine.handle(Instant::default(), Input::Received(len));
        bytes = &bytes[len..];
    }
}

/// Returns an agency with bets on lines 1, 2 and 4 of its file, that has just been connected.
pub(crate) fn connected(id: u32, dialect: Dialect) -> LotteryClient {
    let now = Instant::default();
    let row = |nth| format!("Ana,Paz,2000000{nth},1980-01-01,7574\n");
    let file = [row(1), row(2), "\n".to_owned(), row(3)].concat();
    let job = Job {
        connection: ClientConfig::new(AgencyId::new(id).unwrap(), dialect),
        server: "centre:1".to_owned(),
        batch_max: None,
        poll_initial: Duration::from_secs(1),
        poll_max: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(5),
        retry_for: Duration::from_secs(10),
        seed: 1,
    };
    let mut agency =
        LotteryClient::new(job, Arc::new(AgencyFile::parse(Path::new("a.csv"), file.as_bytes()).unwrap()));
    assert!(matches!(agency.next_step(now), Step::Connect(target) if target.server == "centre:1"));
    agency.connected(now);
    agency
}

/// Returns the error of an agency that has sent its bets, and gets this reply.
pub(crate) fn told(packet: &[u8]) -> ClientError {
    let now = Instant::default();
    let mut agency = connected(1, Dialect::Session);
    hear(&mut agency, &block(WELCOME, "2|0|0|16|00000000"));
    while let Some(io) = agency.poll_io()
        && !io.send.is_empty()
    {
        let len = io.send.len();
        agency.handle(now, Input::Sent(len));
    }
    hear(&mut agency, packet);
    agency.into_outcome().unwrap_err()
}

#[test]
fn a_bet_that_is_refused_is_named_by_its_line() {
    for (said, lines) in [
        ("bad-bet: bet 3: document: too long", "line 4"),
        ("bad-bet: bet 1: document: too long", "line 1"),
        // Bets that it has not sent, or no number.
        ("bad-bet: bet 4: document: too long", "lines 1 to 4"),
        ("bad-bet: bet 0: document: too long", "lines 1 to 4"),
        ("bad-bet: bet x: document: too long", "lines 1 to 4"),
        ("bad-bet: bet 3", "lines 1 to 4"),
        ("bad-bet", "lines 1 to 4"),
    ] {
        let error = told(&block(BATCH_ACK, &format!("0|0|{said}"))).to_string();
        assert_eq!(error, format!("the server refused a batch: a.csv: {lines}: {said}"));
    }
}

#[test]
fn an_agency_whose_number_does_not_fit_on_its_wire_says_so_and_does_not_connect() {
    let now = Instant::default();
    let bets = || Arc::new(AgencyFile::parse(Path::new("a.csv"), b"").unwrap());
    for dialect in [Dialect::Session, Dialect::Block] {
        let job = || crate::wires::job(256, dialect);
        for mut agency in [LotteryClient::new(job(), bets()), LotteryClient::asking(job())] {
            assert_eq!(agency.next_step(now), Step::Done, "{dialect}");
            let error = agency.into_outcome().unwrap_err();
            assert_eq!(error.to_string(), "agency 256: this wire goes up to 255", "{dialect}");
        }
        let mut agency = LotteryClient::new(crate::wires::job(255, dialect), bets());
        assert!(matches!(agency.next_step(now), Step::Connect(_)), "{dialect}");
    }
}

#[test]
fn a_total_that_others_have_part_in_ends_the_agency() {
    let error = told(&block(BATCH_ACK, "1|4")).to_string();
    let whose = "centre:1 holds 4 bets of this agency that are not the first 4 of a.csv";
    assert_eq!(error, format!("{whose}: others were stored meanwhile"));
}

#[test]
fn what_is_acknowledged_as_expected_goes_on() {
    assert!(matches!(told(&block(BATCH_ACK, "1|3")), ClientError::Stopped), "it was dropped in the middle");
}

#[test]
fn a_failure_of_a_kind_that_is_not_known_is_told_in_its_own_words() {
    let error = told(&block(ERROR, "eclipse|the moon is in the way")).to_string();
    assert!(error.ends_with("the moon is in the way"), "{error}");
}

/// Returns the Hello of a session of agency 1, whose notices come to `mailbox`.
fn hello(conn: u64, mailbox: Mailbox<Notice>) -> Request {
    let now = Instant::default();
    let mut server = Server::new(ServerConfig { agencies: 9, ..ServerConfig::default() }, ConnId(conn), now);
    for bytes in block(HELLO, "2").chunks(64) {
        server.poll_io().unwrap().recv[..64].copy_from_slice(bytes);
        server.handle(now, Input::Received(64));
    }
    let Some(Event::Hello { ticket }) = server.poll_event() else { panic!("a session") };
    Request { from: mailbox, in_session: true, alone: false, command: Command::Hello(ticket) }
}

#[test]
fn who_comes_while_there_is_no_room_is_told_what_is_stored_without_the_group() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    commit(&mut committer, vec![batch(1, &bets(1, 0, 2))]);
    store.next(&[Fate::Full]);
    let greetings = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&greetings);
    let mailbox = Mailbox::new(move |notice| match notice {
        Notice::Hello(_, HelloOutcome::Welcome(record)) => heard.lock().unwrap().push(record),
        other => panic!("{other:?}"),
    });
    let group = vec![store.diary().request(batch(1, &bets(1, 2, 5))), hello(77, mailbox)];
    committer.commit(group).unwrap();
    assert_eq!(*greetings.lock().unwrap(), [committer.agency(1)]);
    assert_eq!(committer.agency(1).stored, 2);
}

/// Returns the outcomes of sessions that begin in one group.
fn greeted(store: &TestStore, conns: &[u64]) -> Vec<HelloOutcome> {
    let mut committer = store.committer(2);
    let greetings = Arc::new(Mutex::new(Vec::new()));
    let request = |conn: &u64| {
        let heard = Arc::clone(&greetings);
        let keep = move |notice| {
            if let Notice::Hello(_, greeting) = notice {
                heard.lock().unwrap().push(greeting);
            }
        };
        hello(*conn, Mailbox::new(keep))
    };
    let mut group = vec![store.diary().request(batch(1, &bets(1, 0, 2)))];
    group.extend(conns.iter().map(request));
    let _ = committer.commit(group);
    std::mem::take(&mut *greetings.lock().unwrap())
}

#[test]
fn of_two_sessions_that_begin_at_once_the_later_counts() {
    let greetings = greeted(&TestStore::default(), &[1, 2]);
    let [HelloOutcome::Refused { code: Code::Superseded, .. }, HelloOutcome::Welcome(record)] =
        &greetings[..]
    else {
        panic!("{greetings:?}")
    };
    assert_eq!(record.stored, 2);
}

#[test]
fn no_session_begins_with_a_store_that_has_failed() {
    let store = TestStore::default();
    store.next(&[Fate::Failed]);
    let greetings = greeted(&store, &[1]);
    assert!(matches!(greetings[..], [HelloOutcome::Refused { code: Code::Storage, .. }]), "{greetings:?}");
}

#[test]
fn whatever_is_asked_of_a_centre_that_stops_is_refused_in_the_words_of_the_wire() {
    let framed = b"00000003END".to_vec();
    for (asked, told) in [
        (block(HELLO, "2"), "shutting-down|the centre is stopping"),
        (block(1, "Ana|Paz|20000001|1980-01-01|7574"), "20000001|7574|0"),
        (block(4, ""), "0"),
        // Dialects without a message for that only end the connection.
        (block(6, "1"), ""),
        (framed, ""),
    ] {
        let commit_queue = Arc::new(CommitQueue::new(1));
        commit_queue.close();
        let centres = LotteryService::new(ServerConfig::default(), commit_queue, 1);
        let mailbox = Mailbox::new(|_| ());
        let mut centre = centres.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
        hear(&mut centre, &asked);
        let io = centre.poll_io().unwrap();
        let answer = String::from_utf8_lossy(io.send).trim_end_matches('\0').to_owned();
        assert!(answer.ends_with(told) && (io.fin || !told.is_empty()), "{told:?}: {answer:?}");
    }
}

#[test]
fn a_draw_that_is_due_at_the_start_and_finds_no_room_takes_place_later() {
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
    assert_eq!(commit(&mut committer, vec![query(1)]), [Seen::Winners(1, winners(&bets(1, 0, 6)))]);
}

#[test]
fn nothing_is_drawn_from_stored_bets_that_are_none() {
    let mut store = TestStore::default();
    let finished = AgencyRecord { stored: 1, digest: 0, finished: true };
    let batches = vec![EncodedBatch::from_rows(1, 1, "1,Ana,Paz\r\n".to_owned()).into()];
    store.commit(&Group { batches, agencies: [(1, finished)].into(), ..Group::default() }).unwrap();
    let error = Committer::open(store, Rules { agencies: 1, winning_number: 7574 }).unwrap_err();
    let OpenError::Store(StoreError::Failed { place, .. }) = error else { panic!("{error}") };
    assert_eq!(place, "the stored bets");
}

#[test]
fn far_too_many_connections_are_dropped_without_a_word() {
    let centres = LotteryService::new(ServerConfig::default(), Arc::new(CommitQueue::new(1)), 2);
    let accept = || centres.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ()));
    let mut alive: Vec<_> =
        (0..2 + 64).map(|_| accept().expect("served, or told that there are too many")).collect();
    assert!(accept().is_none());
    alive.pop();
    assert!(accept().is_some());
}

#[test]
fn who_is_told_to_stop_before_it_has_begun_stops_then() {
    let centres = LotteryService::new(ServerConfig::default(), Arc::new(CommitQueue::new(1)), 2);
    let stops = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&stops);
    centres.stop().stop();
    centres.started(Box::new(move || _ = count.fetch_add(1, Ordering::Relaxed)));
    assert_eq!(stops.load(Ordering::Relaxed), 1);
    centres.stop().stop();
    assert_eq!(stops.load(Ordering::Relaxed), 2);
}

#[test]
fn of_two_refusals_the_first_counts_though_nobody_asked_for_the_second() {
    let mut agency = connected(1, Dialect::Braces);
    hear(&mut agency, b"ERROR:no batch;ERROR:nobody asked;");
    let error = agency.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "the server refused a batch: no batch");
}

#[test]
fn winners_for_a_connection_that_is_gone_go_nowhere() {
    let now = Instant::default();
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let centres = LotteryService::new(ServerConfig::default(), Arc::clone(&commit_queue), 1);
    let mut centre = centres.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    hear(&mut centre, &block(6, "1"));
    let mut requests = commit_queue.try_take(usize::MAX).unwrap();
    let Some(Request { command: Command::Winners { ticket, .. }, .. }) = requests.pop() else {
        panic!("a question")
    };
    centre.handle(now, Input::Failed);
    let size = ListSize::of(["20000001"]);
    let won = Won { agency: 1, list: WinnersList { size, pieces: 1 } };
    centre.notice(now, Notice::Winners(ticket, Some(won)));
    let documents = "20000001\n".to_owned();
    centre.notice(now, Notice::Piece(WinnersPiece { agency: 1, number: 0, documents }));
    assert!(centre.poll_io().is_none());
    assert!(commit_queue.try_take(usize::MAX).unwrap().is_empty(), "it asks for nothing");
}

#[test]
fn a_stranger_is_told_when_it_is_drawn_and_room_that_nobody_waits_for_is_nothing() {
    let now = Instant::default();
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let centres = LotteryService::new(ServerConfig::default(), Arc::clone(&commit_queue), 1)
        .with_anonymous_finish(true);
    let mut centre = centres.accept(now, ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ())).unwrap();
    hear(&mut centre, b"00000003END");
    let mut requests = commit_queue.try_take(usize::MAX).unwrap();
    let Some(Request { command: Command::AnonymousWaiter(ticket), .. }) = requests.pop() else {
        panic!("a stranger")
    };
    centre.notice(now, Notice::Room);
    assert!(centre.poll_io().unwrap().send.is_empty());
    centre.notice(now, Notice::AnonymousWaiter(ticket));
    assert!(!centre.poll_io().unwrap().send.is_empty());
}

#[test]
fn an_agency_that_has_finished_has_no_more_bets() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let told = commit(&mut committer, vec![batch(1, &bets(1, 0, 2)), finished(1), batch(1, &bets(1, 2, 2))]);
    assert_eq!(told, [Seen::Stored(1, 2), Seen::Stored(1, 2), Seen::Refused(1, "finished")]);
    assert_eq!(committer.agency(1).stored, 2);
}

#[test]
fn a_bet_that_no_list_is_long_enough_for_is_named_by_its_batch() {
    let row = "Ana,Paz,20000001,1980-01-01,7574\n";
    let list = AgencyFile::parse(Path::new("a.csv"), row.repeat(4).as_bytes()).unwrap();
    assert_eq!(list.place_of(2, 4, Some(2)), "a.csv: line 4");
    assert_eq!(list.place_of(2, 4, Some(usize::MAX)), "a.csv: lines 3 to 4");
}
