//! Many agencies behind one thin line, in virtual time: it carries one packet at a time, of each connection
//! in turn.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::LotteryClient;
use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::Committer;
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::{AgencyId, ClientConfig, Dialect, Endpoint, Input, Instant, ServerConfig, SocketError};
use lottery_runtime::{Dialer as _, Machine, Mailbox, Service as _, Step};

use crate::support::test_store::TestStore;
use crate::support::world::job;
use crate::support::{Fields, bets, winners};

/// Bytes that a socket buffers ahead of the line.
const SOCKET: usize = 4096;
/// Time that a packet takes on the line.
const TICK: Duration = Duration::from_millis(100);

/// One direction of a connection: bytes that wait for the line, and bytes that have passed it.
#[derive(Default)]
struct Way {
    waits: VecDeque<u8>,
    passed: VecDeque<u8>,
    /// True if the writer has ended its side, and the reader knows.
    ended: bool,
    told: bool,
}

impl Way {
    fn write(&mut self, now: Instant, writer: &mut impl Machine) {
        while let Some(io) = writer.poll_io() {
            let n = io.send.len().min(SOCKET - self.waits.len());
            if n > 0 {
                self.waits.extend(&io.send[..n]);
                writer.handle(now, Input::Sent(n));
            } else if io.send.is_empty() && io.fin {
                self.ended = true;
                writer.handle(now, Input::FinSent);
            } else {
                return;
            }
        }
        self.ended = true;
    }

    fn read(&mut self, now: Instant, reader: &mut impl Machine) {
        while let Some(io) = reader.poll_io() {
            let n = io.recv.len().min(self.passed.len());
            if n > 0 {
                io.recv.iter_mut().zip(self.passed.drain(..n)).for_each(|(to, from)| *to = from);
                reader.handle(now, Input::Received(n));
            } else if self.ended && !self.told && self.waits.is_empty() && self.passed.is_empty() {
                self.told = true;
                reader.handle(now, Input::Eof);
            } else {
                return;
            }
        }
    }

    /// Lets a packet pass the line. Returns true if there was one.
    fn pass(&mut self, bytes: usize) -> bool {
        let n = bytes.min(self.waits.len());
        self.passed.extend(self.waits.drain(..n));
        n > 0
    }
}

/// Two directions of a connection.
struct Connection {
    server_connection: ServerConnection,
    mail: Arc<Mutex<VecDeque<Notice>>>,
    up: Way,
    down: Way,
}

struct Link {
    agency: LotteryClient,
    connection: Option<Connection>,
    waits: Option<Instant>,
    done: bool,
    connections: usize,
}

impl Link {
    fn turn(&mut self, now: Instant, service: &LotteryService) {
        let Some(Connection { server_connection, mail, up, down }) = &mut self.connection else {
            return self.step(now, service);
        };
        server_connection.handle(now, Input::Timeout);
        // As the drivers do: first what has not arrived, then that a deadline has come.
        if self.agency.poll_io().is_some_and(|io| io.unacked && io.deadline.is_some_and(|due| due <= now)) {
            self.agency.handle(now, Input::Unacked(up.waits.len()));
        }
        self.agency.handle(now, Input::Timeout);
        up.write(now, &mut self.agency);
        up.read(now, server_connection);
        while let Some(notice) = mail.lock().unwrap().pop_front() {
            server_connection.notice(now, notice);
        }
        down.write(now, server_connection);
        down.read(now, &mut self.agency);
        if server_connection.poll_io().is_none() && !(up.waits.is_empty() && up.passed.is_empty()) {
            // A client that is gone reads nothing more: the connection is reset.
            self.agency.handle(now, Input::Failed(SocketError::Reset));
        }
        if self.agency.poll_io().is_none() {
            self.connection = None;
        }
    }

    fn step(&mut self, now: Instant, service: &LotteryService) {
        if self.done || self.waits.is_some_and(|until| until > now) {
            return;
        }
        match self.agency.next_step(now) {
            Step::Connect(_) => {
                let mail = Arc::<Mutex<VecDeque<Notice>>>::default();
                let held = Arc::clone(&mail);
                let mailbox = Mailbox::new(move |notice| held.lock().unwrap().push_back(notice));
                let server_connection = service.accept(now, ([10, 0, 0, 1], 1).into(), mailbox).unwrap();
                self.connection =
                    Some(Connection { server_connection, mail, up: Way::default(), down: Way::default() });
                self.connections += 1;
                self.agency.connected(now);
            }
            Step::Wait(until) => self.waits = Some(until),
            Step::Done => self.done = true,
        }
    }
}

/// Lottery on a thin line.
struct Thin {
    now: Instant,
    store: TestStore,
    committer: Committer<TestStore>,
    commit_queue: Arc<CommitQueue>,
    service: LotteryService,
    links: Vec<Link>,
    /// Index of the next link to send, up and down.
    next: [usize; 2],
}

impl Thin {
    fn new(dialect: Dialect, all: &[Vec<Fields>]) -> Self {
        let agencies = u32::try_from(all.len()).unwrap();
        let (store, commit_queue) = (TestStore::default(), Arc::new(CommitQueue::new(usize::MAX)));
        let config = ServerConfig::builder(agencies).build().unwrap();
        let link = |(agency, bets): (u32, &Vec<Fields>)| {
            let file: String = bets.iter().map(|bet| bet.join(",") + "\n").collect();
            let list = AgencyFile::parse(Path::new("agency.csv"), file.as_bytes()).unwrap();
            let mut job = job(agency);
            job.connection = ClientConfig::new(AgencyId::new(agency).unwrap(), dialect).unwrap();
            (job.retry_for, job.seed) = (Duration::from_secs(60), agency.into());
            let agency = LotteryClient::new(job, Arc::new(list));
            Link { agency, connection: None, waits: None, done: false, connections: 0 }
        };
        Self {
            now: Instant::default(),
            committer: store.committer(agencies),
            store,
            service: LotteryService::new(config, Arc::clone(&commit_queue), 1000),
            commit_queue,
            links: (1..).zip(all).map(link).collect(),
            next: [0; 2],
        }
    }

    /// Runs until all agencies are done, or `seconds` have passed, over a line of `rate` bytes a second in
    /// each direction.
    fn run(&mut self, rate: usize, seconds: u64) {
        let end = self.now.after(Duration::from_secs(seconds));
        let packet = rate / 10;
        while self.now < end && !self.links.iter().all(|link| link.done) {
            for link in &mut self.links {
                link.turn(self.now, &self.service);
            }
            let requests = self.commit_queue.try_take(usize::MAX).unwrap();
            if !requests.is_empty() {
                self.committer.commit(requests).unwrap();
            }
            for (direction, next) in self.next.iter_mut().enumerate() {
                let count = self.links.len();
                let passed = (0..count).map(|step| (*next + step) % count).find(|at| {
                    let connection = self.links[*at].connection.as_mut();
                    connection.is_some_and(|ways| {
                        if direction == 0 { ways.up.pass(packet) } else { ways.down.pass(packet) }
                    })
                });
                *next = passed.map_or(*next, |at| at + 1);
            }
            self.now = self.now.after(TICK);
        }
    }
}

/// 30 agencies of 100 bets, at 64 and at 32 kbit/s: a block takes half a minute to a minute.
#[test]
fn clients_on_a_slow_shared_link_finish_on_every_dialect() {
    let all: Vec<Vec<Fields>> = (1..=30).map(|agency| plain(bets(agency, 0, 100))).collect();
    for (dialect, rate) in
        Dialect::WITH_WINNERS.iter().flat_map(|dialect| [(*dialect, 8000), (*dialect, 4000)])
    {
        let mut thin = Thin::new(dialect, &all);
        thin.run(rate, 3000);
        let took = thin.now.since_epoch();
        let connections: usize = thin.links.iter().map(|link| link.connections).sum();
        assert!(thin.links.iter().all(|link| link.done), "{dialect}, {rate}: not all have ended");
        assert_eq!(thin.store.rows().lines().count(), 3000, "{dialect}, {rate}: each bet is stored once");
        for (link, bets) in thin.links.into_iter().zip(&all) {
            let outcome = link.agency.into_outcome();
            assert_eq!(outcome.unwrap(), winners(bets), "{dialect}, {rate}, {took:?}");
        }
        // In `fixed` each query has a connection of its own.
        let expected = if dialect == Dialect::FIXED { 60..=900 } else { 30..=30 };
        assert!(expected.contains(&connections), "{dialect}, {rate}: {connections} connections");
    }
}

/// Replaces names that not every dialect can carry.
fn plain(bets: Vec<Fields>) -> Vec<Fields> {
    bets.into_iter()
        .map(|[first, _, document, date, number]| [first, "Paz".into(), document, date, number])
        .collect()
}
