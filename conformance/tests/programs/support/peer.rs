//! Peer of a server, written by hand, that may break any rule.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use conformance::agency_files::File;
use conformance::dialects::{block, codec, without_padding};
use conformance::raw::Raw;
use lottery_proto::Dialect;
use socket2::{Domain, Socket, Type};

use super::SOON;

pub(crate) const BLOCK: usize = 8192;

/// Returns a winners query of that agency (`docs/protocol.md#block`).
pub(crate) fn question(agency: u8) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    block[..5].copy_from_slice(&[6, agency, 5, 0, b'1']);
    block
}

/// Sends Hello, and returns the number of stored bets that Welcome names.
pub(crate) fn welcomed(peer: &mut Raw, agency: u32) -> usize {
    peer.send(&block(7, agency, format!("3|{agency}|").as_bytes()));
    let welcome = peer.receive_packet();
    assert_eq!(welcome[0], 8, "welcome");
    stored_in(&welcome)
}

/// Returns the number of stored bets in a packet of a session, `3|stored|…` or `1|stored`
/// (`docs/protocol.md#sessions`).
pub(crate) fn stored_in(packet: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&packet[4..usize::from(packet[2])]);
    text.split('|').nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// Returns a batch of invented bets, as a session carries it.
pub(crate) fn session_batch(agency: u32, bets: u32) -> Vec<u8> {
    without_padding(&codec(Dialect::BLOCK).batch(agency, &File::invented(agency, bets).lines())).to_vec()
}

/// Sends a batch in a session, and waits until it is stored.
pub(crate) fn store(peer: &mut Raw, batch: &[u8]) {
    peer.send(batch);
    assert_eq!(peer.receive_packet()[4], b'1', "stored");
}

/// Opens a session of an agency.
pub(crate) fn session(address: SocketAddr, agency: u32) -> Raw {
    let mut peer = Raw::connect(address);
    welcomed(&mut peer, agency);
    peer
}

/// Returns a connection whose reads and writes time out soon.
pub(crate) fn connect(server: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect_timeout(&server, SOON).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.set_write_timeout(Some(SOON)).unwrap();
    socket
}

/// Sends a winners query on a connection, and returns the reply; `None` if the connection is closed instead.
pub(crate) fn ask_on(mut socket: &TcpStream, agency: u8) -> Option<Vec<u8>> {
    socket.write_all(&question(agency)).ok()?;
    let mut block = vec![0; BLOCK];
    socket.read_exact(&mut block).ok()?;
    let size = usize::from(u16::from_le_bytes([block[2], block[3]]));
    assert_eq!(block[0], 6);
    Some(block[4..size].to_vec())
}

/// Sends queries on new connections until one is served. It is behind all that have connected before.
pub(crate) fn served(address: SocketAddr) -> TcpStream {
    let start = Instant::now();
    loop {
        let socket = connect(address);
        if ask_on(&socket, 1).as_deref() == Some(b"0") {
            return socket;
        }
        assert!(start.elapsed() < SOON, "not served any more");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the winners; `None` before the draw.
pub(crate) fn winners(server: SocketAddr, agency: u8) -> Option<Vec<String>> {
    let answer = String::from_utf8(ask_on(&connect(server), agency).expect("an answer")).unwrap();
    let documents = answer.strip_prefix('1')?;
    Some(documents.split_terminator('|').map(str::to_owned).collect())
}

/// Accepts the next connection, if it comes soon.
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let start = Instant::now();
    loop {
        match listener.accept() {
            Ok((socket, _)) => {
                socket.set_nonblocking(false).unwrap();
                socket.set_read_timeout(Some(SOON)).unwrap();
                return socket;
            }
            Err(error) => assert!(start.elapsed() < SOON, "{error}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns an address that does not answer: its queue is full. It stays so as long as the result lives.
pub(crate) fn mute() -> (SocketAddr, TcpListener, Vec<Socket>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let listener = TcpListener::from(listener);
    let address = listener.local_addr().unwrap();
    let begin = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let _ = socket.connect(&address.into());
        socket
    };
    (address, listener, (0..4).map(|_| begin()).collect())
}
