//! What a signal does to programs in every state.

mod process;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use process::files::Bets;
use process::wire::{accept, ask_on, connect, mute, question};
use process::{Process, SOON, client, server};
use rustix::process::Signal;

on_every_runtime!(
    an_idle_server,
    a_server_with_peers_in_every_state,
    a_server_and_a_client_that_wait_for_the_draw,
    a_client_that_waits_for_an_answer,
    a_client_that_is_connecting,
    a_second_signal,
);

fn start(runtime: &str, dir: &Path, agency: u32, address: SocketAddr) -> Process {
    let bets = Bets::make(dir, agency, 50);
    let mut client = client(runtime, dir, agency, address);
    client.args(["--dialect", "block", "--poll-initial", "60s", "--poll-max", "60s"]);
    Process::start(client.arg("--bets").arg(&bets.path))
}

fn an_idle_server(runtime: &str) {
    for signal in [Signal::TERM, Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let centre = Process::start(&mut server(runtime, dir.path()));
        centre.address();
        centre.stop(signal);
    }
}

fn a_server_with_peers_in_every_state(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let centre = Process::start(&mut server(runtime, dir.path()));
    let address = centre.address();
    let silent = connect(address);
    let mut halfway = connect(address);
    halfway.write_all(&question(1)[..4000]).unwrap();
    let asked = connect(address);
    assert_eq!(ask_on(&asked, 1).as_deref(), Some(&b"0"[..]));
    let gone = connect(address);
    ask_on(&gone, 2);
    drop(gone);
    // One that asks and asks, and reads nothing
    let mut greedy = connect(address);
    greedy.set_nonblocking(true).unwrap();
    while greedy.write(&question(3)).is_ok() {}
    centre.accepted(5);
    let lines = centre.stop(Signal::TERM);
    assert!(lines.iter().filter(|line| line.contains("action: close_connection")).count() >= 5, "{lines:#?}");
    for mut socket in [silent, halfway, asked] {
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest);
        assert!(rest.is_empty());
    }
}

fn a_server_and_a_client_that_wait_for_the_draw(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let centre = Process::start(&mut server(runtime, dir.path()));
    let address = centre.address();
    let (first, second) = (start(runtime, dir.path(), 1, address), start(runtime, dir.path(), 2, address));
    for client in [&first, &second] {
        client.line("action: apuestas_enviadas | result: success");
    }
    first.stop(Signal::TERM);
    centre.stop(Signal::TERM);
    let (code, stdout, stderr) = second.end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
    assert!(stderr[0].starts_with(&format!("error: the connection to {address} ended: ")), "{stderr:#?}");
    assert!(
        stdout.last().unwrap().contains("ERROR    action: exit | result: fail | client_id: 2"),
        "{stdout:#?}"
    );
}

fn a_client_that_waits_for_an_answer(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    // It takes connections and whatever is sent, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = start(runtime, dir.path(), 1, listener.local_addr().unwrap());
    let mut socket = accept(&listener);
    socket.read_exact(&mut [0; 8192]).unwrap();
    client.stop(Signal::INT);
}

fn a_client_that_is_connecting(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (address, _listener, _queue) = mute();
    for signal in [Signal::TERM, Signal::INT] {
        let client = start(runtime, dir.path(), 1, address);
        client.line("action: config");
        client.ready();
        thread::sleep(Duration::from_millis(50));
        assert!(client.is_running());
        client.stop(signal);
    }
}

fn a_second_signal(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let centre = Process::start(server(runtime, dir.path()).args(["--linger-timeout", "1h"]));
    let mut peer = connect(centre.address());
    peer.write_all(&question(1)[..100]).unwrap();
    centre.line("action: accept_connections");
    centre.signal(Signal::TERM);
    // The centre has ended its side; the peer does not end.
    assert_eq!(peer.read(&mut [0; 10]).unwrap(), 0);
    thread::sleep(Duration::from_millis(200));
    assert!(centre.is_running());
    let start = Instant::now();
    centre.signal(Signal::INT);
    let (code, stdout, _) = centre.end(SOON);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(code, Some(1), "{stdout:#?}");
}
