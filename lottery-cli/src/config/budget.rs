//! How a centre divides its memory.

use std::path::Path;
use std::thread;

use lottery_core::commit_queue::OWN_ROOM;
use lottery_core::committer::MAX_GROUP;
use lottery_proto::ServerConfig;
use lottery_store::CACHE;

use super::machine;
use super::server::ServerSettings;
use super::types::MaxMemory;
use crate::log::queue::QUEUE_SIZE;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What is always a connection's own, in bytes: its machine, room for a request on the commit queue, and what a runtime and the
/// lottery keep of it.
pub(super) const OWN: usize = ServerConfig::OWN_MEMORY + OWN_ROOM + 32 * KIB;

/// So many times the longest message there must be at least.
pub(super) const LEAST: u64 = 16;

/// Supposed where nobody says how much there is.
const SOME_MEMORY: u64 = 1 << 30;

/// The most that the commit queue gets.
const MOST_DESK: usize = 16 * MIB;

/// What is kept of an agency, about: in the committer, and while it has a session.
const AGENCY: usize = 256;

/// The program itself, and what it has before anybody connects.
const PROGRAM: usize = 8 * MIB;

/// What is touched of the stack of a thread that is not a connection's.
const STACK: usize = 128 * KIB;

/// How a centre divides its memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What peers can make it hold.
    pub peers: usize,
    /// How many connections there may be.
    pub connections: usize,
    /// What connections share, besides what is their own.
    pub shared: usize,
    /// Of that, for those who have waited.
    pub reserve: usize,
    /// Room for requests on the commit queue.
    pub commit_queue: usize,
    /// What the committer copies of a group.
    pub committer: usize,
    /// What the store keeps.
    pub store: usize,
    /// What is kept of agencies.
    pub agencies: usize,
    /// Log lines that wait.
    pub log: usize,
    /// Stacks of threads.
    pub stacks: usize,
    /// The rest.
    pub program: usize,
}

impl Budget {
    /// All of it.
    pub const fn total(&self) -> usize {
        self.peers
            .saturating_add(self.committer)
            .saturating_add(self.store)
            .saturating_add(self.agencies)
            .saturating_add(self.log)
            .saturating_add(self.stacks)
            .saturating_add(self.program)
    }
}

impl ServerSettings {
    /// How it divides its memory, if a connection has a thread with a stack of that size, or none.
    pub fn budget(&self, connection_stack: usize) -> Budget {
        let config = self.machine();
        let least = u64::from(self.max_message).saturating_mul(LEAST);
        let peers = match self.max_memory {
            MaxMemory::Quarter => (machine::memory(Path::new("/")).unwrap_or(SOME_MEMORY) / 4).max(least),
            MaxMemory::Bytes(bytes) => bytes,
        };
        let peers = usize::try_from(peers).unwrap_or(usize::MAX);
        let asked = usize::try_from(self.max_connections).unwrap_or(usize::MAX);
        let connections = asked.min(peers / 2 / OWN);
        let commit_queue = (peers / 4).min(MOST_DESK);
        let shared = peers - connections * OWN - commit_queue;
        let threads = 6 + 2 * thread::available_parallelism().map_or(1, usize::from);
        Budget {
            peers,
            connections,
            shared,
            reserve: config.max_lent().min(shared / 2),
            commit_queue,
            // Its rows, once as the group's, and once as the store's; the store has pages for them.
            committer: 2 * (MAX_GROUP + 2 * config.max_message),
            store: CACHE,
            agencies: usize::try_from(self.agencies).unwrap_or(usize::MAX).saturating_mul(AGENCY),
            log: 2 * QUEUE_SIZE,
            stacks: connections.saturating_mul(connection_stack).saturating_add(threads * STACK),
            program: PROGRAM,
        }
    }
}
