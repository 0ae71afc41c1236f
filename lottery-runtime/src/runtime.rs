//! Interface that a runtime offers to programs.

use std::io;
use std::sync::Arc;
use std::time::Duration;

#[cfg(doc)]
use lottery_proto::{Endpoint, Input};

#[cfg(doc)]
use crate::Step;
use crate::{Dialer, Listener, Service};

/// Pause of a runtime after a failure to accept a connection: without free descriptors the next attempt would
/// fail at once.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Runtime of servers: accepts connections, moves their bytes, waits, and handles signals.
pub trait Serve {
    /// Stack size of each connection's thread, in bytes; 0: a connection has no thread of its own. Programs take
    /// it into account when they limit their connections by the memory of the machine.
    const CONNECTION_STACK: usize = 0;

    /// Serves until a signal or the application ends it, and returns when every connection is over. It blocks
    /// its thread.
    ///
    /// The runtime
    ///
    /// 1. puts the listener into non-blocking mode if it needs that, installs its handlers of signals, and calls
    ///    [`Service::started`], once;
    /// 2. calls [`Service::accept`] for each connection that it accepts, and drives the machine that it returns
    ///    until [`Endpoint::poll_io`] returns `None`; then it drops the socket. After a failure to accept it calls
    ///    [`Service::failed`], pauses for [`ACCEPT_PAUSE`], and goes on;
    /// 3. at the first signal or call of `stop` drops the listener, and tells each machine
    ///    [`Input::Shutdown`], behind the notices that its mailbox holds;
    /// 4. returns when the last machine is over: machines end by themselves after a shutdown, in bounded time. A
    ///    second signal ends the process.
    ///
    /// A machine that panics ends its own connection, and no other.
    ///
    /// # Errors
    /// Fails if the runtime cannot be started, the listener cannot be used, or signals cannot be handled; never
    /// because of a connection.
    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()>;
}

/// Runtime of clients: connects, moves bytes, waits, and handles signals.
pub trait RunClient {
    /// Runs a client until it is done. It blocks its thread.
    ///
    /// The runtime asks [`Dialer::next_step`], again and again until it returns [`Step::Done`], and does that
    /// step:
    ///
    /// - [`Step::Wait`]: it sleeps until then.
    /// - [`Step::Connect`]: it connects. If that fails, it calls [`Dialer::not_connected`]; else it calls
    ///   [`Dialer::connected`], drives the dialer as the machine of that connection until [`Endpoint::poll_io`]
    ///   returns `None`, and drops the socket.
    ///
    /// At the first signal it tells the dialer [`Input::Shutdown`], with or without a connection: it breaks off
    /// a wait or an attempt to connect, without a call of `not_connected`, and then asks for the next step. It
    /// goes on until that is [`Step::Done`]. A second signal ends the process.
    ///
    /// # Errors
    /// Fails if the runtime cannot be started, or signals cannot be handled; never because of a connection.
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()>
    where
        C::Notice: Send;
}
