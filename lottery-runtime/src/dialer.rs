//! Application of a client.

use std::io;

use lottery_proto::Instant;

#[cfg(doc)]
use crate::RunClient;
use crate::{Machine, Target};

/// Next step of a client without a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connect to this server.
    Connect(Target),
    /// Wait until this time; not at all if it is past.
    Wait(Instant),
    /// End: the client is done.
    Done,
}

/// Application of a client: says when to connect, and is the machine of each of its connections, one after the
/// other.
///
/// [`RunClient::run_client`] says in which order a runtime calls its methods, which must not block.
pub trait Dialer: Machine {
    /// Returns the next step, while there is no connection. A step may be broken off, by a shutdown only.
    fn next_step(&mut self, now: Instant) -> Step;

    /// Reports a connection to the server of the last step: this is its machine from now until its `poll_io`
    /// returns `None`.
    fn connected(&mut self, now: Instant);

    /// Reports that connecting to the server of the last step has failed: no address was found or none answered,
    /// in its time. The error names the addresses if there were several.
    fn not_connected(&mut self, now: Instant, error: &io::Error);
}
