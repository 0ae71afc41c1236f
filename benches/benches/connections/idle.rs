//! Connections that say nothing: how fast a centre takes them, and what they cost it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use benches::process::Server;

/// So many connections are opened before it is asked whether they are accepted: fewer than the system queues (it may
/// be told 4096 at most, usually), so that none has to knock twice.
const WAVE: usize = 1000;
/// How long a centre may take to accept a wave, and to come to rest.
const PATIENCE: Duration = Duration::from_secs(30);
/// Whoever does nothing for so long has come to rest. The memory of a connection that waits is given back before.
const REST: Duration = Duration::from_millis(400);

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// How many there are.
    pub(crate) count: f64,
    /// The memory of one, in bytes: what the process has of its own, without the system's side of the sockets.
    pub(crate) bytes: f64,
    /// How many are accepted in a second, while this process opens them.
    pub(crate) rate: f64,
    /// The processor time that the centre uses in a second, in seconds.
    pub(crate) cpu: f64,
}

/// Idle connections. They end with this value.
#[derive(Debug)]
pub(crate) struct Idle {
    alive: Vec<TcpStream>,
    found: Found,
}

impl Idle {
    /// Opens so many to the server, and looks for so long at what it does meanwhile.
    pub(crate) fn open(server: &Server, count: usize, pause: Duration) -> Self {
        // The first connection makes what all others share.
        ask(server.address());
        rest(server);
        let memory = server.anonymous();
        let start = Instant::now();
        let mut alive = Vec::with_capacity(count);
        while alive.len() < count {
            let wave = (count - alive.len()).min(WAVE);
            let connect = |_| TcpStream::connect(server.address()).expect("the server listens");
            alive.extend((0..wave).map(connect));
            ask(server.address());
        }
        let seconds = start.elapsed().as_secs_f64();
        rest(server);
        alive.retain_mut(is_alive);
        let cpu = server.cpu();
        thread::sleep(pause);
        let cpu = (server.cpu() - cpu) / pause.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
        let (opened, count) = (count as f64, alive.len() as f64);
        let bytes = (server.anonymous() - memory) * 1024.0 / count;
        Self { alive, found: Found { count, bytes, rate: opened / seconds, cpu } }
    }

    /// How many the centre has kept.
    pub(crate) fn alive(&self) -> usize {
        self.alive.len()
    }

    /// Ends them.
    pub(crate) fn into_found(self) -> Found {
        self.found
    }
}

/// Command for the health check's line back. Connections are accepted in the order in which they were opened: when it is
/// there, all before are accepted.
fn ask(server: SocketAddr) {
    let mut socket = TcpStream::connect(server).expect("the server listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket.write_all(b"ping\n").expect("the server reads");
    let mut line = String::new();
    socket.read_to_string(&mut line).expect("all that were opened are accepted");
    assert_eq!(line, "ping\n");
}

/// Waits until the server does nothing any more.
fn rest(server: &Server) {
    let start = Instant::now();
    let mut before = server.cpu();
    loop {
        thread::sleep(REST);
        let now = server.cpu();
        if now <= before || start.elapsed() > PATIENCE {
            return;
        }
        before = now;
    }
}

/// Nothing was sent: as long as the server keeps a connection, there is nothing to read, and no end.
fn is_alive(socket: &mut TcpStream) -> bool {
    socket.set_nonblocking(true).expect("a socket");
    matches!(socket.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}
