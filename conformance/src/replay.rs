//! Recorded agencies, to be played to a centre. How often an agency is told to ask again later depends on the
//! others, so that may happen more often or less often than was recorded.

use std::collections::VecDeque;
use std::io::Read;
use std::mem;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use lottery_proto::Dialect;

use crate::pieces::Cut;
use crate::raw::Raw;
use crate::transcript::Said;
use crate::wire::{Wire, wire};

/// A recorded agency on a connection. It does no I/O.
#[derive(Debug)]
pub struct Replay {
    wire: &'static dyn Wire,
    rest: VecDeque<Said>,
    received: Vec<u8>,
    /// What it sent last.
    question: Vec<u8>,
}

/// What a recorded agency does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes, which it has sent before, after a pause.
    SendAgain(Vec<u8>),
    /// Waits for bytes.
    Receive,
    /// Ends its side. Then nothing more may come but the end of the other.
    Fin,
}

impl Replay {
    /// Plays what was recorded.
    pub fn new(dialect: Dialect, recorded: &[Said]) -> Self {
        let rest = recorded.iter().cloned().collect();
        Self { wire: wire(dialect), rest, received: Vec::new(), question: Vec::new() }
    }

    /// Takes bytes that came from the centre.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// What it does next. Panics if the centre's answer is not the recorded one.
    pub fn next_move(&mut self) -> Next {
        loop {
            match self.rest.front() {
                None | Some(Said::ClientEof) => {
                    assert!(self.received.is_empty(), "more answers than were recorded");
                    return Next::Fin;
                }
                Some(Said::Client(message)) => {
                    self.question.clone_from(message);
                    self.rest.pop_front();
                    return Next::Send(self.question.clone());
                }
                // A centre that does not end by itself is as good: the agency ends next.
                Some(Said::ServerEof) => drop(self.rest.pop_front()),
                Some(Said::Server(_)) => {
                    let len = self.wire.answer_len(&self.received);
                    let Some(len) = len.filter(|len| self.received.len() >= *len) else {
                        return Next::Receive;
                    };
                    let after = self.received.split_off(len);
                    let answer = Said::Server(mem::replace(&mut self.received, after));
                    if self.pending(&answer) {
                        return Next::SendAgain(self.question.clone());
                    }
                    assert_eq!(Some(answer), self.rest.pop_front(), "what was recorded is on the right");
                }
            }
        }
    }

    /// Brings what was recorded in line with the number of times that the agency is told to ask again later.
    /// Whether it has to ask once more than was recorded.
    fn pending(&mut self, answer: &Said) -> bool {
        let is_pending = |said: &Said| matches!(said, Said::Server(message) if self.wire.is_pending(message));
        if is_pending(answer) {
            return !self.rest.front().is_some_and(is_pending);
        }
        while self.rest.front().is_some_and(is_pending) {
            self.rest.pop_front();
            assert_eq!(self.rest.pop_front(), Some(Said::Client(self.question.clone())), "it asks again");
        }
        false
    }

    /// Plays over a socket, with what it sends cut into pieces.
    pub fn play(mut self, centre: SocketAddr, cut: Cut) {
        let mut peer = Raw::connect(centre);
        loop {
            match self.next_move() {
                Next::Send(bytes) => peer.send_cut(&bytes, cut),
                Next::SendAgain(bytes) => {
                    thread::sleep(Duration::from_millis(10));
                    peer.send_cut(&bytes, cut);
                }
                Next::Receive => {
                    let mut buffer = [0; 4096];
                    let received = peer.0.read(&mut buffer).expect("an answer");
                    assert_ne!(received, 0, "an answer, not an end");
                    self.receive(&buffer[..received]);
                }
                Next::Fin => break,
            }
        }
        peer.fin();
        assert_eq!(peer.receive_all(), b"", "nothing but the end");
    }
}

/// Plays a recorded centre to the agency that has connected, with what it sends cut into pieces, and checks that
/// the agency sends what was recorded.
pub fn play_centre(mut agency: Raw, recorded: &[Said], cut: Cut) {
    for said in recorded {
        match said {
            Said::Client(expected) => {
                let received = Said::Client(agency.receive(expected.len()));
                assert_eq!(received, *said, "what was recorded is on the right");
            }
            Said::Server(message) => agency.send_cut(message, cut),
            Said::ServerEof => agency.fin(),
            Said::ClientEof => assert_eq!(agency.receive_all(), b"", "nothing but the end"),
        }
    }
}
