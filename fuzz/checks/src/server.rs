//! Server under a stream of inputs, and an application that answers early, late, out of order or not at all.

use lottery_proto::server::Event;
use lottery_proto::{Code, ConnId, Dialect, Failure, Input, Server, ServerConfig, State};
use lottery_testkit::{Answer, BLOCK, PendingRequest, at};

use crate::driver::{Driver, Finish};
use crate::feed::Feed;

const CODES: [Code; 4] = [Code::Storage, Code::Superseded, Code::Finished, Code::Malformed];

/// Runs a server. `data` is a byte that chooses the limits, then steps: a byte each, followed by the
/// arguments of some.
pub fn run(data: &[u8]) {
    let mut feed = Feed(data);
    let Some(limits) = feed.byte() else { return };
    let config = ServerConfig::builder(5)
        .max_in_flight(usize::from(limits % 8).max(1))
        .max_buffer(BLOCK << (limits / 8 % 4))
        .max_message(BLOCK << (limits / 32 % 4))
        .build()
        .unwrap();
    let bound = config.max_memory();
    let server = Server::new(config, ConnId(1), at(0));
    let mut run = Run { driver: Driver::new(server), bound, held: vec![], requests: 0, closed: 0 };
    while let Some(step) = feed.byte() {
        run.step(step, &mut feed);
        run.check();
    }
    run.finish(limits >= 128);
}

struct Run {
    driver: Driver<Server>,
    bound: usize,
    /// Requests that wait, with their numbers.
    held: Vec<(u64, PendingRequest)>,
    requests: u64,
    closed: u32,
}

impl Finish for Run {
    type End = Server;

    fn driver(&mut self) -> &mut Driver<Server> {
        &mut self.driver
    }

    fn state(&mut self) -> State {
        self.driver.end.state()
    }

    fn poll(&mut self) {
        let _ = Self::poll(self);
    }

    fn answer_all(&mut self) {
        Self::answer_all(self);
    }

    fn ends(&self) -> u32 {
        self.closed
    }
}

impl Run {
    fn step(&mut self, step: u8, feed: &mut Feed<'_>) {
        if self.driver.step(step, feed) {
            return;
        }
        let (argument, now) = (usize::from(step % 16), self.driver.now);
        match step / 16 {
            11 => _ = (0..=argument).all(|_| self.poll()),
            12 => self.answer(argument, None),
            13 => self.answer(argument, Some(argument)),
            14 => self.reject(argument),
            _ if argument == 0 => self.driver.end.supersede(now),
            _ if argument == 1 => {
                self.driver.end.reject(now, Failure { code: Code::TooManyConnections, text: "too many" });
            }
            _ => self.answer_all(),
        }
    }

    /// Takes an event. Returns true if there was one.
    fn poll(&mut self) -> bool {
        let Some(event) = self.driver.end.poll_event() else { return false };
        assert_eq!(self.closed, 0, "Closed is the last event");
        match event {
            Event::Closed(_) => self.closed += 1,
            Event::Batch { bets, .. } | Event::Bet { bets, .. } => {
                assert_eq!(bets.iter().count(), bets.len());
            }
            _ => {}
        }
        if let Some(held) = PendingRequest::of(event) {
            self.requests += 1;
            self.held.push((self.requests, held));
        }
        true
    }

    /// Accepts one of the requests, with this number of winners.
    fn answer(&mut self, which: usize, winners: Option<usize>) {
        if self.held.is_empty() {
            return;
        }
        let (number, held) = self.held.swap_remove(which % self.held.len());
        let winners: Option<Vec<String>> = winners.map(|count| vec![format!("{number}"); count]);
        let prefix = marker(number);
        self.say(
            number,
            held,
            Answer::Accept { total: number, winners: winners.as_deref(), prefix: &prefix },
        );
    }

    fn reject(&mut self, which: usize) {
        if self.held.is_empty() {
            return;
        }
        let (number, held) = self.held.swap_remove(which / 4 % self.held.len());
        self.say(number, held, Answer::Reject(Failure { code: CODES[which % 4], text: &marker(number) }));
    }

    fn say(&mut self, number: u64, held: PendingRequest, say: Answer<'_>) {
        held.answer(&mut self.driver.end, self.driver.now, say)
            .unwrap_or_else(|held| panic!("{held:?}, request {number}, is not answered: it fits"));
    }

    fn answer_all(&mut self) {
        while !self.held.is_empty() {
            self.answer(0, Some(1));
        }
    }

    fn check(&mut self) {
        let memory = self.driver.end.memory();
        assert!(memory <= self.bound, "{memory} bytes, more than {}", self.bound);
        if self.held.is_empty() && self.driver.rests() {
            // If the machine waits for nothing, there is an event to take.
            while self.held.is_empty() && self.poll() {}
            assert!(!self.held.is_empty() || !self.driver.rests(), "it waits for nothing, for ever");
        }
    }

    /// Answers everything and ends the connection: the peer ends its side, or is silent and takes nothing.
    fn finish(&mut self, silent: bool) {
        if !silent {
            self.driver.tell(Input::Eof);
        }
        self.wind_up(silent);
        self.answer_all();
        assert!(self.driver.end.poll_io().is_none() && self.driver.end.poll_event().is_none());
        if !self.driver.lied {
            let dialect = self.driver.end.dialect().unwrap_or(Dialect::ECHO);
            let numbers = numbers(dialect, &self.driver.sent);
            assert!(numbers.is_sorted_by(|a, b| a < b), "in the order of the requests: {numbers:?}");
        }
    }
}

/// Returns the text that marks the reply to a request, in replies that can hold it.
fn marker(number: u64) -> String {
    format!("#{number}#")
}

/// Returns the numbers of the requests of these replies, as far as they can be told.
fn numbers(dialect: Dialect, sent: &[u8]) -> Vec<u64> {
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse().ok();
    // A marker that is cut off at the end is none.
    let marked = |text: &[u8]| {
        let mut parts = text.split(|byte| *byte == b'#').skip(1);
        parts.next().filter(|_| parts.next().is_some()).and_then(number)
    };
    match dialect.name() {
        // A line may hold text like a marker, but not before its beginning.
        "echo" => {
            let lines = sent.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"#"));
            lines.filter_map(marked).collect()
        }
        "session" => {
            let packets = sent.chunks_exact(BLOCK).map(|block| {
                let size = usize::from(u16::from_le_bytes([block[2], block[3]]));
                (block[0], &block[4..size])
            });
            let number_in = |packet: (u8, &[u8])| match packet {
                (5, [b'1', b'|', total @ ..]) => number(total),
                (_, text) => marked(text),
            };
            packets.filter_map(number_in).collect()
        }
        _ => {
            let mut parts: Vec<&[u8]> = sent.split(|byte| *byte == b'#').collect();
            parts.pop();
            parts.into_iter().skip(1).step_by(2).filter_map(number).collect()
        }
    }
}
