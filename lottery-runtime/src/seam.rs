//! Interface between applications and runtimes.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use lottery_proto::{Instant, Machine};

use crate::dial::Target;

/// Sends notices to a connection from another task. The runtime makes it from a channel of its own; notices
/// to a connection that is gone are dropped.
pub struct Mailbox<N>(Arc<dyn Fn(N) + Send + Sync>);

impl<N> Mailbox<N> {
    /// Creates a mailbox that passes every notice to `deliver`, which must not block.
    pub fn new(deliver: impl Fn(N) + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Delivers a notice.
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

/// Content of a connection's mailbox.
#[derive(Debug)]
pub enum Envelope<N> {
    /// Notice from another part of the application, for [`Machine::notice`]. Boxed, as channels reserve room
    /// for many.
    Notice(Box<N>),
    /// The program is to end: for [`Machine::handle`], as [`lottery_proto::Input::Shutdown`].
    Shutdown,
}

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

/// Runtime of servers: accepts connections, moves their bytes, waits, and handles signals.
pub trait Serve {
    /// Stack size of each connection of a server, in bytes; 0: it has no stack of its own.
    const CONNECTION_STACK: usize = 0;

    /// Serves until a signal or the application ends it, and returns when every connection is over.
    ///
    /// # Errors
    /// Fails if the runtime cannot be started, or signals cannot be handled.
    fn serve<S: Service>(&self, listener: TcpListener, service: Arc<S>) -> io::Result<()>;
}

/// Runtime of clients: connects, moves bytes, waits, and handles signals.
pub trait RunClient {
    /// Runs a client until it is done or a signal ends it.
    ///
    /// # Errors
    /// Fails if the runtime cannot be started, or signals cannot be handled.
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()>
    where
        C::Notice: Send;
}

/// Pause of a runtime after a failure to accept a connection: without free descriptors the next attempt would
/// fail at once.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
