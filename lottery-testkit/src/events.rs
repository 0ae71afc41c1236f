//! Events that own their data.

use lottery_proto::client::{Rejected, Stored};
use lottery_proto::server::{self, RejectedBy};
use lottery_proto::{AgencyId, Bets, Client, CloseReason, Code, Server, client};

use crate::bets::text;

/// Event of the server. The tickets of its requests are dropped.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// A bet, as its payload.
    Bet(Vec<String>),
    /// A batch, as the payloads of its bets.
    Batch(Vec<String>),
    /// The end of an agency's bets.
    Finished,
    /// A query for the winners.
    WinnersQuery,
    /// A peer without a name that waits for the draw.
    AnonymousWaiter,
    /// A line.
    Echo(Vec<u8>),
    /// A rejected message: its agency, 0 if none is known.
    Rejected(u32, RejectedBy),
    /// The end of the connection.
    Closed(CloseReason),
}

fn texts(bets: Bets<'_>) -> Vec<String> {
    bets.iter().map(|bet| text(&bet)).collect()
}

/// Takes all events that there are.
pub fn server_events(server: &mut Server) -> Vec<ServerEvent> {
    let mut events = Vec::new();
    while let Some(event) = server.poll_event() {
        events.push(match event {
            server::Event::Bet { bets, .. } => ServerEvent::Bet(texts(bets)),
            server::Event::Batch { bets, .. } => ServerEvent::Batch(texts(bets)),
            server::Event::Finished { .. } => ServerEvent::Finished,
            server::Event::WinnersQuery { .. } => ServerEvent::WinnersQuery,
            server::Event::AnonymousWaiter { .. } => ServerEvent::AnonymousWaiter,
            server::Event::Echo { line, .. } => ServerEvent::Echo(line.0.to_vec()),
            server::Event::Rejected { agency, error, .. } => {
                ServerEvent::Rejected(agency.map_or(0, AgencyId::get), error)
            }
            server::Event::Closed(reason) => ServerEvent::Closed(reason),
            other => panic!("{other:?}"),
        });
    }
    events
}

/// Event of the client.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// A reply to a bet: true if it is stored.
    Bet(bool),
    /// A reply to a batch: true if it is stored.
    Batch(bool),
    /// A reply to Finished: true if it is stored.
    Finished(bool),
    /// The draw has not taken place.
    Pending,
    /// Documents of the winners.
    Winners(Vec<String>),
    /// A line.
    Line(Vec<u8>),
    /// The beginning of a session: the number of stored bets.
    Welcome(u64),
    /// A failure that ends the connection.
    Failed(Option<Code>, String),
    /// Rejected request, and the reason, if the server gave one.
    Rejected(&'static str, String),
    /// The end of the connection.
    Closed(CloseReason),
}

fn reply(
    what: &'static str,
    outcome: Result<Stored, Rejected<'_>>,
    of: impl Fn(bool) -> ClientEvent,
) -> ClientEvent {
    match outcome {
        Err(rejected) if !rejected.reason.is_empty() => ClientEvent::Rejected(what, rejected.reason.into()),
        outcome => of(outcome.is_ok()),
    }
}

/// Takes all events that there are.
pub fn client_events(client: &mut Client) -> Vec<ClientEvent> {
    use ClientEvent as Owned;
    let mut events = Vec::new();
    while let Some(event) = client.poll_event() {
        events.push(match event {
            client::Event::Bet(outcome) => reply("bet", outcome, Owned::Bet),
            client::Event::Batch(outcome) => reply("batch", outcome, Owned::Batch),
            client::Event::Finished(outcome) => reply("finished", outcome, Owned::Finished),
            client::Event::WinnersRejected(rejected) => Owned::Rejected("winners", rejected.reason.into()),
            client::Event::Rejected(rejected) => Owned::Rejected("", rejected.reason.into()),
            client::Event::Line(line) => Owned::Line(line.0.to_vec()),
            client::Event::Pending => Owned::Pending,
            client::Event::Winners(documents) => {
                assert_eq!(documents.len(), documents.clone().count());
                Owned::Winners(documents.map(str::to_string).collect())
            }
            client::Event::Welcome { stored, .. } => Owned::Welcome(stored),
            client::Event::Failed(rejected) => Owned::Failed(rejected.code, rejected.reason.into()),
            client::Event::Closed(reason) => Owned::Closed(reason),
            other => panic!("{other:?}"),
        });
    }
    events
}
