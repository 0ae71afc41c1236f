//! Real server on a runtime: machines, commit queue, committer, store.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::Rules;
use lottery_core::lottery::{Ended, Lottery, LotteryBuilder};
use lottery_core::lottery_service::{LotteryService, Stop};
use lottery_core::server_connection::BareAnswer;
use lottery_core::store::{MemoryStore, Store};
use lottery_proto::ServerConfig;
use lottery_runtime::Service;
use lottery_runtime::sockets::listen;

use crate::agency_files::WINNING;
use crate::runtimes::StoppableRuntime;
use crate::time_limits::{END, Task};

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Settings of its connections, and the number of agencies.
    pub config: ServerConfig,
    /// Maximum number of connections.
    pub max_connections: usize,
    /// Maximum number of connections from one address.
    pub max_connections_per_ip: usize,
    /// True if a peer that names no agency may stand for one.
    pub anonymous_finish: bool,
    /// Bytes of requests that may wait for the store before connections stop reading.
    pub commit_queue: usize,
    /// Prefix of a line that is sent back.
    pub echo_prefix: String,
    /// Acknowledgement of a single bet in `bare`.
    pub bare_answer: BareAnswer,
}

impl ServerSettings {
    /// Returns the defaults, for that many agencies.
    pub fn new(agencies: u32) -> Self {
        let config = ServerConfig::builder(agencies).build().unwrap();
        Self {
            config,
            max_connections: 1000,
            max_connections_per_ip: 1000,
            anonymous_finish: true,
            commit_queue: 1024 * 1024,
            echo_prefix: String::new(),
            bare_answer: BareAnswer::Auto,
        }
    }

    /// Returns the service that submits requests to `commit_queue`.
    pub fn service(&self, commit_queue: &Arc<CommitQueue>) -> LotteryService {
        let service =
            LotteryService::new(self.config.clone(), Arc::clone(commit_queue), self.max_connections);
        service
            .with_connections_per_ip(self.max_connections_per_ip, self.max_connections_per_ip)
            .with_anonymous_finish(self.anonymous_finish)
            .with_echo_prefix(&self.echo_prefix)
            .with_bare_answer(self.bare_answer)
    }

    /// Returns the lottery, to be opened with `store`.
    fn lottery<S: Store>(&self, store: S) -> LotteryBuilder<S> {
        Lottery::builder(self.rules())
            .store(store)
            .connections(&self.config)
            .max_connections(self.max_connections)
            .max_connections_per_ip(self.max_connections_per_ip, self.max_connections_per_ip)
            .queue(self.commit_queue)
            .anonymous_finish(self.anonymous_finish)
            .echo_prefix(&self.echo_prefix)
            .bare_answer(self.bare_answer)
    }

    /// Returns the rules of the lottery.
    pub fn rules(&self) -> Rules {
        Rules { agencies: self.config.agencies(), winning_number: WINNING }
    }
}

/// Server that runs in threads.
#[derive(Debug)]
pub struct RunningServer<S> {
    /// Address that it listens at.
    pub address: SocketAddr,
    stop: Stop,
    serving: Option<Task<io::Result<Ended<S>>>>,
}

impl RunningServer<MemoryStore> {
    /// Starts a server with a store in memory.
    pub fn in_memory<R: StoppableRuntime>(agencies: u32) -> Self {
        Self::start::<R>(&ServerSettings::new(agencies), MemoryStore::new())
    }
}

impl<S: Store + 'static> RunningServer<S> {
    /// Starts a server.
    pub fn start<R: StoppableRuntime>(terms: &ServerSettings, store: S) -> Self {
        Self::start_within::<R, _>(terms, store, |service| service)
    }

    /// Starts a server whose service is within another one.
    pub fn start_within<R: StoppableRuntime, W: Service>(
        terms: &ServerSettings,
        store: S,
        wrap: impl FnOnce(Arc<LotteryService>) -> W + Send + 'static,
    ) -> Self {
        let lottery = terms.lottery(store).build().expect("the store can be read");
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 128).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let stop = lottery.stop();
        let serving = Task::start(format!("the server on {}", R::NAME), move || {
            lottery.serve_within(&R::PROGRAM, listener, wrap)
        });
        Self { address, stop, serving: Some(serving) }
    }

    /// Stops the server.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// Stops the server as the program does, and returns the stored rows of each agency, in order, without
    /// the agency's number.
    pub fn end(mut self) -> BTreeMap<u32, Vec<String>> {
        self.stop();
        let serving = self.serving.take().expect("it ends once");
        let ended = serving.join(END).expect("a committer");
        ended.served.expect("a listener that works");
        rows(&ended.committed.expect("the store does not fail"))
    }
}

/// Stops the server, so that a failing test leaves none behind.
impl<S> Drop for RunningServer<S> {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Returns the rows in a store for each agency, in order, without the agency's number.
pub fn rows(store: &impl Store) -> BTreeMap<u32, Vec<String>> {
    let mut stored: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let read = store.read(&mut |text| {
        assert!(text.is_empty() || text.ends_with("\r\n"), "whole rows");
        for row in text.split_terminator("\r\n") {
            let (agency, bet) = row.split_once(',').expect("a row begins with its agency");
            stored.entry(agency.parse().expect("a number")).or_default().push(bet.to_owned());
        }
    });
    read.expect("the store can be read");
    stored
}
