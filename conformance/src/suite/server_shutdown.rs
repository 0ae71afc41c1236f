//! Server that is stopped while its connections are in every state: it sends the replies that it owes, ends
//! each connection cleanly, and is done soon.

use std::time::Duration;

use crate::OnRuntime;
use crate::agencies::{Calling, job};
use crate::centre::{Running, Terms};
use crate::files::{File, stored};
use crate::holding::Holding;
use crate::patience::until;
use crate::raw::Raw;
use crate::serving::Serving;
use crate::stores::GatedStore;
use crate::wire::wire;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_core::store::MemoryStore;

/// Text for a peer when the server stops, if its dialect has a message for it.
const STOPPING: &str = "the centre is stopping";

/// Time that a late reply is waited for.
const LINGER: Duration = Duration::from_millis(200);

fn lingering(agencies: u32) -> Terms {
    let mut terms = Terms::new(agencies);
    terms.config.linger_timeout = LINGER;
    terms
}

/// Peers have sent nothing, half a message, or a query that is answered.
pub fn waiting_peers_get_a_clean_end<Server: OnRuntime>() {
    for &dialect in crate::PLAIN {
        let wire = wire(dialect);
        let centre = Running::in_memory::<Server>(2);
        let idle = Raw::connect(centre.address);
        let mut begun = Raw::connect(centre.address);
        let batch = wire.batch(1, &File::invented(1, 30).lines());
        if !wire.has_one_answer() {
            begun.send(&wire.probe(1));
            assert!(begun.receive(wire.probed(1).len()) == wire.probed(1), "{dialect}");
        }
        begun.send(&batch[..batch.len() / 2]);
        let mut one_byte = Raw::connect(centre.address);
        one_byte.send(&batch[..1]);
        let mut asking = Raw::connect(centre.address);
        asking.send(&wire.probe(2));
        assert!(asking.receive(wire.probed(2).len()) == wire.probed(2), "{dialect}");

        centre.stop();
        // Peers that have had their only reply, or whose dialect is not known, get no message.
        let words = wire.failure(STOPPING);
        let after = if wire.has_one_answer() { Vec::new() } else { words.clone() };
        for (mut peer, words) in [(idle, &[][..]), (one_byte, &[]), (asking, &after)] {
            assert!(peer.receive_all() == words, "{dialect}: that it stops, and a clean end");
        }
        // Without a reply it is not known whether any byte of it was read.
        let told = begun.receive_all();
        let unread = wire.has_one_answer() && told.is_empty();
        assert!(unread || told == words, "{dialect}: that it stops, and a clean end");
        let stored = centre.end();
        assert!(stored.is_empty(), "{dialect}: nothing of half a batch");
    }
}

/// A batch is being committed: it is stored, and acknowledged.
pub fn a_batch_at_the_store_is_acknowledged<Server: OnRuntime>() {
    for &dialect in crate::PLAIN {
        let wire = wire(dialect);
        let file = File::invented(1, 30);
        let (store, gate) = GatedStore::new();
        let centre = Running::start::<Server>(&Terms::new(2), store);
        let mut peer = Raw::connect(centre.address);
        peer.send(&wire.batch(1, &file.lines()));
        until("the batch is at the store", || gate.arrived() == 1);
        gate.let_pass(1);
        peer.send(&wire.finished(1));
        until("the end of the agency is at the store", || gate.arrived() == 2);
        let mut other = Raw::connect(centre.address);
        other.send(&wire.batch(2, &File::invented(2, 10).lines()));

        centre.stop();
        gate.open();
        let mut answers = [wire.batch_stored(), wire.receipt(1)].concat();
        if !wire.centre_closes() {
            answers.extend(wire.failure(STOPPING));
        }
        assert!(peer.receive_all() == answers, "{dialect}: the answers that are owed, and a clean end");
        let _ = other.try_receive_all();
        drop((peer, other));
        let mut rows = centre.end();
        rows.remove(&2);
        assert!(rows == stored(&[file]), "{dialect}: every bet that was acknowledged");
    }
}

/// The store does not return in time: there is no reply, but an end.
pub fn a_hanging_store_does_not_delay_shutdown<Server: OnRuntime>() {
    for &dialect in crate::PLAIN {
        let wire = wire(dialect);
        let file = File::invented(1, 30);
        let (store, gate) = GatedStore::new();
        let centre = Running::start::<Server>(&lingering(2), store);
        let mut peer = Raw::connect(centre.address);
        peer.send(&[wire.batch(1, &file.lines()), wire.finished(1)].concat());
        until("the batch is at the store", || gate.arrived() == 1);
        centre.stop();
        assert_eq!(peer.receive_all(), b"", "{dialect}: an end without an answer");
        gate.open();
        assert!(centre.end() == stored(&[file]), "{dialect}: what was at the store is stored");
    }
}

/// A reply waits for another agency.
pub fn deferred_replies_end_with_the_server<Server: OnRuntime, Client: OnRuntime>() {
    for &dialect in crate::PLAIN {
        let wire = wire(dialect);
        let service = Holding::new(lingering(3).config);
        let server = Serving::start::<Server>(service.clone());
        // The agency does not ask again.
        let job = Job { retry_for: Duration::ZERO, ..job(server.address, dialect, 1) };
        let agency = Calling::start::<Client>(LotteryClient::new(job, File::invented(1, 30).bets()));
        let mut peer = Raw::connect(server.address);
        peer.send(&wire.await_winners(2));
        until("both wait", || service.held() == 2);

        server.stop();
        assert!(peer.receive_all() == wire.awaiting(2), "{dialect}: a clean end");
        let outcome = agency.outcome();
        assert!(matches!(outcome, Err(ClientError::Closed { .. })), "{dialect}: {outcome:?}");
        server.end();
    }
}

/// A peer has ended its side, and is still owed a reply.
pub fn a_half_closed_peer_gets_a_clean_end<Server: OnRuntime>() {
    for &dialect in crate::PLAIN {
        let wire = wire(dialect);
        let service = Holding::new(lingering(2).config);
        let server = Serving::start::<Server>(service.clone());
        let mut peer = Raw::connect(server.address);
        peer.send(&wire.await_winners(2));
        peer.fin();
        until("it waits", || service.held() == 1);
        server.stop();
        assert!(peer.receive_all() == wire.awaiting(2), "{dialect}: a clean end");
        server.end();
    }
}

/// A peer asks and does not read.
pub fn a_peer_that_does_not_read_does_not_delay_shutdown<Server: OnRuntime>() {
    for &dialect in crate::PLAIN {
        let wire = wire(dialect);
        if wire.has_one_answer() {
            continue;
        }
        let centre = Running::start::<Server>(&lingering(2), MemoryStore::new());
        let mut peer = Raw::connect_narrow(centre.address);
        let questions = 50 * peer.send_until_full(&wire.costly(1).repeat(50));
        assert!(questions > 32, "{dialect}: only {questions} questions were taken");
        let mut other = Raw::connect(centre.address);
        other.send(&wire.probe(2));
        assert!(other.receive(wire.probed(2).len()) == wire.probed(2), "{dialect}: another is served");
        drop(other);
        centre.end();
        drop(peer);
    }
}

/// A peer was told that the connection is over, and does not end its side.
pub fn a_lingering_connection_does_not_delay_shutdown<Server: OnRuntime>() {
    for &dialect in crate::PLAIN {
        let wire = wire(dialect);
        let mut terms = Terms::new(2);
        terms.config.linger_timeout = Duration::from_millis(600);
        let centre = Running::start::<Server>(&terms, MemoryStore::new());
        let mut peer = Raw::connect(centre.address);
        peer.send(&wire.garbage());
        let told = wire.text_of(&peer.receive_all());
        assert!(told.is_some(), "{dialect}: what is wrong, and a clean end");
        centre.end();
        drop(peer);
    }
}

/// No peer has come yet.
pub fn a_server_without_peers_stops<Server: OnRuntime>() {
    Running::in_memory::<Server>(1).end();
}
