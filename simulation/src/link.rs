//! Connections, and the driving of a machine at one end.

use std::borrow::Cow;
use std::time::Duration;

use lottery_proto::{Input, Instant, Io, Machine};
use lottery_testkit::Rng;

use crate::mistakes::Forger;
use crate::options::Options;
use crate::pipe::{End, Found, Pipe};
use crate::tap::{Said, Tap};

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

/// Connection between a process of an agency and the server.
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
    pub(crate) black: Option<Instant>,
    /// True while the agency's process has its end.
    pub(crate) agency_open: bool,
    /// True while the server's process has its end, or the system holds it for it.
    pub(crate) centre_open: bool,
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
            black: None,
            agency_open: true,
            centre_open: true,
            accepted: false,
        }
    }

    /// Ends one side: its process was killed, or has let go of the connection.
    pub(crate) fn leave(&mut self, side: Side, now: Instant, end: End) {
        let (inn, out) = match side {
            Side::Agency => {
                self.agency_open = false;
                (&mut self.down, &mut self.up)
            }
            Side::Centre => {
                self.centre_open = false;
                (&mut self.up, &mut self.down)
            }
        };
        // Unread bytes turn the end into a reset.
        let end = if inn.is_empty() { end } else { End::Reset };
        inn.clear();
        if !out.is_ended() || end == End::Reset {
            out.end(now, end);
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
        !self.agency_open && !self.centre_open
    }
}

/// Side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Agency,
    Centre,
}

/// Result of driving a machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The machine did something, and the server sent these messages.
    Moved(Vec<Said>),
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
    let Link { up, down, tap, forger, black, .. } = link;
    let (inn, out, peer_open) = match side {
        Side::Agency => (down, up, link.centre_open),
        Side::Centre => (up, down, link.agency_open),
    };
    let mut said = Vec::new();
    let first = rng.below(2);
    let waits_for_answer = io.unacked;
    for what in [1 + first, 2 - first, 0] {
        let room = out.room(options.pipe);
        let input = match what {
            0 if io.deadline.is_some_and(|deadline| deadline <= local) => Input::Timeout,
            1 if !io.send.is_empty() && room > 0 => {
                let n = io.send.len().min(room).min(piece);
                let mut sent = Cow::Borrowed(&io.send[..n]);
                match side {
                    Side::Agency => tap.sent(&sent),
                    Side::Centre => match forger {
                        None => said = tap.said(&sent),
                        Some(forger) => {
                            let forged = forger.pass(&sent);
                            said = tap.said(if forger.is_the_servers() { &forged } else { &sent });
                            sent = Cow::Owned(forged);
                        }
                    },
                }
                if peer_open || black.is_some() {
                    out.put(arrives, &sent);
                } else {
                    inn.end(arrives, End::Reset);
                }
                Input::Sent(n)
            }
            1 if io.fin => {
                out.end(arrives, End::Eof);
                Input::FinSent
            }
            2 => {
                let found = if black.is_some() { None } else { inn.look(now) };
                match found {
                    Some(Found::Bytes(_)) if !io.recv.is_empty() => {
                        let most = io.recv.len().min(piece);
                        Input::Received(inn.take(&mut io.recv[..most]))
                    }
                    Some(Found::End(End::Eof)) if !io.recv.is_empty() => {
                        inn.told();
                        Input::Eof
                    }
                    Some(Found::End(End::Reset)) => {
                        inn.told();
                        Input::Failed
                    }
                    _ => continue,
                }
            }
            _ => continue,
        };
        let on_its_way = if black.is_some() { out.len() } else { out.on_its_way(now) };
        if input == Input::Timeout && waits_for_answer {
            machine.handle(local, Input::Unacked(on_its_way));
        }
        machine.handle(local, input);
        return Turn::Moved(said);
    }
    Turn::Idle(deadline)
}
