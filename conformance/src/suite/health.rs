//! Health: a connection that comes through, and a committer that comes for requests, without a trace in the
//! server.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as LocalAddr, UnixListener};
use std::sync::Arc;

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::dialects::codec;
use crate::raw::Raw;
use crate::server::ServerSettings;
use crate::serving::Serving;
use crate::stores::gated;
use crate::time_limits::{END, Task};
use lottery_cli::health::{Unhealthy, answer, ask};
use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{self, Committer};
use lottery_proto::Dialect;

pub fn a_hanging_committer_is_unhealthy<Server: StoppableRuntime>() {
    // One connection at most: health checks take no place.
    let terms = ServerSettings { max_connections: 1, ..ServerSettings::new(2) };
    let (store, gate) = gated();
    let mut committer = Committer::open(store, terms.rules()).expect("it can be read");
    let commit_queue = Arc::new(CommitQueue::new(terms.commit_queue));
    let service = terms.service(&commit_queue);
    let probes = service.probes();
    let requests = Arc::clone(&commit_queue);
    let committing = Task::start("the committer", move || committer::run(&mut committer, &requests));
    let serving = Serving::start::<Server>(Arc::new(service));
    let address = serving.address;
    let answering = answer(address, Arc::clone(&commit_queue), probes).expect("a socket");

    ask(address).expect("it is well");
    let codec = codec(Dialect::FRAMED);
    let mut peer = Raw::connect(address);
    ask(address).expect("it is well, with as many connections as it takes");
    peer.send(&codec.batch(1, &File::invented(1, 3).lines()));
    while gate.arrived() == 0 {
        std::thread::yield_now();
    }
    assert!(matches!(ask(address), Err(Unhealthy::NoCommitter(_))), "it hangs in the middle of a group");
    gate.open();
    assert_eq!(peer.receive(codec.batch_stored().len()), codec.batch_stored());
    ask(address).expect("it is well again");

    drop(peer);
    serving.end();
    assert!(matches!(ask(address), Err(Unhealthy::AcceptsNobody(_))), "the runtime has gone");
    commit_queue.close();
    committing.join(END).expect("the store does not fail");
    drop(answering);
    assert!(matches!(ask(address), Err(Unhealthy::Nobody(_))));
}

pub fn another_listener_is_not_healthy() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    assert!(matches!(ask(address), Err(Unhealthy::Nobody(_))));
    // Health checks do not connect to a port: they ask at the server's local socket.
    listener.set_nonblocking(true).expect("a socket takes options");
    assert_eq!(
        listener.accept().map(drop).map_err(|error| error.kind()),
        Err(std::io::ErrorKind::WouldBlock)
    );
}

/// Starts a listener with the name of a server's local socket that sends these words.
fn says(address: SocketAddr, words: &'static str) -> Task<()> {
    use std::io::{Read as _, Write as _};
    let name = LocalAddr::from_abstract_name(format!("lottery-server/{address}")).expect("a name");
    let socket = UnixListener::bind_addr(&name).expect("it is free");
    Task::start("what is no server", move || {
        let (mut stream, _) = socket.accept().expect("somebody asks");
        let _ = stream.read(&mut [0; 128]);
        let _ = stream.write_all(words.as_bytes());
    })
}

pub fn another_reply_is_not_healthy() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    for (words, silent) in
        [("", true), ("hello\n", true), ("expected", false), ("expected\nattended\n", false)]
    {
        let other = says(address, words);
        let outcome = ask(address);
        assert_eq!(matches!(outcome, Err(Unhealthy::Silent(_))), silent, "{words:?}: {outcome:?}");
        assert_eq!(matches!(outcome, Err(Unhealthy::AcceptsNobody(_))), !silent, "{words:?}: {outcome:?}");
        other.join(END);
    }
}
