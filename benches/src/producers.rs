//! Concurrent producers, each of which sends a batch and waits until it is durable before it sends the next;
//! with a sync for each group, and with a sync for each batch.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{self, Committer, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::messages::Outcome;
use lottery_core::store::StoreError;
use lottery_proto::block::BLOCK_SIZE;
use lottery_proto::{Endpoint, Input, ServerConfig};
use lottery_runtime::{Machine as _, Mailbox, Service};
use lottery_store::LogStore;

use crate::input::Blocks;
use crate::machine::{feed, room_of_connection};

/// Numbers of producers that are measured, and the number of batches that each of them sends.
pub const PRODUCERS: [(usize, usize); 2] = [(5, 40), (100, 4)];

/// Ways in which the committer takes batches from its commit queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Takes all that are in the queue, as the server does.
    Together,
    /// Takes one after the other, each with a sync of its own.
    Singly,
}

impl Taken {
    /// Both ways. The first is the reference for the other.
    pub const ALL: [Self; 2] = [Self::Singly, Self::Together];

    /// Returns the name that is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::Singly => "singly",
        }
    }

    /// Commits until the commit queue is closed.
    fn commit(
        self,
        committer: &mut Committer<LogStore>,
        commit_queue: &CommitQueue,
    ) -> Result<(), StoreError> {
        match self {
            Self::Together => committer::run(committer, commit_queue),
            Self::Singly => {
                // A limit of one byte takes one request: the first is always taken, of any size.
                while let Some(requests) = commit_queue.take(1) {
                    committer::step(committer, commit_queue, requests)?;
                }
                Ok(())
            }
        }
    }
}

/// Lets `producers` producers send `each` batches to a new store within `dir`. Returns the time until the
/// last batch is durable.
///
/// # Panics
/// If the disk fails.
pub fn produce(blocks: &Blocks, dir: &Path, (producers, each): (usize, usize), taken: Taken) -> Duration {
    let dir = tempfile::tempdir_in(dir).expect("a temporary directory");
    let rules = Rules { agencies: u32::MAX, winning_number: 0 };
    let store = LogStore::open(dir.path()).expect("a new store");
    let mut committer = Committer::open(store, rules).expect("a new store");
    let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
    let config = ServerConfig::builder(u8::MAX.into()).build().unwrap();
    let service = LotteryService::new(config, Arc::clone(&commit_queue), producers);
    let ready = Barrier::new(producers + 1);
    let agencies: Vec<&[u8]> = blocks.agencies().collect();
    thread::scope(|scope| {
        let committing = scope.spawn(|| taken.commit(&mut committer, &commit_queue));
        let working: Vec<_> = (0..producers)
            .map(|nth| {
                let (service, ready) = (&service, &ready);
                let own = agencies[nth % agencies.len()].chunks_exact(BLOCK_SIZE).cycle().skip(nth * each);
                scope.spawn(move || {
                    ready.wait();
                    send(service, own.take(each));
                })
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        let ended: Vec<_> = working.into_iter().map(thread::ScopedJoinHandle::join).collect();
        let time = start.elapsed();
        commit_queue.close();
        committing.join().expect("the committer does not panic").expect("the store works");
        assert!(ended.iter().all(Result::is_ok), "no producer panics");
        time
    })
}

/// Sends these batches through a connection's machine, as its driver would.
fn send<'a>(service: &LotteryService, blocks: impl Iterator<Item = &'a [u8]>) {
    let now = lottery_proto::Instant::default();
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let (sender, notices) = mpsc::channel();
    let mailbox = Mailbox::new(move |notice| drop(sender.send(notice)));
    let mut connection = service.accept(now, peer.into(), mailbox).expect("there is room");
    for block in blocks {
        feed(&mut connection, block, room_of_connection, |connection, len| {
            connection.handle(now, Input::Received(len));
        });
        let notice = notices.recv().expect("each batch is answered");
        assert!(matches!(notice, Notice::Stored(_, Outcome::Stored { .. })), "each batch is stored");
        connection.notice(now, notice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::agencies;

    #[test]
    fn every_batch_is_durable_however_they_are_taken() {
        let blocks = Blocks::of(&agencies());
        let dir = tempfile::tempdir().expect("a temporary directory");
        for taken in Taken::ALL {
            produce(&blocks, dir.path(), (7, 2), taken);
        }
    }
}
