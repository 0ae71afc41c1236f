//! Settings of the server's side of a connection.

use alloc::vec::Vec;
use core::time::Duration;

use crate::bet::Spans;
use crate::conn::FIRST_STEP;
use crate::dialect::Dialect;
use crate::wire::{MAX_LINE, Window};

/// Number of unsent bytes from which no more requests are read.
pub(super) const MAX_UNSENT: usize = 64 * 1024;
/// Size of the receive buffer that belongs to the connection's own memory, in bytes.
pub(super) const OWN_BUFFER: usize = FIRST_STEP;

/// Settings of the server's side of a connection, which [`ServerConfig::builder`] checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    pub(super) agencies: u32,
    pub(super) max_in_flight: usize,
    pub(super) window: u32,
    pub(super) window_bytes: u32,
    pub(super) max_buffer: usize,
    pub(super) max_message: usize,
    pub(super) dialects: Vec<Dialect>,
    pub(super) idle_timeout: Duration,
    pub(super) message_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) reply_timeout: Duration,
    pub(super) linger_timeout: Duration,
    pub(super) line_timeout: Duration,
    pub(super) shrink_after: Duration,
}

impl ServerConfig {
    /// Returns the number of agencies.
    pub const fn agencies(&self) -> u32 {
        self.agencies
    }

    /// Returns the maximum number of requests without a reply.
    pub const fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// Returns the limits of the unacknowledged batches in a session.
    pub const fn window(&self) -> Window {
        Window { batches: self.window, bytes: self.window_bytes }
    }

    /// Returns the maximum length of a message, in bytes.
    pub const fn max_message(&self) -> usize {
        self.max_message
    }

    /// Returns the size that the receive buffer grows to while bytes keep coming, in bytes.
    pub const fn max_buffer(&self) -> usize {
        self.max_buffer
    }

    /// Returns the maximum silence of a peer that owes the next message.
    pub const fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// Returns the maximum time for a message, without what its bytes add.
    pub const fn message_timeout(&self) -> Duration {
        self.message_timeout
    }

    /// Returns the maximum time in which a peer takes nothing.
    pub const fn stall_timeout(&self) -> Duration {
        self.stall_timeout
    }

    /// Returns the maximum time in which the application does not reply to a request.
    pub const fn reply_timeout(&self) -> Duration {
        self.reply_timeout
    }

    /// Returns the maximum wait for the peer's end.
    pub const fn linger_timeout(&self) -> Duration {
        self.linger_timeout
    }

    /// Returns the silence after which an unfinished line of `echo` counts as complete.
    pub const fn line_timeout(&self) -> Duration {
        self.line_timeout
    }

    /// Returns the dialects that are spoken.
    pub fn dialects(&self) -> &[Dialect] {
        &self.dialects
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
        let received = self.max_message;
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
        Self::lent(self.max_message.saturating_mul(2), self.max_message, self.max_in_flight)
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
        for max_message in [100_000, 8192] {
            let config = ServerConfig::builder(5)
                .max_message(max_message)
                .max_in_flight(3)
                .build()
                .expect("valid settings");
            let most = 1024
                + 2 * max_message
                + 16 * (max_message / 19 + 1)
                + 5 * (1024 + 8192)
                + 4 * (5 * 8192 + 65_536);
            assert_eq!(config.max_memory(), most, "{max_message}");
        }
    }
}
