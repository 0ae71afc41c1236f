//! The server's side of the health check.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::probes::Probes;

use super::{ACCEPTED, ATTENDED, EXPECTED, PATIENCE, canonical, name};

use crate::local_socket::{Answers, LocalSocket, set_patience};

/// Maximum number of clients at once.
const MAX_CLIENTS: usize = 8;

/// Health socket of a server, which answers until this is dropped.
#[derive(Debug)]
pub struct Answering {
    #[expect(dead_code, reason = "it is open by living")]
    socket: LocalSocket,
}

/// Answers clients that ask for the health of the server that listens at `address`.
///
/// # Errors
///
/// The name of the socket is taken, or no socket or thread can be made.
pub fn answer(
    address: SocketAddr,
    commit_queue: Arc<CommitQueue>,
    probes: Arc<Probes>,
) -> io::Result<Answering> {
    let listener = UnixListener::bind_addr(&name(canonical(address))?)?;
    let answer = move |stream: &UnixStream| {
        // A client that gets no further line knows which step failed.
        let _ = converse(stream, &commit_queue, &probes);
    };
    let socket = LocalSocket::open(
        listener,
        Answers { name: "health", max_clients: MAX_CLIENTS, too_many: |_| (), answer },
    )?;
    Ok(Answering { socket })
}

fn converse(stream: &UnixStream, commit_queue: &CommitQueue, probes: &Arc<Probes>) -> io::Result<()> {
    set_patience(stream, PATIENCE)?;
    let mut line = String::new();
    BufReader::new(stream.take(128)).read_line(&mut line)?;
    let from = line.strip_prefix("probe ").and_then(|from| from.trim_end().parse().ok());
    let from: SocketAddr = from.ok_or(io::ErrorKind::InvalidData)?;
    let expectation = probes.expect(from);
    let say = |word: &str| (&*stream).write_all(format!("{word}\n").as_bytes());
    say(EXPECTED)?;
    expectation.wait(PATIENCE).map_err(io::Error::other)?;
    say(ACCEPTED)?;
    if commit_queue.is_attended(PATIENCE) { say(ATTENDED) } else { Ok(()) }
}
