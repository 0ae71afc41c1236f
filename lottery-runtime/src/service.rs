//! Application of a server.

use std::io;
use std::net::SocketAddr;

use lottery_proto::{Instant, Machine};

use crate::Mailbox;

/// Application of a server: makes the machine of each connection.
pub trait Service: Send + Sync + 'static {
    /// Machine of one connection.
    type Machine: Machine + Send + 'static;

    /// Returns the machine of a new connection; `None`: the runtime drops the socket.
    fn accept(
        &self,
        now: Instant,
        peer: SocketAddr,
        mailbox: Mailbox<<Self::Machine as Machine>::Notice>,
    ) -> Option<Self::Machine>;

    /// Reports a connection that could not be accepted or served. The runtime goes on.
    fn failed(&self, error: &io::Error);

    /// Reports that connections are accepted and signals are handled from now on. `stop` ends the program as
    /// a signal would, for an application that ends it by itself.
    fn started(&self, stop: Box<dyn Fn() + Send + Sync>);
}
