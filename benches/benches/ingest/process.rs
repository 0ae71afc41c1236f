//! The processes of a run: a server, and an agency each.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use benches::input::{Blocks, agencies};

/// Names the environment variable that says which process this is.
pub(crate) const ROLE: &str = "INGEST_ROLE";
/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);
/// The clock ticks of `/proc`, in a second.
const TICKS: f64 = 100.0;

/// What a run has measured.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    pub(crate) bets: f64,
    /// Of an acknowledgement, in microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Processor time, in seconds.
    pub(crate) server_cpu: f64,
    pub(crate) client_cpu: f64,
    pub(crate) peak_kib: f64,
}

/// A server that listens. It ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing of it is needed any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts that server; what it stores goes to `dir`.
    pub(crate) fn start(role: &str, dir: &Path) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        let child = Command::new(env::current_exe().expect("this program"))
            .env(ROLE, role)
            .args(["--listen", &address.to_string(), "--data-dir"])
            .arg(dir)
            .args(["--log-level", "WARNING"])
            .stdout(Stdio::null())
            .spawn()
            .expect("this program starts");
        let server = Self { child, address };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(start.elapsed() < PATIENCE, "{role} does not listen");
            thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// Has all agencies send so many batches each, with so many of them unacknowledged.
    pub(crate) fn measure(&self, window: usize, batches: usize) -> Run {
        let blocks = Blocks::of(&agencies());
        let agencies = blocks.agencies().count();
        let mut loads: Vec<Load> =
            (0..agencies).map(|agency| Load::start(self.address, agency, window, batches)).collect();
        // All are connected and welcome before the first goes.
        loads.iter_mut().for_each(Load::wait_until_ready);
        let cpu_before = cpu(self.child.id());
        let start = Instant::now();
        loads.iter_mut().for_each(Load::go);
        let results: Vec<Vec<f64>> = loads.iter_mut().map(Load::result).collect();
        let seconds = start.elapsed().as_secs_f64();
        let server_cpu = cpu(self.child.id()) - cpu_before;
        let mut latencies: Vec<f64> = results.iter().flat_map(|result| &result[2..]).copied().collect();
        latencies.sort_by(f64::total_cmp);
        Run {
            seconds,
            bets: results.iter().map(|result| result[1]).sum(),
            p50: latencies[latencies.len() / 2],
            p99: latencies[latencies.len() * 99 / 100],
            server_cpu,
            client_cpu: results.iter().map(|result| result[0]).sum(),
            peak_kib: peak_kib(self.child.id()),
        }
    }
}

/// An agency's process.
struct Load {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Load {
    fn start(server: SocketAddr, agency: usize, window: usize, batches: usize) -> Self {
        let arguments = [server.to_string(), agency.to_string(), window.to_string(), batches.to_string()];
        let mut child = Command::new(env::current_exe().expect("this program"))
            .env(ROLE, "load")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("the agency's process works");
        line
    }

    fn wait_until_ready(&mut self) {
        assert_eq!(self.line(), "ready\n");
    }

    fn go(&mut self) {
        self.child.stdin.take().expect("it is piped").write_all(b"go\n").expect("the agency's process works");
    }

    /// Processor seconds, bets, and how long each acknowledgement took.
    fn result(&mut self) -> Vec<f64> {
        let line = self.line();
        let result = line.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        assert!(self.child.wait().expect("the agency's process ends").success());
        result
    }
}

/// The processor time that a process has used, in seconds.
pub(crate) fn cpu(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the process lives");
    // Behind the name, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = |nth| fields.split_whitespace().nth(nth).and_then(|ticks| ticks.parse::<f64>().ok());
    (ticks(11).expect("user time") + ticks(12).expect("system time")) / TICKS
}

fn peak_kib(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    peak.split_whitespace().next().and_then(|peak| peak.parse().ok()).expect("a number")
}
