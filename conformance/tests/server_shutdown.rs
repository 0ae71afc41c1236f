//! A server that is told to stop while its connections are in every state: it answers what it owes, ends each
//! connection cleanly, and is done soon.

use std::time::Duration;

use conformance::agencies::Calling;
use conformance::centre::{Running, Terms};
use conformance::files::{File, stored};
use conformance::holding::Holding;
use conformance::patience::until;
use conformance::raw::Raw;
use conformance::serving::Serving;
use conformance::stores::GatedStore;
use conformance::wire::wire;
use conformance::{OnRuntime, on_every_pair, on_every_server};
use lottery_core::agency::{Agency, AgencyError};
use lottery_core::store::MemoryStore;
use lottery_proto::{Dialect, ServerConfig};

/// With connections that have sent nothing, half a message, or a question that is answered.
fn with_peers_that_wait<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let centre = Running::in_memory::<Server>(2);
        let idle = Raw::connect(centre.address);
        let mut begun = Raw::connect(centre.address);
        let batch = wire.batch(1, &File::invented(1, 30).lines());
        begun.send(&batch[..batch.len() / 2]);
        let mut one_byte = Raw::connect(centre.address);
        one_byte.send(&batch[..1]);
        let mut asking = Raw::connect(centre.address);
        asking.send(&wire.query(2));
        assert!(asking.receive(wire.pending(2).len()) == wire.pending(2), "{dialect}");

        centre.stop();
        for mut peer in [idle, begun, one_byte, asking] {
            assert_eq!(peer.receive_all(), b"", "{dialect}: a clean end");
        }
        assert!(centre.end().is_empty(), "{dialect}: nothing of half a batch");
    }
}

/// While bets are being stored: they are, and the agency is told so.
fn while_a_batch_is_committed<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
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
        assert!(
            peer.receive_all() == wire.receipt(1, true),
            "{dialect}: the answer that is owed, and a clean end"
        );
        let _ = other.try_receive_all();
        drop((peer, other));
        let mut rows = centre.end();
        rows.remove(&2);
        assert!(rows == stored(&[file]), "{dialect}: every bet that was acknowledged");
    }
}

/// With a store that does not come back in time: no answer, but an end.
fn while_the_store_hangs<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let file = File::invented(1, 30);
        let (store, gate) = GatedStore::new();
        let centre = Running::start::<Server>(&Terms::new(2), store);
        let mut peer = Raw::connect(centre.address);
        peer.send(&[wire.batch(1, &file.lines()), wire.finished(1)].concat());
        until("the batch is at the store", || gate.arrived() == 1);
        centre.stop();
        assert_eq!(peer.receive_all(), b"", "{dialect}: an end without an answer");
        gate.open();
        assert!(centre.end() == stored(&[file]), "{dialect}: what was at the store is stored");
    }
}

/// With an answer that waits for another agency.
fn while_answers_are_deferred<Server: OnRuntime, Client: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let service = Holding::new(ServerConfig { agencies: 3, ..ServerConfig::default() });
        let server = Serving::start::<Server>(service.clone());
        let agency = Calling::<Agency>::agency::<Client>(server.address, dialect, &File::invented(1, 30));
        let mut peer = Raw::connect(server.address);
        peer.send(&[wire.finished(2), wire.query(2)].concat());
        until("both wait", || service.held() == 2);

        server.stop();
        assert!(peer.receive_all() == wire.receipt(2, true), "{dialect}: a clean end");
        let outcome = agency.outcome();
        assert!(matches!(outcome, Err(AgencyError::Closed { .. })), "{dialect}: {outcome:?}");
        server.end();
    }
}

/// With a peer that has ended its side, and is still owed an answer.
fn with_a_peer_that_has_ended<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let service = Holding::new(ServerConfig { agencies: 2, ..ServerConfig::default() });
        let server = Serving::start::<Server>(service.clone());
        let mut peer = Raw::connect(server.address);
        peer.send(&[wire.finished(2), wire.query(2)].concat());
        peer.fin();
        until("it waits", || service.held() == 1);
        server.stop();
        assert!(peer.receive_all() == wire.receipt(2, true), "{dialect}: a clean end");
        server.end();
    }
}

/// With a peer that asks and does not read.
fn with_a_peer_that_does_not_read<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let centre = Running::in_memory::<Server>(2);
        let mut peer = Raw::connect_narrow(centre.address);
        let questions = peer.send_until_full(&wire.query(1));
        assert!(questions > 32, "{dialect}: only {questions} questions were taken");
        let mut other = Raw::connect(centre.address);
        other.send(&wire.query(2));
        assert!(other.receive(wire.pending(2).len()) == wire.pending(2), "{dialect}: another is served");
        drop(other);
        centre.end();
        drop(peer);
    }
}

/// With a peer that was told that it is over, and does not end its side.
fn while_a_connection_lingers<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let mut terms = Terms::new(2);
        terms.config.linger_timeout = Duration::from_millis(1500);
        let centre = Running::start::<Server>(&terms, MemoryStore::new());
        let mut peer = Raw::connect(centre.address);
        peer.send(&wire.garbage());
        assert_eq!(peer.receive_all(), b"", "{dialect}: a clean end");
        centre.end();
        drop(peer);
    }
}

/// Before anybody has come.
fn without_peers<Server: OnRuntime>() {
    Running::in_memory::<Server>(1).end();
}

on_every_server!(
    with_peers_that_wait,
    while_a_batch_is_committed,
    while_the_store_hangs,
    with_a_peer_that_does_not_read,
    with_a_peer_that_has_ended,
    while_a_connection_lingers,
    without_peers,
);
on_every_pair!(while_answers_are_deferred);
