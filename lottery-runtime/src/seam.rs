//! What a runtime is given to drive, and what it provides.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use lottery_proto::{Instant, Machine};

use crate::dial::Target;

/// Reaches a connection from another task. Made by the runtime from a channel of its own; a notice to a
/// connection that is gone is dropped.
pub struct Mailbox<N>(Arc<dyn Fn(N) + Send + Sync>);

impl<N> Mailbox<N> {
    /// A mailbox that hands every notice to `deliver`, which must not block.
    pub fn new(deliver: impl Fn(N) + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Puts a notice in.
    pub fn deliver(&self, notice: N) {
        (self.0)(notice);
    }
}

impl<N> Clone for Mailbox<N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<N> fmt::Debug for Mailbox<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

/// What a connection finds in its mailbox.
#[derive(Debug)]
pub enum Envelope<N> {
    /// From another part of the application: for [`Machine::notice`]. In a box, as channels keep room for many.
    Notice(Box<N>),
    /// The program is to end: for [`Machine::handle`], as [`lottery_proto::Input::Shutdown`].
    Shutdown,
}

/// A server's application: makes the machine of each connection.
pub trait Service: Send + Sync + 'static {
    /// One end of a connection.
    type Machine: Machine + Send + 'static;

    /// The machine for a new connection; `None`: drop the socket.
    fn accept(
        &self,
        now: Instant,
        peer: SocketAddr,
        mailbox: Mailbox<<Self::Machine as Machine>::Notice>,
    ) -> Option<Self::Machine>;

    /// A connection could not be accepted, or not be served. The runtime goes on.
    fn failed(&self, error: &io::Error);

    /// Signals are listened for, and connections are accepted from now on. `stop` ends the program as a signal
    /// would, for an application that has to end it by itself.
    fn started(&self, stop: Box<dyn Fn() + Send + Sync>);
}

/// What a client does between connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connect to this server.
    Connect(Target),
    /// Do nothing until then.
    Wait(Instant),
    /// All is done.
    Done,
}

/// A client's application: says when to connect, and is the machine of each of its connections.
pub trait Dialer: Machine {
    /// What to do now that there is no connection.
    fn next_step(&mut self, now: Instant) -> Step;

    /// There is a connection: this is its machine from now on, until its `poll_io` says `None`.
    fn connected(&mut self, now: Instant);

    /// There is no connection to be had.
    fn not_connected(&mut self, now: Instant, error: &io::Error);
}

/// A runtime: everything that moves bytes, waits and listens for signals.
pub trait Runtime {
    /// How large the stack is that each connection of a server has, in bytes; 0: none of its own.
    const CONNECTION_STACK: usize = 0;

    /// Serves until a signal or the application ends it. Returns when every connection is over.
    ///
    /// # Errors
    /// The runtime could not be started, or signals not be listened for.
    fn serve<S: Service>(&self, listener: TcpListener, service: Arc<S>) -> io::Result<()>;

    /// Runs a client until it is done or a signal ends it.
    ///
    /// # Errors
    /// The runtime could not be started, or signals not be listened for.
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()>
    where
        C::Notice: Send;
}

/// How long a runtime pauses after a connection could not be accepted: with no descriptors left it would fail
/// again at once.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
