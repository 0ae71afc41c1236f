//! Machine that stands still for longer than any deadline: bytes that arrived meanwhile count, not the time.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use conformance::dialects::block;
use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::peer::{BLOCK, accept, connect, question};
use crate::support::{Process, SOON, client, server};

on_every_runtime!(
    a_server_that_stood_still_serves_what_arrived_meanwhile,
    a_client_that_stood_still_reads_what_arrived_meanwhile
);

/// Number of peers of each kind.
const PEERS: usize = 40;
/// Deadlines of these programs: longer than a busy machine takes to stop them.
const DEADLINE: &str = "3s";
const PAUSE: Duration = Duration::from_millis(4500);

fn a_server_that_stood_still_serves_what_arrived_meanwhile(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = server(runtime, dir.path());
    let timeouts = ["--idle-timeout", DEADLINE, "--message-timeout", DEADLINE, "--stall-timeout", DEADLINE];
    let server = Process::start(command.args(timeouts));
    let address = server.address();
    let question = question(1);
    let connected = |sent: &[u8]| -> Vec<TcpStream> {
        let peer = |_| {
            let mut peer = connect(address);
            peer.write_all(sent).unwrap();
            peer
        };
        (0..PEERS).map(peer).collect()
    };
    let silent = connected(b"");
    let begun = connected(&question[..BLOCK / 2]);
    // The server has begun with the last, too.
    thread::sleep(Duration::from_millis(200));
    server.signal(Signal::STOP);
    for mut peer in &silent {
        peer.write_all(&question).unwrap();
    }
    for mut peer in &begun {
        peer.write_all(&question[BLOCK / 2..]).unwrap();
    }
    thread::sleep(PAUSE);
    server.signal(Signal::CONT);
    let answered = |peers: &[TcpStream]| {
        let answered = |mut peer: &TcpStream| peer.read_exact(&mut [0; BLOCK]).is_ok();
        peers.iter().filter(|peer| answered(peer)).count()
    };
    assert_eq!((answered(&silent), answered(&begun)), (PEERS, PEERS));
    server.stop(Signal::TERM);
}

fn a_client_that_stood_still_reads_what_arrived_meanwhile(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let bets = Bets::make(dir.path(), 1, 3);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = client(runtime, dir.path(), 1, listener.local_addr().unwrap());
        client.args(["--dialect", "block", "--answer-timeout", DEADLINE, "--bets"]).arg(&bets.path);
        let client = Process::start(&mut client);
        let mut server = accept(&listener);
        // Bets of the agency, and Finished.
        server.read_exact(&mut [0; 2 * BLOCK]).unwrap();
        client.signal(Signal::STOP);
        server.write_all(&block(5, 1, b"1")).unwrap();
        thread::sleep(PAUSE);
        client.signal(Signal::CONT);
        let mut asked = [0; BLOCK];
        server.read_exact(&mut asked).unwrap();
        assert_eq!(asked[..2], [6, 1], "it goes on with its question");
        server.write_all(&block(6, 1, b"1")).unwrap();
        let (code, stdout, _) = client.end(SOON);
        assert_eq!(code, Some(0), "{stdout:#?}");
    }
}
