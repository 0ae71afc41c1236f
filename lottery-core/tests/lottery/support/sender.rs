//! Connection of a server that gets the same batch again and again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{Endpoint as _, Input, Instant};
use lottery_runtime::{Machine as _, Mailbox, Service as _};

pub(crate) const NOW: Instant = Instant::from_epoch(std::time::Duration::ZERO);

/// Connection, and the batch that it sends again and again.
pub(crate) struct Sender {
    pub(crate) connection: ServerConnection,
    pub(crate) mail: Arc<Mutex<VecDeque<Notice>>>,
    pub(crate) batch: Vec<u8>,
    /// Bytes of the batch that are sent.
    pub(crate) sent: usize,
    /// Number of acknowledgements.
    pub(crate) answers: usize,
}

impl Sender {
    pub(crate) fn new(service: &LotteryService, agency: u32, bets: usize) -> Self {
        let body = format!("{agency};{bets}\n{}", "Ana;Paz;20000001;1980-01-31;7\n".repeat(bets));
        let mail = Arc::<Mutex<VecDeque<Notice>>>::default();
        let into = Arc::clone(&mail);
        let mailbox = Mailbox::new(move |notice| into.lock().unwrap().push_back(notice));
        let connection = service.accept(NOW, ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
        Self { connection, mail, batch: format!("{:08}{body}", body.len()).into_bytes(), sent: 0, answers: 0 }
    }

    /// Hands the connection its notices, and takes its replies.
    pub(crate) fn hear(&mut self) {
        for notice in std::mem::take(&mut *self.mail.lock().unwrap()) {
            self.connection.notice(NOW, notice);
        }
        let len = self.connection.poll_io().unwrap().send.len();
        self.answers += len / b"00000034success;Batch stored successfully.".len();
        self.connection.handle(NOW, Input::Sent(len));
    }

    /// Sends as much as is read, or at most the rest of one batch.
    pub(crate) fn send(&mut self, one: bool) {
        loop {
            let io = self.connection.poll_io().unwrap();
            let rest = &self.batch[self.sent..];
            let len = io.recv.len().min(rest.len());
            if len == 0 {
                return;
            }
            io.recv[..len].copy_from_slice(&rest[..len]);
            self.connection.handle(NOW, Input::Received(len));
            self.sent = (self.sent + len) % self.batch.len();
            if one && self.sent == 0 {
                return;
            }
        }
    }
}
