//! Interface that a runtime offers to programs.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use crate::{Dialer, Service};

/// Pause of a runtime after a failure to accept a connection: without free descriptors the next attempt would
/// fail at once.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
