//! Ways of messages to a connection from other tasks.

use std::fmt;
use std::sync::Arc;

#[cfg(doc)]
use lottery_proto::{Input, Machine};

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
    /// The program is to end: for [`Machine::handle`], as [`Input::Shutdown`].
    Shutdown,
}
