//! Whole lotteries with the real programs.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::{Process, SOON, client, command, server, server_program};

on_every_runtime!(five_agencies_get_their_winners, a_lottery_works_without_standard_output);

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: std::net::SocketAddr) -> Command {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
    client
}

fn five_agencies_get_their_winners(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let agencies: Vec<_> = (1..=5).map(|agency| Bets::make(dir.path(), agency, 400 * agency)).collect();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let clients: Vec<_> =
        agencies.iter().map(|bets| Process::start(&mut agency(runtime, dir.path(), bets, address))).collect();
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(3 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        let asked = format!("consulta_ganadores | result: success | cant_ganadores: {}", bets.winners.len());
        assert!(stdout.iter().any(|line| line.ends_with(&asked)), "{stdout:#?}");
        assert!(stdout.last().unwrap().contains("action: exit | result: success"), "{stdout:#?}");
        bets.check_winners();
    }
    let lines = server.stop(Signal::TERM);
    assert_eq!(lines.iter().filter(|line| line.ends_with("action: sorteo | result: success")).count(), 1);
    let counts = stored(&dir.path().join("data"), &agencies);
    assert_eq!(counts, [400, 800, 1200, 1600, 2000]);
}

/// Returns the port at which a process listens, as the system reports it.
fn port(pid: u32) -> Option<u16> {
    let mut sockets = Vec::new();
    for fd in fs::read_dir(format!("/proc/{pid}/fd")).ok()? {
        let link = fs::read_link(fd.ok()?.path()).ok()?.to_string_lossy().into_owned();
        sockets
            .extend(link.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')).map(str::to_owned));
    }
    fs::read_to_string(format!("/proc/{pid}/net/tcp")).ok()?.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens =
            fields.get(3) == Some(&"0A") && sockets.iter().any(|inode| Some(&&inode[..]) == fields.get(9));
        let port = fields.get(1)?.split_once(':')?.1;
        if listens { u16::from_str_radix(port, 16).ok() } else { None }
    })
}

fn a_lottery_works_without_standard_output(runtime: &str) {
    for full in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let bets = Bets::make(dir.path(), 1, 100);
        let server = if full {
            let mut server = server(runtime, dir.path());
            Process::spawn(server.args(["--agencies", "1"]).stdout(File::create("/dev/full").unwrap()))
        } else {
            let mut shell = command("sh", dir.path());
            shell.args(["-c", "exec \"$@\" >&-", "sh"]).arg(server_program(runtime));
            Process::spawn(shell.args(["--listen", "127.0.0.1:0", "--data-dir", "data", "--agencies", "1"]))
        };
        let start = Instant::now();
        let port = loop {
            if let Some(port) = port(server.pid()) {
                break port;
            }
            assert!(start.elapsed() < SOON && server.is_running());
            thread::sleep(Duration::from_millis(5));
        };
        let address = ([127, 0, 0, 1], port).into();
        let (code, _, stderr) =
            Process::start(&mut agency(runtime, dir.path(), &bets, address)).end(2 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]));
        bets.check_winners();
        // A client that cannot write its winners reports it.
        let mut told = client(runtime, dir.path(), 1, address);
        told.args(["winners", "--winners", "-"]).stdout(File::create("/dev/full").unwrap());
        let (code, _, stderr) = Process::spawn(&mut told).end(2 * SOON);
        let expected = "error: cannot write the winners to -: No space left on device (os error 28)";
        assert_eq!((code, &stderr[..]), (Some(1), &[expected.to_owned()][..]));

        server.signal(Signal::TERM);
        let (code, _, stderr) = server.end(SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]));
        assert_eq!(stored(&dir.path().join("data"), &[bets]), [100]);
    }
}
