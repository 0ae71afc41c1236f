//! Agency that waits for each reply, beside twenty that send long batches as fast as they are read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::step;
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{Input, Instant, Machine as _, ServerConfig};
use lottery_runtime::{Mailbox, Service as _};

use crate::support::TestStore;

pub(crate) const NOW: Instant = Instant::from_epoch(std::time::Duration::ZERO);

/// Number of agencies that send long batches.
const OTHERS: u32 = 20;
/// Bets in a long batch, and in a short one.
const LONG: usize = 4000;
const SHORT: usize = 10;
/// Approximate limit of a group, in bytes.
const GROUP: usize = 4 * 1024 * 1024;

/// Connection, and the batch that it sends again and again.
pub(crate) struct Sender {
    pub(crate) centre: ServerConnection,
    mail: Arc<Mutex<VecDeque<Notice>>>,
    pub(crate) batch: Vec<u8>,
    /// Bytes of the batch that are sent.
    pub(crate) sent: usize,
    /// Number of acknowledgements.
    pub(crate) answers: usize,
}

impl Sender {
    pub(crate) fn new(centres: &LotteryService, agency: u32, bets: usize) -> Self {
        let body = format!("{agency};{bets}\n{}", "Ana;Paz;20000001;1980-01-31;7\n".repeat(bets));
        let mail = Arc::<Mutex<VecDeque<Notice>>>::default();
        let into = Arc::clone(&mail);
        let mailbox = Mailbox::new(move |notice| into.lock().unwrap().push_back(notice));
        let centre = centres.accept(NOW, ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
        Self { centre, mail, batch: format!("{:08}{body}", body.len()).into_bytes(), sent: 0, answers: 0 }
    }

    /// Hands the connection its notices, and takes its replies.
    pub(crate) fn hear(&mut self) {
        for notice in std::mem::take(&mut *self.mail.lock().unwrap()) {
            self.centre.notice(NOW, notice);
        }
        let len = self.centre.poll_io().unwrap().send.len();
        self.answers += len / b"00000034success;Batch stored successfully.".len();
        self.centre.handle(NOW, Input::Sent(len));
    }

    /// Sends as much as is read, or at most the rest of one batch.
    pub(crate) fn send(&mut self, one: bool) {
        loop {
            let io = self.centre.poll_io().unwrap();
            let rest = &self.batch[self.sent..];
            let len = io.recv.len().min(rest.len());
            if len == 0 {
                return;
            }
            io.recv[..len].copy_from_slice(&rest[..len]);
            self.centre.handle(NOW, Input::Received(len));
            self.sent = (self.sent + len) % self.batch.len();
            if one && self.sent == 0 {
                return;
            }
        }
    }
}

#[test]
fn who_waits_for_each_answer_is_not_crowded_out_by_long_batches() {
    let store = TestStore::default();
    let mut committer = store.committer(OTHERS + 1);
    let commit_queue = Arc::new(CommitQueue::new(16 * 1024 * 1024));
    let config = ServerConfig { agencies: OTHERS + 1, ..ServerConfig::default() };
    let centres = LotteryService::new(config, Arc::clone(&commit_queue), 100);
    let mut others: Vec<_> = (1..=OTHERS).map(|agency| Sender::new(&centres, agency, LONG)).collect();
    let mut waits = Sender::new(&centres, OTHERS + 1, SHORT);
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
