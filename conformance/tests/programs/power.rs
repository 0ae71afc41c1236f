//! Power is cut at random moments, and writes that the disk had not flushed are lost: the acknowledged bets
//! are there when the server comes back, once and in order.

use std::net::SocketAddr;
use std::path::Path;

use lottery_testkit::Rng;
use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::faults::skip;
use crate::support::peer::winners;
use crate::support::power::{Disk, Flush, Plugged};
use crate::support::{Process, SOON, client, free_address, scaled, server_at};

on_every_runtime!(a_power_cut_loses_nothing_acknowledged);

const CUTS: usize = 16;
/// Number of bets of each agency, two in a batch: the first two have more than they can send while there are
/// cuts.
const BETS: [u32; 3] = [5_000, 5_000, 100];
/// Number of writes and flushes between cuts: a start takes some thirty, a group about three.
const STEPS: usize = 120;

fn agencies(dir: &Path) -> [Bets; 3] {
    [1, 2, 3].map(|agency| Bets::make(dir, agency, BETS[agency as usize - 1]))
}

/// Starts an agency, which knows its acknowledged bets, and ends with an error if they are missing.
fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr) -> Process {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path()).arg("--force");
    Process::start(client.args(["--batch-max-amount", "2", "--retry-for", "60s"]))
}

fn server(runtime: &str, disk: &Plugged, address: SocketAddr) -> Process {
    let mut server = server_at(runtime, &disk.path(), address);
    Process::start(server.args(["--agencies", "3"]))
}

/// Checks that the server ends when the power is gone.
fn dies(server: Process) {
    server.signal(Signal::KILL);
    let (code, stdout, stderr) = server.end(SOON);
    // The server may have noticed.
    assert!(matches!(code, None | Some(1 | 74)), "{code:?} {stdout:#?} {stderr:#?}");
}

fn a_power_cut_loses_nothing_acknowledged(runtime: &str) {
    cuts_from(7 + runtime.len() as u64, runtime);
}

#[test]
#[ignore = "it takes minutes"]
fn many_power_cuts_lose_nothing_acknowledged() {
    for seed in (1000..).take(scaled(10)) {
        for runtime in ["tokio", "std", "smol"] {
            cuts_from(seed, runtime);
        }
    }
}

fn cuts_from(seed: u64, runtime: &str) {
    let Some(mut disk) = Disk::format(seed) else {
        return skip(&format!("no disk can be made here whose power could be cut, on {runtime}"));
    };
    let mut rng = Rng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let agencies = agencies(dir.path());
    let address = free_address();
    // The last agency is missing: so no other ends by itself.
    let mut clients: Vec<_> =
        agencies[..2].iter().map(|bets| agency(runtime, dir.path(), bets, address)).collect();
    for nth in 0..CUTS {
        let plugged = disk.plug_in(Flush::Kept).expect("a file system that recovers");
        plugged.cut_after(rng.index(STEPS));
        let server = server(runtime, &plugged, address);
        plugged.wait();
        dies(server);
        disk.take_out(plugged);
        if let Some(ended) = clients.iter().position(|client| !client.is_running()) {
            panic!("cut {nth}: {:#?}", clients.swap_remove(ended).end(SOON));
        }
    }
    let plugged = disk.plug_in(Flush::Kept).expect("a file system that recovers");
    let last = server(runtime, &plugged, address);
    clients.push(agency(runtime, dir.path(), &agencies[2], address));
    for (client, bets) in clients.into_iter().zip(&agencies) {
        let (code, stdout, stderr) = client.end(6 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        bets.check_winners();
    }
    plugged.cut();
    dies(last);
    disk.take_out(plugged);
    // The draw was told, and stays as it was.
    let plugged = disk.plug_in(Flush::Kept).expect("a file system that recovers");
    let again = server(runtime, &plugged, address);
    again.address();
    for bets in &agencies {
        let told = winners(address, u8::try_from(bets.agency).unwrap());
        assert_eq!(told.as_ref(), Some(&bets.winners), "agency {}", bets.agency);
    }
    again.stop(Signal::TERM);
    assert_eq!(stored(&plugged.path().join("data"), &agencies), BETS.map(|bets| bets as usize));
}

/// Proves that these tests see missing bets: a disk that lies about its flushes loses some.
#[test]
fn a_disk_that_lies_about_its_flushes_is_found_out() {
    let Some(mut disk) = Disk::format(1) else {
        return skip("no disk can be made here whose power could be cut");
    };
    let dir = tempfile::tempdir().unwrap();
    let agencies = agencies(dir.path());
    let address = free_address();
    let plugged = disk.plug_in(Flush::Lied).unwrap();
    let first = server("tokio", &plugged, address);
    let agency = agency("tokio", dir.path(), &agencies[2], address);
    agency.line("action: apuestas_enviadas | result: success");
    plugged.cut();
    dies(first);
    disk.take_out(plugged);
    let plugged = disk.plug_in(Flush::Kept).unwrap();
    let second = server("tokio", &plugged, address);
    let (code, stdout, stderr) = agency.end(6 * SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stdout:#?} {stderr:#?}");
    assert!(stderr[0].contains("it had acknowledged more of them"), "{stderr:#?}");
    second.stop(Signal::TERM);
}
