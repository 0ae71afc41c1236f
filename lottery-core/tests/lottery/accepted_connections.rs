//! Service behind the port: its limits on connections, and the end of the program.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{Endpoint, Input, Instant, ServerConfig};
use lottery_runtime::{Machine as _, Mailbox, Service as _};

use crate::support::test_store::TestStore;

fn service(max_connections: usize) -> LotteryService {
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    LotteryService::new(ServerConfig::builder(5).build().unwrap(), commit_queue, max_connections)
        .with_anonymous_finish(true)
}

fn accept(service: &LotteryService) -> Option<ServerConnection> {
    service.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ()))
}

/// Connection, and the notices for it.
struct Peer {
    server_connection: ServerConnection,
    mail: Arc<Mutex<VecDeque<Notice>>>,
}

fn at(millis: u64) -> Instant {
    Instant::from_epoch(Duration::from_millis(millis))
}

impl Peer {
    /// Connects from that address; `None` if the connection is not served.
    fn connect(service: &LotteryService, millis: u64, ip: &str) -> Option<Self> {
        let mail = Arc::new(Mutex::new(VecDeque::new()));
        let into = Arc::clone(&mail);
        let mailbox = Mailbox::new(move |notice| into.lock().unwrap().push_back(notice));
        let server_connection =
            service.accept(at(millis), (ip.parse::<IpAddr>().unwrap(), 1).into(), mailbox)?;
        let mut peer = Self { server_connection, mail };
        // A connection beyond the limit is closed within a second.
        let deadline = peer.server_connection.poll_io()?.deadline?;
        (deadline > at(millis + 1000)).then_some(peer)
    }

    fn say(&mut self, millis: u64, bytes: &[u8]) {
        let recv = self.server_connection.poll_io().expect("it is there").recv;
        recv[..bytes.len()].copy_from_slice(bytes);
        self.server_connection.handle(at(millis), Input::Received(bytes.len()));
    }

    /// Hands the connection its notices.
    fn hear(&mut self, millis: u64) {
        while let Some(notice) = { self.mail.lock().unwrap().pop_front() } {
            self.server_connection.notice(at(millis), notice);
        }
    }

    /// Returns true if the connection was displaced; then it is over at once.
    fn goes(&mut self, millis: u64) -> bool {
        let told = matches!(self.mail.lock().unwrap().front(), Some(Notice::Displaced));
        if told {
            self.hear(millis);
            assert!(self.server_connection.poll_io().is_none(), "at once");
        }
        told
    }
}

const HERE: &str = "10.0.0.1";

#[test]
fn the_idlest_anonymous_connection_makes_room_for_a_new_one() {
    let service = service(5);
    let [mut agency, mut filler, mut anonymous_waiter, mut silent, mut echo] =
        [0, 1, 2, 3, 4].map(|millis| Peer::connect(&service, millis, HERE).unwrap());
    agency.say(10, b"Q{AgencyID:1};");
    anonymous_waiter.say(10, b"00000003END");
    echo.say(10, b"half a line");
    // Fillers and parts of messages do not make a connection less idle.
    filler.say(500, b"B{");
    filler.say(900, b";");
    let mut newer = Vec::new();
    for (millis, goes) in [(1000, [true, false, false, false]), (1001, [false, true, false, false])] {
        newer.push(Peer::connect(&service, millis, HERE).expect("it is served"));
        let [a, b, c, d] =
            [&mut filler, &mut silent, &mut echo, &mut anonymous_waiter].map(|peer| peer.goes(millis));
        assert_eq!([a, b, c, d], goes, "at {millis}");
    }
    drop((filler, silent));
    newer.push(Peer::connect(&service, 1002, HERE).expect("it is served"));
    assert!(echo.goes(1002));
    drop(echo);
    // The newest connections may have something to say: they stay, and the anonymous waiter goes.
    newer.push(Peer::connect(&service, 1003, HERE).expect("it is served"));
    assert!(anonymous_waiter.goes(1003));
    drop(anonymous_waiter);
    assert!(Peer::connect(&service, 1004, HERE).is_none(), "one that is heard does not go");
    assert!(newer.iter_mut().all(|peer| !peer.goes(1004)) && !agency.goes(1004));
    // Half a minute later they are idle, and the agency is not touched.
    let more: Vec<_> = (0..4).filter_map(|nth| Peer::connect(&service, 30_000 + nth, HERE)).collect();
    assert_eq!(more.len(), 4);
    assert!(newer.iter_mut().all(|peer| peer.goes(30_000)) && !agency.goes(30_000));
}

#[test]
fn a_waiter_at_eof_is_displaced_first() {
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let service =
        LotteryService::new(ServerConfig::builder(5).build().unwrap(), Arc::clone(&commit_queue), 3);
    let mut committer = TestStore::default().committer(5);
    let mut silent = Peer::connect(&service, 0, HERE).unwrap();
    let mut waiting = [1, 2].map(|millis| Peer::connect(&service, millis, HERE).unwrap());
    for peer in &mut waiting {
        for message in [&b"000000041;0\n"[..], b"00000003END"] {
            peer.say(3, message);
            while let Some(requests) =
                commit_queue.try_take(usize::MAX).filter(|requests| !requests.is_empty())
            {
                committer.commit(requests).unwrap();
                peer.hear(3);
            }
            while let Some(io) = peer.server_connection.poll_io().filter(|io| !io.send.is_empty()) {
                let sent = io.send.len();
                peer.server_connection.handle(at(3), Input::Sent(sent));
            }
        }
    }
    let [ended, other] = &mut waiting;
    ended.server_connection.handle(at(4), Input::Eof);
    assert!(ended.server_connection.poll_io().is_some_and(|io| !io.fin), "it may be there and read");
    let mut newer = Peer::connect(&service, 1000, HERE).expect("it is served");
    assert!(ended.goes(1000) && ![&mut silent, other].map(|peer| peer.goes(1000))[0]);
    let _newest = Peer::connect(&service, 1001, HERE).expect("it is served");
    assert!(silent.goes(1001) && !other.goes(1001) && !newer.goes(1001));
}

#[test]
fn connections_of_an_address_or_ipv6_network_are_limited() {
    let there = |last: u64| (format!("198.51.100.{last}"), format!("2001:db8::{last}:1"));
    let service = service(100).with_connections_per_ip(3, 5);
    let mut kept = Vec::new();
    let mut connect = |ip: &str| {
        let peer = Peer::connect(&service, 0, ip);
        let served = peer.is_some();
        kept.extend(peer);
        served
    };
    for nth in 0..5 {
        assert_eq!(connect(&there(1).0), nth < 3);
        assert_eq!(connect(&there(nth).1), nth < 3, "they share a network of 64 bits");
        assert!(connect("127.0.0.1") && connect("fd00::1"), "here there may be more");
    }
    assert!(!connect("127.0.0.1") && !connect("::ffff:127.0.0.1") && connect("::1"));
    assert!(connect(&there(2).0) && connect("2001:db8:0:1::1"), "others are served");
    // A closed connection leaves a place, and an idle one makes room for another of its own address.
    kept.remove(0);
    let again = |millis, ip| Peer::connect(&service, millis, ip).map(|peer| kept.push(peer)).is_some();
    let mut again = again;
    assert!(again(0, "198.51.100.1") && !again(1, "198.51.100.1") && again(1000, "198.51.100.1"));
    let gone: Vec<_> = kept.iter_mut().map(|peer| peer.goes(1000)).collect();
    assert_eq!(gone.iter().filter(|gone| **gone).count(), 1);
}

#[test]
fn the_number_of_remembered_addresses_is_bounded() {
    let service = service(100).with_connections_per_ip(1, 1);
    let kept = Peer::connect(&service, 0, "198.51.100.1").unwrap();
    for nth in 0..70_000_u64 {
        // Each of another network; the time does not matter.
        let ip = format!("2001:db8:{:x}:{:x}::1", nth >> 16, nth & 0xFFFF);
        assert!(Peer::connect(&service, 0, &ip).is_some(), "{ip}");
    }
    let shown = format!("{service:?}");
    let (_, addresses) = shown.split_once("addresses: ").expect("how many there are");
    let addresses: usize = addresses.split(')').next().unwrap().parse().unwrap();
    assert!((1..=2_049).contains(&addresses), "{addresses}");
    assert!(Peer::connect(&service, 0, "198.51.100.1").is_none(), "who is there is not forgotten");
    drop(kept);
    assert!(Peer::connect(&service, 0, "198.51.100.1").is_some());
}

/// Returns the bytes that are sent back for these bytes.
fn answer(server_connection: &mut ServerConnection, bytes: &[u8]) -> Vec<u8> {
    let now = Instant::default();
    server_connection.poll_io().unwrap().recv[..bytes.len()].copy_from_slice(bytes);
    server_connection.handle(now, Input::Received(bytes.len()));
    server_connection.poll_io().unwrap().send.to_vec()
}

#[test]
fn connections_over_the_limit_are_rejected_up_to_a_number_then_closed() {
    let service = service(2);
    let mut taken: Vec<ServerConnection> = std::iter::from_fn(|| accept(&service)).take(1000).collect();
    assert_eq!(taken.len(), 2 + 64);
    assert_eq!(answer(&mut taken[1], b"hello\n"), b"hello\n");
    assert_eq!(answer(&mut taken[2], b"hello\n"), b"", "it is closed, without an echo");
    taken.pop();
    assert!(accept(&service).is_some(), "there is a place again");
}

#[test]
fn the_echo_prefix_is_sent_before_the_line() {
    let mut with = accept(&service(1).with_echo_prefix("received: ")).unwrap();
    assert_eq!(answer(&mut with, b"hello\n"), b"received: hello\n");
    let mut without = accept(&service(1)).unwrap();
    assert_eq!(answer(&mut without, b"hello\n"), b"hello\n");
}

#[test]
fn a_stop_before_or_after_the_start_ends_the_program() {
    for stops in [[true, false], [false, true], [true, true], [false, false]] {
        let service = service(1);
        let stop = service.stop();
        assert_eq!(format!("{stop:?}"), "Stop");
        let stopped = Arc::new(AtomicUsize::new(0));
        let [before, after] = stops;
        if before {
            stop.stop();
        }
        let count = Arc::clone(&stopped);
        service.started(Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        }));
        if after {
            stop.stop();
        }
        assert_eq!(stopped.load(Ordering::Relaxed), usize::from(before) + usize::from(after));
    }
}

#[test]
fn connections_far_over_the_limit_are_dropped() {
    let service =
        LotteryService::new(ServerConfig::builder(5).build().unwrap(), Arc::new(CommitQueue::new(1)), 2);
    let accept = || service.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ()));
    let mut alive: Vec<_> =
        (0..2 + 64).map(|_| accept().expect("served, or told that there are too many")).collect();
    assert!(accept().is_none());
    alive.pop();
    assert!(accept().is_some());
}

#[test]
fn a_service_stopped_before_its_start_stops_at_the_start() {
    let service =
        LotteryService::new(ServerConfig::builder(5).build().unwrap(), Arc::new(CommitQueue::new(1)), 2);
    let stops = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&stops);
    service.stop().stop();
    service.started(Box::new(move || _ = count.fetch_add(1, Ordering::Relaxed)));
    assert_eq!(stops.load(Ordering::Relaxed), 1);
    service.stop().stop();
    assert_eq!(stops.load(Ordering::Relaxed), 2);
}
