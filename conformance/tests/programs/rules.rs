//! Rules of a lottery: a server started with other rules than its lottery was begun with does not start; and
//! the log of a start.

use std::net::SocketAddr;
use std::path::Path;

use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::{Process, SOON, client, free_address, server_at};

on_every_runtime!(other_rules_are_rejected_before_anything_is_drawn, more_agencies_take_part_if_it_is_said);

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr) -> Process {
    let mut client = client(runtime, dir, bets.agency, address);
    Process::start(client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path()))
}

fn done(client: Process, bets: &Bets) {
    let (code, stdout, stderr) = client.end(SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    bets.check_winners();
}

/// Checks that the start ends at once, with exit code 2 and an error that holds this; nothing is drawn.
fn is_rejected(runtime: &str, dir: &Path, flags: &[&str], says: &str) {
    let address = free_address();
    let (code, stdout, stderr) = Process::start(server_at(runtime, dir, address).args(flags)).end(SOON);
    assert_eq!((code, &stderr[..]), (Some(2), &[format!("error: {says}")][..]), "{stdout:#?}");
    assert!(!stdout.iter().any(|line| line.contains("sorteo") || line.contains("listen |")), "{stdout:#?}");
}

fn other_rules_are_rejected_before_anything_is_drawn(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let all = [1, 2, 3].map(|agency| Bets::make(dir.path(), agency, 20));
    let address = free_address();
    let rules = ["--agencies", "3", "--winning-number", "7574"];
    let server = Process::start(server_at(runtime, dir.path(), address).args(rules));
    server.address();
    let clients: Vec<_> = all[..2].iter().map(|bets| agency(runtime, dir.path(), bets, address)).collect();
    server.line("action: agencies_finished | result: in_progress | msg: 2 of 3 agencies finished");
    server.signal(Signal::KILL);
    server.end(SOON);
    // Both of its agencies are finished.
    let begun = "the lottery was begun with 3 agencies and the winning number 7574, not with ";
    let go_on = "start it with --agencies 3 --winning-number 7574";
    let says = format!("{begun}2 agencies and the winning number 7574: {go_on}");
    is_rejected(runtime, dir.path(), &["--agencies", "2"], &says);
    let says = format!("{begun}3 agencies and the winning number 1: {go_on}");
    is_rejected(runtime, dir.path(), &["--agencies", "3", "--winning-number", "1"], &says);

    let server = Process::start(server_at(runtime, dir.path(), address).args(rules));
    let data = dir.path().join("data").canonicalize().unwrap();
    server.line(&format!("action: open_store | result: in_progress | data_dir: {}", data.display()));
    server.line(
        "action: open_lottery | result: success | agencies: 3 | winning_number: 7574 | bets: 40 | finished: 2 | drawn: no",
    );
    let last = agency(runtime, dir.path(), &all[2], address);
    clients.into_iter().chain([last]).zip(&all).for_each(|(client, bets)| done(client, bets));
    server.stop(Signal::TERM);
    assert_eq!(stored(&data, &all), [20; 3]);
}

fn more_agencies_take_part_if_it_is_said(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let both = [1, 2].map(|agency| Bets::make(dir.path(), agency, 20));
    let address = free_address();
    let server = Process::start(server_at(runtime, dir.path(), address).args(["--agencies", "2"]));
    server.address();
    let first = agency(runtime, dir.path(), &both[0], address);
    server.line("1 of 2 agencies finished");
    server.signal(Signal::KILL);
    server.end(SOON);
    let says = "the lottery was begun with 2 agencies and the winning number 7574, not with 3 agencies and the winning \
                number 7574: start it with --agencies 2 --winning-number 7574, or with --agencies 3 --agencies-before 2 \
                if more are to take part";
    is_rejected(runtime, dir.path(), &["--agencies", "3"], says);
    let more = ["--agencies", "3", "--agencies-before", "2"];
    let server = Process::start(server_at(runtime, dir.path(), address).args(more));
    server.address();
    let second = agency(runtime, dir.path(), &both[1], address);
    server.line("2 of 3 agencies finished");
    // A supervisor restarts it with the same flags.
    server.signal(Signal::KILL);
    server.end(SOON);
    let server = Process::start(server_at(runtime, dir.path(), address).args(more));
    server.address();
    let third = Bets::make(dir.path(), 3, 20);
    let last = agency(runtime, dir.path(), &third, address);
    for (client, bets) in [(first, &both[0]), (second, &both[1]), (last, &third)] {
        done(client, bets);
    }
    server.stop(Signal::TERM);
}
