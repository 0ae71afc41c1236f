//! Traffic of agencies in a dialect, and a server's machine that reads it.

use lottery_proto::server::{Event, Server};
use lottery_proto::{
    AgencyId, Bet, Client, ClientConfig, ConnId, Dialect, HelloReply, Input, Instant, Receipt, ServerConfig,
};

use crate::answers::welcome;
use crate::input::{Agency, OFFERED};
use crate::record::fold;

/// Bytes that agencies send, each agency on a connection of its own.
#[derive(Debug)]
pub struct Traffic {
    connections: Vec<Vec<u8>>,
}

impl Traffic {
    /// Encodes all bets of these agencies in batches, as a client does in that dialect; `None` if the dialect
    /// cannot carry one of them.
    ///
    /// # Panics
    /// If the dialect carries no bets.
    pub fn of(agencies: &[Agency], dialect: Dialect) -> Option<Self> {
        let most = dialect.profile().batch_bets.min(OFFERED);
        let mut connections = Vec::new();
        for (id, list) in agencies {
            list.check_sendable(dialect).ok()?;
            let bets: Vec<Bet<'_>> = list.bets_from(0).collect();
            let mut bytes = Vec::new();
            // In a session the client has said Hello by itself.
            bytes.extend(client(*id, dialect).poll_io().expect("the connection is open").send.iter());
            let mut rest = &bets[..];
            while !rest.is_empty() {
                let offered = &rest[..rest.len().min(most)];
                let (sent, batch) = batch(*id, dialect, offered);
                bytes.extend(batch);
                rest = &rest[sent..];
            }
            connections.push(bytes);
        }
        Some(Self { connections })
    }

    /// Feeds the bytes to machines, as a driver would, and iterates the bets of each batch that they hand
    /// out.
    ///
    /// # Panics
    /// If the bytes are wrong.
    pub fn serve(&self) -> u64 {
        self.connections.iter().fold(0, |sum, bytes| serve(bytes, sum))
    }
}

fn client(agency: AgencyId, dialect: Dialect) -> Client {
    Client::new(ClientConfig::new(agency, dialect).expect("valid settings"), Instant::default())
}

/// Returns as many of the bets as a batch carries, and the batch of a new client, which waits for no reply.
fn batch(agency: AgencyId, dialect: Dialect, bets: &[Bet<'_>]) -> (usize, Vec<u8>) {
    let (now, mut client) = (Instant::default(), client(agency, dialect));
    if dialect.profile().has_sessions {
        let greeted = client.unsent();
        client.handle(now, Input::Sent(greeted));
        let welcome = welcome(u8::try_from(agency.get()).expect("few agencies"));
        client.poll_io().expect("the connection is open").recv[..welcome.len()].copy_from_slice(&welcome);
        client.handle(now, Input::Received(welcome.len()));
        assert!(client.poll_event().is_some(), "it is welcome");
    }
    let sent = client.send_batch(now, bets).expect("the bets can be sent");
    (sent, client.poll_io().expect("the connection is open").send.to_vec())
}

fn serve(bytes: &[u8], mut sum: u64) -> u64 {
    let now = Instant::default();
    let mut server = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(0), now);
    let mut rest = bytes;
    let mut total = 0;
    while !rest.is_empty() {
        let recv = server.poll_io().expect("the connection is open").recv;
        let (read, behind) = rest.split_at(recv.len().min(rest.len()));
        recv[..read.len()].copy_from_slice(read);
        rest = behind;
        server.handle(now, Input::Received(read.len()));
        while let Some(event) = server.poll_event() {
            let answered = match event {
                Event::Hello { ticket, .. } => {
                    let welcome = HelloReply::Welcome { stored: 0, finished: false, digest: 0 };
                    server.reply(now, ticket, welcome).is_ok()
                }
                Event::Batch { ticket, bets, .. } => {
                    sum = bets.iter().fold(sum, |sum, bet| fold(sum, &bet));
                    total += bets.len() as u64;
                    server.reply(now, ticket, Receipt::Stored { total }).is_ok()
                }
                other => panic!("{other:?}"),
            };
            assert!(answered, "the ticket is this connection's");
            let sent = server.poll_io().expect("the connection is open").send.len();
            server.handle(now, Input::Sent(sent));
        }
    }
    sum
}
