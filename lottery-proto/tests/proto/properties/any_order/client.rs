//! Client: its driver, its application, and a server that replies as it likes.

use std::collections::VecDeque;
use std::ops::Range;

use lottery_proto::{
    AgencyId, Client, ClientConfig, CloseReason, Dialect, Input, Instant, SendError, SocketError, State,
};
use lottery_testkit::{
    ANA, BATCH, BET, BLOCK, ClientEvent, FINISHED, JOSE, LATE_INPUTS, WINNER, at, bet, block, client_events,
};
use proptest::prelude::*;

use super::contract::Contract;
use super::replies::reply;
use super::{Step, after, wait};

#[derive(Clone, Debug)]
pub(super) enum Op {
    Batch(usize),
    Bet,
    Finished,
    Ask,
    Close,
    /// Delivers this number of bytes of the replies to what was sent.
    Receive(usize),
    /// Delivers a message that the server sends unasked.
    Unasked(u8),
    Invent(usize),
    Send(usize),
    SendTooMuch,
    Tell(Input),
    Poll,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step<Op>>> {
    let size = prop_oneof![Just(1), Just(BLOCK), 1..3 * BLOCK, 1..100_usize];
    let op = prop_oneof![
        4 => (0..300_usize).prop_map(Op::Batch),
        4 => Just(Op::Bet),
        4 => Just(Op::Finished),
        4 => Just(Op::Ask),
        12 => size.clone().prop_map(Op::Receive),
        12 => size.clone().prop_map(Op::Send),
        10 => Just(Op::Poll),
        5 => Just(Op::Tell(Input::Timeout)),
        2 => Just(Op::Tell(Input::FinSent)),
        1 => Just(Op::SendTooMuch),
        1 => prop_oneof![
            Just(Op::Tell(Input::Eof)),
            Just(Op::Tell(Input::Shutdown)),
            Just(Op::Tell(Input::Failed(SocketError::Reset))),
            Just(Op::Tell(Input::Sent(0))),
            (0..3_usize).prop_map(|left| Op::Tell(Input::Unacked(left))),
            Just(Op::Close),
            any::<u8>().prop_map(Op::Unasked),
            size.prop_map(Op::Invent),
        ],
    ];
    prop::collection::vec((op, wait()), 1..80)
}

struct Run {
    client: Client,
    dialect: Dialect,
    now: Instant,
    /// Requests not wholly sent, each with the place of its message in all that is ever sent.
    asked: VecDeque<(Range<usize>, u8)>,
    queued: usize,
    sent: Vec<u8>,
    contract: Contract,
    /// Replies of the server that have not arrived.
    answers: VecDeque<u8>,
    expected: Vec<ClientEvent>,
    events: Vec<ClientEvent>,
    /// True if the server or the driver misbehaves: events are then not predicted.
    off: bool,
}

impl Run {
    fn step(&mut self, op: &Op, wait: Option<u64>) {
        let deadline = self.client.poll_io().and_then(|io| io.deadline);
        self.now = after(self.now, wait, deadline);
        let (now, mut time_told) = (self.now, true);
        match *op {
            Op::Batch(count) => {
                let bets = vec![bet(JOSE); count];
                let result = self.client.send_batch(now, &bets);
                let most = match self.dialect.name() {
                    "block" | "block-6" | "block-7" => 167,
                    _ if self.dialect.profile().one_bet => 1,
                    // A limit in bytes, which these alone have.
                    "framed" | "framed-6" => result.unwrap_or_default(),
                    _ => count,
                };
                assert!(result.is_err() || result == Ok(count.min(most)));
                time_told = self.asked_for(BATCH, result.map(|_| ()));
            }
            Op::Bet => {
                let result = self.client.send_bet(now, &bet(ANA));
                time_told = self.asked_for(BET, result);
            }
            Op::Finished => {
                let result = self.client.send_finished(now);
                time_told = self.asked_for(FINISHED, result);
            }
            Op::Ask => {
                let result = self.client.ask_winners(now);
                time_told = self.asked_for(WINNER, result);
            }
            Op::Close => self.client.close(now),
            Op::Receive(most) => {
                let Some(io) = self.client.poll_io() else { return };
                let n = most.min(io.recv.len()).min(self.answers.len());
                for (to, from) in io.recv.iter_mut().zip(self.answers.drain(..n)) {
                    *to = from;
                }
                self.tell(Input::Received(n));
            }
            Op::Unasked(kind) => {
                self.off = true;
                self.answers.extend(block(kind % 9, 1, b"1"));
                time_told = false;
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
            Op::Tell(input) => self.tell(input),
            Op::Poll => {
                self.events.extend(client_events(&mut self.client));
                time_told = false;
            }
        }
        self.check(time_told);
    }

    fn tell(&mut self, input: Input) {
        self.client.handle(self.now, input);
        self.contract.told(input);
    }

    fn asked_for(&mut self, kind: u8, result: Result<(), SendError>) -> bool {
        if result.is_ok() {
            let start = std::mem::replace(&mut self.queued, self.sent.len() + self.client.unsent());
            self.asked.push_back((start..self.queued, kind));
        }
        result.is_ok()
    }

    fn send(&mut self, most: usize) {
        let Some(io) = self.client.poll_io() else { return };
        let n = most.min(io.send.len());
        self.sent.extend(&io.send[..n]);
        self.tell(Input::Sent(n));
        // The server replies to each request as soon as it has it, with alternating replies.
        while let Some((place, kind)) = self.asked.front().cloned()
            && place.end <= self.sent.len()
        {
            self.asked.pop_front();
            let message = &self.sent[place];
            if let Some((answer, event)) = reply(self.dialect, kind, self.expected.len(), message) {
                self.answers.extend(answer);
                self.expected.push(event);
            }
        }
    }

    /// Checks the machine's invariants. `time_told`: the machine has just been told the time.
    fn check(&mut self, time_told: bool) {
        let now = self.now;
        self.contract.check(&mut self.client);
        let closed = self.client.state() == State::Closed;
        assert!(self.client.unsent() <= 40_000 + 300 * 150, "more than its limit, and a message");
        let Some(io) = self.client.poll_io() else {
            assert!(closed);
            return;
        };
        assert!(!closed);
        assert!(
            !time_told || io.deadline.is_none_or(|deadline| deadline > now),
            "{:?} is over at {now:?}",
            io.deadline
        );
        let first = (io.recv.as_ptr_range(), io.send.as_ptr_range(), io.fin, io.deadline);
        let again = self.client.poll_io().unwrap();
        assert_eq!(first, (again.recv.as_ptr_range(), again.send.as_ptr_range(), again.fin, again.deadline));
    }

    /// Ends the server's side and sends everything: the connection closes, and stays closed.
    fn finish(&mut self) {
        self.tell(Input::Eof);
        self.check(true);
        // Replies are taken before the end behind them is known.
        self.events.extend(client_events(&mut self.client));
        self.tell(Input::FinSent);
        assert_eq!(self.client.state(), State::Closed);
        self.events.extend(client_events(&mut self.client));
        let ends = self.events.iter().filter(|event| matches!(event, ClientEvent::Closed(_))).count();
        let Some(ClientEvent::Closed(reason)) = self.events.pop() else { panic!("Closed is the last event") };
        assert_eq!(ends, 1);
        if !self.off {
            // The end is the reply to Finished, where an earlier server has no other.
            if self.events.len() > self.expected.len() && !self.dialect.profile().answers_finished {
                assert_eq!(self.events.pop(), Some(ClientEvent::Finished(true)));
            }
            assert_eq!(self.events[..], self.expected[..self.events.len()]);
            assert!(!matches!(reason, CloseReason::Peer(lottery_proto::Violation::Malformed(_))));
        }
        for input in LATE_INPUTS {
            self.tell(input);
            assert_eq!(self.client.send_finished(self.now), Err(SendError::Closed));
            assert!(self.client.poll_io().is_none() && self.client.poll_event().is_none());
        }
        if self.dialect == Dialect::BLOCK {
            assert!(self.sent.chunks_exact(BLOCK).all(|block| (1..=6).contains(&block[0])));
        }
    }
}

pub(super) fn run(dialect: Dialect, max_unsent: usize, steps: &[Step<Op>]) {
    let config = ClientConfig::builder(AgencyId::new(1).unwrap(), dialect);
    let config = config.max_unsent(max_unsent).build().unwrap();
    let mut run = Run {
        client: Client::new(config, at(0)),
        dialect,
        now: at(0),
        asked: VecDeque::new(),
        queued: 0,
        sent: vec![],
        contract: Contract::new(),
        answers: VecDeque::new(),
        expected: vec![],
        events: vec![],
        off: false,
    };
    for (op, wait) in steps {
        run.step(op, *wait);
    }
    run.finish();
}
