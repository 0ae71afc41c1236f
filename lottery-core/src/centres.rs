//! The service that makes a [`Centre`] for each connection of the server.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lottery_proto::server::Server;
use lottery_proto::{Code, ConnId, Failure, Instant, ServerConfig};
use tracing::{info, warn};

use crate::centre::Centre;
use crate::desk::{Desk, Notice};
use crate::seam::{Mailbox, Service};

/// So many connections over the limit are told that they are too many. The rest are just closed.
const REFUSED_AT_ONCE: usize = 64;

/// Makes a [`Centre`] for each connection.
#[derive(Debug)]
pub struct Centres {
    config: Arc<ServerConfig>,
    desk: Arc<Desk>,
    max_connections: usize,
    echo_prefix: Arc<str>,
    address: Option<SocketAddr>,
    next: AtomicU64,
    alive: Arc<AtomicUsize>,
    stop: Stop,
}

/// What ends the program, as soon as a runtime has said how.
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

impl Centres {
    /// A service that takes `max_connections` at a time, and hands what they ask to `desk`.
    pub fn new(config: ServerConfig, desk: Arc<Desk>, max_connections: usize) -> Self {
        Self {
            config: Arc::new(config),
            desk,
            max_connections,
            echo_prefix: "".into(),
            address: None,
            next: AtomicU64::new(1),
            alive: Arc::default(),
            stop: Stop::default(),
        }
    }

    /// What stands before a line that is sent back; nothing, if this is not called.
    #[must_use]
    pub fn with_echo_prefix(self, prefix: &str) -> Self {
        Self { echo_prefix: prefix.into(), ..self }
    }

    /// Where it listens, to be logged when it does.
    #[must_use]
    pub fn with_address(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// What ends the program.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl Service for Centres {
    type Machine = Centre;

    fn accept(&self, now: Instant, peer: SocketAddr, mailbox: Mailbox<Notice>) -> Option<Centre> {
        let ip = peer.ip();
        let guard = Guard::new(&self.alive);
        let refused = guard.others >= self.max_connections;
        if refused {
            warn!(action = "accept_connections", result = "fail", ip = %ip, reason = "too many connections");
            if guard.others >= self.max_connections + REFUSED_AT_ONCE {
                return None;
            }
        } else {
            info!(action = "accept_connections", result = "success", ip = %ip);
        }
        let conn = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        let mut server = Server::new(Arc::clone(&self.config), conn, now);
        if refused {
            server.refuse(now, Failure { code: Code::TooManyConnections, text: "too many connections" });
        }
        let (desk, prefix) = (Arc::clone(&self.desk), Arc::clone(&self.echo_prefix));
        Some(Centre::new(server, desk, mailbox, ip, prefix, guard))
    }

    fn failed(&self, error: &io::Error) {
        warn!(action = "accept_connections", result = "fail", reason = %error);
    }

    fn started(&self, stop: Box<dyn Fn() + Send + Sync>) {
        self.stop.set(stop);
        if let Some(address) = self.address {
            info!(action = "listen", result = "success", address = %address);
        }
    }
}

/// Counts a connection for as long as it lives.
#[derive(Debug)]
pub(crate) struct Guard {
    alive: Arc<AtomicUsize>,
    /// How many others there were when it began.
    others: usize,
}

impl Guard {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        Self { alive: Arc::clone(alive), others: alive.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}
