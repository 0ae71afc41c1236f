//! Memory of a connection that says nothing, on each runtime, as the allocator counts it: the machine, what the
//! runtime holds for it, and what the lottery does. The system's side of the socket, and the stack of a thread, come
//! on top.
//!
//! The allocator counts for the whole process, so there is one test here.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use conformance::runtimes::{Smol, Std, StoppableRuntime, Tokio};
use conformance::server::ServerSettings;
use conformance::serving::Serving;
use conformance::time_limits::until;
use lottery_core::commit_queue::CommitQueue;
use lottery_core::memory::Memory;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Memory that an idle connection takes at most, in bytes.
const BOUND: usize = 2048;
/// Number of connections.
const MANY: usize = 400;

#[test]
fn an_idle_connection_takes_2_kib_at_most() {
    let found = [
        ("tokio", of_a_connection::<Tokio>()),
        ("std", of_a_connection::<Std>()),
        ("smol", of_a_connection::<Smol>()),
    ];
    println!("{found:?}");
    assert!(found.iter().all(|(_, bytes)| *bytes <= BOUND), "{found:?}");
}

/// Returns the memory of one of many idle connections, in bytes.
fn of_a_connection<R: StoppableRuntime>() -> usize {
    let commit_queue = Arc::new(CommitQueue::new(1 << 20));
    // As the program does it: there is a limit to the memory of all.
    let service = ServerSettings::new(5).service(&commit_queue).with_memory(Memory::new(1 << 30, 1 << 20));
    let server = Serving::start::<R>(Arc::new(service));
    let mut open = Vec::with_capacity(2 * MANY);
    // The first ones allocate what all share.
    let mut connect_many = || {
        open.extend((0..MANY).map(|_| TcpStream::connect(server.address).unwrap()));
        ask(server.address);
        at_rest()
    };
    let (few, many) = (connect_many(), connect_many());
    drop(open);
    server.end();
    many.saturating_sub(few) / MANY
}

/// Sends a line, and waits for it to come back and for the end: all connections before are accepted then.
fn ask(server: SocketAddr) {
    let mut socket = TcpStream::connect(server).unwrap();
    socket.write_all(b"ping\n").unwrap();
    let mut reply = [0; 8];
    let mut read = 0;
    while !reply[..read].ends_with(b"\n") {
        read += socket.read(&mut reply[read..]).unwrap();
    }
    assert_eq!(reply[..read], *b"ping\n");
}

/// Returns the memory of this process, once it stays the same.
fn at_rest() -> usize {
    let mut before = usize::MAX;
    until("nothing changes", || {
        std::thread::sleep(Duration::from_millis(300));
        std::mem::replace(&mut before, ALLOCATOR.current_usage()) == ALLOCATOR.current_usage()
    });
    before
}
