//! What a runtime sees of an agency that has sessions.

use std::convert::Infallible;
use std::io;

use lottery_proto::{Client, Input, Instant, Io, Machine};

use super::{AgencyError, Phase, SessionAgency};
use crate::seam::{Caller, Step};

impl Machine for SessionAgency {
    type Notice = Infallible;

    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.client.as_mut()?.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        if input == Input::Shutdown {
            self.outcome.get_or_insert(Err(AgencyError::Stopped));
            self.phase = Phase::Leaving;
        }
        if let Some(client) = &mut self.client {
            client.handle(now, input);
        }
        self.advance(now);
    }

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

impl Caller for SessionAgency {
    fn next_step(&mut self, now: Instant) -> Step {
        self.client = None;
        match self.outcome {
            Some(_) => Step::Done,
            None if self.connect_at > now => Step::Wait(self.connect_at),
            None => Step::Connect(self.job.server.clone()),
        }
    }

    fn connected(&mut self, now: Instant) {
        let mut client = Client::new(self.job.connection.clone(), now);
        let greeted = client.hello(now);
        self.client = Some(client);
        self.phase = Phase::Greeting;
        if let Err(error) = greeted {
            self.end(now, Err(AgencyError::Send(error)));
        }
        self.advance(now);
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let error = AgencyError::connect(&self.job.server, error);
        self.lost(now, &error.to_string());
    }
}

impl std::fmt::Debug for SessionAgency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { phase, sent, stored, client, .. } = self;
        write!(f, "SessionAgency({}, {phase:?}, {sent} sent, {stored} stored, {client:?})", self.id())
    }
}
