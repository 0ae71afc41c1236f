//! Idle connections: the rate at which a server accepts them, and their cost in memory and processor time.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use benches::process::Server;

/// Number of connections opened before [`ask`] checks that they are accepted. It is below the usual limit of
/// the system's accept queue (4096), so that no connection attempt has to be repeated.
const WAVE: usize = 1000;
/// Longest time that a server may take to accept a wave.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time without processor use after which a server counts as at rest. The memory of a waiting connection is
/// given back sooner.
const REST: Duration = Duration::from_millis(400);

/// Measurements of the idle connections of one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Number of connections that the server has kept.
    pub(crate) count: f64,
    /// Memory of one connection, in bytes: the process's own, without the kernel's side of the socket.
    pub(crate) bytes: f64,
    /// Connections accepted per second, while this process opens them.
    pub(crate) rate: f64,
    /// Processor time of the server per second, in seconds.
    pub(crate) cpu: f64,
}

/// Idle connections. They are closed on drop.
#[derive(Debug)]
pub(crate) struct Idle {
    alive: Vec<TcpStream>,
    found: Found,
}

impl Idle {
    /// Opens `count` connections to the server, and then measures its processor time for `pause`.
    pub(crate) fn open(server: &Server, count: usize, pause: Duration) -> Self {
        // The first connection allocates what all others share.
        ask(server.address());
        server.rest(REST);
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
        server.rest(REST);
        alive.retain_mut(is_alive);
        let cpu = server.cpu();
        thread::sleep(pause);
        let cpu = (server.cpu() - cpu) / pause.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
        let (opened, count) = (count as f64, alive.len() as f64);
        let bytes = (server.anonymous() - memory) * 1024.0 / count;
        Self { alive, found: Found { count, bytes, rate: opened / seconds, cpu } }
    }

    /// Returns the number of connections that the server has kept.
    pub(crate) fn alive(&self) -> usize {
        self.alive.len()
    }

    /// Closes the connections and returns the measurements.
    pub(crate) fn into_found(self) -> Found {
        self.found
    }
}

/// Sends the health check's line and waits for it to come back. Connections are accepted in the order in
/// which they were opened, so a reply means that all earlier ones are accepted.
fn ask(server: SocketAddr) {
    let mut socket = TcpStream::connect(server).expect("the server listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket.write_all(b"ping\n").expect("the server reads");
    let mut line = String::new();
    socket.read_to_string(&mut line).expect("all that were opened are accepted");
    assert_eq!(line, "ping\n");
}

/// Returns true while the server keeps the connection. Nothing was sent, so there is nothing to read, and no
/// end of file, until the server closes it.
fn is_alive(socket: &mut TcpStream) -> bool {
    socket.set_nonblocking(true).expect("a socket");
    matches!(socket.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}
