//! Hostile peers against the real programs, with four honest agencies beside them: these lose nothing, and
//! get their winners.

mod rivals;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use conformance::agency_files::File;
use conformance::dialects::codec;
use conformance::raw::Raw;
use conformance::running::alone;
use lottery_proto::Dialect;
use lottery_testkit::Rng;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::skip;
use crate::support::flag::SetOnDrop;
use crate::support::peer::{BLOCK, connect, question};
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(
    peers_that_send_a_byte_at_a_time_disturb_no_agency,
    silent_connections_disturb_no_agency,
    peers_that_read_nothing_disturb_no_agency,
    floods_of_garbage_disturb_no_agency,
    ends_and_resets_at_every_stage_disturb_no_agency,
    a_lack_of_descriptors_loses_no_bet,
);

/// Log line of a connection that did not end well.
const FAILED: &str = "action: close_connection | result: fail";
/// Log line of a connection that is served.
const ACCEPTED: &str = "action: accept_connections | result: success";

/// Number of bets of an honest agency.
const BETS: u32 = 400;

/// Returns a batch of an agency's first bets, and their rows. None of them is in an honest agency's file.
fn batch(agency: u32, bets: u32) -> (Vec<u8>, Vec<String>) {
    let file = File::invented(agency, bets);
    let rows = file.text.lines().map(|line| format!("{agency},{line}")).collect();
    (codec(Dialect::BLOCK).batch(agency, &file.lines()), rows)
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr) -> Process {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
    Process::start(client.args(["--batch-max-amount", "10", "--retry-for", "60s"]))
}

/// Runs four agencies while `attack` goes on; it is called again and again until they have their winners, and
/// is there before they come. The attack must show in the server's log.
fn beside<Attack: FnMut() + Send>(
    runtime: &str,
    server: impl FnOnce(&Path) -> Command,
    notices: &str,
    begin: impl FnOnce(&Process, SocketAddr) -> Attack,
) {
    let dir = tempfile::tempdir().unwrap();
    let agencies = [1, 2, 3, 4].map(|agency| Bets::make(dir.path(), agency, BETS));
    let server = Process::start(server(dir.path()).args(["--agencies", "4"]));
    let address = server.address();
    let mut attack = begin(&server, address);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                attack();
            }
        });
        let _over = SetOnDrop(&over);
        let clients = agencies.each_ref().map(|bets| agency(runtime, dir.path(), bets, address));
        for (client, bets) in clients.into_iter().zip(&agencies) {
            let (code, stdout, stderr) = client.end(12 * SOON);
            assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
            bets.check_winners();
        }
        server.line(notices);
    });
    // The attackers are still there.
    server.stop(Signal::TERM);
    drop(attack);
    assert_eq!(stored(&dir.path().join("data"), &agencies), [BETS as usize; 4]);
}

/// Returns the command of a server with these settings.
fn with<'a>(runtime: &'a str, settings: &'a [&'a str]) -> impl FnOnce(&Path) -> Command + 'a {
    move |dir| {
        let mut server = server(runtime, dir);
        server.args(settings);
        server
    }
}

fn peers_that_send_a_byte_at_a_time_disturb_no_agency(runtime: &str) {
    beside(runtime, with(runtime, &["--message-timeout", "200ms"]), FAILED, |_, address| {
        let (batch, _) = batch(1, 60);
        let mut peers: Vec<_> = (0..20).map(|_| (connect(address), 0)).collect();
        move || {
            thread::sleep(Duration::from_millis(2));
            for (peer, sent) in &mut peers {
                // The last byte of a batch is never sent.
                if *sent == BLOCK - 1 || peer.write_all(&batch[*sent..=*sent]).is_err() {
                    (*peer, *sent) = (connect(address), 0);
                } else {
                    *sent += 1;
                }
            }
        }
    });
}

/// The limit of descriptors is this process's, and the processes that it starts inherit it.
fn silent_connections_disturb_no_agency(runtime: &str) {
    let name = format!("{}::on_{runtime}::silent_connections_disturb_no_agency", module_path!());
    alone(&name, || many_silent_connections(runtime));
}

fn many_silent_connections(runtime: &str) {
    const SILENT: usize = 2_000;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    if limit.maximum.is_some_and(|most| most < SILENT as u64 + 500) {
        return skip(&format!("only {limit:?} descriptors may be had here"));
    }
    beside(runtime, with(runtime, &[]), ACCEPTED, |server, address| {
        let peers: Vec<_> = (0..SILENT).map(|_| connect(address)).collect();
        server.accepted(SILENT);
        move || {
            assert_eq!(peers.len(), SILENT);
            thread::sleep(Duration::from_millis(20));
        }
    });
}

fn peers_that_read_nothing_disturb_no_agency(runtime: &str) {
    beside(runtime, with(runtime, &["--stall-timeout", "200ms"]), FAILED, |_, address| {
        let mut peers: Vec<_> = (0..20).map(|_| Raw::connect_narrow(address)).collect();
        let questions = question(1).repeat(8);
        for peer in &mut peers {
            peer.0.set_nonblocking(true).unwrap();
        }
        move || {
            for peer in &mut peers {
                // Cut anywhere: bytes that follow may be nonsense, and their replies are not read either.
                let _ = peer.0.write(&questions);
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
}

fn floods_of_garbage_disturb_no_agency(runtime: &str) {
    beside(runtime, with(runtime, &[]), FAILED, |_, address| {
        let mut rng = Rng::new(7);
        move || {
            let mut peer = connect(address);
            let mut garbage: Vec<u8> = (0..20_000).map(|_| u8::try_from(rng.below(256)).unwrap()).collect();
            // Each dialect gets its share.
            garbage[0] = *rng.pick(b"\x01\x03\x04\x06\x07A0BNQ");
            let _ = peer.write_all(&garbage);
            if rng.below(2) == 0 {
                Raw(peer).vanish();
            }
        }
    });
}

fn ends_and_resets_at_every_stage_disturb_no_agency(runtime: &str) {
    beside(runtime, with(runtime, &[]), FAILED, |_, address| {
        let (batch, _) = batch(1, 60);
        let script = [question(1), batch].concat();
        // Before anything; in a header; in a payload; behind a query; in a batch; before its last byte.
        let stages = [0, 1, 3, 5, 4096, BLOCK, BLOCK + 2, BLOCK + 3000, 2 * BLOCK - 1];
        let mut kept = Vec::new();
        let mut nth = 0;
        move || {
            let mut peer = Raw::connect(address);
            let stage = stages[nth / 3 % stages.len()];
            peer.send(&script[..stage]);
            match nth % 3 {
                0 => peer.vanish(),
                // Half of the peer is closed, and the reply is awaited or not.
                1 => {
                    peer.fin();
                    let answers = peer.try_receive_all().unwrap_or_default();
                    assert!(stage < BLOCK || answers.len() >= BLOCK, "{stage}: {} bytes", answers.len());
                }
                _ => {
                    let _ = peer.0.shutdown(Shutdown::Read);
                    kept.push(peer);
                }
            }
            nth += 1;
            kept.drain(..kept.len().saturating_sub(50));
        }
    });
}

fn a_lack_of_descriptors_loses_no_bet(runtime: &str) {
    let limited = |dir: &Path| {
        let mut limited = command("prlimit", dir);
        limited.args(["--nofile=64", "--"]).arg(server_program(runtime));
        limited.args(["--listen", "127.0.0.1:0", "--data-dir", "data", "--idle-timeout", "300ms"]);
        limited
    };
    beside(runtime, limited, "accept_connections | result: fail", |_, address| {
        let mut peers: Vec<TcpStream> = (0..100).map(|_| connect(address)).collect();
        move || {
            // A closed peer is there again at once; each is read from only for a moment.
            thread::sleep(Duration::from_millis(50));
            for peer in &mut peers {
                peer.set_nonblocking(true).unwrap();
                if matches!(peer.read(&mut [0; 100]), Ok(0)) {
                    *peer = connect(address);
                }
            }
        }
    });
}
