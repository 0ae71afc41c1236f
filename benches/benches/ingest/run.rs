//! Run of a server with a process for each agency.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use benches::input::{Blocks, agencies};
use benches::process::{Server, this_program};
use lottery_testkit::process::Running;

use crate::cluster::Cluster;

/// Measurements of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    pub(crate) bets: f64,
    /// Median time of an acknowledgement, in microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Processor time of the server, in seconds.
    pub(crate) server_cpu: f64,
    pub(crate) client_cpu: f64,
    pub(crate) peak_kib: f64,
}

/// Lets every agency send `batches` batches, of which `window` may be unacknowledged. The database's
/// processor time counts as the server's.
pub(crate) fn measure(server: &Server, database: Option<&Cluster>, window: usize, batches: usize) -> Run {
    let blocks = Blocks::of(&agencies());
    let agencies = blocks.agencies().count();
    let mut loads: Vec<Load> =
        (0..agencies).map(|agency| Load::start(server.address(), agency, window, batches)).collect();
    // Every client is connected and has its Welcome before the first one sends.
    loads.iter_mut().for_each(Load::wait_until_ready);
    let all_cpu = || server.cpu() + database.map_or(0.0, Cluster::cpu);
    let cpu_before = all_cpu();
    let start = Instant::now();
    loads.iter_mut().for_each(Load::go);
    let results: Vec<Vec<f64>> = loads.iter_mut().map(Load::result).collect();
    let seconds = start.elapsed().as_secs_f64();
    let server_cpu = all_cpu() - cpu_before;
    let mut latencies: Vec<f64> = results.iter().flat_map(|result| &result[2..]).copied().collect();
    latencies.sort_by(f64::total_cmp);
    Run {
        seconds,
        bets: results.iter().map(|result| result[1]).sum(),
        p50: latencies[latencies.len() / 2],
        p99: latencies[latencies.len() * 99 / 100],
        server_cpu,
        client_cpu: results.iter().map(|result| result[0]).sum(),
        peak_kib: server.peak(),
    }
}

/// Process of an agency.
struct Load {
    process: Running,
    lines: BufReader<std::process::ChildStdout>,
}

impl Load {
    fn start(server: SocketAddr, agency: usize, window: usize, batches: usize) -> Self {
        let arguments = [server.to_string(), agency.to_string(), window.to_string(), batches.to_string()];
        let mut command = this_program("load");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let process = Running::start(&mut command).expect("this program starts");
        let lines = BufReader::new(process.stdout().expect("it is piped"));
        Self { process, lines }
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
        self.process.stdin().expect("it is piped").write_all(b"go\n").expect("the agency's process works");
    }

    /// Waits for the process, and returns its processor time in seconds, its bets, and the time of each
    /// acknowledgement in microseconds.
    fn result(&mut self) -> Vec<f64> {
        let line = self.line();
        let result = line.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        let status = self.process.wait(Duration::MAX).expect("the agency's process ends");
        assert!(status.is_some_and(|status| status.success()));
        result
    }
}
