//! Plain loops, as a first version would have them: read a block, write a reply. Each uses the same I/O as
//! our driver on that runtime.

use std::future::pending;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use benches::answers::{stored, welcome};
use lottery_proto::block::BLOCK_SIZE;
use smol::{Async, Executor};

/// Serves each connection in a task of the runtime.
pub(crate) fn on_tokio(listener: TcpListener) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        loop {
            let (mut socket, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                let (mut block, answers, mut next) = ([0; BLOCK_SIZE], answers(), 0);
                while socket.read_exact(&mut block).await.is_ok()
                    && socket.write_all(&answers[next]).await.is_ok()
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
        let mut socket = socket.expect("a connection");
        thread::spawn(move || {
            let (mut block, answers, mut next) = ([0; BLOCK_SIZE], answers(), 0);
            while socket.read_exact(&mut block).is_ok() && socket.write_all(&answers[next]).is_ok() {
                next = 1;
            }
        });
    }
}

/// Serves each connection in a task. The tasks run on one thread for each core.
pub(crate) fn on_smol(listener: TcpListener) {
    use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let executor = Arc::new(Executor::new());
    for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
        let executor = Arc::clone(&executor);
        thread::spawn(move || smol::block_on(executor.run(pending::<()>())));
    }
    smol::block_on(async {
        let listener = smol::net::TcpListener::from(Async::new(listener).expect("a socket"));
        loop {
            let (mut socket, _) = listener.accept().await.expect("a connection");
            let connection = async move {
                let (mut block, answers, mut next) = ([0; BLOCK_SIZE], answers(), 0);
                while socket.read_exact(&mut block).await.is_ok()
                    && socket.write_all(&answers[next]).await.is_ok()
                {
                    next = 1;
                }
            };
            executor.spawn(connection).detach();
        }
    });
}

/// Returns the reply to the first block, and the reply to each of the others.
fn answers() -> [Vec<u8>; 2] {
    [welcome(0), stored()]
}
