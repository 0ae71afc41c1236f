//! Plain loops, as a first version would have them: read a packet through a buffered reader, write a reply. Each uses
//! the same I/O as our driver on that runtime.

use std::future::pending;
use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use benches::answers::{stored, welcome};
use benches::framing::{behind_header, read};
use lottery_proto::block::{BLOCK_SIZE, HEADER_SIZE};
use smol::{Async, Executor};

/// Serves each connection in a task of the runtime.
pub(crate) fn on_tokio(listener: TcpListener) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                let (mut packet, answers, mut next) = ([0; BLOCK_SIZE], answers(), 0);
                let mut socket = BufReader::new(socket);
                while socket.read_exact(&mut packet[..HEADER_SIZE]).await.is_ok()
                    && socket.read_exact(behind_header(&mut packet)).await.is_ok()
                    && socket.get_mut().write_all(&answers[next]).await.is_ok()
                {
                    next = 1;
                }
            });
        }
    });
}

/// Serves each connection in a thread.
pub(crate) fn on_std(listener: &TcpListener) {
    for socket in listener.incoming() {
        let mut socket = BufReader::new(socket.expect("a connection"));
        thread::spawn(move || {
            let (mut packet, answers, mut next) = ([0; BLOCK_SIZE], answers(), 0);
            while read(&mut socket, &mut packet).is_ok() && socket.get_mut().write_all(&answers[next]).is_ok()
            {
                next = 1;
            }
        });
    }
}

/// Serves each connection in a task. The tasks run on one thread for each core.
pub(crate) fn on_smol(listener: TcpListener) {
    use smol::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};

    let executor = Arc::new(Executor::new());
    for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
        let executor = Arc::clone(&executor);
        thread::spawn(move || smol::block_on(executor.run(pending::<()>())));
    }
    smol::block_on(async {
        let listener = smol::net::TcpListener::from(Async::new(listener).expect("a socket"));
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            let connection = async move {
                let (mut packet, answers, mut next) = ([0; BLOCK_SIZE], answers(), 0);
                let mut socket = BufReader::new(socket);
                while socket.read_exact(&mut packet[..HEADER_SIZE]).await.is_ok()
                    && socket.read_exact(behind_header(&mut packet)).await.is_ok()
                    && socket.get_mut().write_all(&answers[next]).await.is_ok()
                {
                    next = 1;
                }
            };
            executor.spawn(connection).detach();
        }
    });
}

/// Returns the reply to the first packet, and the reply to each of the others.
fn answers() -> [Vec<u8>; 2] {
    [welcome(0), stored()]
}
