//! Interface of a client with sessions to the runtime.

use std::convert::Infallible;
use std::io;

use lottery_proto::{Endpoint, Input, Instant, Io};
use lottery_runtime::{Dialer, Machine, Step};

use super::{Phase, SessionClient};

impl Endpoint for SessionClient {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.connection.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        if input == Input::Shutdown {
            self.phase = Phase::Leaving;
        }
        self.connection.handle(now, input);
        self.advance(now);
        self.remind(now);
    }
}

impl Machine for SessionClient {
    type Notice = Infallible;

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

impl Dialer for SessionClient {
    fn next_step(&mut self, now: Instant) -> Step {
        self.remind(now);
        self.connection.next_step(now, self.connect_at, self.retry.end(now))
    }

    fn connected(&mut self, now: Instant) {
        (self.phase, self.greeted) = (Phase::Greeting, now);
        self.connection.begin(now, |_| Ok(()));
        self.advance(now);
        self.remind(now);
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = self.connection.not_connected(error);
        self.unanswered = None;
        self.lost(now, None, &error.to_string());
    }
}

impl std::fmt::Debug for SessionClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { phase, sent, stored, connection, .. } = self;
        write!(f, "SessionClient({phase:?}, {sent} sent, {stored} stored, {connection:?})")
    }
}
