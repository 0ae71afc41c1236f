//! Shared helpers: requests as a connection makes them, a mailbox that keeps its notices, and a store that
//! fails on demand.

pub(crate) mod agencies;
pub(crate) mod blocks;
pub(crate) mod calls;
pub(crate) mod digest;
pub(crate) mod sender;
pub(crate) mod session;
pub(crate) mod test_store;
pub(crate) mod world;

use std::sync::{Arc, Mutex, MutexGuard};

use lottery_core::committer::Committer;
use lottery_core::messages::{Command, Notice, Outcome, Request, Won};
use lottery_core::store::{MemoryStore, Store};
use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Bet, Client, ClientConfig, ConnId, Dialect, Input, Instant, ListSize, Receipt, Server,
    ServerConfig,
};
use lottery_runtime::{Dialer, Mailbox, Step};

use crate::support::test_store::TestStore;

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
    fields.iter().map(|[a, b, c, d, e]| Bet::new([a, b, c, d, e]).unwrap()).collect()
}

/// Returns the command that a connection of that agency submits when its client does this.
pub(crate) fn asks(agency: u32, say: impl FnOnce(&mut Client)) -> Command {
    let now = Instant::default();
    let config = ClientConfig::new(AgencyId::new(agency).unwrap(), Dialect::BLOCK).unwrap();
    let mut client = Client::new(config, now);
    let mut server = Server::new(ServerConfig::builder(99).build().unwrap(), ConnId(agency.into()), now);
    say(&mut client);
    while client.unsent() > 0 {
        let (from, to) = (client.poll_io().unwrap(), server.poll_io().unwrap());
        let n = from.send.len().min(to.recv.len());
        to.recv[..n].copy_from_slice(&from.send[..n]);
        client.handle(now, Input::Sent(n));
        server.handle(now, Input::Received(n));
    }
    match server.poll_event().unwrap() {
        Event::Bet { ticket, agency, bets, .. } => Command::store_bet(ticket, agency, bets, None),
        Event::Batch { ticket, agency, bets, .. } => Command::store_batch(ticket, agency, bets, None),
        Event::Finished { ticket, agency, .. } => Command::finish(ticket, agency),
        Event::WinnersQuery { ticket, agency, wait, .. } => {
            Command::Winners { ticket, agency: Some(agency), wait }
        }
        other => panic!("{other:?}"),
    }
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
    Rejected(u32, &'static str),
    Pending(u32),
    Winners(u32, Vec<String>),
    /// Connection of a waiter that stands for no agency.
    TurnedAway(u64),
    /// Connection of a request that was dropped.
    Lost(u64),
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
        Outcome::Rejected { code, .. } => Seen::Rejected(agency.get(), code.as_str()),
    };
    match notice {
        Notice::Stored(submission, outcome) => receipt(submission.agency, outcome),
        Notice::Winners(_, agency, None) => Seen::Pending(agency.get()),
        Notice::Winners(_, agency, Some(won)) => {
            assert_eq!(won.agency, agency.get());
            Seen::Winners(won.agency, all_of(won, store))
        }
        Notice::Piece(_) => panic!("nobody asks for a piece here"),
        Notice::Drawn(_) => Seen::Winners(0, Vec::new()),
        Notice::Hello(..) | Notice::Superseded => panic!("there are no sessions here"),
        Notice::TurnedAway(ticket, _) => Seen::TurnedAway(ticket.conn().0),
        Notice::Lost(ticket) => Seen::Lost(ticket.conn().0),
        Notice::Displaced => Seen::Displaced,
        Notice::Room | Notice::Memory => Seen::Room,
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

/// Returns the command of a `framed` connection that has sent END; as an agency, if it has named one.
pub(crate) fn waits(conn: u64, agency: Option<u32>) -> Command {
    let now = Instant::default();
    let mut server = Server::new(ServerConfig::builder(9).build().unwrap(), ConnId(conn), now);
    let give = |server: &mut Server, body: &str| {
        let message = format!("{:08}{body}", body.len());
        server.poll_io().unwrap().recv[..message.len()].copy_from_slice(message.as_bytes());
        server.handle(now, Input::Received(message.len()));
    };
    let stored = Receipt::Stored { total: 0 };
    if let Some(agency) = agency {
        give(&mut server, &format!("{agency};0\n"));
        let Some(Event::Batch { ticket, .. }) = server.poll_event() else { panic!("a batch") };
        server.reply(now, ticket, stored).unwrap();
    }
    give(&mut server, "END");
    match server.poll_event().unwrap() {
        Event::AnonymousWaiter { ticket, .. } => {
            return Command::Winners { ticket, agency: None, wait: true };
        }
        Event::Finished { ticket, .. } => server.reply(now, ticket, stored).unwrap(),
        other => panic!("{other:?}"),
    }
    let Some(Event::WinnersQuery { ticket, agency, wait, .. }) = server.poll_event() else {
        panic!("a question")
    };
    Command::Winners { ticket, agency: Some(agency), wait }
}

/// Connects a client, and returns the bytes that it sends at once, on a connection whose other end does nothing.
pub(crate) fn sent(client: &mut impl Dialer, now: Instant) -> Vec<u8> {
    let Step::Connect(_) = client.next_step(now) else { panic!("it has to connect") };
    client.connected(now);
    written(client, now)
}

/// Returns the bytes that a client sends at once, on the connection that it has.
pub(crate) fn written(client: &mut impl Dialer, now: Instant) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Some(io) = client.poll_io()
        && !io.send.is_empty()
    {
        let len = io.send.len();
        sent.extend_from_slice(io.send);
        client.handle(now, Input::Sent(len));
    }
    sent
}

pub(crate) fn received(client: &mut impl Dialer, now: Instant, bytes: &[u8]) {
    client.poll_io().unwrap().recv[..bytes.len()].copy_from_slice(bytes);
    client.handle(now, Input::Received(bytes.len()));
}
