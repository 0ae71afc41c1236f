//! Shared helpers of the tests of the programs in every dialect: agency files that every dialect can carry,
//! and the results that must come of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};

use conformance::agency_files::File;
use rustix::process::Signal;

use crate::support::{Process, SOON, client, server};

/// Server in a directory, which holds its data, and agency files.
pub(crate) struct Lottery {
    dir: tempfile::TempDir,
    runtime: &'static str,
    pub(crate) server: Process,
    pub(crate) address: SocketAddr,
}

impl Lottery {
    /// Starts a server with these arguments.
    pub(crate) fn start(runtime: &'static str, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Process::start(server(runtime, dir.path()).args(arguments));
        let address = server.address();
        Self { dir, runtime, server, address }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns the command of a client of that agency.
    pub(crate) fn client(&self, agency: u32, arguments: &[&str]) -> Command {
        let mut client = client(self.runtime, self.dir.path(), agency, self.address);
        client.args(arguments);
        client
    }

    /// Returns the command of an agency with that file, which writes its winners to a file.
    pub(crate) fn agency(&self, file: &File, arguments: &[&str]) -> Command {
        let (bets, winners) = (format!("agency-{}.csv", file.agency), format!("winners-{}.txt", file.agency));
        fs::write(self.path(&bets), &file.text).unwrap();
        self.client(file.agency, &[&["--bets", &bets, "--winners", &winners], arguments].concat())
    }

    /// Checks that the agency got the right winners.
    pub(crate) fn check_winners(&self, file: &File) {
        let told = fs::read_to_string(self.path(&format!("winners-{}.txt", file.agency))).unwrap();
        assert!(told.lines().eq(file.winners()), "agency {}: {told}", file.agency);
    }

    /// Stops the server, and returns its log lines and the rows of `bets.csv` for each agency.
    pub(crate) fn end(self) -> (Vec<String>, BTreeMap<u32, Vec<String>>) {
        let lines = self.server.stop(Signal::TERM);
        (lines, rows(&self.dir.path().join("data/bets.csv")))
    }
}

/// Returns the rows of each agency, in order, without its number.
fn rows(path: &Path) -> BTreeMap<u32, Vec<String>> {
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let text = fs::read_to_string(path).unwrap();
    for row in text.split_terminator("\r\n") {
        let (agency, bet) = row.split_once(',').unwrap();
        rows.entry(agency.parse().unwrap()).or_default().push(bet.to_owned());
    }
    rows
}

/// Runs a command that must succeed, and returns its log lines.
#[track_caller]
pub(crate) fn succeeds(command: &mut Command) -> Vec<String> {
    let (code, stdout, stderr) = Process::start(command).end(3 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    assert!(stdout.last().unwrap().contains("action: exit | result: success"), "{stdout:#?}");
    stdout
}

/// Checks that the command ends with that code, and exactly that on standard error.
#[track_caller]
pub(crate) fn fails(command: &mut Command, code: i32, expected: &str) {
    let (found, stdout, stderr) = Process::start(command).end(3 * SOON);
    assert_eq!(stderr, [format!("error: {expected}")], "{stdout:#?}");
    assert_eq!(found, Some(code));
}

/// Returns the number of lines with that end.
pub(crate) fn count(lines: &[String], end: &str) -> usize {
    lines.iter().filter(|line| line.ends_with(end)).count()
}

/// Starts a server for the health check that sends the same bytes back, on one connection.
pub(crate) fn parrot(answer: &'static [u8]) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        let mut line = [0; 100];
        let len = socket.read(&mut line).unwrap();
        socket.write_all(answer).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = socket.read(&mut [0; 100]);
        String::from_utf8_lossy(&line[..len]).into_owned()
    });
    (address, serving)
}
