//! Anonymous waiters: in `framed` an agency without bets never names itself, and as long as it waits, it
//! stands for an agency without any message (`docs/protocol.md#framed`).

use std::io::Read as _;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::RunningClient;
use crate::dialects::codec;
use crate::raw::Raw;
use crate::server::{RunningServer, ServerSettings};
use crate::stores::gated;
use crate::time_limits::until;
use lottery_core::client::LotteryClient;
use lottery_core::store::MemoryStore;
use lottery_proto::Dialect;

/// Sends END, and nothing else.
fn waiter(server: SocketAddr) -> Raw {
    let mut waiter = Raw::connect(server);
    waiter.send(b"00000003END");
    waiter
}

/// Checks that the peer gets no winners, and that its connection ends.
fn is_told(mut waiter: Raw) {
    assert_eq!(waiter.receive_all(), b"00000010NO_WINNERS");
}

fn start<Server: StoppableRuntime>(
    server: SocketAddr,
    dialect: Dialect,
    file: &File,
) -> RunningClient<LotteryClient> {
    RunningClient::<LotteryClient>::agency::<Server>(server, dialect, file)
}

/// Returns true if the draw has taken place: asks as agency 1, after a while in which it could have.
fn is_drawn(server: SocketAddr) -> bool {
    thread::sleep(Duration::from_millis(60));
    let mut peer = Raw::connect(server);
    peer.send(&codec(Dialect::FIXED).query(1));
    peer.receive_all() != b"N"
}

pub fn a_waiter_completes_the_draw<Server: StoppableRuntime>() {
    let files = [File::invented(1, 50), File::invented(3, 60)];
    for first in [true, false] {
        let server = RunningServer::in_memory::<Server>(3);
        let early = first.then(|| waiter(server.address));
        let agencies = [
            start::<Server>(server.address, Dialect::FRAMED, &files[0]),
            start::<Server>(server.address, Dialect::BRACES, &files[1]),
        ];
        let waiter = early.unwrap_or_else(|| {
            assert!(!is_drawn(server.address), "agency 2 is missing");
            waiter(server.address)
        });
        for (agency, file) in agencies.into_iter().zip(&files) {
            assert_eq!(agency.winners(), file.winners());
        }
        is_told(waiter);
        assert!(server.end() == stored(&files));
    }
}

pub fn a_vanished_waiter_does_not_count<Server: StoppableRuntime>() {
    for vanish in [true, false] {
        let file = File::invented(2, 50);
        let server = RunningServer::in_memory::<Server>(2);
        let gone = waiter(server.address);
        // The agency sends a batch, and then it is gone, with a reset or without.
        assert!(!is_drawn(server.address), "agency 2 is missing");
        if vanish {
            gone.vanish();
        } else {
            drop(gone);
        }
        assert!(!is_drawn(server.address), "agency 2 is missing");
        let agency = start::<Server>(server.address, Dialect::BLOCK, &file);
        assert!(!is_drawn(server.address), "vanished: {vanish}: agency 1 is missing");
        let waiter = waiter(server.address);
        assert_eq!(agency.winners(), file.winners());
        is_told(waiter);
        server.end();
    }
}

/// A peer that has ended its side may be gone: it stands for no agency, and is closed. After the draw it gets
/// its reply.
pub fn a_half_closed_waiter_is_closed<Server: StoppableRuntime>() {
    let file = File::invented(1, 50);
    let (store, gate) = gated();
    gate.open();
    let server = RunningServer::start::<Server>(&ServerSettings::new(2), store);
    let ended = || {
        let mut ended = waiter(server.address);
        ended.fin();
        ended
    };
    assert_eq!(ended().receive_all(), b"", "a clean end");
    let braces = codec(Dialect::BRACES);
    let mut agency = Raw::connect(server.address);
    agency.send(&braces.batch(1, &file.lines()));
    assert_eq!(agency.receive(braces.batch_stored().len()), braces.batch_stored());
    // The committer is busy while a waiter comes and ends its side, so that it hears of both at once.
    gate.close();
    let arrived = gate.arrived();
    agency.send(&braces.finished(1));
    until("the end of agency 1 is at the store", || gate.arrived() > arrived);
    let mut gone = ended();
    thread::sleep(Duration::from_millis(300));
    gate.open();
    assert_eq!(gone.receive_all(), b"");
    assert_eq!(agency.receive(braces.receipt(1).len()), braces.receipt(1));
    assert!(!is_drawn(server.address), "agency 2 is missing");
    is_told(waiter(server.address));
    is_told(ended());
    agency.send(&braces.query(1));
    let winners = braces.winners(1, &file.winners());
    assert_eq!(agency.receive(winners.len()), winners);
    drop(agency);
    server.end();
}

/// An agency without bets is started again and again, and leaves many waiters behind.
pub fn a_restarted_client_leaves_no_waiters_behind<Server: StoppableRuntime>() {
    let file = File::invented(1, 50);
    let terms = ServerSettings { max_connections: 8, ..ServerSettings::new(2) };
    let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
    for _ in 0..100 {
        let mut restarted = waiter(server.address);
        restarted.fin();
        assert_eq!(restarted.receive_all(), b"", "a clean end");
    }
    // Waiters that do not end: there are never more of them than agencies.
    let mut waiting: Vec<Raw> = (0..5).map(|_| waiter(server.address)).collect();
    until("three are closed", || {
        waiting.retain_mut(|peer| {
            peer.0.set_nonblocking(true).expect("a socket takes options");
            let gone = peer.0.read(&mut [0]).is_ok_and(|read| read == 0);
            peer.0.set_nonblocking(false).expect("a socket takes options");
            !gone
        });
        waiting.len() == 2
    });
    let agency = start::<Server>(server.address, Dialect::FRAMED, &file);
    assert_eq!(agency.winners(), file.winners());
    waiting.into_iter().for_each(is_told);
    server.end();
}

/// Waiters alone are no lottery.
pub fn waiters_alone_start_no_draw<Server: StoppableRuntime>() {
    let file = File::invented(3, 50);
    let server = RunningServer::in_memory::<Server>(3);
    let waiting = [(); 3].map(|()| waiter(server.address));
    assert!(!is_drawn(server.address), "no agency has sent a bet");
    let agency = start::<Server>(server.address, Dialect::BLOCK, &file);
    assert_eq!(agency.winners(), file.winners());
    waiting.into_iter().for_each(is_told);
    assert!(server.end() == stored(&[file]));
}

/// Unless it is allowed, no peer stands for an agency without naming it.
pub fn waiters_are_closed_unless_they_are_allowed<Server: StoppableRuntime>() {
    let file = File::invented(1, 50);
    let terms = ServerSettings { anonymous_finish: false, ..ServerSettings::new(2) };
    let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
    let agency = start::<Server>(server.address, Dialect::FRAMED, &file);
    for _ in 0..5 {
        assert_eq!(waiter(server.address).receive_all(), b"", "a clean end without an answer");
    }
    assert!(!is_drawn(server.address), "agency 2 is missing");
    let other = start::<Server>(server.address, Dialect::BLOCK, &File::invented(2, 0));
    assert_eq!(other.winners(), [""; 0]);
    assert_eq!(agency.winners(), file.winners());
    assert_eq!(waiter(server.address).receive_all(), b"", "nobody knows whose winners it asks for");
    server.end();
}

pub fn two_waiters_stand_for_two_agencies<Server: StoppableRuntime>() {
    let files = [File::invented(2, 50), File::invented(4, 60)];
    let server = RunningServer::in_memory::<Server>(4);
    let agencies = files.each_ref().map(|file| start::<Server>(server.address, Dialect::FRAMED, file));
    let first = waiter(server.address);
    assert!(!is_drawn(server.address), "two are missing");
    let second = waiter(server.address);
    for (agency, file) in agencies.into_iter().zip(&files) {
        assert_eq!(agency.winners(), file.winners());
    }
    is_told(first);
    is_told(second);
    // Afterwards every waiter is answered at once.
    is_told(waiter(server.address));
    assert!(server.end() == stored(&files));
}

pub fn a_waiter_does_not_stand_for_an_agency_with_bets<Server: StoppableRuntime>() {
    let files = [File::invented(1, 50), File::invented(2, 60)];
    let server = RunningServer::in_memory::<Server>(2);
    // Agency 2 has sent bets, and is not finished.
    let braces = codec(Dialect::BRACES);
    let mut second = Raw::connect(server.address);
    second.send(&braces.batch(2, &files[1].lines()));
    assert_eq!(second.receive(braces.batch_stored().len()), braces.batch_stored());
    let waiter = waiter(server.address);
    let first = start::<Server>(server.address, Dialect::FRAMED, &files[0]);
    assert!(!is_drawn(server.address), "agency 2 is not finished");
    second.send(&braces.finished(2));
    assert_eq!(second.receive(braces.receipt(2).len()), braces.receipt(2));
    assert_eq!(first.winners(), files[0].winners());
    is_told(waiter);
    assert!(server.end() == stored(&files));
}

/// Bets of an agency that a waiter has stood for cannot win any more: they are rejected.
pub fn bets_after_the_draw_are_rejected<Server: StoppableRuntime>() {
    let file = File::invented(1, 50);
    let server = RunningServer::in_memory::<Server>(2);
    let agency = start::<Server>(server.address, Dialect::FRAMED, &file);
    is_told(waiter(server.address));
    assert_eq!(agency.winners(), file.winners());
    for &dialect in crate::PLAIN {
        let late = start::<Server>(server.address, dialect, &File::winning(2, 5));
        let error = late.outcome().expect_err("it is too late").to_string();
        assert!(error.starts_with("the server refused "), "{dialect}: {error}");
        let told = error.ends_with(": the draw has taken place");
        assert_eq!(told, dialect != Dialect::BLOCK, "{dialect}: {error}");
    }
    assert!(server.end() == stored(&[file]), "nothing else");
}

/// The end of the program does not wait for the draw.
pub fn shutdown_does_not_wait_for_the_draw<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(3);
    let mut waiting = waiter(server.address);
    let agency = start::<Server>(server.address, Dialect::FRAMED, &File::invented(1, 30));
    until("both wait", || !is_drawn(server.address));
    server.stop();
    assert_eq!(waiting.receive_all(), b"", "a clean end without an answer");
    drop(waiting);
    let error = agency.outcome().expect_err("there was no draw").to_string();
    assert!(error.ends_with("ended without the answer that it owes"), "{error}");
    server.end();
}
