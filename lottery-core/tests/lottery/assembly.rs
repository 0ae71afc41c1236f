//! Lottery that the builder assembles, served by a runtime that only waits for the stop.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use lottery_core::committer::OpenError;
use lottery_core::lottery::{Ended, Lottery};
use lottery_core::messages::Request;
use lottery_core::store::{MemoryStore, Rules, Store as _, StoreError};
use lottery_runtime::{Listener, Mailbox, Serve, Service};

use crate::support::test_store::{Fate, TestStore};
use crate::support::{batch, bets, finished, winners};

const RULES: Rules = Rules { agencies: 1, winning_number: 7574 };

/// Runtime without connections, which ends when the application stops it.
struct Waits;

impl Serve for Waits {
    fn serve<S: Service>(&self, _: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let (stop, stopped) = mpsc::channel();
        service.started(Box::new(move || _ = stop.send(())));
        stopped.recv_timeout(Duration::from_secs(60)).map_err(io::Error::other)
    }
}

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Returns a request to store two bets, and one that ends them.
fn requests() -> [Request; 2] {
    [batch(1, &bets(1, 0, 2)), finished(1)].map(|command| Request {
        from: Mailbox::new(|_| ()),
        in_session: false,
        alone: false,
        command,
    })
}

#[test]
fn queued_requests_are_committed_and_the_store_comes_back() {
    let lottery = Lottery::builder(RULES).build().unwrap();
    for request in requests() {
        lottery.commit_queue().submit(request).unwrap();
    }
    lottery.stop().stop();
    let Ended { served, committed } = lottery.serve(&Waits, listener()).unwrap();
    served.unwrap();
    let mut store = committed.unwrap();
    let draw = store.load().unwrap().draw.expect("the only agency is finished");
    assert_eq!(draw.winners[&1].size.documents, winners(&bets(1, 0, 2)).len() as u64);
}

#[test]
fn a_store_that_fails_ends_the_runtime() {
    let store = TestStore::default();
    store.next(&[Fate::Failed]);
    let lottery = Lottery::builder(RULES).store(store).build().unwrap();
    for request in requests() {
        lottery.commit_queue().submit(request).unwrap();
    }
    let Ended { served, committed } = lottery.serve(&Waits, listener()).unwrap();
    served.unwrap();
    assert!(matches!(committed, Err(StoreError::Failed { .. })));
}

#[test]
fn a_store_with_other_rules_is_not_opened_unless_agencies_are_added() {
    let mut store = MemoryStore::new();
    for agencies in [1, 2, 3] {
        let rules = Rules { agencies, ..RULES };
        let raised_from = (agencies == 2).then_some(1);
        let opened = Lottery::builder(rules).raised_from(raised_from).store(store.clone()).build();
        let Ok(lottery) = opened else {
            assert!(matches!(opened, Err(OpenError::OtherRules { begun, .. }) if begun.agencies == 2));
            assert_eq!(agencies, 3);
            continue;
        };
        lottery.commit_queue().submit(requests().into_iter().next().unwrap()).unwrap();
        lottery.stop().stop();
        store = lottery.serve(&Waits, listener()).unwrap().committed.unwrap();
    }
}
