//! Driver that executes the steps of an input, and checks the invariants of both machines.

use std::time::Duration;

use lottery_proto::{Endpoint, Input, Instant, SocketError, State};
use lottery_testkit::{LATE_INPUTS, at};

use crate::feed::{Feed, padding};

/// Maximum number of bytes that a peer sends in one run.
const MOST: usize = 4 << 20;

#[derive(Debug)]
pub(crate) struct Driver<E> {
    pub(crate) end: E,
    pub(crate) now: Instant,
    /// Number of bytes received.
    pub(crate) received: usize,
    last: Vec<u8>,
    /// Bytes sent.
    pub(crate) sent: Vec<u8>,
    /// True if the machine was told something false.
    pub(crate) lied: bool,
}

impl<E: Endpoint> Driver<E> {
    pub(crate) fn new(end: E) -> Self {
        Self { end, now: at(0), received: 0, last: vec![], sent: vec![], lied: false }
    }

    /// Does the step, if it is one of a driver's: its upper half chooses the step, its lower half the amount.
    /// Returns true if it is.
    pub(crate) fn step(&mut self, step: u8, feed: &mut Feed<'_>) -> bool {
        let argument = usize::from(step % 16);
        match step / 16 {
            0..4 => self.receive(feed.bytes(step.into()).to_vec()),
            4 => {
                let len = feed.byte().unwrap_or_default();
                self.receive(feed.bytes(len.into()).to_vec());
            }
            5 => self.receive(vec![0; padding(self.received)]),
            6 => self.send(if argument == 15 { usize::MAX } else { 1 << argument }),
            7 => self.wait(),
            8 => {
                self.now = self.now.after(Duration::from_millis(1 << argument));
                self.tell(Input::Timeout);
            }
            9 => (0..=argument).for_each(|_| self.receive(self.last.clone())),
            10 => self.something(argument),
            _ => return false,
        }
        self.check();
        true
    }

    /// Tells the machine an input that comes once in the life of a connection, or never.
    fn something(&mut self, which: usize) {
        self.lied |= which >= 6;
        self.tell(match which {
            0 => Input::Eof,
            1 => Input::FinSent,
            2 => Input::Shutdown,
            3 => Input::Failed(SocketError::Reset),
            4 => Input::Sent(0),
            5 => Input::Received(0),
            6 => Input::Sent(usize::MAX),
            7 => Input::Received(usize::MAX),
            8..12 => Input::Unacked(which - 8),
            _ => Input::Timeout,
        });
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.end.handle(self.now, input);
        let deadline = self.end.poll_io().and_then(|io| io.deadline);
        assert!(
            deadline.is_none_or(|deadline| deadline > self.now),
            "{deadline:?} is over at {:?}",
            self.now
        );
    }

    /// Feeds the machine these bytes, as far as it reads.
    fn receive(&mut self, bytes: Vec<u8>) {
        let mut rest = &bytes[..];
        while !rest.is_empty() && self.received < MOST {
            let Some(io) = self.end.poll_io() else { return };
            let n = io.recv.len().min(rest.len());
            if n == 0 {
                break;
            }
            io.recv[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            self.received += n;
            self.tell(Input::Received(n));
        }
        self.last = bytes;
    }

    fn send(&mut self, most: usize) {
        let Some(io) = self.end.poll_io() else { return };
        let n = io.send.len().min(most);
        self.sent.extend(&io.send[..n]);
        self.tell(Input::Sent(n));
    }

    fn wait(&mut self) {
        let deadline = self.end.poll_io().and_then(|io| io.deadline);
        self.now = deadline.unwrap_or(self.now).max(self.now);
        self.tell(Input::Timeout);
    }

    fn check(&mut self) {
        let Some(io) = self.end.poll_io() else { return };
        assert!(!io.fin || io.send.is_empty(), "an end before what is to be sent");
    }

    /// Returns true if the machine waits for nothing, not even for a deadline.
    pub(crate) fn rests(&mut self) -> bool {
        self.end
            .poll_io()
            .is_some_and(|io| io.recv.is_empty() && io.send.is_empty() && !io.fin && io.deadline.is_none())
    }

    /// Takes one step to the end of a connection whose peer has ended, or is silent and takes nothing.
    pub(crate) fn wind_up(&mut self, silent: bool) {
        let Some(io) = self.end.poll_io() else { return };
        match (silent, io.fin) {
            (true, _) if io.deadline.is_some() => self.wait(),
            (_, true) => self.tell(Input::FinSent),
            _ => self.send(usize::MAX),
        }
        self.check();
    }

    /// Checks that no input changes a closed machine.
    pub(crate) fn stays_closed(&mut self) {
        for input in LATE_INPUTS {
            self.tell(input);
            assert!(self.end.poll_io().is_none());
        }
    }
}

/// Machine with its application, under the steps of an input.
pub(crate) trait Finish {
    type End: Endpoint;

    fn driver(&mut self) -> &mut Driver<Self::End>;

    /// Returns the state of the connection.
    fn state(&mut self) -> State;

    /// Takes an event, if there is one.
    fn poll(&mut self);

    /// Answers all requests.
    fn answer_all(&mut self) {}

    /// Returns the number of ends that were reported.
    fn ends(&self) -> u32;

    /// Goes on until the connection is closed and its end is reported: the peer has ended its side, or is silent
    /// and takes nothing. Then checks that it stays closed.
    fn wind_up(&mut self, silent: bool) {
        let mut steps = 0;
        while self.state() != State::Closed {
            steps += 1;
            assert!(steps < 100 + self.driver().received, "it does not come to rest");
            // Errors behind many replies are known when the replies are taken.
            self.poll();
            self.answer_all();
            self.driver().wind_up(silent);
        }
        let mut left = 100 + self.driver().received;
        while self.ends() == 0 {
            left -= 1;
            assert!(left > 0, "there is an end");
            self.poll();
        }
        self.driver().stays_closed();
    }
}
