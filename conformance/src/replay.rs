//! Recorded agencies, to be played to a server, and recorded servers, to be played to a client. The number of
//! times that an agency is told to ask again later depends on the others, so it may differ from the
//! recording.

use std::collections::VecDeque;
use std::io::Read;
use std::mem;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use lottery_proto::Dialect;

use crate::cuts::Cut;
use crate::dialects::{Codec, codec};
use crate::raw::Raw;
use crate::transcript::Said;

/// Recorded agency. It does no I/O.
#[derive(Debug)]
pub struct Replay {
    codec: &'static dyn Codec,
    rest: VecDeque<Said>,
    received: Vec<u8>,
    /// Last request that it sent.
    question: Vec<u8>,
}

/// Next action of a recorded agency.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Sends these bytes, on a new connection if there is none.
    Send(Vec<u8>),
    /// Sends these bytes again after a pause, on a new connection where a connection has one reply.
    SendAgain(Vec<u8>),
    /// Waits for bytes.
    Receive,
    /// Ends its connection. Nothing more may come but the end of the other side.
    Fin,
    /// Ends: all that was recorded has been played.
    Done,
}

impl Replay {
    /// Returns a replay of the recording, which is of one connection or of one after the other.
    pub fn new(dialect: Dialect, recorded: &[Said]) -> Self {
        let rest = recorded.iter().cloned().collect();
        Self { codec: codec(dialect), rest, received: Vec::new(), question: Vec::new() }
    }

    /// Takes bytes that came from the server.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// Returns the next action. Panics if the server's reply is not the recorded one.
    pub fn next_move(&mut self) -> Next {
        loop {
            match self.rest.front() {
                None => return Next::Done,
                Some(Said::ClientEof | Said::ServerEof) => {
                    assert!(self.received.is_empty(), "more answers than were recorded");
                    self.skip_ends();
                    return Next::Fin;
                }
                Some(Said::Client(message)) => {
                    self.question.clone_from(message);
                    self.rest.pop_front();
                    return Next::Send(self.question.clone());
                }
                Some(Said::Server(_)) => {
                    let len = self.codec.answer_len(&self.received);
                    let Some(len) = len.filter(|len| self.received.len() >= *len) else {
                        return Next::Receive;
                    };
                    let after = self.received.split_off(len);
                    let answer = Said::Server(mem::replace(&mut self.received, after));
                    if !self.is_pending(Some(&answer)) {
                        self.skip_pending();
                        assert_eq!(Some(answer), self.rest.pop_front(), "what was recorded is on the right");
                    } else if self.is_pending(self.rest.front()) {
                        self.rest.pop_front();
                    } else {
                        return Next::SendAgain(self.question.clone());
                    }
                }
            }
        }
    }

    fn is_pending(&self, said: Option<&Said>) -> bool {
        matches!(said, Some(Said::Server(message)) if self.codec.is_pending(message))
    }

    /// Skips recorded queries that were answered with Pending, if the winners came earlier.
    fn skip_pending(&mut self) {
        while self.is_pending(self.rest.front()) {
            self.rest.pop_front();
            self.skip_ends();
            assert_eq!(self.rest.pop_front(), Some(Said::Client(self.question.clone())), "it asks again");
        }
    }

    fn skip_ends(&mut self) {
        while matches!(self.rest.front(), Some(Said::ClientEof | Said::ServerEof)) {
            self.rest.pop_front();
        }
    }

    /// Plays over sockets, with the sent bytes cut into pieces.
    pub fn play(mut self, server: SocketAddr, cut: Cut) {
        let mut peer: Option<Raw> = None;
        loop {
            match self.next_move() {
                Next::Send(bytes) => {
                    peer.get_or_insert_with(|| Raw::connect(server)).send_cut(&bytes, cut);
                }
                Next::SendAgain(bytes) => {
                    if self.codec.has_one_answer() {
                        self.end(peer.take());
                    }
                    thread::sleep(Duration::from_millis(10));
                    peer.get_or_insert_with(|| Raw::connect(server)).send_cut(&bytes, cut);
                }
                Next::Receive => {
                    let mut buffer = [0; 4096];
                    let peer = peer.as_mut().expect("it has asked something");
                    let received = peer.0.read(&mut buffer).expect("an answer");
                    assert_ne!(received, 0, "an answer, not an end");
                    self.receive(&buffer[..received]);
                }
                Next::Fin => self.end(peer.take()),
                Next::Done => return,
            }
        }
    }

    /// Ends a connection, or waits until the server does if that is its part.
    fn end(&self, peer: Option<Raw>) {
        let mut peer = peer.expect("the connection is there");
        if !self.codec.server_closes() {
            peer.fin();
        }
        assert_eq!(peer.receive_all(), b"", "nothing but the end");
    }
}

/// Plays a recorded server to the client that connects, with the sent bytes cut into pieces, and checks that
/// the client sends what was recorded.
pub fn play_server(listener: &TcpListener, recorded: &[Said], cut: Cut) {
    let mut client: Option<Raw> = None;
    // True if one side has ended.
    let mut ended = false;
    for said in recorded {
        let peer = client.get_or_insert_with(|| Raw::over(listener.accept().expect("it connects").0));
        match said {
            Said::Client(expected) => {
                let received = Said::Client(peer.receive(expected.len()));
                assert_eq!(received, *said, "what was recorded is on the right");
            }
            Said::Server(message) => peer.send_cut(message, cut),
            Said::ServerEof => peer.fin(),
            Said::ClientEof => assert_eq!(peer.receive_all(), b"", "nothing but the end"),
        }
        if matches!(said, Said::ClientEof | Said::ServerEof) {
            ended = !ended;
            if !ended {
                client = None;
            }
        }
    }
}
