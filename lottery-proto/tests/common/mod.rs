//! Shared helpers: blocks written by hand, machines driven by hand, events that own their data.
#![allow(dead_code)]

use std::time::Duration;

use lottery_proto::server::{self, RefusedBy};
use lottery_proto::{
    AgencyId, Bet, Bets, Client, ClientConfig, CloseReason, Code, ConnId, Dialect, EchoReply, Failure, Input,
    Instant, Io, Receipt, Server, ServerConfig, WinnersReply, client,
};

pub(crate) const BLOCK: usize = 8192;
pub(crate) const BET: u8 = 1;
pub(crate) const BET_ACK: u8 = 2;
pub(crate) const BATCH: u8 = 3;
pub(crate) const FINISHED: u8 = 4;
pub(crate) const BATCH_ACK: u8 = 5;
pub(crate) const WINNER: u8 = 6;
pub(crate) const HELLO: u8 = 7;

pub(crate) const ANA: &str = "Ana|Paz|20000001|1980-01-01|7574";
pub(crate) const JOSE: &str = "José María|de la Cruz|20000003|2000-02-29|8";

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_epoch(Duration::from_millis(millis))
}

/// Returns a packet without padding, with the size that its payload needs (`docs/protocol.md#block`).
pub(crate) fn packet(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let [low, high] = u16::try_from(4 + payload.len()).unwrap().to_le_bytes();
    let mut packet = vec![kind, agency, low, high];
    packet.extend(payload);
    packet
}

/// Returns a packet padded with zeros to a block (`docs/protocol.md#block`).
pub(crate) fn block(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let mut block = packet(kind, agency, payload);
    block.resize(BLOCK, 0);
    block
}

/// Returns a Batch packet of these bets, padded.
pub(crate) fn batch<B: AsRef<[u8]>>(agency: u8, bets: &[B]) -> Vec<u8> {
    let mut payload = vec![u8::try_from(bets.len()).unwrap()];
    payload.extend(bets.iter().flat_map(|bet| packet(BET, agency, bet.as_ref())));
    block(BATCH, agency, &payload)
}

/// Parses a payload as a bet.
pub(crate) fn bet(payload: &str) -> Bet<'_> {
    let fields: Vec<&str> = payload.split('|').collect();
    Bet::new(fields[0], fields[1], fields[2], fields[3], fields[4]).unwrap()
}

/// Returns a bet's payload.
pub(crate) fn text(bet: &Bet<'_>) -> String {
    let names = format!("{}|{}", bet.first_name(), bet.last_name());
    format!("{names}|{}|{}|{}", bet.document(), bet.birthdate(), bet.number())
}

/// Machine of either role, as a driver sees it.
pub(crate) trait End {
    fn io(&mut self) -> Option<Io<'_>>;
    fn tell(&mut self, now: Instant, input: Input);
}

impl End for Server {
    fn io(&mut self) -> Option<Io<'_>> {
        self.poll_io()
    }
    fn tell(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }
}

impl End for Client {
    fn io(&mut self) -> Option<Io<'_>> {
        self.poll_io()
    }
    fn tell(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }
}

/// Feeds all of `bytes` to the machine.
pub(crate) fn give(end: &mut impl End, now: Instant, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let recv = end.io().expect("it is not closed").recv;
        let n = recv.len().min(bytes.len());
        assert!(n > 0, "it does not read, {} bytes left", bytes.len());
        recv[..n].copy_from_slice(&bytes[..n]);
        bytes = &bytes[n..];
        end.tell(now, Input::Received(n));
    }
}

/// Takes all that the machine wants to send now, in small pieces.
pub(crate) fn take(end: &mut impl End, now: Instant) -> Vec<u8> {
    let mut taken = Vec::new();
    while let Some(io) = end.io()
        && !io.send.is_empty()
    {
        let n = io.send.len().min(1000);
        taken.extend(&io.send[..n]);
        end.tell(now, Input::Sent(n));
    }
    taken
}

pub(crate) fn server() -> Server {
    Server::new(ServerConfig::default(), ConnId(1), at(0))
}

pub(crate) fn server_with(config: ServerConfig) -> Server {
    Server::new(config, ConnId(1), at(0))
}

pub(crate) fn client(agency: u32) -> Client {
    client_of(Dialect::Block, agency)
}

pub(crate) fn client_of(dialect: Dialect, agency: u32) -> Client {
    let agency = AgencyId::new(agency).unwrap();
    Client::new(ClientConfig::new(agency, dialect), at(0))
}

/// Returns a message of `framed`: its length in eight digits, then its body (`docs/protocol.md#framed`).
pub(crate) fn framed(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    [format!("{:08}", body.len()).as_bytes(), body].concat()
}

/// Event of the server. The tickets of its requests are dropped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Bet(Vec<String>),
    Batch(Vec<String>),
    Finished,
    WinnersQuery,
    AnonymousWaiter,
    Echo(Vec<u8>),
    Refused(u32, RefusedBy),
    Closed(CloseReason),
}

fn texts(bets: Bets<'_>) -> Vec<String> {
    bets.iter().map(|bet| text(&bet)).collect()
}

pub(crate) fn seen(server: &mut Server) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(event) = server.poll_event() {
        seen.push(match event {
            server::Event::Bet { bets, .. } => Seen::Bet(texts(bets)),
            server::Event::Batch { bets, .. } => Seen::Batch(texts(bets)),
            server::Event::Finished { .. } => Seen::Finished,
            server::Event::WinnersQuery { .. } => Seen::WinnersQuery,
            server::Event::AnonymousWaiter { .. } => Seen::AnonymousWaiter,
            server::Event::Echo { line, .. } => Seen::Echo(line.0.to_vec()),
            server::Event::Refused { agency, error } => Seen::Refused(agency.map_or(0, AgencyId::get), error),
            server::Event::Closed(reason) => Seen::Closed(reason),
            other => panic!("{other:?}"),
        });
    }
    seen
}

/// Accepts the next request; `winners` are those of the draw, `None` before it. Returns true if there was a
/// request.
pub(crate) fn answer(server: &mut Server, now: Instant, winners: Option<&[String]>) -> bool {
    let stored = Receipt::Stored { total: 1 };
    let reply = winners.map_or(WinnersReply::Pending, WinnersReply::Winners);
    match server.poll_event() {
        Some(server::Event::Bet { ticket, .. }) => server.reply(now, ticket, stored).unwrap(),
        Some(server::Event::Batch { ticket, .. }) => server.reply(now, ticket, stored).unwrap(),
        Some(server::Event::Finished { ticket }) => server.reply(now, ticket, stored).unwrap(),
        Some(server::Event::WinnersQuery { ticket, .. }) => server.reply(now, ticket, reply).unwrap(),
        Some(server::Event::AnonymousWaiter { ticket }) => server.reply(now, ticket, reply).unwrap(),
        Some(server::Event::Echo { ticket, .. }) => server.reply(now, ticket, EchoReply("> ")).unwrap(),
        _ => return false,
    }
    true
}

/// Rejects the next request.
pub(crate) fn refuse(server: &mut Server, now: Instant, failure: Failure<'_>) {
    let (receipt, reply) = (Receipt::Refused(failure), WinnersReply::Refused(failure));
    match server.poll_event() {
        Some(server::Event::Bet { ticket, .. }) => server.reply(now, ticket, receipt).unwrap(),
        Some(server::Event::Batch { ticket, .. }) => server.reply(now, ticket, receipt).unwrap(),
        Some(server::Event::Finished { ticket }) => server.reply(now, ticket, receipt).unwrap(),
        Some(server::Event::WinnersQuery { ticket, .. }) => server.reply(now, ticket, reply).unwrap(),
        Some(server::Event::AnonymousWaiter { ticket }) => server.reply(now, ticket, reply).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Event of the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Bet(bool),
    Batch(bool),
    Finished(bool),
    Pending,
    Winners(Vec<String>),
    Line(Vec<u8>),
    Welcome(u64),
    Failed(Option<Code>, String),
    /// Rejected request, and the reason, if the server gave one.
    Refused(&'static str, String),
    Closed(CloseReason),
}

pub(crate) fn heard(client: &mut Client) -> Vec<Heard> {
    let mut heard = Vec::new();
    while let Some(event) = client.poll_event() {
        heard.push(match event {
            client::Event::Bet { stored, reason: "" } => Heard::Bet(stored),
            client::Event::Batch { stored, reason: "", .. } => Heard::Batch(stored),
            client::Event::Finished { stored, reason: "" } => Heard::Finished(stored),
            client::Event::Bet { stored: false, reason } => Heard::Refused("bet", reason.into()),
            client::Event::Batch { stored: false, reason, .. } => Heard::Refused("batch", reason.into()),
            client::Event::Finished { stored: false, reason } => Heard::Refused("finished", reason.into()),
            client::Event::WinnersRefused { reason } => Heard::Refused("winners", reason.into()),
            client::Event::Refused { reason } => Heard::Refused("", reason.into()),
            client::Event::Line(line) => Heard::Line(line.0.to_vec()),
            client::Event::Pending => Heard::Pending,
            client::Event::Winners(documents) => {
                assert_eq!(documents.len(), documents.clone().count());
                Heard::Winners(documents.map(str::to_string).collect())
            }
            client::Event::Welcome { stored, .. } => Heard::Welcome(stored),
            client::Event::Failed { code, reason } => Heard::Failed(code, reason.into()),
            client::Event::Closed(reason) => Heard::Closed(reason),
            other => panic!("{other:?}"),
        });
    }
    heard
}

/// Seeded generator of pseudo-random numbers (splitmix64): the same in every run.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 to `below - 1`.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % below as u64).unwrap()
    }

    /// Returns true one time in `times`.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
