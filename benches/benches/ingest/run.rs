//! Run of a server with a process for each agency.

use benches::load::send_all;
use benches::process::Server;

use crate::peer::Peer;

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

impl Run {
    /// Returns the time for a bet, in seconds.
    pub(crate) fn seconds_for_a_bet(&self) -> f64 {
        self.seconds / self.bets
    }
}

/// Lets every agency send `batches` batches, of which `window` may be unacknowledged. The processor
/// time of `peer` counts as the server's.
pub(crate) fn measure(server: &Server, peer: Option<&Peer>, window: usize, batches: usize) -> Run {
    let all_cpu = || server.cpu() + peer.map_or(0.0, Peer::cpu);
    let cpu_before = all_cpu();
    let sent = send_all(server.address(), window, batches);
    let server_cpu = all_cpu() - cpu_before;
    let mut latencies = sent.latencies;
    latencies.sort_by(f64::total_cmp);
    Run {
        seconds: sent.seconds,
        bets: sent.bets,
        p50: latencies[latencies.len() / 2],
        p99: latencies[latencies.len() * 99 / 100],
        server_cpu,
        client_cpu: sent.cpu,
        peak_kib: server.peak(),
    }
}
