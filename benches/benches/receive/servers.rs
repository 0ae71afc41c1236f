//! Servers that are compared.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::{io, thread};

use benches::machine::Nothing;
use benches::process::argument;
use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{self, Committer, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_proto::{Instant, ServerConfig};
use lottery_runtime::{Machine, Peer, sockets::listen};
use lottery_runtime::{Mailbox, Serve as _, Service};

use crate::machines::{Counting, Granting};
use crate::plain;

/// Serves until the process is ended.
pub(crate) fn run(runtime: &str, kind: &str) {
    let address: SocketAddr = argument("--listen").parse().expect("an address");
    let listener = listen(address, 128).expect("the port is free");
    match (kind, runtime) {
        ("loop", "tokio") => plain::on_tokio(listener),
        ("loop", "std") => plain::on_std(&listener),
        ("loop", "smol") => plain::on_smol(listener),
        ("driver", _) => serve(runtime, listener, Each(Counting::new)),
        ("server", _) => serve(runtime, listener, Each(Granting::new)),
        ("lottery", _) => lottery(runtime, listener),
        _ => panic!("there is no {kind} on {runtime}"),
    }
}

/// Runs the whole lottery with a store that keeps nothing.
fn lottery(runtime: &str, listener: TcpListener) {
    let rules = Rules { agencies: u8::MAX.into(), winning_number: 0 };
    let mut committer = Committer::open(Nothing, rules).expect("it does nothing");
    let commit_queue = Arc::new(CommitQueue::new(16 * 1024 * 1024));
    let requests = Arc::clone(&commit_queue);
    thread::spawn(move || committer::run(&mut committer, &requests));
    let config = ServerConfig::builder(rules.agencies).build().unwrap();
    serve(runtime, listener, LotteryService::new(config, commit_queue, 16));
}

fn serve(runtime: &str, listener: TcpListener, service: impl Service) {
    let service = Arc::new(service);
    let served = match runtime {
        "tokio" => runtime_tokio::Tokio.serve(listener, service),
        "std" => runtime_std::Std.serve(listener, service),
        _ => runtime_smol::Smol.serve(listener, service),
    };
    served.expect("the runtime works");
}

/// Service that gives each connection a new machine.
struct Each<M>(fn() -> M);

impl<M: Machine<Notice = ()> + Send + 'static> Service for Each<M> {
    type Machine = M;

    fn accept(&self, _: Instant, _: Peer, _: Mailbox<()>) -> Option<M> {
        Some((self.0)())
    }

    fn failed(&self, error: &io::Error) {
        eprintln!("error: {error}");
    }

    fn started(&self, _: Box<dyn Fn() + Send + Sync>) {}
}
