//! Settings of the client's side of a connection.

use core::time::Duration;

use super::send::MAX_ASKED;
use crate::bet::AgencyId;
use crate::dialect::Dialect;
use crate::wire::MAX_LINE;

/// Upper bound for the memory of requests and replies besides the buffers, in bytes. Each takes less than 50, and the
/// bytes that a reply repeats less than 42; a queue that grows takes half as much again for a moment.
const MAX_QUEUES: usize = 128 * MAX_ASKED;

/// Settings of a client's side of a connection, which [`ClientConfig::builder`] checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    pub(super) agency: AgencyId,
    pub(super) dialect: Dialect,
    pub(super) total: Option<u64>,
    pub(super) max_unsent: usize,
    pub(super) max_batch: usize,
    pub(super) max_message: usize,
    pub(super) max_answer: usize,
    pub(super) answer_timeout: Duration,
    pub(super) hello_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) linger_timeout: Duration,
}

impl ClientConfig {
    /// Returns the agency that the connection speaks for.
    pub const fn agency(&self) -> AgencyId {
        self.agency
    }

    /// Returns the dialect of the connection.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns the number of bets in the agency's list, if it is known.
    pub const fn total(&self) -> Option<u64> {
        self.total
    }

    /// Returns the number of unsent bytes from which nothing more is taken to send.
    pub const fn max_unsent(&self) -> usize {
        self.max_unsent
    }

    /// Returns the approximate maximum length of a batch message, in bytes.
    pub const fn max_batch(&self) -> usize {
        self.max_batch
    }

    /// Returns the hard limit of a batch message, in bytes.
    pub const fn max_message(&self) -> usize {
        self.max_message
    }

    /// Returns the maximum length of a reply, in bytes.
    pub const fn max_answer(&self) -> usize {
        self.max_answer
    }

    /// Returns the maximum time for the server to begin a reply, without what its bytes add.
    pub const fn answer_timeout(&self) -> Duration {
        self.answer_timeout
    }

    /// Returns the maximum time for the server to begin the reply to Hello.
    pub const fn hello_timeout(&self) -> Duration {
        self.hello_timeout
    }

    /// Returns the maximum time in which the server takes nothing.
    pub const fn stall_timeout(&self) -> Duration {
        self.stall_timeout
    }

    /// Returns the maximum wait for the server's end.
    pub const fn linger_timeout(&self) -> Duration {
        self.linger_timeout
    }

    /// Returns the upper bound of the memory of one connection, in bytes, whatever the server sends.
    /// [`Client::memory`](crate::Client::memory) between two calls is less, as [`ServerConfig::max_memory`](crate::ServerConfig::max_memory) explains.
    #[must_use]
    pub const fn max_memory(&self) -> usize {
        const MACHINE: usize = 1024;
        let received = self.max_answer;
        let batch = if self.max_batch < self.max_message { self.max_batch } else { self.max_message };
        // A line with its line end is one byte longer than a block.
        let message = if batch > MAX_LINE { batch } else { MAX_LINE + 1 };
        MACHINE
            .saturating_add(received.saturating_mul(2))
            .saturating_add(self.max_unsent.saturating_mul(6))
            .saturating_add(message.saturating_mul(3))
            .saturating_add(MAX_QUEUES)
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
            (8192, 8192, 10, 8192, 8193),
        ] {
            let config = ClientConfig::builder(agency, Dialect::BLOCK)
                .max_answer(max_answer)
                .max_message(max_message)
                .max_batch(max_batch)
                .max_unsent(1000)
                .build()
                .expect("valid settings");
            let most = 1024 + 2 * received + 6 * 1000 + 3 * message + 131_072;
            assert_eq!(config.max_memory(), most, "{max_answer}, {max_message}, {max_batch}");
        }
    }
}
