//! A connection that panics ends alone: the others go on, and the server can be stopped.

use std::io;
use std::sync::Arc;

use crate::StoppableRuntime;
use crate::raw::Raw;
use crate::serving::Serving;
use lottery_proto::{Endpoint, Input, Instant, Io};
use lottery_runtime::{Machine, Mailbox, Peer, Service};

/// Service that sends each byte back, and panics at a `!`.
#[derive(Debug, Default)]
struct Fragile {
    recv: [u8; 1],
    send: Vec<u8>,
    ended: bool,
    dropped: bool,
}

impl Endpoint for Fragile {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        let Self { recv, send, ended, .. } = self;
        let (reads, fin) = (send.is_empty() && !*ended, *ended && send.is_empty());
        let recv = if reads { &mut recv[..] } else { &mut [] };
        let mut io = Io::new(recv, send);
        io.fin = fin;
        (!self.dropped).then_some(io)
    }

    fn handle(&mut self, _: Instant, input: Input) {
        match input {
            Input::Received(_) => {
                assert_ne!(self.recv, *b"!", "this is meant to be");
                self.send.push(self.recv[0]);
            }
            Input::Sent(sent) => drop(self.send.drain(..sent)),
            Input::Eof | Input::Shutdown => self.ended = true,
            Input::FinSent | Input::Failed(_) => self.dropped = true,
            _ => {}
        }
    }
}

impl Machine for Fragile {
    type Notice = ();

    fn notice(&mut self, _: Instant, (): ()) {}
}

struct Fragiles;

impl Service for Fragiles {
    type Machine = Fragile;

    fn accept(&self, _: Instant, _: Peer, _: Mailbox<()>) -> Option<Fragile> {
        Some(Fragile::default())
    }

    fn failed(&self, _: &io::Error) {}

    fn started(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

pub fn a_panic_ends_one_connection<Server: StoppableRuntime>() {
    let server = Serving::start::<Server>(Arc::new(Fragiles));
    let mut others: Vec<Raw> = (0..3).map(|_| Raw::connect(server.address)).collect();
    let mut echo = |times: usize| {
        for peer in &mut others {
            peer.send(&b"hello".repeat(times));
            assert_eq!(peer.receive(5 * times), b"hello".repeat(times));
        }
    };
    echo(1);
    for _ in 0..5 {
        let mut peer = Raw::connect(server.address);
        peer.send(b"hello!");
        assert_eq!(peer.receive_all(), b"hello", "and then an end");
    }
    echo(100);
    server.stop();
    for mut peer in others {
        assert_eq!(peer.receive_all(), b"", "a clean end");
    }
    server.end();
}
