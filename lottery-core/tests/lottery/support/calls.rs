//! Clients of any kind with the real server, in virtual time: connections one after the other, and the times
//! at which they began.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::Committer;
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{Endpoint, Input, Instant, ServerConfig, SocketError};
use lottery_runtime::{Dialer, Machine, Mailbox, Service, Step};

use crate::support::test_store::TestStore;

/// Time limits for each address of a server, and for all of connecting.
pub(crate) const TIMEOUTS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(10));

/// Connection of a client.
struct Line {
    server_connection: ServerConnection,
    mail: Arc<Mutex<VecDeque<Notice>>>,
    /// True once the client's end, and the server's, were handed over.
    ended: [bool; 2],
}

/// Client, and a record of its connections.
pub(crate) struct Call<C> {
    pub(crate) client: C,
    line: Option<Line>,
    starts: Instant,
    waits: Option<Instant>,
    pub(crate) done: Option<Instant>,
    /// Bytes and times of each connection.
    pub(crate) connections: Vec<Sent>,
}

/// Bytes that a client sent, and the times at which it did. An empty first entry is the beginning of the
/// connection.
pub(crate) type Sent = Vec<(Instant, Vec<u8>)>;

/// Server, and its clients.
pub(crate) struct Calls<C> {
    pub(crate) now: Instant,
    pub(crate) store: TestStore,
    pub(crate) committer: Committer<TestStore>,
    commit_queue: Arc<CommitQueue>,
    service: LotteryService,
    pub(crate) calls: Vec<Call<C>>,
}

/// Hands everything that `from` has to send, and its end, to `to`. Returns true if there was something.
fn carry(
    now: Instant,
    from: &mut impl Machine,
    to: &mut impl Machine,
    ended: &mut bool,
    sent: &mut Sent,
) -> bool {
    let Some(io) = from.poll_io() else {
        if !std::mem::replace(ended, true) {
            to.handle(now, if from.resets() { Input::Failed(SocketError::Reset) } else { Input::Eof });
            return true;
        }
        return false;
    };
    if !io.send.is_empty() {
        let Some(to_io) = to.poll_io() else { return false };
        let len = io.send.len().min(to_io.recv.len());
        if len == 0 {
            return false;
        }
        to_io.recv[..len].copy_from_slice(&io.send[..len]);
        sent.push((now, io.send[..len].to_vec()));
        from.handle(now, Input::Sent(len));
        to.handle(now, Input::Received(len));
        return true;
    }
    if io.fin {
        from.handle(now, Input::FinSent);
        *ended = true;
        to.handle(now, Input::Eof);
        return true;
    }
    false
}

impl<C: Dialer<Notice = Infallible>> Call<C> {
    fn turn(&mut self, now: Instant, service: &LotteryService) -> bool {
        let Some(line) = &mut self.line else { return self.step(now, service) };
        let sent = self.connections.last_mut().expect("there is a connection");
        let mut moved = carry(now, &mut self.client, &mut line.server_connection, &mut line.ended[0], sent);
        moved |=
            carry(now, &mut line.server_connection, &mut self.client, &mut line.ended[1], &mut Vec::new());
        while let Some(notice) = line.mail.lock().unwrap().pop_front() {
            line.server_connection.notice(now, notice);
            moved = true;
        }
        if !moved && self.client.poll_io().is_none() {
            self.line = None;
            return true;
        }
        moved
    }

    fn step(&mut self, now: Instant, service: &LotteryService) -> bool {
        if self.done.is_some() || self.starts > now || self.waits.is_some_and(|until| until > now) {
            return false;
        }
        self.waits = None;
        match self.client.next_step(now) {
            Step::Connect(_) => {
                let mail = Arc::<Mutex<VecDeque<Notice>>>::default();
                let box_of = Arc::clone(&mail);
                let mailbox = Mailbox::new(move |notice| box_of.lock().unwrap().push_back(notice));
                let server_connection = service.accept(now, ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
                self.line = Some(Line { server_connection, mail, ended: [false; 2] });
                self.connections.push(vec![(now, Vec::new())]);
                self.client.connected(now);
            }
            Step::Wait(until) => self.waits = Some(until),
            Step::Done => self.done = Some(now),
        }
        true
    }

    fn deadline(&mut self) -> Option<Instant> {
        if self.done.is_some() {
            return None;
        }
        let Some(line) = &mut self.line else { return self.waits.or(Some(self.starts)) };
        let client = self.client.poll_io().and_then(|io| io.deadline);
        line.server_connection.poll_io().and_then(|io| io.deadline).into_iter().chain(client).min()
    }

    /// Returns the time at which each connection began, in milliseconds.
    pub(crate) fn began(&self) -> Vec<u128> {
        self.connections.iter().map(|sent| sent[0].0.since_epoch().as_millis()).collect()
    }
}

impl<C: Dialer<Notice = Infallible>> Calls<C> {
    pub(crate) fn new(agencies: u32, echo_prefix: &str) -> Self {
        let store = TestStore::default();
        let commit_queue = Arc::new(CommitQueue::new(usize::MAX));
        let config = ServerConfig::builder(agencies).build().unwrap();
        Self {
            now: Instant::default(),
            committer: store.committer(agencies),
            store,
            service: LotteryService::new(config, Arc::clone(&commit_queue), 100)
                .with_echo_prefix(echo_prefix)
                .with_anonymous_finish(true),
            commit_queue,
            calls: Vec::new(),
        }
    }

    /// Adds a client that begins after this number of seconds.
    pub(crate) fn client(&mut self, after: u64, client: C) {
        let starts = self.now.after(Duration::from_secs(after));
        self.calls.push(Call {
            client,
            line: None,
            starts,
            waits: None,
            done: None,
            connections: Vec::new(),
        });
    }

    /// Loses the connection of a client, on both sides.
    pub(crate) fn lose(&mut self, nth: usize) {
        let call = &mut self.calls[nth];
        call.line.take().expect("there is a connection");
        call.client.handle(self.now, Input::Failed(SocketError::Reset));
    }

    /// Restarts the server on its store: every connection is lost.
    pub(crate) fn restart(&mut self, agencies: u32) {
        self.committer = self.store.committer(agencies);
        for call in &mut self.calls {
            if call.line.take().is_some() {
                call.client.handle(self.now, Input::Failed(SocketError::Reset));
            }
        }
    }

    /// Runs everything that takes no time.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            for call in &mut self.calls {
                moved |= call.turn(self.now, &self.service);
            }
            let requests = self.commit_queue.try_take(usize::MAX).unwrap();
            if !requests.is_empty() {
                self.committer.commit(requests).unwrap();
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }

    /// Runs until all clients are done, or this number of seconds has passed.
    pub(crate) fn run(&mut self, seconds: u64) {
        let end = self.now.after(Duration::from_secs(seconds));
        loop {
            self.settle();
            if self.calls.iter().all(|call| call.done.is_some()) {
                return;
            }
            let next = self.calls.iter_mut().filter_map(Call::deadline).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            assert!(next > self.now, "a deadline that is over");
            self.now = next;
            for call in &mut self.calls {
                if let Some(line) = &mut call.line {
                    line.server_connection.handle(next, Input::Timeout);
                    call.client.handle(next, Input::Timeout);
                }
            }
        }
    }

    /// Returns the `Debug` text of everything.
    pub(crate) fn shown(&self) -> String
    where
        C: std::fmt::Debug,
    {
        let lines = self.calls.iter().filter_map(|call| call.line.as_ref());
        let ends: Vec<_> = lines.map(|line| (&line.server_connection, &line.mail)).collect();
        let clients: Vec<_> = self.calls.iter().map(|call| &call.client).collect();
        format!("{clients:?} {ends:?} {:?} {:?} {:?}", self.committer, self.commit_queue, self.service)
    }

    /// Returns the clients, which must all be done.
    pub(crate) fn clients(self) -> Vec<C> {
        assert!(self.calls.iter().all(|call| call.done.is_some()), "all are done");
        self.calls.into_iter().map(|call| call.client).collect()
    }
}
