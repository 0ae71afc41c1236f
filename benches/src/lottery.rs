//! Whole lottery in this process: a server and its clients, over sockets of the loopback interface.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lottery_core::client::{Job, LotteryClient};
use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{self, Committer, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_proto::{ClientConfig, Dialect, ServerConfig};
use lottery_runtime::sockets::listen;
use lottery_runtime::{RunClient, Serve};
use lottery_store::LogStore;

use crate::input;

/// Holds a lottery on `runtime`, with the store on disk in a new directory. Returns the time from the first
/// connection until the last agency has its winners.
///
/// # Panics
/// If anything fails.
pub fn hold(runtime: &(impl Serve + RunClient + Sync), agencies: &[input::Agency]) -> Duration {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let count = u32::try_from(agencies.len()).expect("few agencies");
    let rules = Rules { agencies: count, winning_number: 7574 };
    let store = LogStore::open(dir.path()).expect("a new store");
    let mut committer = Committer::open(store, rules).expect("a new store");
    let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 128).expect("a free port");
    let server = listener.local_addr().expect("it listens").to_string();
    let commit_queue = Arc::new(CommitQueue::new(16 * 1024 * 1024));
    let config = ServerConfig::builder(count).build().unwrap();
    let service = Arc::new(LotteryService::new(config, Arc::clone(&commit_queue), 128));
    let stop = service.stop();
    thread::scope(|scope| {
        let committing = scope.spawn(|| committer::run(&mut committer, &commit_queue));
        let serving = scope.spawn(|| runtime.serve(listener, service));
        let start = Instant::now();
        let working: Vec<_> = agencies
            .iter()
            .map(|(id, bets)| {
                let job = Job {
                    connection: ClientConfig::new(*id, Dialect::BLOCK).expect("valid settings"),
                    server: server.clone(),
                    batch_max: None,
                    poll_initial: Duration::from_millis(1),
                    poll_max: Duration::from_millis(10),
                    connect_timeout: Duration::from_secs(5),
                    retry_for: Duration::from_secs(60),
                    seed: 1,
                };
                scope.spawn(move || {
                    let mut agency = LotteryClient::new(job, Arc::clone(bets));
                    runtime.run_client(&mut agency).expect("the runtime works");
                    agency.into_outcome().expect("the agency gets its winners")
                })
            })
            .collect();
        for agency in working {
            agency.join().expect("the agency does not panic");
        }
        let time = start.elapsed();
        stop.stop();
        serving.join().expect("the server does not panic").expect("the runtime works");
        commit_queue.close();
        committing.join().expect("the committer does not panic").expect("the store works");
        time
    })
}
