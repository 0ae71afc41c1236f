//! Connecting: a client finds its server among the addresses of a name, or gives up.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{RunningClient, job};
use crate::raw::Raw;
use crate::server::RunningServer;
use crate::time_limits::until;
use lottery_core::client::{ClientError, LotteryClient};
use lottery_proto::Dialect;

fn run<Client: StoppableRuntime>(
    dialect: Dialect,
    file: &File,
    server: String,
) -> Result<Vec<String>, ClientError> {
    let mut job = job((Ipv4Addr::LOCALHOST, 1).into(), dialect, file.agency);
    job.server = server;
    RunningClient::start::<Client>(LotteryClient::new(job, file.bets())).outcome()
}

/// Names may have addresses of which only a later one listens.
pub fn a_client_finds_the_address_that_listens<Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let file = File::invented(1, 20);
        let server = RunningServer::in_memory::<Client>(1);
        let winners = run::<Client>(dialect, &file, format!("localhost:{}", server.address.port()));
        assert_eq!(winners.expect("it gets its winners"), file.winners(), "{dialect}");
        server.end();
    }
}

pub fn a_client_of_no_server_gives_up<Client: StoppableRuntime>() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let closed = closed.expect("a free port").to_string();
    for &dialect in crate::PLAIN {
        for server in [&closed, "no.such.name.invalid:1", "neither name nor port"] {
            let outcome = run::<Client>(dialect, &File::invented(1, 1), server.to_owned());
            let Err(ClientError::Connect { server: named, .. }) = outcome else {
                panic!("{dialect}, {server}: {outcome:?}");
            };
            assert_eq!(named, server, "{dialect}");
        }
    }
}

/// Returns true if the system probes the peer of this socket: the keep-alive timer runs, once all that was
/// sent is acknowledged.
fn asks_after_its_peer(local: SocketAddr, peer: SocketAddr) -> bool {
    let ports = format!("{:04X} {:04X}", local.port(), peer.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux's table of sockets");
    let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let of = |address: &str| address.split_once(':').map_or_else(String::new, |(_, port)| port.to_owned());
    fields
        .filter(|line| line.len() > 5)
        .any(|line| format!("{} {}", of(line[1]), of(line[2])) == ports && line[5].starts_with("02:"))
}

/// A peer whose machine is gone sends nothing, not even an end: the waiting side has to probe.
pub fn an_idle_server_is_probed<Client: StoppableRuntime>() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let server = listener.local_addr().expect("a listener has an address");
    let client = RunningClient::start::<Client>(LotteryClient::new(
        job(server, Dialect::BLOCK, 1),
        File::invented(1, 1).bets(),
    ));
    let (socket, peer) = listener.accept().expect("it connects");
    until("the keep-alive timer runs", || asks_after_its_peer(peer, server));
    assert!(!asks_after_its_peer(server, peer), "this end was not asked to");
    drop(socket);
    client.outcome().expect_err("nobody has answered");
}

pub fn an_idle_client_is_probed<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(1);
    let raw = Raw::connect(server.address);
    let own = raw.0.local_addr().expect("a socket has an address");
    until("the keep-alive timer runs", || asks_after_its_peer(server.address, own));
    drop(raw);
    server.end();
}
