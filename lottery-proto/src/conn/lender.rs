//! Memory that connections share.

use core::fmt;

/// Lends memory to one connection, in addition to what it owns ([`ServerConfig::OWN_MEMORY`]).
///
/// A machine asks before its buffers grow. It does without memory that would only make it faster; for a message that is
/// too long for its buffer it waits, until the message's deadline. A lender that is dropped takes everything back.
///
/// [`ServerConfig::OWN_MEMORY`]: crate::ServerConfig::OWN_MEMORY
pub trait Lender: fmt::Debug + Send + Sync {
    /// Changes the memory lent to the connection to `bytes` in all, and returns true; returns false if there is not
    /// enough. A decrease always succeeds.
    #[must_use]
    fn hold(&mut self, bytes: usize) -> bool;

    /// Works like [`Lender::hold`], but on false lends the bytes as soon as there are enough. The machine must then be
    /// polled again ([`Server::poll_io`](crate::Server::poll_io)).
    #[must_use]
    fn wait_for(&mut self, bytes: usize) -> bool;

    /// Records that the connection already holds `bytes` in all, because a reply of the application is longer than
    /// usual.
    fn held(&mut self, bytes: usize);

    /// True if other connections wait for memory that this one may not need.
    fn is_wanted(&self) -> bool;
}
