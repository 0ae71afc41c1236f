//! Machines that reply at once: one that only counts packets, and the protocol's.

use benches::answers::{stored, welcome};
use benches::framing::{Whole, whole};
use lottery_proto::server::{Event, Server};
use lottery_proto::{ConnId, Endpoint, HelloReply, Input, Instant, Io, Receipt, ServerConfig};
use lottery_runtime::Machine;

/// Size of the receive buffer, in bytes: as much as the protocol's machine reads while bytes keep coming.
const READ: usize = 256 * 1024;
/// Number of unsent bytes above which the machine reads nothing.
const UNSENT: usize = 1024 * 1024;

/// Machine that counts packets, and replies to each.
#[derive(Debug)]
pub(crate) struct Counting {
    buffer: Vec<u8>,
    /// Number of bytes received of an incomplete packet, at the front of the buffer.
    begun: usize,
    answer: Vec<u8>,
    greeted: bool,
    unsent: Vec<u8>,
    sent: usize,
    ended: bool,
}

impl Counting {
    pub(crate) fn new() -> Self {
        let (buffer, answer) = (vec![0; READ], stored());
        Self { buffer, begun: 0, answer, greeted: false, unsent: Vec::new(), sent: 0, ended: false }
    }
}

impl Endpoint for Counting {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        let send = &self.unsent[self.sent..];
        let recv = if send.len() > UNSENT { &mut [] } else { &mut self.buffer[self.begun..] };
        (!self.ended).then_some(Io::new(recv, send))
    }

    fn handle(&mut self, _: Instant, input: Input) {
        match input {
            Input::Received(len) => {
                let held = self.begun + len;
                let Whole { mut packets, bytes } = whole(&self.buffer[..held]);
                self.buffer.copy_within(bytes..held, 0);
                self.begun = held - bytes;
                if packets > 0 && !self.greeted {
                    self.unsent.extend(welcome(0));
                    self.greeted = true;
                    packets -= 1;
                }
                for _ in 0..packets {
                    self.unsent.extend_from_slice(&self.answer);
                }
            }
            Input::Sent(len) => {
                self.sent += len;
                if self.sent == self.unsent.len() {
                    self.unsent.clear();
                    self.sent = 0;
                }
            }
            Input::Eof | Input::Failed(_) | Input::FinSent | Input::Shutdown => self.ended = true,
            _ => {}
        }
    }
}

impl Machine for Counting {
    type Notice = ();

    fn notice(&mut self, _: Instant, (): ()) {}
}

/// Machine of the protocol, with an application that accepts every request at once.
#[derive(Debug)]
pub(crate) struct Granting {
    server: Server,
    total: u64,
}

impl Granting {
    pub(crate) fn new() -> Self {
        let config = ServerConfig::builder(u8::MAX.into()).build().unwrap();
        // The connection number need not be unique: no other machine takes these tickets.
        Self { server: Server::new(config, ConnId(0), Instant::default()), total: 0 }
    }
}

impl Endpoint for Granting {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.server.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.server.handle(now, input);
        while let Some(event) = self.server.poll_event() {
            let granted = match event {
                Event::Hello { ticket, .. } => {
                    let welcome = HelloReply::Welcome { stored: 0, finished: false, digest: 0 };
                    self.server.reply(now, ticket, welcome).is_ok()
                }
                Event::Batch { ticket, bets, .. } => {
                    self.total += bets.len() as u64;
                    self.server.reply(now, ticket, Receipt::Stored { total: self.total }).is_ok()
                }
                Event::Closed(_) => true,
                other => panic!("{other:?}"),
            };
            assert!(granted, "the ticket is this connection's");
        }
    }
}

impl Machine for Granting {
    type Notice = ();

    fn notice(&mut self, _: Instant, (): ()) {}
}
