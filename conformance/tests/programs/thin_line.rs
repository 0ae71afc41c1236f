//! Real programs over a line that takes longer for the bytes that the system buffers than a reply may take:
//! all is stored, once, and the client reports it.

use std::fs;
use std::time::Duration;

use conformance::agency_files::File;
use conformance::thin_line::thin_line;
use rustix::process::Signal;

use crate::support::{Process, SOON, client, server};

on_every_runtime!(bytes_on_their_way_are_waited_for);

/// Number of bets of the agency: some seconds on this line.
const BETS: u32 = 200;

fn bytes_on_their_way_are_waited_for(runtime: &str) {
    let running = ["block", "fixed"].map(|dialect| {
        let dir = tempfile::tempdir().unwrap();
        let file = File::invented(1, BETS);
        fs::write(dir.path().join("agency.csv"), &file.text).unwrap();
        let server = Process::start(server(runtime, dir.path()).args(["--agencies", "1"]));
        let line = thin_line(server.address(), 150, Duration::from_millis(25));
        let mut agency = client(runtime, dir.path(), 1, line);
        agency.args(["--dialect", dialect, "--answer-timeout", "1s", "--retry-for", "0s"]);
        let agency = Process::start(agency.args(["--bets", "agency.csv", "--winners", "winners"]));
        (dialect, dir, file, server, agency)
    });
    for (dialect, dir, file, server, agency) in running {
        let (code, stdout, stderr) = agency.end(8 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{dialect}: {stdout:#?}");
        server.stop(Signal::TERM);
        let told = fs::read_to_string(dir.path().join("winners")).unwrap();
        assert_eq!(told.lines().collect::<Vec<_>>(), file.winners(), "{dialect}");
        let stored = fs::read_to_string(dir.path().join("data/bets.csv")).unwrap();
        let rows: Vec<_> = file.text.lines().map(|line| format!("1,{line}")).collect();
        assert_eq!(stored.lines().collect::<Vec<_>>(), rows, "{dialect}: each once");
    }
}
