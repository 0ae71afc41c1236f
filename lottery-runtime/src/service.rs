//! Application of a server.

use std::io;
use std::sync::Arc;

use lottery_proto::Instant;

#[cfg(doc)]
use crate::Serve;
use crate::{Machine, Mailbox, Peer};

/// Application of a server: makes the machine of each connection.
///
/// Its methods are called from any thread of the runtime, never after [`Serve::serve`] has returned. They must
/// not block: other connections wait for them.
pub trait Service: Send + Sync + 'static {
    /// Machine of one connection.
    type Machine: Machine + Send + 'static;

    /// Returns the machine of a connection that was accepted at `now`; `None`: the runtime drops the socket.
    ///
    /// `mailbox` delivers notices to this machine, from now on until it is over. Without need of it, drop it.
    fn accept(
        &self,
        now: Instant,
        peer: Peer,
        mailbox: Mailbox<<Self::Machine as Machine>::Notice>,
    ) -> Option<Self::Machine>;

    /// Reports a connection that could not be accepted or served, for the log. The runtime goes on.
    fn failed(&self, error: &io::Error);

    /// Reports that connections are accepted and signals are handled from now on. It is called once, before the
    /// first [`Service::accept`].
    ///
    /// `stop` ends the server as a signal would, for an application that ends it by itself. It may be called
    /// from any thread, at any time, any number of times, and never blocks.
    fn started(&self, stop: Box<dyn Fn() + Send + Sync>);
}

/// A shared service is a service, so that one can be put around it.
impl<S: Service> Service for Arc<S> {
    type Machine = S::Machine;

    fn accept(
        &self,
        now: Instant,
        peer: Peer,
        mailbox: Mailbox<<Self::Machine as Machine>::Notice>,
    ) -> Option<Self::Machine> {
        self.as_ref().accept(now, peer, mailbox)
    }

    fn failed(&self, error: &io::Error) {
        self.as_ref().failed(error);
    }

    fn started(&self, stop: Box<dyn Fn() + Send + Sync>) {
        self.as_ref().started(stop);
    }
}
