//! Server that is stopped while its connections are in every state: it sends the replies that it owes, ends
//! each connection cleanly, and is done soon.

use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::{RunningClient, job};
use crate::dialects::codec;
use crate::holding::Holding;
use crate::raw::Raw;
use crate::server::{RunningServer, ServerSettings};
use crate::serving::Serving;
use crate::stores::gated;
use crate::time_limits::until;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_core::store::MemoryStore;

/// Text for a peer when the server stops, if its dialect has a message for it.
const STOPPING: &str = "the server is stopping";

/// Time that a late reply is waited for.
const LINGER: Duration = Duration::from_millis(200);

fn lingering(agencies: u32) -> ServerSettings {
    let mut terms = ServerSettings::new(agencies);
    terms.config = terms.config.to_builder().linger_timeout(LINGER).build().unwrap();
    terms
}

/// Peers have sent nothing, half a message, or a query that is answered.
pub fn waiting_peers_get_a_clean_end<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let server = RunningServer::in_memory::<Server>(2);
        let idle = Raw::connect(server.address);
        let mut begun = Raw::connect(server.address);
        let batch = codec.batch(1, &File::invented(1, 30).lines());
        if !codec.has_one_answer() {
            begun.send(&codec.probe(1));
            assert!(begun.receive(codec.probed(1).len()) == codec.probed(1), "{dialect}");
        }
        begun.send(&batch[..batch.len() / 2]);
        let mut one_byte = Raw::connect(server.address);
        one_byte.send(&batch[..1]);
        let mut asking = Raw::connect(server.address);
        asking.send(&codec.probe(2));
        assert!(asking.receive(codec.probed(2).len()) == codec.probed(2), "{dialect}");

        server.stop();
        // Peers that have had their only reply, or whose dialect is not known, get no message.
        let words = codec.failure(STOPPING);
        let after = if codec.has_one_answer() { Vec::new() } else { words.clone() };
        for (mut peer, words) in [(idle, &[][..]), (one_byte, &[]), (asking, &after)] {
            assert!(peer.receive_all() == words, "{dialect}: that it stops, and a clean end");
        }
        // Without a reply it is not known whether any byte of it was read.
        let told = begun.receive_all();
        let unread = codec.has_one_answer() && told.is_empty();
        assert!(unread || told == words, "{dialect}: that it stops, and a clean end");
        let stored = server.end();
        assert!(stored.is_empty(), "{dialect}: nothing of half a batch");
    }
}

/// A batch is being committed: it is stored, and acknowledged.
pub fn a_batch_at_the_store_is_acknowledged<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let file = File::invented(1, 30);
        let (store, gate) = gated();
        let server = RunningServer::start::<Server>(&ServerSettings::new(2), store);
        let mut peer = Raw::connect(server.address);
        peer.send(&codec.batch(1, &file.lines()));
        until("the batch is at the store", || gate.arrived() == 1);
        gate.let_pass(1);
        peer.send(&codec.finished(1));
        until("the end of the agency is at the store", || gate.arrived() == 2);
        let mut other = Raw::connect(server.address);
        other.send(&codec.batch(2, &File::invented(2, 10).lines()));

        server.stop();
        gate.open();
        let mut answers = [codec.batch_stored(), codec.receipt(1)].concat();
        if !codec.server_closes() {
            answers.extend(codec.failure(STOPPING));
        }
        assert!(peer.receive_all() == answers, "{dialect}: the answers that are owed, and a clean end");
        let _ = other.try_receive_all();
        drop((peer, other));
        let mut rows = server.end();
        rows.remove(&2);
        assert!(rows == stored(&[file]), "{dialect}: every bet that was acknowledged");
    }
}

/// The store does not return in time: there is no reply, but an end.
pub fn a_hanging_store_does_not_delay_shutdown<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let file = File::invented(1, 30);
        let (store, gate) = gated();
        let server = RunningServer::start::<Server>(&lingering(2), store);
        let mut peer = Raw::connect(server.address);
        peer.send(&[codec.batch(1, &file.lines()), codec.finished(1)].concat());
        until("the batch is at the store", || gate.arrived() == 1);
        server.stop();
        assert_eq!(peer.receive_all(), b"", "{dialect}: an end without an answer");
        gate.open();
        assert!(server.end() == stored(&[file]), "{dialect}: what was at the store is stored");
    }
}

/// A reply waits for another agency.
pub fn deferred_replies_end_with_the_server<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let service = Holding::new(lingering(3).config);
        let server = Serving::start::<Server>(service.clone());
        // The agency does not ask again.
        let job = Job { retry_for: Duration::ZERO, ..job(server.address, dialect, 1) };
        let agency = RunningClient::start::<Client>(LotteryClient::new(job, File::invented(1, 30).bets()));
        let mut peer = Raw::connect(server.address);
        peer.send(&codec.await_winners(2));
        until("both wait", || service.held() == 2);

        server.stop();
        assert!(peer.receive_all() == codec.awaiting(2), "{dialect}: a clean end");
        let outcome = agency.outcome();
        assert!(matches!(outcome, Err(ClientError::Closed { .. })), "{dialect}: {outcome:?}");
        server.end();
    }
}

/// A peer has ended its side, and is still owed a reply.
pub fn a_half_closed_peer_gets_a_clean_end<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let service = Holding::new(lingering(2).config);
        let server = Serving::start::<Server>(service.clone());
        let mut peer = Raw::connect(server.address);
        peer.send(&codec.await_winners(2));
        peer.fin();
        until("it waits", || service.held() == 1);
        server.stop();
        assert!(peer.receive_all() == codec.awaiting(2), "{dialect}: a clean end");
        server.end();
    }
}

/// A peer asks and does not read.
pub fn a_peer_that_does_not_read_does_not_delay_shutdown<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        if codec.has_one_answer() {
            continue;
        }
        let server = RunningServer::start::<Server>(&lingering(2), MemoryStore::new());
        let mut peer = Raw::connect_narrow(server.address);
        let questions = 50 * peer.send_until_full(&codec.costly(1).repeat(50));
        assert!(questions > 32, "{dialect}: only {questions} questions were taken");
        let mut other = Raw::connect(server.address);
        other.send(&codec.probe(2));
        assert!(other.receive(codec.probed(2).len()) == codec.probed(2), "{dialect}: another is served");
        drop(other);
        server.end();
        drop(peer);
    }
}

/// A peer was told that the connection is over, and does not end its side.
pub fn a_lingering_connection_does_not_delay_shutdown<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let mut terms = ServerSettings::new(2);
        let config = terms.config.to_builder().linger_timeout(Duration::from_millis(600));
        terms.config = config.build().unwrap();
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        let mut peer = Raw::connect(server.address);
        peer.send(&codec.garbage());
        let told = codec.text_of(&peer.receive_all());
        assert!(told.is_some(), "{dialect}: what is wrong, and a clean end");
        server.end();
        drop(peer);
    }
}

/// No peer has come yet.
pub fn a_server_without_peers_stops<Server: StoppableRuntime>() {
    RunningServer::in_memory::<Server>(1).end();
}
