//! Settings of the server's side of a connection.

use alloc::vec::Vec;
use core::time::Duration;

use crate::bet::Spans;
use crate::conn::FIRST_STEP;
use crate::dialect::Dialect;
use crate::wire::MAX_LINE;
use crate::wire::block::BLOCK_SIZE;

/// Number of unsent bytes from which no more requests are read.
pub(super) const MAX_UNSENT: usize = 64 * 1024;
/// Size of the receive buffer that belongs to the connection's own memory, in bytes.
pub(super) const OWN_BUFFER: usize = FIRST_STEP;

/// Settings of the server's side of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Number of agencies: they are numbered from 1 to this. Default 5.
    pub agencies: u32,
    /// Maximum number of requests without a reply, at least 1. Default 32.
    pub max_in_flight: usize,
    /// Maximum number of unacknowledged batches in a session, at least 1. Default 16.
    pub window: u32,
    /// Size that the receive buffer grows to while bytes keep coming, in bytes, at least 8192. Default 256 KiB.
    pub max_buffer: usize,
    /// Maximum length of a message, in bytes, at least 8192. The receive buffer grows to this for a message that needs
    /// it. Default 1 MiB.
    pub max_message: usize,
    /// Dialects that are spoken. Default all.
    pub dialects: Vec<Dialect>,
    /// Maximum silence of a peer that owes the next message (`docs/protocol.md#deadlines`). Default 60 s. Empty
    /// messages of `braces` and rejected requests do not count, so they cannot keep a connection alive.
    ///
    /// An agency that was told "pending" pauses longer each time: it may be silent for twice the time from the first
    /// such reply to its last query, in addition to this.
    pub idle_timeout: Duration,
    /// Maximum time from the first byte of a message to its last. Each 100 bytes that have come add a second, up to 30
    /// times this in all. Default 20 s.
    pub message_timeout: Duration,
    /// Maximum time in which a peer takes none of the bytes that are to be sent. Default 20 s.
    pub stall_timeout: Duration,
    /// Maximum wait for the peer's end after our FIN, and for everything after a shutdown or a failure. Default 1 s.
    pub linger_timeout: Duration,
    /// Silence after which an unfinished line of `echo` counts as complete (`docs/protocol.md#echo`). Default 100 ms.
    ///
    /// It applies only to bytes that can be no other dialect: a message that has begun is waited for.
    pub line_timeout: Duration,
    /// Silence after which a waiting connection gives memory back. Default 250 ms.
    pub shrink_after: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            agencies: 5,
            max_in_flight: 32,
            window: 16,
            max_buffer: 256 * 1024,
            max_message: 1024 * 1024,
            dialects: Dialect::ALL.to_vec(),
            idle_timeout: Duration::from_secs(60),
            message_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(20),
            linger_timeout: Duration::from_secs(1),
            line_timeout: Duration::from_millis(100),
            shrink_after: Duration::from_millis(250),
        }
    }
}

impl ServerConfig {
    /// Memory that every connection owns, in bytes: enough to take one block at a time. With a [`Lender`], all other
    /// memory of the connection is lent.
    ///
    /// [`Lender`]: crate::Lender
    pub const OWN_MEMORY: usize = 64 * 1024;

    /// Longest reply that [`ServerConfig::max_memory`] reckons with, in bytes: a block.
    pub const USUAL_ANSWER: usize = 8192;

    /// Returns the upper bound of the memory of one connection, in bytes, whatever its peer sends.
    ///
    /// It holds as long as no reply of the application is longer than [`ServerConfig::USUAL_ANSWER`], and no part of a
    /// winners list ([`Server::put_winners`](crate::Server::put_winners)) either, with a separator behind each
    /// document. A longer winners list that is not sent in parts adds four times its excess, once: the next query waits
    /// until this list is sent.
    ///
    /// A buffer that moves to a larger place counts twice, because both copies exist for a moment;
    /// [`Server::memory`](crate::Server::memory) between two calls is less.
    #[must_use]
    pub const fn max_memory(&self) -> usize {
        const MACHINE: usize = 1024;
        /// Memory of a request and of the bytes that its reply repeats.
        const REQUEST: usize = 1024 + MAX_LINE;
        let least = BLOCK_SIZE;
        let received = if self.max_message > least { self.max_message } else { least };
        let waiting = self.max_in_flight.saturating_add(2);
        let answers = waiting.saturating_mul(Self::USUAL_ANSWER).saturating_add(MAX_UNSENT);
        MACHINE
            .saturating_add(received.saturating_mul(2))
            .saturating_add(Spans::max_memory(received))
            .saturating_add(waiting.saturating_mul(REQUEST))
            .saturating_add(answers.saturating_mul(4))
    }
}

impl ServerConfig {
    /// Returns the maximum that is ever lent to a connection, in bytes, with the exception that
    /// [`ServerConfig::max_memory`] names.
    #[must_use]
    pub const fn max_lent(&self) -> usize {
        let least = BLOCK_SIZE;
        let received = if self.max_message > least { self.max_message } else { least };
        Self::lent(
            received.saturating_mul(2),
            received,
            if self.max_in_flight > 1 { self.max_in_flight } else { 1 },
        )
    }

    /// Returns the maximum of unsent bytes for a connection that may have this many unanswered requests.
    pub(crate) const fn unsent(requests: usize) -> usize {
        let unsent = requests.saturating_sub(1).saturating_mul(Self::USUAL_ANSWER);
        if unsent < MAX_UNSENT { unsent } else { MAX_UNSENT }
    }

    /// Returns the bytes that must be lent for receive buffers of `buffers` bytes, for the bets of a message of `message`
    /// bytes, and for this many unanswered requests.
    pub(crate) const fn lent(buffers: usize, message: usize, requests: usize) -> usize {
        const REQUEST: usize = 1024 + MAX_LINE + 4 * ServerConfig::USUAL_ANSWER;
        let received =
            if buffers > OWN_BUFFER { buffers.saturating_add(Spans::max_memory(message)) } else { 0 };
        received
            .saturating_add(requests.saturating_sub(1).saturating_mul(REQUEST))
            .saturating_add(Self::unsent(requests).saturating_mul(4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_connection_has_a_bound() {
        for (max_message, received) in [(100_000, 100_000), (8192, 8192), (10, 8192)] {
            let config = ServerConfig { max_message, max_in_flight: 3, ..ServerConfig::default() };
            let most =
                1024 + 2 * received + 16 * (received / 19 + 1) + 5 * (1024 + 8192) + 4 * (5 * 8192 + 65_536);
            assert_eq!(config.max_memory(), most, "{max_message}");
        }
    }
}
