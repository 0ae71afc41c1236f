//! Servers in a cgroup of 64 MiB, with the settings that follow from that: peers that want as much memory as
//! they can get do not have the server killed, and honest agencies beside them get their winners.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use conformance::agency_files::File;
use conformance::dialects::codec;
use conformance::raw::Raw;
use lottery_proto::Dialect;
use rustix::process::Signal;

use crate::support::agency_files::Bets;
use crate::support::flag::SetOnDrop;
use crate::support::peer::{BLOCK, question};
use crate::support::{Process, SOON, client, command, server_program};

on_every_runtime!(greedy_peers_do_not_exhaust_the_memory_of_a_server);

/// Memory of a server, in bytes.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Number of peers of each kind: there can be 64 connections.
const GREEDY: usize = 18;

/// Agency that the greedy peers name.
const OTHER: u32 = 3;

/// Cgroup, if this test may make one.
struct Group(PathBuf);

impl Group {
    fn make(name: &str) -> Option<Self> {
        let name = format!("lottery-{}-{name}", std::process::id());
        [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
            .into_iter()
            .map(|(root, limit)| (Self(Path::new(root).join(&name)), limit))
            .find_map(|(group, limit)| {
                fs::create_dir(&group.0).ok()?;
                // Without swap, where that has a limit of its own.
                let _ = fs::write(group.0.join("memory.swap.max"), "0");
                fs::write(group.0.join(limit), LIMIT.to_string()).is_ok().then_some(group)
            })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn greedy_peers_do_not_exhaust_the_memory_of_a_server(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let group = Group::make(runtime);
    let own = ["--max-memory", "16MiB"];
    let settings = if group.is_some() { &[][..] } else { &own };
    let procs = group.as_ref().map_or_else(|| "/dev/null".into(), |group| group.0.join("cgroup.procs"));
    let start = |more: &[&str]| {
        let mut shell = command("sh", dir.path());
        shell.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(&procs).arg(server_program(runtime));
        Process::start(
            shell.args(["--listen", "127.0.0.1:0", "--data-dir", "data"]).args(settings).args(more),
        )
    };
    let (code, limits, _) = start(&["--limits"]).end(SOON);
    assert_eq!(code, Some(0));
    let total = number(&limits, "total");
    assert!(total <= LIMIT, "{limits:#?}");

    let agencies = [1, 2].map(|agency| Bets::make(dir.path(), agency, 400));
    let server = start(&["--agencies", "3", "--message-timeout", "2s", "--stall-timeout", "2s"]);
    let address = server.address();
    let long = codec(Dialect::FRAMED).batch(OTHER, &File::invented(OTHER, 24_000).lines());
    let attacks = [(&long[..long.len() - 10], false), (&question(3), true), (&long, true)];
    let over = AtomicBool::new(false);
    let (clients, most) = thread::scope(|scope| {
        let _over = SetOnDrop(&over);
        for (bytes, whole) in attacks.iter().flat_map(|attack| [attack; GREEDY]) {
            scope.spawn(|| again_and_again(address, &over, bytes, *whole));
        }
        thread::sleep(Duration::from_secs(2));
        let clients = agencies.each_ref().map(|bets| {
            let mut client = client(runtime, dir.path(), bets.agency, address);
            client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
            Process::start(client.args(["--retry-for", "50s"]))
        });
        let (begin, mut most) = (Instant::now(), 0);
        while !server.lines(0).iter().any(|line| line.contains("2 of 3 agencies finished")) {
            most = most.max(anonymous(server.pid()));
            assert!(server.is_running(), "the server was killed, with {most} of {total} bytes");
            assert!(begin.elapsed() < 8 * SOON, "honest agencies are not served");
            thread::sleep(Duration::from_millis(20));
        }
        (clients, most)
    });
    println!("{runtime}: {most} bytes of {total} that --limits says; in a cgroup: {}", group.is_some());
    assert!(most <= total, "{most} bytes, more than {total}");
    finish(address);
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(4 * SOON);
        assert_eq!(code, Some(0), "{stdout:#?} {stderr:#?}");
        bets.check_winners();
    }
    server.stop(Signal::TERM);
}

/// Returns the number of that limit.
fn number(limits: &[String], limit: &str) -> u64 {
    let line = limits.iter().find(|line| line.split_whitespace().next() == Some(limit)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Sends bytes again and again, or once if they are no whole message, as fast as they are taken, and reads
/// nothing; begins again when the connection ends.
fn again_and_again(address: SocketAddr, over: &AtomicBool, bytes: &[u8], whole: bool) {
    while !over.load(Ordering::Relaxed) {
        let Ok(mut peer) = TcpStream::connect(address) else { continue };
        peer.set_nonblocking(true).unwrap();
        let mut rest = bytes;
        while !over.load(Ordering::Relaxed) {
            match peer.write(rest) {
                Ok(0) => thread::sleep(Duration::from_millis(20)),
                Ok(sent) => rest = &rest[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(_) => break,
            }
            if rest.is_empty() && whole {
                rest = bytes;
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Sends Finished of the greedy peers' agency.
fn finish(address: SocketAddr) {
    let mut peer = Raw::connect(address);
    peer.send(&codec(Dialect::BLOCK).finished(OTHER));
    assert_eq!(peer.receive(BLOCK)[4], b'1', "stored");
}

/// Returns the memory of a process that is not a file's, in bytes.
fn anonymous(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0 kB");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}
