//! Connections, and the driving of a machine at one end.

use std::borrow::Cow;
use std::time::Duration;

use lottery_proto::{Input, Instant, Io, SocketError};
use lottery_runtime::Machine;
use lottery_testkit::Rng;

use crate::mistakes::Forger;
use crate::options::Options;
use crate::pipe::{End, Pipe, Readable};
use crate::tap::{ServerMessage, Tap};

/// Time of silence after which the system finds that the other side is gone: 60 s, and nine probes, 75 s
/// apart.
pub(crate) const KEEPALIVE: Duration = Duration::from_secs(60 + 9 * 75);

/// Clock of a process: it begins when the process does, and may jump ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    ahead: Duration,
}

impl Clock {
    pub(crate) fn start(now: Instant) -> Self {
        Self { start: now, ahead: Duration::ZERO }
    }

    pub(crate) fn jump(&mut self, by: Duration) {
        self.ahead += by;
    }

    /// Returns the process's time at the world's `now`.
    pub(crate) fn local(self, now: Instant) -> Instant {
        Instant::from_epoch(now.duration_since(self.start) + self.ahead)
    }

    /// Returns the world's time at the process's `local`.
    pub(crate) fn world(self, local: Instant) -> Instant {
        self.start.after(local.since_epoch().saturating_sub(self.ahead))
    }
}

/// Connection between a client's process and the server's.
#[expect(clippy::struct_excessive_bools, reason = "each side of it, and each is simple")]
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) agency: u32,
    pub(crate) session: bool,
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
    pub(crate) tap: Tap,
    /// Forger of the server's packets, if a mistake is planted.
    pub(crate) forger: Option<Forger>,
    /// Time since which nothing arrives.
    pub(crate) silent_since: Option<Instant>,
    /// True while the client's process has its end.
    pub(crate) client_open: bool,
    /// True while the server's process has its end, or the system holds it for it.
    pub(crate) server_open: bool,
    /// True once the server's process has accepted it.
    pub(crate) accepted: bool,
}

impl Link {
    pub(crate) fn new(agency: u32, session: bool) -> Self {
        Self {
            agency,
            session,
            up: Pipe::default(),
            down: Pipe::default(),
            tap: Tap::new(session),
            forger: None,
            silent_since: None,
            client_open: true,
            server_open: true,
            accepted: false,
        }
    }

    /// Ends one side: its process was killed, or has let go of the connection.
    pub(crate) fn leave(&mut self, side: Side, now: Instant, end: End) {
        let (incoming, outgoing) = match side {
            Side::Client => {
                self.client_open = false;
                (&mut self.down, &mut self.up)
            }
            Side::Server => {
                self.server_open = false;
                (&mut self.up, &mut self.down)
            }
        };
        // Unread bytes turn the end into a reset.
        let end = if incoming.is_empty() { end } else { End::Reset };
        incoming.clear();
        if !outgoing.is_ended() || end == End::Reset {
            outgoing.end(now, end);
        }
    }

    /// Cuts the connection, with notice to both sides.
    pub(crate) fn cut(&mut self, now: Instant, rng: &mut Rng) {
        for pipe in [&mut self.up, &mut self.down] {
            pipe.truncate(rng);
            pipe.end(now, End::Reset);
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        !self.client_open && !self.server_open
    }
}

/// Side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Result of driving a machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The machine did something, and the server sent these messages.
    Moved(Vec<ServerMessage>),
    /// The machine can do nothing before that time.
    Idle(Option<Instant>),
    /// The machine is done with its connection.
    Over,
}

/// Lets a machine do one thing, in random order; a deadline passes only when nothing else can be done.
pub(crate) fn turn<M: Machine + ?Sized>(
    machine: &mut M,
    clock: Clock,
    link: &mut Link,
    side: Side,
    now: Instant,
    (options, rng): (&Options, &mut Rng),
) -> Turn {
    let local = clock.local(now);
    let is_due = |io: Option<Io<'_>>| io.and_then(|io| io.deadline).is_some_and(|deadline| deadline <= local);
    if rng.one_in(50) && !is_due(machine.poll_io()) {
        machine.handle(local, Input::Timeout);
    }
    let Some(io) = machine.poll_io() else { return Turn::Over };
    let deadline = io.deadline.map(|deadline| clock.world(deadline));
    let arrives = now.after(Duration::from_millis(rng.below(options.delay + 1)));
    let mut piece = 1 + rng.index(options.piece);
    if rng.one_in(16) {
        piece = 1 + rng.index(8);
    }
    let Link { up, down, tap, forger, silent_since, .. } = link;
    let (incoming, outgoing, peer_open) = match side {
        Side::Client => (down, up, link.server_open),
        Side::Server => (up, down, link.client_open),
    };
    let mut messages = Vec::new();
    let first = rng.below(2);
    let waits_for_answer = io.unacked;
    for what in [1 + first, 2 - first, 0] {
        let room = outgoing.room(options.pipe);
        let input = match what {
            0 if io.deadline.is_some_and(|deadline| deadline <= local) => Input::Timeout,
            1 if !io.send.is_empty() && room > 0 => {
                let n = io.send.len().min(room).min(piece);
                let mut sent = Cow::Borrowed(&io.send[..n]);
                match side {
                    Side::Client => tap.client_sent(&sent),
                    Side::Server => match forger {
                        None => messages = tap.server_sent(&sent),
                        Some(forger) => {
                            let forged = forger.pass(&sent);
                            messages = tap.server_sent(if forger.is_the_servers() { &forged } else { &sent });
                            sent = Cow::Owned(forged);
                        }
                    },
                }
                if peer_open || silent_since.is_some() {
                    outgoing.put(arrives, &sent);
                } else {
                    incoming.end(arrives, End::Reset);
                }
                Input::Sent(n)
            }
            1 if io.fin => {
                outgoing.end(arrives, End::Eof);
                Input::FinSent
            }
            2 => {
                let found = if silent_since.is_some() { None } else { incoming.peek(now) };
                match found {
                    Some(Readable::Bytes(_)) if !io.recv.is_empty() => {
                        let max = io.recv.len().min(piece);
                        Input::Received(incoming.take(&mut io.recv[..max]))
                    }
                    Some(Readable::End(End::Eof)) if !io.recv.is_empty() => {
                        incoming.end_was_read();
                        Input::Eof
                    }
                    Some(Readable::End(End::Reset)) => {
                        incoming.end_was_read();
                        Input::Failed(SocketError::Reset)
                    }
                    _ => continue,
                }
            }
            _ => continue,
        };
        let on_its_way = if silent_since.is_some() { outgoing.len() } else { outgoing.on_its_way(now) };
        if input == Input::Timeout && waits_for_answer {
            machine.handle(local, Input::Unacked(on_its_way));
        }
        machine.handle(local, input);
        return Turn::Moved(messages);
    }
    Turn::Idle(deadline)
}
