//! The end of a lottery, in `braces`: messages of a few letters (`docs/protocol.md#braces`).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Longest time that the server may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Pause before the winners are asked for again.
const PAUSE: Duration = Duration::from_millis(1);

/// Says for each agency that it is finished, and waits for the winners. Returns the time since the last agency was
/// finished, in seconds.
///
/// # Panics
/// If the server fails.
pub(crate) fn hold(server: SocketAddr, agencies: usize) -> f64 {
    let mut sockets: Vec<BufReader<TcpStream>> =
        (0..agencies).map(|_| BufReader::new(connect(server))).collect();
    let mut start = Instant::now();
    for (number, socket) in (1..).zip(&mut sockets) {
        start = Instant::now();
        assert_eq!(ask(socket, &format!("N{{AgencyID:{number}}};")), "ACK_NOTIFY;");
    }
    loop {
        let answer = ask(&mut sockets[0], "Q{AgencyID:1};");
        if answer != "W;" {
            let seconds = start.elapsed().as_secs_f64();
            assert!(answer.starts_with('R'), "{answer}");
            return seconds;
        }
        thread::sleep(PAUSE);
    }
}

/// Sends the health check's line and waits for it to come back.
///
/// # Panics
/// If it does not.
pub(crate) fn ping(server: SocketAddr) {
    let mut socket = connect(server);
    socket.write_all(b"ping\n").expect("the server reads");
    let mut line = String::new();
    socket.read_to_string(&mut line).expect("the server answers");
    assert_eq!(line, "ping\n");
}

fn connect(server: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(server).expect("the server listens");
    socket.set_nodelay(true).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket
}

fn ask(socket: &mut BufReader<TcpStream>, message: &str) -> String {
    socket.get_mut().write_all(message.as_bytes()).expect("the server reads");
    let mut answer = Vec::new();
    socket.read_until(b';', &mut answer).expect("the server answers");
    String::from_utf8(answer).expect("a text")
}
