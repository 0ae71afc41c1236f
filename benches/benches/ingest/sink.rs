//! Server without a lottery: it receives the packets of a session, stores them by groups, and acknowledges them. It
//! looks at nothing but headers.
//!
//! With an [`Append`](crate::raw::Append) as its storage it is the bare sink, which does only what cannot be left out.

use std::io::{Read as _, Write as _};
use std::mem;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use benches::answers::{stored, welcome};
use benches::framing::{Whole, packets, whole};
use benches::process::argument;

/// Size of the receive buffer, in bytes.
const READ: usize = 256 * 1024;

/// Packets that wait for the next group.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    /// Connections that sent the packets, and the number of packets of each.
    from: Vec<(Arc<TcpStream>, usize)>,
}

/// Storage for groups.
pub(crate) trait Keep: Send + 'static {
    /// Makes a group durable: packets, one behind the other.
    fn keep(&mut self, group: &[u8]);
}

/// Returns the batches of a group.
pub(crate) fn batches(group: &[u8]) -> impl Iterator<Item = &[u8]> {
    packets(group)
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

/// Receives packets until the connection ends.
fn receive(socket: &Arc<TcpStream>, (group, ready): &(Mutex<Group>, Condvar)) {
    let mut buffer = vec![0; READ];
    let mut held = 0;
    let mut greeted = false;
    socket.set_nodelay(true).expect("a socket");
    while let Ok(read @ 1..) = (&**socket).read(&mut buffer[held..]) {
        held += read;
        if !greeted {
            // The client sends nothing behind Hello before it has its Welcome.
            if whole(&buffer[..held]).packets > 0 {
                answer(socket, &welcome(buffer[1]));
                (greeted, held) = (true, 0);
            }
            continue;
        }
        let Whole { packets, bytes } = whole(&buffer[..held]);
        if packets > 0 {
            let mut group = group.lock().expect("nobody panics");
            group.bytes.extend_from_slice(&buffer[..bytes]);
            group.from.push((Arc::clone(socket), packets));
            drop(group);
            ready.notify_one();
        }
        buffer.copy_within(bytes..held, 0);
        held -= bytes;
    }
}

/// Stores group after group, and acknowledges the packets of each.
fn keep_all(mut keep: impl Keep, (group, ready): &(Mutex<Group>, Condvar)) {
    let ack = stored();
    loop {
        let waiting = group.lock().expect("nobody panics");
        let mut waiting = ready.wait_while(waiting, |group| group.from.is_empty()).expect("nobody panics");
        let Group { bytes, from } = mem::take(&mut *waiting);
        drop(waiting);
        keep.keep(&bytes);
        for (socket, packets) in from {
            answer(&socket, &ack.repeat(packets));
        }
    }
}

/// Sends a reply. Errors are ignored: a client that is gone needs no reply.
fn answer(mut socket: &TcpStream, bytes: &[u8]) {
    let _ = socket.write_all(bytes);
}
