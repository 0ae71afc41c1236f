//! Settings of the client's side of a connection.

use core::time::Duration;

use crate::bet::AgencyId;
use crate::dialect::Dialect;
#[cfg(doc)]
use crate::dialect::DialectProfile;
use crate::wire::MAX_LINE;
use crate::wire::block::BLOCK_SIZE;

/// Upper bound for the memory of requests and replies besides the buffers, in bytes. Each takes less than 100, and the
/// bytes that a reply repeats less than 32; a queue that grows takes twice that for a moment.
const MAX_QUEUES: usize = 32_768;

/// Settings of a client's side of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// Agency that the connection speaks for.
    pub agency: AgencyId,
    /// Dialect of the connection.
    pub dialect: Dialect,
    /// Number of unsent bytes from which [`Client::can_send`](crate::Client::can_send) is false; one message more may
    /// wait. Default 64 KiB.
    pub max_unsent: usize,
    /// Approximate maximum length of a batch message, in bytes; a dialect may have a lower limit. Default
    /// [`DialectProfile::batch_bytes`].
    pub max_batch: usize,
    /// Hard limit of a batch message, in bytes, whatever [`ClientConfig::max_batch`] is. Default 1 MiB.
    pub max_message: usize,
    /// Maximum length of a reply, in bytes, at least 8192: the receive buffer grows to this for a reply that needs it.
    /// Default 1 MiB; [`Dialect::longest_answer`] returns the length that an agency with a given number of bets needs.
    pub max_answer: usize,
    /// Maximum time for the server to begin a reply, from when the request has arrived, and then to complete it; for
    /// that, each 100 bytes that have come add a second, up to 30 times this in all. Default 60 s.
    pub answer_timeout: Duration,
    /// Maximum time for the server to begin the reply to Hello, from when that has arrived, and never more than
    /// [`ClientConfig::answer_timeout`]: a server without sessions may never reply. Default 5 s.
    pub hello_timeout: Duration,
    /// Maximum time in which the server takes none of the bytes that are to be sent. Default 60 s.
    pub stall_timeout: Duration,
    /// Maximum wait for the server's end after our FIN. Default 1 s.
    pub linger_timeout: Duration,
}

impl ClientConfig {
    /// Returns the upper bound of the memory of one connection, in bytes, whatever the server sends.
    /// [`Client::memory`](crate::Client::memory) between two calls is less, as [`ServerConfig::max_memory`](crate::ServerConfig::max_memory) explains.
    #[must_use]
    pub const fn max_memory(&self) -> usize {
        const MACHINE: usize = 1024;
        let least = BLOCK_SIZE;
        let received = if self.max_answer > least { self.max_answer } else { least };
        let batch = if self.max_batch < self.max_message { self.max_batch } else { self.max_message };
        // A line with its line end is one byte longer than a block.
        let message = if batch > MAX_LINE { batch } else { MAX_LINE + 1 };
        MACHINE
            .saturating_add(received.saturating_mul(2))
            .saturating_add(self.max_unsent.saturating_mul(6))
            .saturating_add(message.saturating_mul(3))
            .saturating_add(MAX_QUEUES)
    }

    /// Returns the default settings for that agency and dialect.
    pub const fn new(agency: AgencyId, dialect: Dialect) -> Self {
        Self {
            agency,
            dialect,
            max_unsent: 64 * 1024,
            max_batch: dialect.profile().batch_bytes,
            max_message: 1024 * 1024,
            max_answer: 1024 * 1024,
            answer_timeout: Duration::from_secs(60),
            hello_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_secs(60),
            linger_timeout: Duration::from_secs(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_connection_has_a_bound() {
        let agency = AgencyId::new(1).expect("an agency");
        for (max_answer, max_message, max_batch, received, message) in [
            (100_000, 100_000, 50_000, 100_000, 50_000),
            (50_000, 50_000, 100_000, 50_000, 50_000),
            (20_000, 50_000, 100_000, 20_000, 50_000),
            (8192, 8192, 8192, 8192, 8193),
            (8193, 8193, 9000, 8193, 8193),
            (10, 10, 10, 8192, 8193),
        ] {
            let config = ClientConfig::new(agency, Dialect::BLOCK);
            let config = ClientConfig { max_answer, max_message, max_batch, max_unsent: 1000, ..config };
            let most = 1024 + 2 * received + 6 * 1000 + 3 * message + 32_768;
            assert_eq!(config.max_memory(), most, "{max_answer}, {max_message}, {max_batch}");
        }
    }
}
