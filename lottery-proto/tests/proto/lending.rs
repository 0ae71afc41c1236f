//! Server machine with lent memory: it does what it can with its own, waits for the memory that a long
//! message needs, and gives back what it does not need.

use std::sync::{Arc, Mutex};

use lottery_proto::server::Event;
use lottery_proto::{CloseReason, ConnId, Input, Instant, Lender, Receipt, Server, ServerConfig};
use lottery_testkit::{ANA, BATCH_ACK, at, feed, framed, open_session, packet, session_batch};

/// Lender with a limit, and a record of its calls.
#[derive(Clone, Debug, Default)]
struct Purse(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    limit: usize,
    lent: usize,
    /// Number of bytes that the machine waits for.
    waits: Option<usize>,
    wanted: bool,
    dropped: bool,
}

impl Lender for Purse {
    fn hold(&mut self, bytes: usize) -> bool {
        let mut purse = self.0.lock().unwrap();
        let may = bytes <= purse.limit || bytes < purse.lent;
        if may {
            purse.lent = bytes;
        }
        may
    }

    fn wait_for(&mut self, bytes: usize) -> bool {
        let may = self.hold(bytes);
        self.0.lock().unwrap().waits = (!may).then_some(bytes);
        may
    }

    fn held(&mut self, bytes: usize) {
        self.0.lock().unwrap().lent = bytes;
    }

    fn is_wanted(&self) -> bool {
        self.0.lock().unwrap().wanted
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        // The test and the machine hold one reference each.
        self.0.lock().unwrap().dropped |= Arc::strong_count(&self.0) == 2;
    }
}

impl Purse {
    fn of(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Contents { limit, ..Contents::default() })))
    }

    fn server(&self) -> Server {
        Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(1), at(0))
            .with_lender(Box::new(self.clone()))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Contents) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

/// Returns a server in a session that has been welcomed.
fn session(purse: &Purse) -> Server {
    let mut server = purse.server();
    open_session(&mut server, 1, 0, false);
    server
}

/// Answers the batches that are there, and returns their number.
fn answer(server: &mut Server, now: Instant) -> usize {
    let mut tickets = Vec::new();
    while let Some(Event::Batch { ticket, .. }) = server.poll_event() {
        tickets.push(ticket);
    }
    let many = tickets.len();
    for ticket in tickets {
        server.reply(now, ticket, Receipt::Stored { total: 1 }).unwrap();
    }
    many
}

/// Takes all that the server sends.
fn take(server: &mut Server, now: Instant) -> Vec<u8> {
    let sent = server.poll_io().map_or_else(Vec::new, |io| io.send.to_vec());
    server.handle(now, Input::Sent(sent.len()));
    sent
}

fn long() -> Vec<u8> {
    framed(format!("1;20000\n{}", "Ana;Paz;20000001;1980-01-01;1\n".repeat(20_000)))
}

#[test]
fn without_lent_memory_blocks_are_taken_one_by_one() {
    let purse = Purse::default();
    let mut server = session(&purse);
    let blocks = session_batch(1, &[ANA; 100]).repeat(5);
    let mut sent = feed(&mut server, at(0), &blocks);
    for _ in 0..5 {
        assert_eq!(answer(&mut server, at(0)), 1, "one at a time");
        assert!(take(&mut server, at(0)) == packet(BATCH_ACK, 1, b"1|1"), "acknowledged");
        sent += feed(&mut server, at(0), &blocks[sent..]);
    }
    assert_eq!((sent, answer(&mut server, at(0))), (blocks.len(), 0));
    assert_eq!(purse.with(|purse| (purse.lent, purse.waits)), (0, None));
}

#[test]
fn a_waiting_peers_end_is_read_without_lent_memory() {
    for limit in [0, usize::MAX] {
        let mut server = Purse::of(limit).server();
        assert_eq!(feed(&mut server, at(0), b"00000003END"), 11);
        let Some(Event::AnonymousWaiter { .. }) = server.poll_event() else {
            panic!("it waits for the draw")
        };
        assert!(!server.poll_io().unwrap().recv.is_empty(), "with {limit}");
        // All that follows is read and dropped, in the same memory.
        let (memory, more) = (server.memory(), b"00000003END".repeat(100_000));
        assert_eq!(feed(&mut server, at(0), &more), more.len());
        assert!(limit > 0 || server.memory() <= memory.max(16 * 1024), "{}", server.memory());
        let mut server = Purse::of(limit).server();
        feed(&mut server, at(0), b"00000003END");
        let Some(Event::AnonymousWaiter { ticket, .. }) = server.poll_event() else {
            panic!("it waits for the draw")
        };
        server.handle(at(1), Input::Eof);
        server.reply_winners(at(2), ticket, &[""; 0]).unwrap();
        assert_eq!(server.poll_io().unwrap().send, b"00000010NO_WINNERS");
    }
}

#[test]
fn lent_memory_lets_more_requests_in() {
    let purse = Purse::of(usize::MAX);
    let mut server = session(&purse);
    let blocks = session_batch(1, &[ANA; 100]).repeat(40);
    let mut sent = 0;
    let mut held = Vec::new();
    while held.len() < 40 && sent < blocks.len() {
        let more = feed(&mut server, at(0), &blocks[sent..]);
        sent += more;
        while let Some(Event::Batch { ticket, .. }) = server.poll_event() {
            held.push(ticket);
        }
        if more == 0 {
            break;
        }
    }
    assert_eq!(held.len(), 32, "as many as it may");
    let lent = purse.with(|purse| purse.lent);
    assert!(lent > 500_000 && lent <= ServerConfig::builder(5).build().unwrap().max_lent(), "{lent}");
}

#[test]
fn a_long_message_waits_for_lent_memory() {
    let purse = Purse::default();
    let mut server = purse.server();
    let long = long();
    let sent = feed(&mut server, at(0), &long);
    assert_eq!(sent, 8192, "its own");
    let waits = purse.with(|purse| purse.waits).expect("it waits");
    assert!(waits > 1024 * 1024, "for all that a message can need: {waits}");
    assert!(server.poll_io().unwrap().recv.is_empty(), "asked again, it still waits");
    purse.with(|purse| purse.limit = waits);
    assert_eq!(sent + feed(&mut server, at(1), &long[sent..]), long.len());
    assert_eq!(answer(&mut server, at(1)), 1);
    assert_eq!(purse.with(|purse| purse.lent), waits);
}

#[test]
fn a_message_without_memory_is_incomplete_at_its_deadline() {
    let purse = Purse::default();
    let mut server = purse.server();
    feed(&mut server, at(0), &long());
    let deadline = server.poll_io().unwrap().deadline.expect("it does not wait for ever");
    server.handle(deadline, Input::Timeout);
    let sent = String::from_utf8(take(&mut server, deadline)).unwrap();
    assert!(sent.ends_with("there was no memory for a message in time"), "{sent}");
    server.handle(deadline, Input::FinSent);
    server.handle(deadline, Input::Eof);
    let Some(Event::Closed(CloseReason::Incomplete)) = server.poll_event() else { panic!() };
}

#[test]
fn unneeded_memory_is_given_back_at_once_if_it_is_wanted_or_later() {
    for wanted in [false, true] {
        let purse = Purse::of(usize::MAX);
        let mut server = purse.server();
        let long = long();
        assert_eq!(feed(&mut server, at(0), &long), long.len());
        assert!(purse.with(|purse| purse.lent) > 1024 * 1024);
        purse.with(|purse| purse.wanted = wanted);
        assert_eq!(answer(&mut server, at(0)), 1);
        take(&mut server, at(0));
        if !wanted {
            assert!(purse.with(|purse| purse.lent) > 1024 * 1024, "more may come");
            let deadline = server.poll_io().unwrap().deadline.unwrap();
            assert!(deadline <= at(1000));
            server.handle(deadline, Input::Timeout);
        }
        assert_eq!(purse.with(|purse| purse.lent), 0);
        server.handle(at(1000), Input::Timeout);
        assert!(server.poll_io().unwrap().deadline.unwrap() > at(2000), "nothing more to give back");
        drop(server);
        assert!(purse.with(|purse| purse.dropped));
    }
}

#[test]
fn a_long_reply_is_counted_as_lent() {
    let purse = Purse::default();
    let mut server = purse.server();
    feed(&mut server, at(0), b"Q{AgencyID:1};");
    let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
    let winners = vec!["20000001".to_owned(); 50_000];
    server.reply_winners(at(0), ticket, &winners).unwrap();
    let (sending, lent) = (server.poll_io().unwrap().send.len(), purse.with(|purse| purse.lent));
    assert!(lent > sending && sending > 50_000 * 8, "{lent} for {sending}");
    take(&mut server, at(0));
    server.handle(at(10_000), Input::Timeout);
    assert_eq!(purse.with(|purse| purse.lent), 0);
}
