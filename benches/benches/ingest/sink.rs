//! Server without a lottery: it receives blocks, stores them by groups, and acknowledges them. It inspects
//! only the first block of a connection.
//!
//! With an [`Append`](crate::raw::Append) as its storage it is the bare sink, which does only what cannot be left out.

use std::io::{Read, Write};
use std::mem;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use benches::answers::{stored, welcome};
use benches::process::argument;
use lottery_proto::block::BLOCK_SIZE;

/// Size of the receive buffer, in bytes.
const READ: usize = 256 * 1024;

/// Blocks that wait for the next group.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    /// Connections that sent the blocks, and the number of blocks of each.
    from: Vec<(Arc<TcpStream>, usize)>,
}

/// Storage for groups.
pub(crate) trait Keep: Send + 'static {
    /// Makes a group durable: blocks, one behind the other.
    fn keep(&mut self, group: &[u8]);
}

/// Returns the batches of a group.
pub(crate) fn batches(group: &[u8]) -> impl Iterator<Item = &[u8]> {
    group.chunks_exact(BLOCK_SIZE)
}

type Shared = Arc<(Mutex<Group>, Condvar)>;

/// Runs the process of such a server.
pub(crate) fn run(keep: impl Keep) {
    let listener = TcpListener::bind(argument("--listen")).expect("the port is free");
    let shared = Shared::default();
    let groups = Arc::clone(&shared);
    thread::spawn(move || keep_all(keep, &groups));
    for socket in listener.incoming() {
        let shared = Arc::clone(&shared);
        thread::spawn(move || receive(&Arc::new(socket.expect("a connection")), &shared));
    }
}

/// Receives blocks until the connection ends.
fn receive(socket: &Arc<TcpStream>, (group, ready): &(Mutex<Group>, Condvar)) {
    let mut buffer = vec![0; READ];
    let mut held = 0;
    let mut greeted = false;
    socket.set_nodelay(true).expect("a socket");
    while let Ok(read @ 1..) = (&**socket).read(&mut buffer[held..]) {
        held += read;
        let whole = held - held % BLOCK_SIZE;
        let mut start = 0;
        if whole > 0 && !greeted {
            answer(socket, &welcome(buffer[1]));
            (greeted, start) = (true, BLOCK_SIZE);
        }
        if whole > start {
            let mut group = group.lock().expect("nobody panics");
            group.bytes.extend_from_slice(&buffer[start..whole]);
            group.from.push((Arc::clone(socket), (whole - start) / BLOCK_SIZE));
            drop(group);
            ready.notify_one();
        }
        buffer.copy_within(whole..held, 0);
        held -= whole;
    }
}

/// Stores group after group, and acknowledges the blocks of each.
fn keep_all(mut keep: impl Keep, (group, ready): &(Mutex<Group>, Condvar)) {
    let ack = stored();
    loop {
        let waiting = group.lock().expect("nobody panics");
        let mut waiting = ready.wait_while(waiting, |group| group.from.is_empty()).expect("nobody panics");
        let Group { bytes, from } = mem::take(&mut *waiting);
        drop(waiting);
        keep.keep(&bytes);
        for (socket, blocks) in from {
            answer(&socket, &ack.repeat(blocks));
        }
    }
}

/// Sends a reply. Errors are ignored: a client that is gone needs no reply.
fn answer(mut socket: &TcpStream, bytes: &[u8]) {
    let _ = socket.write_all(bytes);
}
