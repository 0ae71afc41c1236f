//! Interface of a client without sessions to the runtime.

use std::io;

use lottery_proto::{Endpoint, Input, Instant, Io, WinnersFlow};
use lottery_runtime::{Dialer, Machine, Step};

use super::{Attempt, Phase, PlainClient};

impl Endpoint for PlainClient {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        let ask_at = match self.phase {
            Phase::Waiting(until)
                if self.winners_flow() != WinnersFlow::NewConnection && !self.attempt.leaving =>
            {
                Some(until)
            }
            _ => None,
        };
        let until = self.checks_until();
        let mut io = self.connection.poll_io()?;
        io.deadline = io.deadline.into_iter().chain(ask_at).chain(until).min();
        Some(io)
    }

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Sent(1..) => self.attempt.written = true,
            Input::Shutdown => self.phase = Phase::Done,
            _ => {}
        }
        self.connection.handle(now, input);
        self.advance(now);
        if self.checks_until().is_some_and(|until| until <= now) {
            self.end_check(now);
            self.advance(now);
        }
        self.remind(now);
    }
}

impl Machine for PlainClient {
    type Notice = std::convert::Infallible;

    fn notice(&mut self, _: Instant, notice: Self::Notice) {
        match notice {}
    }
}

impl Dialer for PlainClient {
    fn next_step(&mut self, now: Instant) -> Step {
        self.end_without_finished(now);
        self.remind(now);
        let connect_at = if let Phase::Waiting(until) = self.phase { until } else { now };
        self.connection.next_step(now, connect_at, self.retry.end(now))
    }

    fn connected(&mut self, now: Instant) {
        self.attempt = Attempt::NEW;
        self.begin(now);
        self.advance(now);
        self.remind(now);
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = self.connection.not_connected(error);
        if self.end_check(now) {
            return;
        }
        if self.settled {
            self.lost(now, error);
        } else {
            self.end(now, Err(error));
        }
    }
}

impl std::fmt::Debug for PlainClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { phase, sent, connection, .. } = self;
        write!(f, "PlainClient({phase:?}, {sent} sent, {connection:?})")
    }
}
