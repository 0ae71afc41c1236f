//! Application of a client.

use std::io;

use lottery_proto::{Instant, Machine};

use crate::Target;

/// Next step of a client without a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connect to this server.
    Connect(Target),
    /// Wait until this time.
    Wait(Instant),
    /// End: the client is done.
    Done,
}

/// Application of a client: says when to connect, and is the machine of each of its connections.
pub trait Dialer: Machine {
    /// Returns the next step, while there is no connection.
    fn next_step(&mut self, now: Instant) -> Step;

    /// Reports a connection: this is its machine until its `poll_io` returns `None`.
    fn connected(&mut self, now: Instant);

    /// Reports that connecting has failed.
    fn not_connected(&mut self, now: Instant, error: &io::Error);
}
