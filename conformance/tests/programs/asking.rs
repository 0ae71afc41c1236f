//! Real programs that ask for their winners: again when the server was away, and by a command that sends no
//! bets.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::support::{Process, SOON, client, free_address, server_at};

on_every_runtime!(
    a_server_that_was_away_is_asked_again,
    a_dialect_that_cannot_ask_again_says_so,
    a_client_killed_while_it_waited_gets_its_winners_by_the_command,
    a_dialect_without_queries_by_agency_never_reports_no_winners,
);

/// Dialects with a query for the winners of one agency.
const ASKING: [&str; 4] = ["session", "block", "fixed", "braces"];

const SENT: &str = "action: apuestas_enviadas | result: success";

/// Bets of an agency, which every dialect can carry.
struct Bets {
    agency: u32,
    path: PathBuf,
    winners: String,
}

impl Bets {
    fn make(dir: &Path, agency: u32) -> Self {
        let number = |nth| if nth % 7 == 3 { 7574 } else { nth };
        let document = |nth| agency * 1_000_000 + nth;
        let (mut text, mut winners) = (String::new(), String::new());
        for nth in 0..50 {
            writeln!(text, "Ana,Paz,{},1980-01-31,{}", document(nth), number(nth)).unwrap();
            if number(nth) == 7574 {
                writeln!(winners, "{}", document(nth)).unwrap();
            }
        }
        let path = dir.join(format!("agency-{agency}.csv"));
        fs::write(&path, text).unwrap();
        Self { agency, path, winners }
    }

    fn winners_path(&self) -> PathBuf {
        self.path.with_extension("winners")
    }

    /// Checks that the client ends well, with its winners.
    #[track_caller]
    fn done(&self, client: Process) {
        let (code, stdout, stderr) = client.end(4 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        assert_eq!(fs::read_to_string(self.winners_path()).unwrap(), self.winners, "agency {}", self.agency);
    }
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr, dialect: &str) -> Command {
    let mut client = client(runtime, dir, bets.agency, address);
    client.args(["--dialect", dialect, "--bets"]).arg(&bets.path).arg("--winners").arg(bets.winners_path());
    client
}

fn listening(runtime: &str, dir: &Path, address: SocketAddr, agencies: &str) -> Process {
    let server = Process::start(server_at(runtime, dir, address).args(["--agencies", agencies]));
    server.address();
    server
}

/// Returns the number of rows in `bets.csv`.
fn rows(dir: &Path) -> usize {
    fs::read_to_string(dir.join("data/bets.csv")).unwrap().lines().count()
}

/// Checks that the client fails with one line, and returns it.
#[track_caller]
fn failed(client: Process, code: i32) -> String {
    let (found, stdout, stderr) = client.end(2 * SOON);
    assert_eq!((found, stderr.len()), (Some(code), 1), "{stdout:#?} {stderr:#?}");
    stderr[0].clone()
}

fn a_server_that_was_away_is_asked_again(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let address = free_address();
    let bets: Vec<_> = (1..=5).map(|agency| Bets::make(dir, agency)).collect();
    let mut running = listening(runtime, dir, address, "5");
    let waiting = ASKING.iter().zip(&bets);
    let waiting: Vec<_> = waiting
        .map(|(dialect, bets)| Process::start(&mut agency(runtime, dir, bets, address, dialect)))
        .collect();
    for client in &waiting {
        client.line(SENT);
    }
    for signal in [Signal::TERM, Signal::KILL] {
        running.signal(signal);
        running.end(SOON);
        for client in &waiting {
            client.line("action: reconnect | result: in_progress");
        }
        running = listening(runtime, dir, address, "5");
    }
    bets[4].done(Process::start(&mut agency(runtime, dir, &bets[4], address, "session")));
    for (client, bets) in waiting.into_iter().zip(&bets) {
        bets.done(client);
    }
    running.stop(Signal::TERM);
    assert_eq!(rows(dir), 250, "each bet once");
}

fn a_dialect_that_cannot_ask_again_says_so(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let address = free_address();
    let bets = Bets::make(dir, 1);
    let running = listening(runtime, dir, address, "2");
    let mut waiting = agency(runtime, dir, &bets, address, "framed");
    let waiting = Process::start(waiting.args(["--log-level", "DEBUG"]));
    waiting.line("enviadas: 50 | total: 50");
    running.line("action: agency_finished | result: success | agency: 1");
    running.signal(Signal::KILL);
    running.end(SOON);
    let error = failed(waiting, 1);
    assert!(error.starts_with(&format!("error: the connection to {address} ended: ")), "{error}");
    let end = "; framed cannot ask again: in another dialect, such as block, the command winners asks for the winners of an \
               agency that has finished";
    assert!(error.ends_with(end) && !bets.winners_path().exists(), "{error}");
}

fn a_client_killed_while_it_waited_gets_its_winners_by_the_command(runtime: &str) {
    for dialect in ["block", "fixed", "framed", "braces"] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let bets = [1, 2].map(|agency| Bets::make(dir, agency));
        let running = listening(runtime, dir, free_address(), "2");
        let address = running.address();
        let first = Process::start(&mut agency(runtime, dir, &bets[0], address, dialect));
        running.line("action: agency_finished | result: success | agency: 1");
        first.signal(Signal::KILL);
        first.end(SOON);
        // A supervisor would start it so, before and after the draw.
        let again = || failed(Process::start(&mut agency(runtime, dir, &bets[0], address, dialect)), 1);
        let ask = "; the command winners asks for the winners of an agency that has finished";
        let error = again();
        assert!(
            error.starts_with("error: the server refused ") && error.ends_with(ask),
            "{dialect}: {error}"
        );
        bets[1].done(Process::start(&mut agency(runtime, dir, &bets[1], address, "session")));
        let error = again();
        assert!(error.ends_with(ask), "{dialect}: {error}");
        for asking in ASKING {
            let mut asking = client_that_asks(runtime, dir, address, asking);
            bets[0].done(Process::start(asking.arg("--winners").arg(bets[0].winners_path())));
            fs::remove_file(bets[0].winners_path()).unwrap();
        }
        running.stop(Signal::TERM);
        assert_eq!(rows(dir), 100, "{dialect}: each bet once");
    }
}

fn client_that_asks(runtime: &str, dir: &Path, address: SocketAddr, dialect: &str) -> Command {
    let mut asking = client(runtime, dir, 1, address);
    asking.args(["winners", "--dialect", dialect]);
    asking
}

fn a_dialect_without_queries_by_agency_never_reports_no_winners(runtime: &str) {
    // The result does not depend on the setting for peers that name no agency.
    for anonymous in ["false", "true"] {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let bets = Bets::make(dir, 1);
        let mut running = server_at(runtime, dir, free_address());
        running.args(["--agencies", "1"]).env("SERVER_ANONYMOUS_FINISH", anonymous);
        let running = Process::start(&mut running);
        bets.done(Process::start(&mut agency(runtime, dir, &bets, running.address(), "block")));
        let asking = Process::start(&mut client_that_asks(runtime, dir, running.address(), "framed"));
        let error = failed(asking, 1);
        assert!(error.starts_with("error: framed cannot ask for the winners of one agency: "), "{error}");
        // An agency file without bets does not help either.
        fs::write(&bets.path, "").unwrap();
        fs::remove_file(bets.winners_path()).unwrap();
        let error = failed(Process::start(&mut agency(runtime, dir, &bets, running.address(), "framed")), 1);
        let by_name = "error: framed cannot ask for the winners of one agency: the agency is finished; ask in another \
                       dialect, such as block";
        assert!(error.starts_with(by_name) || anonymous == "false", "{error}");
        assert!(
            error.contains("the command winners asks for the winners of an agency that has finished"),
            "{error}"
        );
        assert!(!bets.winners_path().exists());
        running.stop(Signal::TERM);
    }
}
