//! Where a connection's memory comes from, when connections share it.

use core::fmt;

/// Lends memory to one connection, besides what is always its own ([`ServerConfig::OWN_MEMORY`]).
///
/// A machine asks before its buffers grow. What only makes it faster it does without, if there is none; for a message that
/// is too long for what it has it waits, until the message's deadline. Dropped, a lender takes everything back.
///
/// [`ServerConfig::OWN_MEMORY`]: crate::ServerConfig::OWN_MEMORY
pub trait Lender: fmt::Debug + Send + Sync {
    /// Whether the connection may hold so many bytes in all from now on. Fewer than it holds it always may.
    #[must_use]
    fn hold(&mut self, bytes: usize) -> bool;

    /// As [`Lender::hold`]; and if it may not, it gets them when there are so many: then the machine is to be asked again
    /// what it wants ([`Server::poll_io`](crate::Server::poll_io)).
    #[must_use]
    fn wait_for(&mut self, bytes: usize) -> bool;

    /// The connection holds so many bytes in all already: an answer of the application is longer than usual.
    fn held(&mut self, bytes: usize);

    /// Whether others wait for what this one does not need.
    fn is_wanted(&self) -> bool;
}
