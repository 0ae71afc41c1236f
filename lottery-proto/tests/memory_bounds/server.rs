//! Servers whose peers and applications behave the worst.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lottery_proto::{
    Code, ConnId, Dialect, Failure, Input, Lender, ListSize, Server, ServerConfig, WinnersReply,
};
use lottery_testkit::grammar::{conversation, noise, spoil};
use lottery_testkit::{ACCEPT, Answer, BLOCK, DRAWN, PendingRequest, Rng, WINNER, at, hello, packet};

use crate::ALLOCATOR;
use crate::inputs::worst;

/// Length of the longest text of a rejection, in bytes: its reply fills a block.
const WHY: usize = BLOCK - 100;

/// Behavior of the application and of the peer's reading side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Manner {
    /// Takes events and answers at once; the replies are read.
    Good,
    /// Never takes an event.
    Absent,
    /// Takes all events, and answers none.
    Silent,
    /// Accepts all; no reply is read.
    Unread,
    /// Rejects all, the last one first, with a long text; no reply is read.
    Backwards,
}

const MANNERS: [Manner; 5] =
    [Manner::Good, Manner::Absent, Manner::Silent, Manner::Unread, Manner::Backwards];

/// Lender with a limit in bytes, and the most bytes that were lent.
#[derive(Debug)]
struct Purse(usize, Arc<AtomicUsize>);

impl Lender for Purse {
    fn hold(&mut self, bytes: usize) -> bool {
        let may = bytes <= self.0;
        if may {
            self.held(bytes);
        }
        may
    }

    fn wait_for(&mut self, bytes: usize) -> bool {
        self.hold(bytes)
    }

    fn held(&mut self, bytes: usize) {
        self.1.fetch_max(bytes, Ordering::Relaxed);
    }

    fn is_wanted(&self) -> bool {
        false
    }
}

/// Returns the [`peak`] of a connection with a lender of `purse` bytes, and the most bytes that were lent.
fn peak_of_lent(
    config: &ServerConfig,
    bytes: &[u8],
    size: usize,
    manner: Manner,
    why: &str,
    purse: usize,
) -> (usize, usize) {
    let most = Arc::new(AtomicUsize::new(0));
    let before = ALLOCATOR.current_usage();
    let server = Server::new(config.clone(), ConnId(1), at(0));
    let server = server.with_lender(Box::new(Purse(purse, Arc::clone(&most))));
    (peak_since(before, server, config, bytes, size, manner, why), most.load(Ordering::Relaxed))
}

/// Returns the most bytes that a server took from the allocator while it was sent `bytes` over and over,
/// `size` bytes in all.
fn peak(config: &ServerConfig, bytes: &[u8], size: usize, manner: Manner, why: &str) -> usize {
    let before = ALLOCATOR.current_usage();
    let server = Server::new(config.clone(), ConnId(1), at(0));
    peak_since(before, server, config, bytes, size, manner, why)
}

fn peak_since(
    before: usize,
    mut server: Server,
    config: &ServerConfig,
    bytes: &[u8],
    size: usize,
    manner: Manner,
    why: &str,
) -> usize {
    let no = Answer::Reject(Failure { code: Code::Storage, text: why });
    let mut held: Vec<PendingRequest> = Vec::with_capacity(1024);
    let before = before + held.capacity() * size_of::<PendingRequest>();
    let mut stream = bytes.iter().cycle().take(size);
    ALLOCATOR.reset_peak_usage();
    while let Some(io) = server.poll_io() {
        let n = io.recv.iter_mut().zip(stream.by_ref()).map(|(to, from)| *to = *from).count();
        server.handle(at(0), Input::Received(n));
        while !matches!(manner, Manner::Absent)
            && held.len() < held.capacity()
            && let Some(event) = server.poll_event()
        {
            held.extend(PendingRequest::of(event));
        }
        assert!(server.memory() <= config.max_memory());
        let is_over = n == 0 && held.is_empty();
        match manner {
            Manner::Good | Manner::Unread => {
                for held in held.drain(..) {
                    let say = if matches!(held, PendingRequest::AnonymousWaiter(_)) { DRAWN } else { ACCEPT };
                    held.answer(&mut server, at(0), say).expect("it fits");
                }
            }
            // Answers as late as possible.
            Manner::Backwards if n == 0 => {
                for held in held.drain(..).rev() {
                    held.answer(&mut server, at(0), no).expect("it fits");
                }
            }
            Manner::Backwards | Manner::Absent | Manner::Silent => {}
        }
        let sent = server.poll_io().map_or(0, |io| io.send.len());
        if matches!(manner, Manner::Good) {
            server.handle(at(0), Input::Sent(sent));
        }
        if is_over || (n == 0 && matches!(manner, Manner::Silent)) {
            break;
        }
    }
    ALLOCATOR.peak_usage() - before + size_of::<Server>()
}

/// Returns the most bytes taken from the allocator while a peer asks for a long winners list again and again,
/// faster than it reads them, and the length of a list in its dialect. Each list is sent whole or in pieces.
fn peak_of_lists(
    config: &ServerConfig,
    hello: &[u8],
    query: &[u8],
    winners: &[String],
    whole: bool,
) -> (usize, usize) {
    const QUERIES: usize = 40;
    let list = Answer::Accept { total: 1, winners: Some(winners), prefix: "" };
    let bytes = [hello, &query.repeat(QUERIES)].concat();
    let (mut stream, mut lists, mut sent) = (&bytes[..], 0, 0);
    let (size, mut pieces) = (ListSize::of(winners.iter().map(String::as_str)), winners.chunks(1));
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let mut server = Server::new(config.clone(), ConnId(1), at(0));
    while let Some(io) = server.poll_io() {
        let n = io.recv.len().min(stream.len());
        io.recv[..n].copy_from_slice(&stream[..n]);
        stream = &stream[n..];
        server.handle(at(0), Input::Received(n));
        let mut held = Vec::with_capacity(QUERIES);
        loop {
            while let Some(event) = server.poll_event() {
                held.extend(PendingRequest::of(event));
            }
            // A reply may let another request out.
            let Some(next) = held.pop() else { break };
            lists += usize::from(matches!(next, PendingRequest::Winners(_)));
            match next {
                PendingRequest::Winners(ticket) if !whole => {
                    server.reply(at(0), ticket, WinnersReply::List(size)).expect("it fits");
                    pieces = winners.chunks(PIECE / (winners[0].len() + 1));
                }
                next => next.answer(&mut server, at(0), list).expect("it fits"),
            }
        }
        while server.wants_winners() {
            let piece = pieces.next().expect("as many as were announced");
            server.put_winners(at(0), piece.iter().map(String::as_str)).expect("what was announced");
        }
        let send = server.poll_io().map_or(0, |io| io.send.len().min(50_000));
        server.handle(at(0), Input::Sent(send));
        sent += send;
        if n == 0 && send == 0 {
            break;
        }
    }
    assert_eq!((stream.len(), lists), (0, QUERIES));
    (ALLOCATOR.peak_usage() - before + size_of::<Server>(), sent / QUERIES)
}

/// Size of a piece of a list, in bytes of documents with a separator each.
const PIECE: usize = 8192;

pub(crate) fn never_takes_more_memory_than_is_documented() {
    let why = "n".repeat(WHY);
    let configs = [
        ServerConfig::builder(5).build().unwrap(),
        ServerConfig::builder(5).max_in_flight(1).max_message(8192).max_buffer(8192).build().unwrap(),
        ServerConfig::builder(5).max_in_flight(200).max_message(100_000).max_buffer(50_000).build().unwrap(),
    ];
    for config in &configs {
        let most = config.max_memory();
        let mut highest = (0, "nothing", Manner::Good);
        for (name, bytes) in worst() {
            for manner in MANNERS {
                let peak = peak(config, &bytes, 4 * config.max_message(), manner, &why);
                assert!(peak <= most, "{name}, {manner:?}: {peak} bytes, more than {most}");
                if peak > highest.0 {
                    highest = (peak, name, manner);
                }
            }
        }
        println!("at most {most}, and at {highest:?}");
        for purse in [0, 300_000, usize::MAX] {
            let mut highest = (0, 0, "nothing", Manner::Good);
            for (name, bytes) in worst() {
                for manner in MANNERS {
                    let size = config.max_message() + 100_000;
                    let (peak, lent) = peak_of_lent(config, &bytes, size, manner, &why, purse);
                    let most = ServerConfig::OWN_MEMORY + lent;
                    assert!(peak <= most, "{name}, {manner:?}, {purse}: {peak} bytes, more than {most}");
                    assert!(lent <= config.max_lent());
                    highest = highest.max((peak * 100 / most, peak, name, manner));
                }
            }
            println!("of {purse} lent, at {highest:?}");
            assert!(highest.0 > 33, "{highest:?}");
        }
        // Documented limits are not absurdly high, and counted memory is real.
        assert!(highest.0 > most / 3, "{highest:?} of {most}");

        let winners: Vec<String> = (0..50_000).map(|nth| (20_000_000 + nth).to_string()).collect();
        let session = (hello(1), packet(WINNER, 1, b"2"));
        for (hello, query) in [session, (vec![], b"Q{AgencyID:1};".to_vec())] {
            for winners in [&winners, &vec!["1".to_owned(); 50_000]] {
                let (peak, list) = peak_of_lists(config, &hello, &query, winners, false);
                println!("at most {most}, and {peak} with lists of {list} bytes in pieces");
                assert!(peak <= most, "{peak} bytes, more than {most}, with lists of {list} in pieces");
            }
            let (peak, list) = peak_of_lists(config, &hello, &query, &winners, true);
            let most = most + 4 * (list - ServerConfig::USUAL_ANSWER);
            println!("at most {most}, and {peak} with lists of {list} bytes");
            assert!(peak <= most, "{peak} bytes, more than {most}, with lists of {list}");
        }

        let mut rng = Rng::new(9);
        for _ in 0..2_000 {
            let dialect = *rng.pick(Dialect::ALL);
            let mut bytes = if rng.one_in(9) { noise(&mut rng) } else { conversation(dialect, &mut rng) };
            spoil(&mut bytes, &mut rng);
            let manner = *rng.pick(&MANNERS);
            let peak = peak(config, &bytes, 60_000, manner, &why);
            assert!(peak <= most, "{manner:?}: {peak} bytes, more than {most}, of {}", bytes.escape_ascii());
        }
    }
}
