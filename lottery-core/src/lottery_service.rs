//! Service that makes a [`ServerConnection`] for each connection of the server.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lottery_proto::server::Server;
use lottery_proto::{Code, ConnId, Failure, Instant, ServerConfig};
use lottery_runtime::{Mailbox, Peer, Service};
use tracing::{info, warn};

use crate::commit_queue::CommitQueue;
use crate::memory::Memory;
use crate::messages::Notice;
use crate::peers::{Admission, Host, Limits, Peers};
use crate::probes::Probes;
use crate::server_connection::{BareAnswer, ConnectionSettings, ServerConnection};

/// Makes a [`ServerConnection`] for each connection.
#[derive(Debug)]
pub struct LotteryService {
    config: Arc<ServerConfig>,
    commit_queue: Arc<CommitQueue>,
    memory: Option<Arc<Memory>>,
    peers: Arc<Peers>,
    settings: Arc<ConnectionSettings>,
    probes: Arc<Probes>,
    address: Option<String>,
    next: AtomicU64,
    stop: Stop,
}

/// Handle that ends the program. It takes effect once the runtime has started.
#[derive(Clone, Default)]
pub struct Stop(Arc<Mutex<StopState>>);

#[derive(Default)]
struct StopState {
    stop: Option<Box<dyn Fn() + Send + Sync>>,
    stopped: bool,
}

impl Stop {
    /// Ends the program as a signal would.
    pub fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.stopped = true;
        if let Some(stop) = &state.stop {
            stop();
        }
    }

    fn set(&self, stop: Box<dyn Fn() + Send + Sync>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            stop();
        }
        state.stop = Some(stop);
    }
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stop")
    }
}

impl LotteryService {
    /// Creates a service that accepts `max_connections` at a time and submits their requests to
    /// `commit_queue`. By default the limit for an address is the same, and anonymous clients stand in for no
    /// agency.
    pub fn new(config: ServerConfig, commit_queue: Arc<CommitQueue>, max_connections: usize) -> Self {
        let of_an_address = usize::MAX;
        let limits = Limits { all: max_connections, of_an_address, of_a_local_address: of_an_address };
        Self {
            config: Arc::new(config),
            commit_queue,
            memory: None,
            peers: Arc::new(Peers::new(limits)),
            settings: Arc::default(),
            probes: Arc::default(),
            address: None,
            next: AtomicU64::new(1),
            stop: Stop::default(),
        }
    }

    /// Sets the maximum number of connections of an address, and of an address of this machine or of a
    /// private network. Call it before there are any.
    #[must_use]
    pub fn with_connections_per_ip(self, max: usize, max_local: usize) -> Self {
        let limits = Limits { of_an_address: max, of_a_local_address: max_local, ..self.peers.limits() };
        Self { peers: Arc::new(Peers::new(limits)), ..self }
    }

    /// Sets the memory that connections share, besides their own. Without it they take as much as they want.
    #[must_use]
    pub fn with_memory(self, memory: Arc<Memory>) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// Sets the prefix of a line that is sent back. Empty by default (`docs/protocol.md#echo`).
    #[must_use]
    pub fn with_echo_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut Arc::make_mut(&mut self.settings).echo_prefix);
        self
    }

    /// Sets the acknowledgement of a single bet in `bare` (`docs/protocol.md#bare`).
    #[must_use]
    pub fn with_bare_answer(mut self, answer: BareAnswer) -> Self {
        Arc::make_mut(&mut self.settings).bare_answers.rule = answer;
        self
    }

    /// Allows a client that has finished without an agency number to stand in for an absent agency, if true.
    /// On `framed` a client without bets has no way to send its number (`docs/protocol.md#framed`).
    #[must_use]
    pub fn with_anonymous_finish(mut self, anonymous_finish: bool) -> Self {
        Arc::make_mut(&mut self.settings).anonymous_finish = anonymous_finish;
        self
    }

    /// Sets the address that it listens at, which is logged once it does.
    #[must_use]
    pub fn with_address(self, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..self }
    }

    /// Returns the registry of probes: connections that only check the server's health, and are no peers.
    pub fn probes(&self) -> Arc<Probes> {
        Arc::clone(&self.probes)
    }

    /// Logs the number of log lines that were dropped, because peers caused too many.
    pub fn say_unwritten(&self) {
        self.peers.say_unwritten();
    }

    /// Returns the handle that ends the program.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl Service for LotteryService {
    type Machine = ServerConnection;

    fn accept(&self, now: Instant, peer: Peer, mailbox: Mailbox<Notice>) -> Option<ServerConnection> {
        if let Peer::Ip(address) = peer
            && self.probes.arrived(address)
        {
            return None;
        }
        let ip = Host::of(peer);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (place, admission) = self.peers.admit(now, number, ip, &mailbox);
        if place.may_log(now) {
            match admission {
                Admission::Served => info!(action = "accept_connections", result = "success", ip = %ip),
                Admission::Rejected(reason) | Admission::Closed(reason) => {
                    warn!(action = "accept_connections", result = "fail", ip = %ip, reason);
                }
            }
        }
        let mut server = Server::new(Arc::clone(&self.config), ConnId(number), now);
        if let Some(memory) = &self.memory {
            let mailbox = mailbox.clone();
            let wake = move || {
                let mailbox = mailbox.clone();
                Mailbox::new(move |()| mailbox.deliver(Notice::Memory))
            };
            server = server.with_lender(Box::new(memory.lender(ConnId(number), wake)));
        }
        match admission {
            Admission::Served => {}
            Admission::Rejected(text) => {
                server.reject(now, Failure { code: Code::TooManyConnections, text });
            }
            Admission::Closed(_) => return None,
        }
        Some(ServerConnection::new(
            server,
            Arc::clone(&self.commit_queue),
            mailbox,
            Arc::clone(&self.settings),
            place,
        ))
    }

    fn failed(&self, error: &io::Error) {
        if self.peers.may_log_a_failure() {
            warn!(action = "accept_connections", result = "fail", reason = %error);
        }
    }

    fn started(&self, stop: Box<dyn Fn() + Send + Sync>) {
        self.stop.set(stop);
        if let Some(address) = &self.address {
            info!(action = "listen", result = "success", address = %address);
        }
    }
}
