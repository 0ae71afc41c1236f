//! The bare sink: what receiving, keeping and acknowledging blocks costs without a lottery. It looks at no block but the
//! first of a connection.

use std::fs::File;
use std::io::{Read, Write};
use std::mem;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use benches::process::argument;
use lottery_proto::block::BLOCK_SIZE;

/// Read at once.
const READ: usize = 256 * 1024;
const WELCOME: &[u8] = b"2|0|0|16|00000000";
const STORED: &[u8] = b"1|0";

/// Blocks that wait for the next group.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    /// Whom they are from, and how many blocks.
    from: Vec<(Arc<TcpStream>, usize)>,
}

type Shared = Arc<(Mutex<Group>, Condvar)>;

/// The process of the sink.
pub(crate) fn run() {
    let listener = TcpListener::bind(argument("--listen")).expect("the port is free");
    let log = File::create(Path::new(&argument("--data-dir")).join("log")).expect("a new file");
    let shared = Shared::default();
    let groups = Arc::clone(&shared);
    thread::spawn(move || keep(log, &groups));
    for socket in listener.incoming() {
        let shared = Arc::clone(&shared);
        thread::spawn(move || receive(&Arc::new(socket.expect("a connection")), &shared));
    }
}

/// Takes blocks until the connection ends.
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
            answer(socket, &block(8, buffer[1], WELCOME));
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

/// Writes and syncs group after group, and acknowledges each.
fn keep(mut log: File, (group, ready): &(Mutex<Group>, Condvar)) {
    let ack = block(5, 0, STORED);
    loop {
        let waiting = group.lock().expect("nobody panics");
        let mut waiting = ready.wait_while(waiting, |group| group.from.is_empty()).expect("nobody panics");
        let Group { bytes, from } = mem::take(&mut *waiting);
        drop(waiting);
        log.write_all(&bytes).expect("the disk works");
        log.sync_data().expect("the disk works");
        for (socket, blocks) in from {
            answer(&socket, &ack.repeat(blocks));
        }
    }
}

/// Whoever is gone needs no answer.
fn answer(mut socket: &TcpStream, bytes: &[u8]) {
    let _ = socket.write_all(bytes);
}

fn block(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let size = u16::try_from(4 + payload.len()).expect("a short payload").to_le_bytes();
    let mut block = [&[kind, agency, size[0], size[1]], payload].concat();
    block.resize(BLOCK_SIZE, 0);
    block
}
