//! Shared helpers: requests as a connection makes them, a mailbox that keeps its notices, and a store that
//! fails on demand.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};

use lottery_core::committer::{Committer, Rules};
use lottery_core::messages::{Command, Notice, Outcome, QueuedBatch, Request, Won};
use lottery_core::store::{EncodedBatch, Group, MemoryStore, Saved, Store, StoreError, WinnersPiece};
use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Bet, Bets, Client, ClientConfig, ConnId, Dialect, Input, Instant, ListSize, Server,
    ServerConfig,
};
use lottery_runtime::Mailbox;

/// Fields of a bet, owned.
pub(crate) type Fields = [String; 5];

/// Returns bets of an agency, from number `from` on: each is on its own number, except every fifth, which is
/// on 7574.
pub(crate) fn bets(agency: u32, from: u32, count: u32) -> Vec<Fields> {
    let bet = |nth: u32| {
        let number = if nth.is_multiple_of(5) { 7574 } else { nth };
        [
            format!("Ana {agency}"),
            "Paz, \"la\" Ñ".to_owned(),
            format!("{}", agency * 1_000_000 + nth),
            "1980-01-31".to_owned(),
            number.to_string(),
        ]
    };
    (from..from + count).map(bet).collect()
}

/// Returns the documents of the bets on 7574.
pub(crate) fn winners(bets: &[Fields]) -> Vec<String> {
    bets.iter().filter(|bet| bet[4] == "7574").map(|bet| bet[2].clone()).collect()
}

pub(crate) fn as_bets(fields: &[Fields]) -> Vec<Bet<'_>> {
    fields.iter().map(|[a, b, c, d, e]| Bet::new(a, b, c, d, e).unwrap()).collect()
}

/// Returns the command that a connection of that agency submits when its client does this.
pub(crate) fn asks(agency: u32, say: impl FnOnce(&mut Client)) -> Command {
    let now = Instant::default();
    let config = ClientConfig::new(AgencyId::new(agency).unwrap(), Dialect::Block);
    let mut client = Client::new(config, now);
    let mut server =
        Server::new(ServerConfig { agencies: 99, ..ServerConfig::default() }, ConnId(agency.into()), now);
    say(&mut client);
    while client.unsent() > 0 {
        let (from, to) = (client.poll_io().unwrap(), server.poll_io().unwrap());
        let n = from.send.len().min(to.recv.len());
        to.recv[..n].copy_from_slice(&from.send[..n]);
        client.handle(now, Input::Sent(n));
        server.handle(now, Input::Received(n));
    }
    match server.poll_event().unwrap() {
        Event::Bet { ticket, bets } => Command::Bet(ticket, queued(agency, bets)),
        Event::Batch { ticket, bets } => Command::Batch(ticket, queued(agency, bets)),
        Event::Finished { ticket } => Command::Finished(ticket),
        Event::WinnersQuery { ticket, wait } => Command::Winners { ticket, wait },
        other => panic!("{other:?}"),
    }
}

fn queued(agency: u32, bets: Bets<'_>) -> QueuedBatch {
    QueuedBatch::new(EncodedBatch::encode(agency, bets), None)
}

pub(crate) fn batch(agency: u32, fields: &[Fields]) -> Command {
    asks(agency, |client| {
        let sent = client.send_batch(Instant::default(), &as_bets(fields)).unwrap();
        assert_eq!(sent, fields.len(), "more than a batch");
    })
}

pub(crate) fn finished(agency: u32) -> Command {
    asks(agency, |client| client.send_finished(Instant::default()).unwrap())
}

pub(crate) fn query(agency: u32) -> Command {
    asks(agency, |client| client.ask_winners(Instant::default()).unwrap())
}

/// Notice that came to a mailbox, or event of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Agency, and its total of stored bets.
    Stored(u32, u64),
    /// Agency, and code of the rejection.
    Refused(u32, &'static str),
    Pending(u32),
    Winners(u32, Vec<String>),
    /// Connection of a waiter that stands for no agency.
    TurnedAway(u64),
    Displaced,
    Room,
    /// Committed group: number of its batches, and true if the draw is in it.
    Committed(usize, bool),
}

/// Events in the order in which they happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diary {
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Store that holds the winners.
    store: Arc<Mutex<MemoryStore>>,
}

impl Diary {
    pub(crate) fn mailbox(&self) -> Mailbox<Notice> {
        let diary = self.clone();
        Mailbox::new(move |notice| diary.note(diary.seen(notice)))
    }

    pub(crate) fn request(&self, command: Command) -> Request {
        Request { from: self.mailbox(), in_session: false, alone: false, command }
    }

    pub(crate) fn note(&self, seen: Seen) {
        self.lock().push(seen);
    }

    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.lock())
    }

    /// Takes the events as [`Diary::take`] does, without those of the store.
    pub(crate) fn answers(&self) -> Vec<Seen> {
        self.take().into_iter().filter(|seen| !matches!(seen, Seen::Committed(..))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }

    fn seen(&self, notice: Notice) -> Seen {
        let store = self.store.lock().unwrap();
        seen(notice, &*store)
    }
}

/// Returns the winners of an agency, read piece by piece.
pub(crate) fn all_of(won: Won, store: &impl Store) -> Vec<String> {
    let pieces = (0..won.list.pieces).map(|number| store.winners(won.agency, number).unwrap());
    let all: Vec<String> =
        pieces.flat_map(|piece| piece.iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(won.list.size, ListSize::of(all.iter().map(String::as_str)));
    all
}

pub(crate) fn seen(notice: Notice, store: &impl Store) -> Seen {
    let receipt = |agency: AgencyId, outcome| match outcome {
        Outcome::Stored { total, .. } => Seen::Stored(agency.get(), total),
        Outcome::Refused { code, .. } => Seen::Refused(agency.get(), code.as_str()),
    };
    match notice {
        Notice::Bet(ticket, _, outcome) => receipt(ticket.agency(), outcome),
        Notice::Batch(ticket, _, outcome) => receipt(ticket.agency(), outcome),
        Notice::Finished(ticket, outcome) => receipt(ticket.agency(), outcome),
        Notice::Winners(ticket, None) => Seen::Pending(ticket.agency().get()),
        Notice::Winners(ticket, Some(won)) => {
            assert_eq!(won.agency, ticket.agency().get());
            Seen::Winners(won.agency, all_of(won, store))
        }
        Notice::Piece(_) => panic!("nobody asks for a piece here"),
        Notice::AnonymousWaiter(_) => Seen::Winners(0, Vec::new()),
        Notice::Hello(..) | Notice::Superseded => panic!("there are no sessions here"),
        Notice::TurnedAway(ticket, _) => Seen::TurnedAway(ticket.conn().0),
        Notice::Displaced => Seen::Displaced,
        Notice::Room | Notice::Memory => Seen::Room,
    }
}

/// Result of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Good,
    Full,
    Failed,
    Panic,
}

/// Store in memory that outlives its owner, as a disk does, and fails on demand.
#[derive(Debug, Clone)]
pub(crate) struct TestStore {
    memory: Arc<Mutex<MemoryStore>>,
    fates: Arc<Mutex<VecDeque<Fate>>>,
    failed: bool,
    diary: Diary,
    asked: Arc<Mutex<Asked>>,
}

/// Number of calls of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Commits of a group.
    pub(crate) commits: u32,
    /// Readings of its rows, from the first on.
    pub(crate) passes: u32,
}

impl Default for TestStore {
    fn default() -> Self {
        let diary = Diary::default();
        Self {
            memory: Arc::clone(&diary.store),
            fates: Arc::default(),
            failed: false,
            diary,
            asked: Arc::default(),
        }
    }
}

impl TestStore {
    /// Sets the results of the next commits; those after them are good.
    pub(crate) fn next(&self, fates: &[Fate]) {
        self.fates.lock().unwrap().extend(fates);
    }

    pub(crate) fn asked(&self) -> Asked {
        *self.asked.lock().unwrap()
    }

    pub(crate) fn diary(&self) -> Diary {
        self.diary.clone()
    }

    pub(crate) fn rows(&self) -> String {
        let mut all = String::new();
        self.memory.lock().unwrap().read(&mut |rows| all.push_str(rows)).unwrap();
        all
    }

    pub(crate) fn saved(&self) -> Saved {
        self.memory.lock().unwrap().load().unwrap()
    }

    pub(crate) fn committer(&self, agencies: u32) -> Committer<Self> {
        Committer::open(self.clone(), Rules { agencies, winning_number: 7574 }).unwrap()
    }

    fn failure() -> StoreError {
        StoreError::Failed { place: "test".to_owned(), cause: "told to".to_owned() }
    }
}

impl Store for TestStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(self.saved())
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        self.asked.lock().unwrap().commits += 1;
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Good);
        assert!(fate != Fate::Panic, "told to");
        self.failed |= fate == Fate::Failed;
        if self.failed {
            return Err(Self::failure());
        }
        if fate == Fate::Full {
            return Err(StoreError::Full { place: "test".to_owned(), cause: "told to".to_owned() });
        }
        self.diary.note(Seen::Committed(group.batches.len(), group.draw.is_some()));
        self.memory.lock().unwrap().commit(group)
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        self.asked.lock().unwrap().passes += u32::from(place == 0);
        if self.failed { Err(Self::failure()) } else { self.memory.lock().unwrap().read_from(place, visit) }
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        if self.failed { Err(Self::failure()) } else { self.memory.lock().unwrap().winners(agency, number) }
    }
}

/// Commits the commands as one group, and returns the replies.
pub(crate) fn commit(committer: &mut Committer<TestStore>, asks: Vec<Command>) -> Vec<Seen> {
    let diary = committer.store().diary();
    diary.take();
    let requests = asks.into_iter().map(|asks| diary.request(asks)).collect();
    committer.commit(requests).unwrap();
    diary.answers()
}
