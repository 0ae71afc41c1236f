//! Division of a server's memory, and what else of the machine follows from its settings.

mod limits;
mod machine;

use std::path::Path;
use std::thread;

use lottery_core::commit_queue::OWN_ROOM;
use lottery_core::committer::MAX_GROUP;
use lottery_proto::ServerConfig;
use lottery_store::BUFFERS;

use crate::config::{MIN_MESSAGES, MaxMemory, ServerSettings};
use crate::log::queue::QUEUE_SIZE;

pub use self::limits::limits;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Memory that each connection always has, in bytes: its machine, room for a request on the commit queue,
/// and the state that a runtime and the lottery keep of it.
const OWN: usize = ServerConfig::OWN_MEMORY + OWN_ROOM + 32 * KIB;

/// Memory assumed where its size is not known, in bytes.
const SOME_MEMORY: u64 = 1 << 30;

/// Upper bound of the commit queue, in bytes.
const MAX_COMMIT_QUEUE: usize = 16 * MIB;

/// Approximate memory for an agency, in bytes: in the committer, and while it has a session.
const AGENCY: usize = 256;

/// Memory of the program itself before anybody connects, in bytes.
const PROGRAM: usize = 8 * MIB;

/// Part of the stack that a thread other than a connection's touches, in bytes.
const STACK: usize = 128 * KIB;

/// Division of a server's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Memory that peers can make the server hold.
    pub peers: usize,
    /// Maximum number of connections.
    pub connections: usize,
    /// Memory that connections share, besides their own.
    pub shared: usize,
    /// Part of the shared memory for connections that have waited.
    pub reserve: usize,
    /// Room for requests on the commit queue.
    pub commit_queue: usize,
    /// Memory that the committer needs for copies of a group.
    pub committer: usize,
    /// Memory of the store.
    pub store: usize,
    /// Memory for agencies.
    pub agencies: usize,
    /// Memory for log lines that wait.
    pub log: usize,
    /// Stacks of threads.
    pub stacks: usize,
    /// Memory of the program itself.
    pub program: usize,
}

impl Budget {
    /// Returns the sum.
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
    /// Returns the division of the memory. `connection_stack` is the size in bytes of the stack of a
    /// connection's thread; 0 if it has none.
    pub fn budget(&self, connection_stack: usize) -> Budget {
        let config = self.machine();
        let min = u64::from(self.max_message).saturating_mul(MIN_MESSAGES);
        let peers = match self.max_memory {
            MaxMemory::Quarter => (machine::memory(Path::new("/")).unwrap_or(SOME_MEMORY) / 4).max(min),
            MaxMemory::Bytes(bytes) => bytes,
        };
        let peers = usize::try_from(peers).unwrap_or(usize::MAX);
        let asked = usize::try_from(self.max_connections).unwrap_or(usize::MAX);
        let connections = asked.min(peers / 2 / OWN);
        let commit_queue = (peers / 4).min(MAX_COMMIT_QUEUE);
        let shared = peers - connections * OWN - commit_queue;
        let threads = 6 + 2 * thread::available_parallelism().map_or(1, usize::from);
        Budget {
            peers,
            connections,
            shared,
            reserve: config.max_lent().min(shared / 2),
            commit_queue,
            // The committer holds the rows twice, as the group's and in a frame of the log; the store reads
            // frames back.
            committer: 2 * (MAX_GROUP + 2 * config.max_message()),
            store: BUFFERS,
            agencies: usize::try_from(self.agencies).unwrap_or(usize::MAX).saturating_mul(AGENCY),
            log: 2 * QUEUE_SIZE,
            stacks: connections.saturating_mul(connection_stack).saturating_add(threads * STACK),
            program: PROGRAM,
        }
    }
}
