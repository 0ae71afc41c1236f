//! Connections that share memory: those that find too little wait, and none waits for ever.

use std::sync::Arc;
use std::time::Duration;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, step};
use lottery_core::lottery_service::LotteryService;
use lottery_core::memory::Memory;
use lottery_proto::{Endpoint as _, Input, ServerConfig};

use crate::support::sender::{NOW, Sender};
use crate::support::test_store::TestStore;

/// Bets in a message of about half a MiB.
const LONG: usize = 16_000;
/// Most memory that such a message needs, in bytes.
const NEED: usize = 1100 * 1024;

struct Lottery {
    committer: Committer<TestStore>,
    commit_queue: Arc<CommitQueue>,
    memory: Arc<Memory>,
    service: LotteryService,
}

impl Lottery {
    fn with_memory(limit: usize, reserve: usize) -> Self {
        let commit_queue = Arc::new(CommitQueue::new(16 * 1024 * 1024));
        let config = ServerConfig::builder(99).build().unwrap();
        let memory = Memory::new(limit, reserve);
        let service =
            LotteryService::new(config, Arc::clone(&commit_queue), 100).with_memory(Arc::clone(&memory));
        Self { committer: TestStore::default().committer(99), commit_queue, memory, service }
    }

    fn commit(&mut self) {
        step(&mut self.committer, &self.commit_queue, self.commit_queue.try_take(usize::MAX).unwrap())
            .unwrap();
    }
}

#[test]
fn a_message_waits_until_another_returns_its_memory() {
    let mut lottery = Lottery::with_memory(NEED + 100_000, 0);
    let mut first = Sender::new(&lottery.service, 1, LONG);
    let mut second = Sender::new(&lottery.service, 2, LONG);
    first.send(true);
    second.send(true);
    assert!(first.sent == 0 && second.sent > 0, "one is here, and the other waits");
    let sent = second.sent;
    second.hear();
    second.send(true);
    assert_eq!(second.sent, sent, "it goes on waiting");
    // The buffer of the first is empty now, and its bets are acknowledged.
    lottery.commit();
    first.hear();
    second.hear();
    second.send(true);
    assert_eq!(second.sent, 0, "all of it");
    lottery.commit();
    second.hear();
    assert_eq!((first.answers, second.answers), (1, 1));
    drop((first, second));
    assert_eq!(lottery.memory.used(), 0);
}

#[test]
fn connections_that_wait_for_or_hold_memory_time_out() {
    let lottery = Lottery::with_memory(NEED + 100_000, 0);
    let mut senders = [1, 2, 3].map(|agency| Sender::new(&lottery.service, agency, LONG));
    // Each stops before the end of its message.
    for sender in &mut senders {
        sender.batch.truncate(400_000);
        sender.send(true);
    }
    assert!(lottery.memory.used() > 300_000);
    let long_after = NOW.after(Duration::from_secs(3600));
    for sender in &mut senders {
        for input in [Input::Timeout, Input::FinSent, Input::Eof] {
            let sent = sender.connection.poll_io().map_or(0, |io| io.send.len());
            sender.connection.handle(long_after, Input::Sent(sent));
            sender.connection.handle(long_after, input);
        }
        assert!(sender.connection.poll_io().is_none(), "it is over");
    }
    drop(senders);
    assert_eq!(lottery.memory.used(), 0);
}

#[test]
fn with_memory_for_a_few_all_long_messages_get_through() {
    for (limit, reserve) in [(NEED, NEED), (2 * NEED, NEED), (5 * NEED, NEED), (1, 0)] {
        let mut lottery = Lottery::with_memory(limit, reserve);
        let mut senders: Vec<_> =
            (1..=20).map(|agency| Sender::new(&lottery.service, agency, LONG)).collect();
        let mut rounds = 0;
        while senders.iter().any(|sender| sender.answers == 0) {
            for sender in senders.iter_mut().filter(|sender| sender.answers == 0) {
                sender.hear();
                if sender.sent > 0 || rounds == 0 {
                    sender.send(true);
                }
            }
            assert!(lottery.memory.used() <= limit.max(2 * NEED), "{}", lottery.memory.used());
            lottery.commit();
            rounds += 1;
            assert!(rounds < 100, "nobody gets on");
        }
        drop(senders);
        assert_eq!(lottery.memory.used(), 0);
    }
}

#[test]
fn a_short_batch_needs_no_shared_memory() {
    let mut lottery = Lottery::with_memory(NEED + 100_000, 0);
    let mut long = [1, 2, 3].map(|agency| Sender::new(&lottery.service, agency, LONG));
    for sender in &mut long {
        sender.batch.truncate(400_000);
        sender.send(true);
    }
    let mut short = Sender::new(&lottery.service, 4, 10);
    for round in 1..=20 {
        short.send(true);
        lottery.commit();
        short.hear();
        assert_eq!(short.answers, round);
    }
}
