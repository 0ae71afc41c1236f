//! Servers of this process, on the runtime of a name.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{self, Committer, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_proto::ServerConfig;
use lottery_runtime::{Serve as _, Service};

use crate::machine::Nothing;

/// Limit of the commit queue, in bytes.
const QUEUE_LIMIT: usize = 16 * 1024 * 1024;
/// Greatest number of connections.
const CONNECTIONS: usize = 16;

/// Serves until the process is ended.
///
/// # Panics
/// If the runtime fails.
pub fn serve(runtime: &str, listener: TcpListener, service: impl Service) {
    let service = Arc::new(service);
    let served = match runtime {
        "tokio" => runtime_tokio::Tokio.serve(listener, service),
        "std" => runtime_std::Std.serve(listener, service),
        _ => runtime_smol::Smol.serve(listener, service),
    };
    served.expect("the runtime works");
}

/// Runs the whole lottery, with a store that keeps nothing, until the process is ended.
///
/// # Panics
/// If the runtime fails.
pub fn lottery(runtime: &str, listener: TcpListener, config: ServerConfig) {
    let rules = Rules { agencies: config.agencies(), winning_number: 0 };
    let mut committer = Committer::open(Nothing, rules).expect("it does nothing");
    let commit_queue = Arc::new(CommitQueue::new(QUEUE_LIMIT));
    let requests = Arc::clone(&commit_queue);
    thread::spawn(move || committer::run(&mut committer, &requests));
    serve(runtime, listener, LotteryService::new(config, commit_queue, CONNECTIONS));
}
