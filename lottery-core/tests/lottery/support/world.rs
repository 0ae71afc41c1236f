//! Server and agencies joined by pipes in memory, with a committer that is stepped by hand and a time that
//! jumps from one deadline to the next.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::Committer;
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_proto::block::BLOCK_SIZE;
use lottery_proto::{Dialect, Endpoint, Input, Instant, ServerConfig};
use lottery_runtime::{Dialer, Machine, Mailbox, Service, Step};
use lottery_testkit::Pipe;

use crate::support::Fields;
use crate::support::agencies::job_on;
use crate::support::test_store::TestStore;

/// One direction of a connection, and what has passed it.
#[derive(Debug)]
pub(crate) struct Direction {
    pipe: Pipe,
    /// Number of bytes that went in.
    pub(crate) passed: usize,
    /// Time at which each block began, and its type.
    pub(crate) blocks: Vec<(Instant, u8)>,
}

impl Direction {
    /// Bytes that a socket's buffers hold, approximately.
    const CAPACITY: usize = 20_000;

    fn new() -> Self {
        Self { pipe: Pipe::new(Self::CAPACITY), passed: 0, blocks: Vec::new() }
    }

    fn put(&mut self, now: Instant, bytes: &[u8]) {
        for byte in bytes {
            if self.passed.is_multiple_of(BLOCK_SIZE) {
                self.blocks.push((now, *byte));
            }
            self.passed += 1;
        }
        self.pipe.write(bytes);
    }

    /// Takes the bytes that `writer` wants to send, or its end. Returns true if anything moved.
    fn fill(&mut self, now: Instant, writer: &mut impl Machine) -> bool {
        let Some(io) = writer.poll_io() else { return self.pipe.end() };
        let room = self.pipe.room();
        let input = if !io.send.is_empty() && room > 0 {
            let n = io.send.len().min(room);
            self.put(now, &io.send[..n]);
            Input::Sent(n)
        } else if io.fin {
            self.pipe.end();
            Input::FinSent
        } else {
            return false;
        };
        writer.handle(now, input);
        true
    }

    /// Feeds `reader` the bytes that it wants to receive. Returns true if anything moved.
    fn drain(&mut self, now: Instant, reader: &mut impl Machine) -> bool {
        let Some(io) = reader.poll_io() else {
            self.pipe.clear();
            return false;
        };
        let n = self.pipe.read(io.recv);
        let input = if n > 0 {
            Input::Received(n)
        } else if !io.recv.is_empty() && self.pipe.read_end() {
            Input::Eof
        } else {
            return false;
        };
        reader.handle(now, input);
        true
    }
}

/// Agency, and its connection.
pub(crate) struct Link {
    pub(crate) agency: LotteryClient,
    starts: Instant,
    connected: bool,
    over: bool,
    server_connection: Option<ServerConnection>,
    mail: Arc<Mutex<VecDeque<Notice>>>,
    pub(crate) up: Direction,
    pub(crate) down: Direction,
}

impl Link {
    fn turn(&mut self, now: Instant, service: &LotteryService) -> bool {
        if self.over || self.starts > now {
            return false;
        }
        if !self.connected {
            let Step::Connect(_) = self.agency.next_step(now) else { panic!("it has to connect") };
            self.connected = true;
            let mail = Arc::clone(&self.mail);
            let mailbox = Mailbox::new(move |notice| mail.lock().unwrap().push_back(notice));
            self.server_connection = service.accept(now, ([10, 0, 0, 1], 1).into(), mailbox);
            if self.server_connection.is_none() {
                self.down.pipe.end();
            }
            self.agency.connected(now);
            return true;
        }
        let mut moved = self.up.fill(now, &mut self.agency);
        if let Some(server_connection) = &mut self.server_connection {
            moved |= self.up.drain(now, server_connection);
            let notice = self.mail.lock().unwrap().pop_front();
            if let Some(notice) = notice {
                server_connection.notice(now, notice);
                moved = true;
            }
            moved |= self.down.fill(now, server_connection);
            if server_connection.poll_io().is_none() {
                self.server_connection = None;
            }
        }
        moved |= self.down.drain(now, &mut self.agency);
        if self.agency.poll_io().is_none() && self.server_connection.is_none() {
            assert_eq!(self.agency.next_step(now), Step::Done);
            self.over = true;
        }
        moved
    }

    fn deadline(&mut self, now: Instant) -> Option<Instant> {
        if self.over {
            return None;
        }
        if !self.connected {
            return Some(self.starts);
        }
        let agency = self.agency.poll_io().and_then(|io| io.deadline);
        let server_connection =
            self.server_connection.as_mut().and_then(ServerConnection::poll_io).and_then(|io| io.deadline);
        let next = agency.into_iter().chain(server_connection).min();
        assert!(next.is_none_or(|next| next > now), "a deadline that is over");
        next
    }

    fn tell(&mut self, now: Instant, input: Input) {
        self.agency.handle(now, input);
        if let Some(server_connection) = &mut self.server_connection {
            server_connection.handle(now, input);
        }
    }
}

/// Server, agencies and time.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) store: TestStore,
    pub(crate) committer: Committer<TestStore>,
    /// True if the committer works.
    pub(crate) commits: bool,
    pub(crate) commit_queue: Arc<CommitQueue>,
    pub(crate) service: LotteryService,
    pub(crate) links: Vec<Link>,
}

/// Returns the job of an agency of these tests: it asks after 1, 2, 4, 8, 8, … seconds.
pub(crate) fn job(agency: u32) -> Job {
    job_on(agency, Dialect::BLOCK)
}

impl World {
    pub(crate) fn new(agencies: u32, commit_queue: usize, max_connections: usize) -> Self {
        let store = TestStore::default();
        let commit_queue = Arc::new(CommitQueue::new(commit_queue));
        let config = ServerConfig::builder(agencies).build().unwrap();
        Self {
            now: Instant::default(),
            committer: store.committer(agencies),
            store,
            commits: true,
            service: LotteryService::new(config, Arc::clone(&commit_queue), max_connections),
            commit_queue,
            links: Vec::new(),
        }
    }

    /// Adds an agency that begins after this number of seconds.
    pub(crate) fn agency(&mut self, after: u64, job: Job, bets: &[Fields]) {
        let mut file = csv::Writer::from_writer(Vec::new());
        for bet in bets {
            file.write_record(bet).unwrap();
        }
        // Each has one connection.
        let job = Job { retry_for: Duration::ZERO, ..job };
        let list = AgencyFile::parse(Path::new("agency.csv"), &file.into_inner().unwrap()).unwrap();
        self.links.push(Link {
            agency: LotteryClient::new(job, Arc::new(list)),
            starts: self.now.after(Duration::from_secs(after)),
            connected: false,
            over: false,
            server_connection: None,
            mail: Arc::default(),
            up: Direction::new(),
            down: Direction::new(),
        });
    }

    /// Runs everything that takes no time.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut moved = false;
            for link in &mut self.links {
                moved |= link.turn(self.now, &self.service);
            }
            if self.commits
                && let Some(requests) = self.commit_queue.try_take(usize::MAX)
                && !requests.is_empty()
            {
                self.committer.try_again();
                self.committer.commit(requests).unwrap();
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }

    /// Runs until all agencies are done, but at most for `seconds`.
    pub(crate) fn run(&mut self, seconds: u64) {
        let end = self.now.after(Duration::from_secs(seconds));
        loop {
            self.settle();
            let now = self.now;
            let next = self.links.iter_mut().filter_map(|link| link.deadline(now)).min();
            if self.links.iter().all(|link| link.over) {
                return;
            }
            match next {
                Some(next) if next <= end => self.now = next,
                _ => {
                    self.now = end;
                    return;
                }
            }
            for link in &mut self.links {
                link.tell(self.now, Input::Timeout);
            }
        }
    }

    /// Stops the program.
    pub(crate) fn shut_down(&mut self) {
        let now = self.now;
        for link in self.links.iter_mut().filter(|link| link.connected) {
            if let Some(server_connection) = &mut link.server_connection {
                server_connection.handle(now, Input::Shutdown);
            }
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.links.iter().all(|link| link.over)
    }

    pub(crate) fn outcomes(self) -> Vec<Result<Vec<String>, ClientError>> {
        self.links.into_iter().map(|link| link.agency.into_outcome()).collect()
    }
}
