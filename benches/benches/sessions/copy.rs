//! Bare copy of the bytes of a session over a connection: what a line carries.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use benches::input::Blocks;
use benches::process::argument;

use crate::agency::{agency, meter};

/// Size of the receive buffer, in bytes.
const READ: usize = 256 * 1024;
/// Longest wait for bytes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Receives for some time what one connection sends. Prints `ready` when it listens, and then the bytes that came in a
/// second.
pub(crate) fn receive() {
    let listener = TcpListener::bind(argument("--listen")).expect("the port is free");
    println!("ready");
    let (mut socket, _) = listener.accept().expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let (mut meter, mut buffer, mut count) = (meter(), vec![0; READ], 0.0);
    let rate = loop {
        let bytes = socket.read(&mut buffer).expect("the line works");
        assert!(bytes > 0, "it sends until it is ended");
        count += f64::from(u32::try_from(bytes).expect("a buffer's size"));
        if let Some(rate) = meter.take(Instant::now(), count) {
            break rate;
        }
    };
    println!("{rate}");
}

/// Sends the packets of a session, again and again, until the connection ends.
pub(crate) fn send() {
    let packets = Blocks::of(&[agency(0)]).sessions().next().expect("there are bets");
    let mut socket = TcpStream::connect(argument("--server")).expect("the receiver listens");
    while socket.write_all(&packets).is_ok() {}
}
