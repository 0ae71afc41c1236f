//! Agency that waits for each reply, beside twenty that send long batches as fast as they are read.

use std::sync::Arc;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::step;
use lottery_core::lottery_service::LotteryService;
use lottery_proto::ServerConfig;

use crate::support::sender::Sender;
use crate::support::test_store::TestStore;

/// Number of agencies that send long batches.
const OTHERS: u32 = 20;
/// Bets in a long batch, and in a short one.
const LONG: usize = 4000;
const SHORT: usize = 10;
/// Approximate limit of a group, in bytes.
const GROUP: usize = 4 * 1024 * 1024;

#[test]
fn a_client_that_waits_for_each_reply_keeps_its_share() {
    let store = TestStore::default();
    let mut committer = store.committer(OTHERS + 1);
    let commit_queue = Arc::new(CommitQueue::new(16 * 1024 * 1024));
    let config = ServerConfig::builder(OTHERS + 1).build().unwrap();
    let service = LotteryService::new(config, Arc::clone(&commit_queue), 100);
    let mut others: Vec<_> = (1..=OTHERS).map(|agency| Sender::new(&service, agency, LONG)).collect();
    let mut waits = Sender::new(&service, OTHERS + 1, SHORT);
    let answers = |others: &[Sender]| others.iter().map(|sender| sender.answers).sum::<usize>();
    let mut before = 0;
    for group in 0..100 {
        for other in &mut others {
            other.hear();
            other.send(false);
        }
        waits.send(true);
        // The commit queue may be long: its request is in the next group all the same.
        step(&mut committer, &commit_queue, commit_queue.try_take(GROUP).unwrap()).unwrap();
        waits.hear();
        assert_eq!(waits.answers, group + 1, "{group}");
        if group == 20 {
            before = answers(&others);
        }
    }
    // Each long batch takes as long as a few groups: they may take as much time as the others, and not more.
    let long = answers(&others) - before;
    assert!((20..=40).contains(&long), "{long} long batches beside 79 groups");
    assert!(others.iter().all(|sender| sender.answers > 0), "each in its turn");
}
