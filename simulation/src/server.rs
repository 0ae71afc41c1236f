//! Process of the server.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{self, Committer, OpenError, Opening, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_core::memory::Memory;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_core::store::StoreError;
use lottery_proto::{Endpoint, Input, Instant, ServerConfig};
use lottery_runtime::{Mailbox, Service};

use crate::link::Clock;
use crate::media::{AnyStore, Media};
use crate::mistakes::Mistake;
use crate::model::WINNING_NUMBER;
use crate::options::Options;
use crate::tally::{Mark, Tally};

/// Bytes of the window of a session: less than a batch, a few, and more than any agency has.
const WINDOW_BYTES: [u32; 3] = [100, 1000, 1 << 22];

/// Server's end of a connection.
pub(crate) struct Conn {
    pub(crate) machine: ServerConnection,
    mail: Arc<Mutex<VecDeque<Notice>>>,
}

impl Conn {
    /// Takes a notice out of the mailbox.
    pub(crate) fn mail(&self) -> Option<Notice> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// Server that runs.
pub(crate) struct ServerProcess {
    pub(crate) clock: Clock,
    pub(crate) commit_queue: Arc<CommitQueue>,
    pub(crate) committer: Committer<AnyStore>,
    service: LotteryService,
    /// Mistake that is planted.
    mistake: Option<Mistake>,
    /// Connections by their number.
    pub(crate) conns: BTreeMap<u64, Conn>,
    /// True if it accepts nothing, and ends when all connections are over.
    pub(crate) ending: bool,
    /// Time until which it does nothing.
    pub(crate) paused: Instant,
    /// True if it has found the draw in the store.
    pub(crate) found_draw: bool,
    /// Time until which the committer does nothing.
    pub(crate) commits_at: Instant,
    /// Time at which it tries the store again, which had no room.
    pub(crate) again_at: Option<Instant>,
}

impl ServerProcess {
    /// Starts the server on its store.
    pub(crate) fn start(
        media: &Media,
        now: Instant,
        options: &Options,
        drawn: bool,
        tally: &mut Tally,
    ) -> Result<Self, OpenError> {
        let agencies = u32::try_from(options.bets.len()).unwrap_or(u32::MAX);
        let rules = Rules { agencies, winning_number: WINNING_NUMBER };
        let opening = Opening { gathered: options.gathered, ..rules.into() };
        let committer = Committer::open(media.open(options.mistake, tally)?, opening)?;
        let found_draw = committer.draw().is_some();
        if found_draw && !drawn {
            tally.mark(Mark::DrawAtStart);
        }
        let commit_queue = Arc::new(CommitQueue::new(options.commit_queue));
        let config = ServerConfig::builder(agencies)
            .window(options.window)
            .window_bytes(WINDOW_BYTES[usize::try_from(options.seed / 3 % 3).unwrap_or(0)])
            .max_in_flight(options.in_flight)
            .build()
            .unwrap();
        // Lends no or little memory, or as much as is wanted.
        let shared = [0, 300_000, usize::MAX][usize::try_from(options.seed % 3).unwrap_or(0)];
        let service = LotteryService::new(config, Arc::clone(&commit_queue), 1000)
            .with_memory(Memory::new(shared, shared / 2));
        Ok(Self {
            clock: Clock::start(now),
            commit_queue,
            committer,
            service,
            mistake: options.mistake,
            conns: BTreeMap::new(),
            ending: false,
            paused: now,
            found_draw,
            commits_at: now,
            again_at: None,
        })
    }

    /// Accepts a connection.
    pub(crate) fn accept(&mut self, number: u64, now: Instant) {
        let mail = Arc::new(Mutex::new(VecDeque::new()));
        let into = Arc::clone(&mail);
        let mailbox = Mailbox::new(move |notice| {
            into.lock().unwrap_or_else(PoisonError::into_inner).push_back(notice);
        });
        let peer = SocketAddr::from(([10, 0, 0, 1], 1));
        let machine = self.service.accept(self.clock.local(now), peer.into(), mailbox);
        if let Some(machine) = machine {
            self.conns.insert(number, Conn { machine, mail });
        }
    }

    /// Commits some requests of the commit queue; `None` if there are none.
    pub(crate) fn commit(&mut self, max: usize) -> Option<Result<(), StoreError>> {
        let mut requests = self.commit_queue.try_take(max)?;
        if self.mistake == Some(Mistake::IgnoreFence) {
            // Only requests of a session are fenced.
            for request in &mut requests {
                request.in_session = false;
            }
        }
        if requests.is_empty() {
            return None;
        }
        Some(committer::step(&mut self.committer, &self.commit_queue, requests))
    }

    /// Tries the store again, which had no room: for a draw, if there was no room for that.
    pub(crate) fn try_again(&mut self) -> Result<(), StoreError> {
        self.again_at = None;
        self.committer.try_again();
        committer::step(&mut self.committer, &self.commit_queue, Vec::new())
    }

    /// Stops the server in good order.
    pub(crate) fn shut_down(&mut self, now: Instant) {
        self.ending = true;
        let local = self.clock.local(now);
        for conn in self.conns.values_mut() {
            conn.machine.handle(local, Input::Shutdown);
        }
    }
}
