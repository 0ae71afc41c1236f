//! Cost of blocks in the machines of a server connection, over that of decoding alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{Committer, Rules};
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_core::store::{Group, Saved, Store, StoreError, WinnersPiece};
use lottery_proto::server::{Event, Server};
use lottery_proto::{ConnId, Endpoint, Input, Instant, Receipt, ServerConfig};
use lottery_runtime::{Machine as _, Mailbox, Service};

use crate::input::Blocks;
use crate::work::{Work, decode};

/// Limit of the commit queue in bytes: more than it ever holds here.
const QUEUE_LIMIT: usize = 64 * 1024 * 1024;

/// Returns three kinds of work: decoding alone, the server's machine, and the whole server connection with a
/// store that does nothing.
pub fn machines(blocks: &Blocks) -> Vec<Work<'_>> {
    vec![
        Work::new("decode", || decode(blocks)),
        Work::new("server", || server(blocks)),
        Work::new("lottery", || lottery(blocks)),
    ]
}

/// Store that does nothing.
#[derive(Debug)]
pub struct Nothing;

impl Store for Nothing {
    fn load(&mut self) -> Result<Saved, StoreError> {
        Ok(Saved::default())
    }

    fn commit(&mut self, _: &Group) -> Result<(), StoreError> {
        Ok(())
    }

    fn read_from(&self, place: u64, _: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<u64, StoreError> {
        Ok(place)
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        Ok(WinnersPiece { agency, number, documents: String::new() })
    }
}

/// Reads all of `bytes` into the machine, calling `received` after each read.
pub(crate) fn feed<M>(
    machine: &mut M,
    bytes: &[u8],
    recv: fn(&mut M) -> &mut [u8],
    mut received: impl FnMut(&mut M, usize),
) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let room = recv(machine);
        let (read, behind) = rest.split_at(room.len().min(rest.len()));
        room[..read.len()].copy_from_slice(read);
        rest = behind;
        received(machine, read.len());
    }
}

fn room_of_server(server: &mut Server) -> &mut [u8] {
    server.poll_io().expect("the connection is open").recv
}

pub(crate) fn room_of_connection(connection: &mut ServerConnection) -> &mut [u8] {
    connection.poll_io().expect("the connection is open").recv
}

/// Validates every batch, hands it out and replies. Returns the number of bets.
///
/// # Panics
/// If a block is wrong.
pub fn server(blocks: &Blocks) -> u64 {
    let now = Instant::default();
    let mut total = 0;
    for bytes in blocks.agencies() {
        let mut server = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(0), now);
        feed(&mut server, bytes, room_of_server, |server, len| {
            server.handle(now, Input::Received(len));
            while let Some(event) = server.poll_event() {
                let Event::Batch { ticket, bets, .. } = event else { panic!("{event:?}") };
                total += bets.len() as u64;
                server
                    .reply(now, ticket, Receipt::Stored { total })
                    .expect("the ticket is this connection's");
            }
        });
    }
    total
}

/// Moves every batch through the commit queue, turns it into rows and a digest, and acknowledges it. Returns
/// the number of bets.
///
/// # Panics
/// If a block is wrong.
pub fn lottery(blocks: &Blocks) -> u64 {
    let now = Instant::default();
    let mut committer =
        Committer::open(Nothing, Rules { agencies: u32::MAX, winning_number: 0 }).expect("it does nothing");
    let commit_queue = Arc::new(CommitQueue::new(QUEUE_LIMIT));
    let config = ServerConfig::builder(u8::MAX.into()).build().unwrap();
    let service = LotteryService::new(config, Arc::clone(&commit_queue), 1024);
    for bytes in blocks.agencies() {
        let mail: Arc<Mutex<Vec<Notice>>> = Arc::default();
        let mailbox_of_connection = Arc::clone(&mail);
        let mailbox = Mailbox::new(move |notice| {
            mailbox_of_connection.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
        });
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let mut connection = service.accept(now, peer.into(), mailbox).expect("there is room");
        feed(&mut connection, bytes, room_of_connection, |connection, len| {
            connection.handle(now, Input::Received(len));
            // Batches without a free slot follow once earlier ones have a reply.
            while let Some(requests) =
                commit_queue.try_take(usize::MAX).filter(|requests| !requests.is_empty())
            {
                committer.commit(requests).expect("it does nothing");
                let notices = std::mem::take(&mut *mail.lock().unwrap_or_else(PoisonError::into_inner));
                for notice in notices {
                    connection.notice(now, notice);
                }
            }
        });
    }
    (1..=u8::MAX.into()).map(|agency| committer.agency(agency).stored).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::agencies;

    #[test]
    fn every_bet_arrives() {
        let blocks = Blocks::of(&agencies());
        assert_eq!((server(&blocks), lottery(&blocks)), (blocks.bets() as u64, blocks.bets() as u64));
    }
}
