//! Real clients that cannot reach their server: each step of connecting has a limit, and a signal ends it at
//! any time.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
use rustix::process::Signal;

use crate::support::{Process, SOON, client, command, server_at};

on_every_runtime!(
    a_server_that_does_not_accept_is_given_up,
    a_dead_address_does_not_hide_a_good_one,
    a_signal_ends_connecting_and_looking_up,
);

/// Timeout longer than the test.
const LONG: &str = "60s";

const DIALECTS: [&str; 5] = ["session", "block", "fixed", "framed", "braces"];

/// Listener that answers nobody: its queue is full.
struct Deaf {
    address: SocketAddr,
    _listener: rustix::fd::OwnedFd,
    _waiting: Vec<TcpStream>,
}

impl Deaf {
    fn at(ip: Ipv4Addr) -> Self {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&listener, &SocketAddrV4::new(ip, 0)).unwrap();
        listen(&listener, 0).unwrap();
        let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
        let mut waiting = Vec::new();
        while let Ok(socket) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            waiting.push(socket);
            assert!(waiting.len() < 10, "it answers everybody");
        }
        Self { address, _listener: listener, _waiting: waiting }
    }
}

/// Returns true if this test may have its own `/etc`: it takes root.
fn may_change_etc() -> bool {
    let may = Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|status| status.success());
    if !may {
        eprintln!("SKIPPED: names of its own take root, and unshare");
    }
    may
}

/// Returns the same program, where `etc` in its directory stands for that file of `/etc`.
fn with_etc(program: &Command, dir: &Path, name: &str, text: &str) -> Command {
    fs::write(dir.join("etc"), text).unwrap();
    let mut command = command("unshare", dir);
    command.args(["--mount", "sh", "-c", &format!("mount --bind etc /etc/{name} && exec \"$@\""), "sh"]);
    command.arg(program.get_program()).args(program.get_args());
    for (key, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(key, value);
        }
    }
    command
}

/// Returns a client of that server, `HOST:PORT`, with that timeout for each of its addresses.
fn caller(runtime: &str, dir: &Path, server: &str, timeout: &str) -> Command {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let mut caller = command(client(runtime, dir, 1, nowhere).get_program(), dir);
    caller.args(["--agency", "1", "--server", server, "--connect-timeout", timeout]);
    caller
}

fn agency(runtime: &str, dir: &Path, dialect: &str, server: &str, timeout: &str) -> Command {
    fs::write(dir.join("agency.csv"), "Ana,Paz,20000001,1980-01-01,7574\r\n").unwrap();
    let mut agency = caller(runtime, dir, server, timeout);
    let retry_for = if timeout == LONG { LONG } else { "2s" };
    agency.args(["--dialect", dialect, "--retry-for", retry_for]).args(["--bets", "agency.csv"]);
    agency
}

fn a_server_that_does_not_accept_is_given_up(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let deaf = Deaf::at(Ipv4Addr::LOCALHOST);
    let server = deaf.address.to_string();
    let mut clients: Vec<_> = DIALECTS.map(|dialect| agency(runtime, dir, dialect, &server, "300ms")).into();
    for wanted in ["bet", "echo"] {
        let mut other = caller(runtime, dir, &server, "300ms");
        let bet =
            ["--first-name=Ana", "--last-name=Paz", "--document=1", "--birthdate=1980-01-01", "--number=1"];
        other.arg(wanted).args(["--dialect", "block"]).args(bet);
        clients.push(other);
    }
    let running: Vec<_> = clients.iter_mut().map(Process::start).collect();
    for client in running {
        client.line(&format!(
            "action: connect | result: in_progress | client_id: 1 | server: {}",
            deaf.address
        ));
        let (code, stdout, stderr) = client.end(3 * SOON);
        assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
        let reason = format!("cannot connect to {}: no answer within ", deaf.address);
        assert!(stderr[0].contains(&reason), "{stderr:#?}, {stdout:#?}");
    }
}

/// A name has two addresses: their order does not matter.
fn a_dead_address_does_not_hide_a_good_one(runtime: &str) {
    if !may_change_etc() {
        return;
    }
    let [first, second] = [Ipv4Addr::new(127, 8, 0, 1), Ipv4Addr::new(127, 8, 0, 2)];
    for (dead, good) in [(first, second), (second, first)] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let deaf = Deaf::at(dead);
        let good = SocketAddr::from((good, deaf.address.port()));
        let server = Process::start(server_at(runtime, dir, good).args(["--agencies", "1"]));
        server.address();
        for dialect in ["session", "block"] {
            let server = format!("server.test:{}", good.port());
            let agency = agency(runtime, dir, dialect, &server, "300ms");
            let names = format!("{first} server.test\n{second} server.test\n");
            let agency = Process::start(&mut with_etc(&agency, dir, "hosts", &names));
            let lines = agency.end(3 * SOON);
            if dialect == "session" {
                assert_eq!(lines.0, Some(0), "{lines:#?}");
            } else {
                assert!(lines.2[0].contains("finished"), "it is told so by the good one: {lines:#?}");
            }
        }
        server.stop(Signal::TERM);
    }
}

fn a_signal_ends_connecting_and_looking_up(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let deaf = Deaf::at(Ipv4Addr::LOCALHOST);
    let mut connecting = agency(runtime, dir, "session", &deaf.address.to_string(), LONG);
    let mut stopped = vec![Process::start(&mut connecting)];
    // A silent name server.
    let silent = UdpSocket::bind("127.8.0.53:53");
    if may_change_etc() && silent.is_ok() {
        let looking = agency(runtime, dir, "session", "server.test:1", LONG);
        stopped.push(Process::start(&mut with_etc(&looking, dir, "resolv.conf", "nameserver 127.8.0.53\n")));
        if let Ok(silent) = &silent {
            silent.set_read_timeout(Some(2 * SOON)).unwrap();
            silent.recv(&mut [0; 512]).expect("the name is looked up");
        }
    }
    for client in stopped {
        client.line("action: connect | result: in_progress");
        client.ready();
        client.signal(Signal::TERM);
        let (code, stdout, _) = client.end(SOON);
        assert!(code.is_some(), "it ends in good order: {stdout:#?}");
        assert!(stdout.last().unwrap().contains("action: exit"), "{stdout:#?}");
    }
}
