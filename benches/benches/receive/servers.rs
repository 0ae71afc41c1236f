//! Servers that are compared.

use std::io;
use std::net::SocketAddr;

use benches::process::argument;
use benches::serve::{lottery, serve};
use lottery_proto::{Instant, ServerConfig};
use lottery_runtime::sockets::listen;
use lottery_runtime::{Machine, Mailbox, Peer, Service};

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
        ("lottery", _) => lottery(runtime, listener, ServerConfig::builder(u8::MAX.into()).build().unwrap()),
        _ => panic!("there is no {kind} on {runtime}"),
    }
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
