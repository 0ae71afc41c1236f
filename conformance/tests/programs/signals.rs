//! Signals to programs in every state.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use socket2::Socket;

use crate::support::agency_files::Bets;
use crate::support::peer::{accept, ask_on, connect, mute, question};
use crate::support::{Process, SOON, client, given_up, server};

on_every_runtime!(
    an_idle_server_ends_at_a_signal,
    a_server_with_peers_in_every_state_ends_at_a_signal,
    a_server_and_a_client_that_wait_for_the_draw_end_at_a_signal,
    a_client_that_waits_for_an_answer_ends_at_a_signal,
    a_connecting_client_ends_at_a_signal,
    a_client_stopped_while_it_sends_says_which_bets_are_left,
    a_client_stopped_before_its_winners_says_that_they_are_left,
    clients_that_ask_or_send_lines_end_at_a_signal,
    a_stopped_client_of_the_course_exits_with_0,
    a_second_signal_ends_a_server_at_once,
    signals_at_once_count_as_one,
    a_closed_terminal_ends_programs,
    a_closed_terminal_ends_nothing_under_nohup,
);

/// Time after which a second signal counts as meant.
const MEANT: Duration = Duration::from_millis(300);

fn start(runtime: &str, dir: &Path, agency: u32, address: SocketAddr) -> Process {
    let bets = Bets::make(dir, agency, 50);
    let mut client = client(runtime, dir, agency, address);
    client.args(["--dialect", "block", "--poll-initial", "60s", "--poll-max", "60s", "--retry-for", "1s"]);
    Process::start(client.arg("--bets").arg(&bets.path))
}

fn an_idle_server_ends_at_a_signal(runtime: &str) {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let dir = tempfile::tempdir().unwrap();
        let server = Process::start(&mut server(runtime, dir.path()));
        server.address();
        server.stop(signal);
    }
}

fn a_server_with_peers_in_every_state_ends_at_a_signal(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let silent = connect(address);
    let mut halfway = connect(address);
    halfway.write_all(&question(1)[..4000]).unwrap();
    let asked = connect(address);
    assert_eq!(ask_on(&asked, 1).as_deref(), Some(&b"0"[..]));
    let gone = connect(address);
    ask_on(&gone, 2);
    drop(gone);
    // Peer that asks again and again, and reads nothing.
    let mut greedy = connect(address);
    greedy.set_nonblocking(true).unwrap();
    while greedy.write(&question(3)).is_ok() {}
    server.accepted(5);
    let lines = server.stop(Signal::TERM);
    assert!(lines.iter().filter(|line| line.contains("action: close_connection")).count() >= 5, "{lines:#?}");
    for mut socket in [silent, halfway, asked] {
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest);
        assert!(rest.is_empty());
    }
}

fn a_server_and_a_client_that_wait_for_the_draw_end_at_a_signal(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let (first, second) = (start(runtime, dir.path(), 1, address), start(runtime, dir.path(), 2, address));
    for client in [&first, &second] {
        client.line("action: apuestas_enviadas | result: success");
    }
    // All of its bets are sent, and nobody waits for its winners.
    first.stop(Signal::TERM);
    server.stop(Signal::TERM);
    let (code, stdout, stderr) = second.end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
    given_up(&stderr[0], 1.0);
    let end = "50 of 50 bets are stored, and the agency is finished; the command winners asks for the winners of an \
               agency that has finished";
    assert!(stderr[0].ends_with(end), "{stderr:#?}");
    assert!(
        stdout.last().unwrap().contains("ERROR    action: exit | result: fail | client_id: 2"),
        "{stdout:#?}"
    );
}

fn a_client_that_waits_for_an_answer_ends_at_a_signal(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    // The server accepts connections and bytes, and sends nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = start(runtime, dir.path(), 1, listener.local_addr().unwrap());
    let mut socket = accept(&listener);
    socket.read_exact(&mut [0; 8192]).unwrap();
    assert_eq!(client.stop_early(Signal::INT), "0 of 50 bets are left, 50 were sent and not confirmed");
}

fn a_connecting_client_ends_at_a_signal(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (address, _listener, _queue) = mute();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let client = start(runtime, dir.path(), 1, address);
        client.line("action: config");
        client.ready();
        thread::sleep(Duration::from_millis(50));
        assert!(client.is_running());
        assert_eq!(client.stop_early(signal), "50 of 50 bets are left");
    }
}

/// Writes a file of bets that every dialect can carry.
fn for_any_dialect(dir: &Path, agency: u32, count: u32) -> PathBuf {
    let path = dir.join(format!("any-{agency}.csv"));
    let bet = |nth| format!("Ana,Paz,{},1980-01-31,{}", agency * 1_000_000 + nth, nth % 10_000);
    std::fs::write(&path, (0..count).map(bet).collect::<Vec<_>>().join("\n")).unwrap();
    path
}

/// The server takes only a part of the batches, or acknowledges only a part of them.
fn a_client_stopped_while_it_sends_says_which_bets_are_left(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = for_any_dialect(dir.path(), 1, 20_000);
    for dialect in ["session", "block", "fixed", "framed", "braces"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Socket::from(listener.try_clone().unwrap()).set_recv_buffer_size(1).unwrap();
        let mut client = client(runtime, dir.path(), 1, listener.local_addr().unwrap());
        let client = Process::start(client.args(["--dialect", dialect, "--bets"]).arg(&bets));
        let mut socket = accept(&listener);
        if dialect == "framed" {
            // Two batches of ten bets each are acknowledged.
            for _ in 0..2 {
                let mut length = [0; 8];
                socket.read_exact(&mut length).unwrap();
                let length: usize = std::str::from_utf8(&length).unwrap().parse().unwrap();
                socket.read_exact(&mut vec![0; length]).unwrap();
                socket.write_all(b"00000034success;Batch stored successfully.").unwrap();
            }
            socket.read_exact(&mut [0; 8]).unwrap();
        } else {
            socket.read_exact(&mut [0; 1000]).unwrap();
        }
        let left = client.stop_early(Signal::TERM);
        let numbers: Vec<usize> = left.split(' ').filter_map(|word| word.parse().ok()).collect();
        match dialect {
            "session" => assert_eq!(left, "20000 of 20000 bets are left"),
            "framed" => assert_eq!(left, "19970 of 20000 bets are left, 10 were sent and not confirmed"),
            "braces" => assert_eq!(left, "19950 of 20000 bets are left, 50 were sent and not confirmed"),
            _ => {
                let [unsent, 20_000, unconfirmed] = numbers[..] else { panic!("{dialect}: {left}") };
                assert!(unconfirmed > 0 && unsent + unconfirmed == 20_000, "{dialect}: {left}");
                assert!(left.ends_with(&format!("bets are left, {unconfirmed} were sent and not confirmed")));
            }
        }
    }
}

/// All of its bets are stored, but its winners are not written yet.
fn a_client_stopped_before_its_winners_says_that_they_are_left(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    for (agency, dialect) in (1..).zip(["session", "block", "fixed", "braces"]) {
        let bets = for_any_dialect(dir.path(), agency, 50);
        let mut client = client(runtime, dir.path(), agency, address);
        client.args(["--dialect", dialect, "--winners", &format!("winners-{agency}"), "--bets"]).arg(bets);
        let client = Process::start(&mut client);
        client.line("action: apuestas_enviadas | result: success");
        assert_eq!(
            client.stop_early(Signal::TERM),
            "all 50 bets are stored, the winners are left",
            "{dialect}"
        );
    }
    server.stop(Signal::TERM);
}

fn clients_that_ask_or_send_lines_end_at_a_signal(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let mut echo = client(runtime, dir.path(), 1, server.address());
    let echo = Process::start(echo.args(["echo", "--loop-amount", "7", "--loop-period", "1h"]));
    echo.line("action: receive_message | result: success");
    assert_eq!(echo.stop_early(Signal::TERM), "6 of 7 messages are left");
    let mut asking = client(runtime, dir.path(), 1, server.address());
    let asking = Process::start(asking.args(["winners", "--log-level", "DEBUG"]));
    asking.line("action: consulta_ganadores | result: in_progress");
    assert_eq!(asking.stop_early(Signal::INT), "the winners are left");
    server.stop(Signal::TERM);
}

/// The image that replaces the course's has the setting that its tests want.
fn a_stopped_client_of_the_course_exits_with_0(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let own = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"));
    let root = own.parent().unwrap();
    let dockerfile = std::fs::read_to_string(root.join("docker/tp0/client/Dockerfile")).unwrap();
    let settings = dockerfile.lines().filter_map(|line| line.strip_prefix("ENV ")?.split_once('='));
    let settings: Vec<_> = settings.collect();
    let server = Process::start(&mut server(runtime, dir.path()));
    let mut echo = client(runtime, dir.path(), 1, server.address());
    echo.envs(settings);
    let echo = Process::start(echo.args(["echo", "--loop-amount", "7", "--loop-period", "1h"]));
    echo.line("action: receive_message | result: success");
    let lines = echo.stop(Signal::TERM);
    assert!(lines.last().unwrap().ends_with(" | left: 6 of 7 messages are left"), "{lines:#?}");
    server.stop(Signal::TERM);
}

fn a_second_signal_ends_a_server_at_once(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(server(runtime, dir.path()).args(["--linger-timeout", "1h"]));
    let mut peer = connect(server.address());
    peer.write_all(&question(1)[..100]).unwrap();
    server.line("action: accept_connections");
    server.signal(Signal::TERM);
    // The server has ended its side; the peer does not end.
    assert_eq!(peer.read(&mut [0; 10]).unwrap(), 0);
    thread::sleep(MEANT);
    assert!(server.is_running());
    server.signal(Signal::INT);
    let (code, stdout, _) = server.end(SOON);
    assert_eq!(code, Some(1), "{stdout:#?}");
}

/// `timeout` and others send it so: to the process, and to its group.
fn signals_at_once_count_as_one(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(server(runtime, dir.path()).args(["--linger-timeout", "1s"]));
    let address = server.address();
    let client = start(runtime, dir.path(), 1, address);
    client.line("action: apuestas_enviadas | result: success");
    for process in [client, server] {
        for signal in [Signal::TERM, Signal::TERM, Signal::INT, Signal::HUP] {
            process.signal(signal);
        }
        let (code, stdout, stderr) = process.end(SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        assert!(stdout.last().unwrap().contains("action: exit | result: success"), "{stdout:#?}");
    }
}

fn a_closed_terminal_ends_programs(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let client = start(runtime, dir.path(), 1, server.address());
    client.line("action: apuestas_enviadas | result: success");
    client.stop(Signal::HUP);
    server.stop(Signal::HUP);
}

/// Runs under `nohup`.
fn a_closed_terminal_ends_nothing_under_nohup(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let program = server(runtime, dir.path());
    let mut nohup = crate::support::command("sh", dir.path());
    nohup.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(program.get_program()).args(program.get_args());
    let server = Process::start(&mut nohup);
    let address = server.address();
    server.signal(Signal::HUP);
    thread::sleep(MEANT);
    assert!(server.is_running());
    assert_eq!(ask_on(&connect(address), 1).as_deref(), Some(&b"0"[..]));
    server.stop(Signal::TERM);
}
