//! Server: its driver and its application.

use std::mem::size_of;

use lottery_proto::server::Event;
use lottery_proto::{
    Code, ConnId, Dialect, Failure, Input, Instant, Receipt, ReplyError, Server, ServerConfig, SocketError,
    State,
};
use lottery_testkit::{BLOCK, FINISHED, LATE_INPUTS, PendingRequest, at, block, give};
use proptest::prelude::*;

use super::contract::Contract;
use super::words::request;
use super::{Step, after, wait};

pub(super) const REJECTED: Failure<'static> = Failure { code: Code::Storage, text: "the disk is full" };

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Delivers this number of bytes of the stream.
    Receive(usize),
    /// Reports bytes that the driver did not read.
    Invent(usize),
    Send(usize),
    /// Reports more bytes than there were to write.
    SendTooMuch,
    Tell(Input),
    Poll,
    /// Answers one of the requests that the application holds, in one of the ways it has.
    Reply(usize, usize),
    ForeignReply,
    Reject,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step<Op>>> {
    let size = prop_oneof![Just(1), Just(BLOCK), 1..3 * BLOCK, 1..100_usize];
    let op = prop_oneof![
        12 => size.clone().prop_map(Op::Receive),
        1 => size.clone().prop_map(Op::Invent),
        5 => size.prop_map(Op::Send),
        1 => Just(Op::SendTooMuch),
        1 => Just(Op::Tell(Input::Eof)),
        2 => Just(Op::Tell(Input::FinSent)),
        5 => Just(Op::Tell(Input::Timeout)),
        1 => Just(Op::Tell(Input::Shutdown)),
        1 => Just(Op::Tell(Input::Sent(0))),
        1 => Just(Op::Tell(Input::Unacked(1))),
        1 => prop_oneof![9 => Just(Op::Poll), 1 => Just(Op::Tell(Input::Failed(SocketError::Reset))), 1 => Just(Op::Reject)],
        10 => Just(Op::Poll),
        10 => (0..8_usize, 0..10_usize).prop_map(|(which, how)| Op::Reply(which, how)),
        1 => Just(Op::ForeignReply),
    ];
    prop::collection::vec((op, wait()), 1..80)
}

pub(super) struct Run {
    pub(super) server: Server,
    pub(super) now: Instant,
    pub(super) dialect: Dialect,
    /// Kinds of the requests that the client sends, over and over.
    of: Vec<u8>,
    requests: usize,
    stream: Vec<u8>,
    pub(super) held: Vec<(usize, PendingRequest)>,
    /// Reply to each request that the application has seen, as soon as it is known.
    pub(super) answers: Vec<Option<Vec<u8>>>,
    sent: Vec<u8>,
    contract: Contract,
    pub(super) closed: usize,
    /// True if a reply was given that ends the connection: requests behind it get none.
    pub(super) ends: bool,
    /// True if the driver lied, or the application closed with a rejection: replies are then not predicted.
    pub(super) off: bool,
    bound: usize,
}

impl Run {
    fn new(dialect: Dialect, config: &ServerConfig, of: Vec<u8>) -> Self {
        let answers = 64 * 1024 + (config.max_in_flight() + config.max_buffer() / BLOCK + 2) * BLOCK;
        // A Vec doubles, and half of the bytes in the send buffer may be sent already.
        let bound = size_of::<Server>() + config.max_message() + 4 * answers + 8 * 1024 + 64 * 1024;
        Self {
            server: Server::new(config.clone(), ConnId(1), at(0)),
            now: at(0),
            dialect,
            of,
            requests: 0,
            stream: vec![],
            held: vec![],
            answers: vec![],
            sent: vec![],
            contract: Contract::new(),
            closed: 0,
            ends: false,
            off: false,
            bound,
        }
    }

    fn step(&mut self, op: &Op, wait: Option<u64>) {
        let deadline = self.server.poll_io().and_then(|io| io.deadline);
        self.now = after(self.now, wait, deadline);
        match *op {
            Op::Receive(most) => {
                let Some(io) = self.server.poll_io() else { return };
                let n = most.min(io.recv.len());
                while self.stream.len() < n {
                    self.stream.extend(request(self.dialect, self.requests, &self.of));
                    self.requests += 1;
                }
                io.recv[..n].copy_from_slice(&self.stream[..n]);
                self.stream.drain(..n);
                self.tell(Input::Received(n));
            }
            Op::Invent(n) => {
                self.off = true;
                self.tell(Input::Received(n));
            }
            Op::Send(most) => self.send(most),
            Op::SendTooMuch => {
                self.send(usize::MAX);
                self.tell(Input::Sent(usize::MAX));
            }
            Op::Tell(input) => {
                self.tell(input);
                if input == Input::Shutdown {
                    // The machine has told those who wait for the draw that this process will not see it.
                    let waits = self.dialect == Dialect::FRAMED;
                    self.held.retain(|(_, held)| match held {
                        PendingRequest::AnonymousWaiter(_) => false,
                        PendingRequest::Winners(_) => !waits,
                        _ => true,
                    });
                }
            }
            Op::Poll => self.poll(),
            Op::Reply(which, how) => {
                if !self.held.is_empty() {
                    let (n, held) = self.held.swap_remove(which % self.held.len());
                    self.reply(n, held, how);
                    self.check_deadline();
                }
            }
            Op::ForeignReply => {
                let mut other = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(2), self.now);
                give(&mut other, self.now, &block(FINISHED, 1, b""));
                let Some(Event::Finished { ticket, .. }) = other.poll_event() else { panic!() };
                let reply = self.server.reply(self.now, ticket, Receipt::Stored { total: 0 });
                assert!(matches!(reply, Err(ReplyError::WrongConnection(_))));
            }
            Op::Reject => {
                self.server.reject(self.now, REJECTED);
                self.check_deadline();
            }
        }
        self.check();
    }

    fn tell(&mut self, input: Input) {
        let owed = self.server.unanswered() > 0;
        self.server.handle(self.now, input);
        self.contract.told(input);
        let given_up = input == Input::Timeout && owed && self.server.unanswered() == 0;
        if given_up && self.server.state() != State::Closed {
            // The application was too slow: the first reply that it owes is a failure, and no other leaves.
            self.ends = true;
            let known = self.answers.iter().take_while(|answer| answer.is_some()).count();
            self.answers.truncate(known);
        }
        self.check_deadline();
    }

    fn check_deadline(&mut self) {
        let deadline = self.server.poll_io().and_then(|io| io.deadline);
        assert!(
            deadline.is_none_or(|deadline| deadline > self.now),
            "{deadline:?} is over at {:?}",
            self.now
        );
    }

    fn send(&mut self, most: usize) {
        let Some(io) = self.server.poll_io() else { return };
        let n = most.min(io.send.len());
        self.sent.extend(&io.send[..n]);
        self.tell(Input::Sent(n));
    }

    fn check(&mut self) {
        self.contract.check(&mut self.server);
        let closed = self.server.state() == State::Closed;
        let memory = self.server.memory();
        assert!(memory <= self.bound, "{memory} bytes, more than {}", self.bound);
        let (off, ended, owes) = (self.off, self.ends, !self.held.is_empty());
        let Some(io) = self.server.poll_io() else {
            assert!(closed);
            return;
        };
        assert!(!closed);
        assert!(off || ended || !(io.fin && owes), "an end before an answer");
        let first = (io.recv.as_ptr_range(), io.send.as_ptr_range(), io.fin, io.deadline);
        let again = self.server.poll_io().unwrap();
        assert_eq!(first, (again.recv.as_ptr_range(), again.send.as_ptr_range(), again.fin, again.deadline));
    }

    /// Checks that all that was sent is a prefix of all replies, in the order of the requests.
    fn check_answers(&self) {
        if !self.off && self.server.agency().is_some() {
            let answers: Vec<u8> = self.answers.iter().map_while(Option::as_ref).flatten().copied().collect();
            let known = answers.len().min(self.sent.len());
            assert_eq!(self.sent[..known], answers[..known]);
        }
    }

    /// Ends the peer's side, answers and sends everything: the connection closes, and stays closed.
    fn finish(&mut self) {
        self.tell(Input::Eof);
        while self.server.state() != State::Closed {
            self.poll();
            while let Some((n, held)) = self.held.pop() {
                self.reply(n, held, 0);
                self.poll();
            }
            self.send(usize::MAX);
            self.tell(Input::FinSent);
            self.check();
        }
        self.check_answers();
        // A client of `columns` takes an end for an acknowledgement, so it gets one behind that only.
        let mut answers = self.answers.iter().flatten();
        if !self.off && self.server.dialect() == Some(Dialect::COLUMNS) && answers.all(Vec::is_empty) {
            assert!(self.server.resets());
        }
        assert!(!self.server.resets() || self.sent.is_empty(), "a reset behind an acknowledgement");
        // Rejected requests are still handed out as events.
        while self.server.poll_io().is_none() && self.closed == 0 {
            let before = self.answers.len();
            self.poll();
            assert!(self.answers.len() > before || self.closed == 1, "there is an end");
        }
        assert_eq!(self.closed, 1);
        for input in LATE_INPUTS {
            self.tell(input);
            assert!(self.server.poll_io().is_none() && self.server.poll_event().is_none());
        }
        self.server.reject(self.now, REJECTED);
        while let Some((n, held)) = self.held.pop() {
            self.reply(n, held, 0);
        }
        assert!(self.server.poll_io().is_none() && self.server.poll_event().is_none());
        assert_eq!(self.server.state(), State::Closed);
    }
}

pub(super) fn run(dialect: Dialect, config: &ServerConfig, of: Vec<u8>, steps: &[Step<Op>]) {
    let mut run = Run::new(dialect, config, of);
    for (op, wait) in steps {
        run.step(op, *wait);
    }
    run.check_answers();
    run.finish();
}
