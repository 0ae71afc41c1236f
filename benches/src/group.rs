//! Groups of batches through the committer and onto the disk, beside the same rows in a raw write and sync.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Request;
use lottery_core::store::rows::push_bet;
use lottery_proto::block::{self, BLOCK_SIZE};
use lottery_proto::{Endpoint, Input, ServerConfig};
use lottery_runtime::{Mailbox, Service};
use lottery_store::LogStore;

use crate::input::Blocks;
use crate::machine::{feed, room_of_connection};

/// Numbers of batches in the groups that are measured.
pub const SIZES: [usize; 4] = [1, 5, 40, 200];

/// Store on disk, and the batches that are committed to it.
pub struct Groups<'a> {
    blocks: &'a Blocks,
    committer: Committer<LogStore>,
    commit_queue: Arc<CommitQueue>,
    service: LotteryService,
    raw: File,
}

impl std::fmt::Debug for Groups<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Groups")
    }
}

impl<'a> Groups<'a> {
    /// Creates a new store in this directory, and a file for the raw rows beside it.
    ///
    /// # Panics
    /// If the disk fails.
    pub fn new(blocks: &'a Blocks, dir: &Path) -> Self {
        let rules = Rules { agencies: u32::MAX, winning_number: 0 };
        let store = LogStore::open(&dir.join("store")).expect("a new store");
        let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
        let most = *SIZES.iter().max().expect("there are sizes");
        let config = ServerConfig::builder(u8::MAX.into()).max_in_flight(most).build().unwrap();
        Self {
            blocks,
            committer: Committer::open(store, rules).expect("a new store"),
            service: LotteryService::new(config, Arc::clone(&commit_queue), usize::MAX - 1024),
            commit_queue,
            raw: File::create(dir.join("raw")).expect("a new file"),
        }
    }

    /// Commits a group of `batches` batches. Returns the time that this took.
    ///
    /// # Panics
    /// If the disk fails.
    pub fn commit(&mut self, batches: usize) -> Duration {
        let requests = self.requests(batches);
        assert_eq!(requests.len(), batches);
        let start = Instant::now();
        self.committer.commit(requests).expect("the store works");
        start.elapsed()
    }

    /// Appends the same rows to a file and syncs it. Returns the time that this took, without that of making
    /// the rows.
    ///
    /// # Panics
    /// If the disk fails.
    pub fn write_and_sync(&mut self, batches: usize) -> Duration {
        let mut rows = String::new();
        for block in self.some_blocks(batches) {
            let agency = block[1].into();
            block::decode_batch(block, |bet| push_bet(&mut rows, agency, &bet)).expect("a valid batch");
        }
        let start = Instant::now();
        self.raw.write_all(rows.as_bytes()).expect("the disk works");
        self.raw.sync_data().expect("the disk works");
        start.elapsed()
    }

    /// Returns `count` blocks of one agency, starting over when there are fewer.
    fn some_blocks(&self, count: usize) -> impl Iterator<Item = &'a [u8]> {
        let agency = self.blocks.agencies().max_by_key(|blocks| blocks.len()).expect("there are agencies");
        agency.chunks_exact(BLOCK_SIZE).cycle().take(count)
    }

    /// Returns the requests that the committer gets when a server connection receives `batches` batches at
    /// once.
    fn requests(&self, batches: usize) -> Vec<Request> {
        let now = lottery_proto::Instant::default();
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let mut connection =
            self.service.accept(now, peer.into(), Mailbox::new(drop)).expect("there is room");
        for block in self.some_blocks(batches) {
            feed(&mut connection, block, room_of_connection, |connection, len| {
                connection.handle(now, Input::Received(len));
            });
        }
        self.commit_queue.try_take(usize::MAX).expect("the commit queue is open")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::agencies;

    #[test]
    fn a_group_is_as_many_batches_as_were_wanted() {
        let blocks = Blocks::of(&agencies());
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut groups = Groups::new(&blocks, dir.path());
        for size in SIZES {
            groups.commit(size);
            groups.write_and_sync(size);
        }
        let file = std::fs::metadata(dir.path().join("store/bets.csv")).expect("it is there").len();
        assert_eq!(file, groups.raw.metadata().expect("it is there").len());
    }
}
