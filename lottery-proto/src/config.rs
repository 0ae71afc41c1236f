//! What an application may choose about a connection.

use alloc::vec::Vec;
use core::time::Duration;

use crate::agency::AgencyId;
use crate::client::MAX_QUEUES;
use crate::server::MAX_UNSENT;
#[cfg(doc)]
use crate::wire::DialectProfile;
use crate::wire::{Dialect, MAX_LINE};

/// How the centre's side of a connection behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// How many agencies there are: they are numbered from 1 to this. Default 5.
    pub agencies: u32,
    /// How many requests are taken before the first of them is answered, at least 1. Default 32.
    pub max_in_flight: usize,
    /// How many batches of a session may be unacknowledged, at least 1. Default 16.
    pub window: u32,
    /// What the receive buffer grows to while bytes keep coming, in bytes, at least 8192. Default 256 KiB.
    pub max_buffer: usize,
    /// The longest message that is taken, in bytes, at least 8192. The receive buffer grows to this for a message
    /// that needs it. Default 1 MiB.
    pub max_message: usize,
    /// The wires that are spoken. Default all.
    pub dialects: Vec<Dialect>,
    /// How long a peer that owes the next message may send none that counts. Default 60 s. What says nothing, as an empty
    /// message of `braces`, and what is refused do not count: they keep no connection.
    ///
    /// An agency that was told to ask again later pauses longer each time: it may be silent for twice the time
    /// since it was first told so, and this on top.
    pub idle_timeout: Duration,
    /// How long a message may take from its first byte to its last, besides a second more for each 100 bytes of it that
    /// have come, up to 30 times as long. Default 20 s.
    pub message_timeout: Duration,
    /// How long a peer may take nothing of what is sent to it. Default 20 s.
    pub stall_timeout: Duration,
    /// How long the peer's end is waited for after ours, and everything after a shutdown. Default 1 s.
    pub linger_timeout: Duration,
    /// After how long without a byte a line of `echo` is taken for whole though its end did not come. Default 100 ms.
    ///
    /// It holds only for what can be no other wire: a message that is begun is waited for.
    pub line_timeout: Duration,
    /// After how long without a byte the memory of a connection that waits is given back. Default 250 ms.
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
    /// What is always a connection's own, in bytes: enough to take one block at a time. With a [`Lender`] all that it holds
    /// besides is lent.
    ///
    /// [`Lender`]: crate::Lender
    pub const OWN_MEMORY: usize = 64 * 1024;

    /// The longest answer that [`ServerConfig::max_memory`] reckons with: a block.
    pub const USUAL_ANSWER: usize = 8192;

    /// The most memory that one connection ever holds, in bytes, whatever its peer sends, as long as no answer of the
    /// application is longer than [`ServerConfig::USUAL_ANSWER`], and no part of a list of winners
    /// ([`Server::put_winners`](crate::Server::put_winners)) with a separator behind each document. For a list that is
    /// longer and not sent in parts, four times what it is longer comes on top: once, as one list is sent before the next
    /// question is handed out.
    ///
    /// It counts a buffer that moves to a larger place twice, as it is there twice for a moment: what
    /// [`Server::memory`](crate::Server::memory) says between two calls is less.
    #[must_use]
    pub const fn max_memory(&self) -> usize {
        const MACHINE: usize = 1024;
        /// A request, and what its answer repeats.
        const REQUEST: usize = 1024 + MAX_LINE;
        let least = crate::block::BLOCK_SIZE;
        let received = if self.max_message > least { self.max_message } else { least };
        let waiting = self.max_in_flight.saturating_add(2);
        let answers = waiting.saturating_mul(Self::USUAL_ANSWER).saturating_add(MAX_UNSENT);
        MACHINE
            .saturating_add(received.saturating_mul(2))
            .saturating_add(waiting.saturating_mul(REQUEST))
            .saturating_add(answers.saturating_mul(4))
    }
}

impl ServerConfig {
    /// The most that is ever lent to a connection, in bytes, with the exception that [`ServerConfig::max_memory`] names.
    #[must_use]
    pub const fn max_lent(&self) -> usize {
        let least = crate::block::BLOCK_SIZE;
        let received = if self.max_message > least { self.max_message } else { least };
        Self::lent(received.saturating_mul(2), if self.max_in_flight > 1 { self.max_in_flight } else { 1 })
    }

    /// So many bytes may wait to be sent while so many requests may be unanswered.
    pub(crate) const fn unsent(requests: usize) -> usize {
        let unsent = requests.saturating_sub(1).saturating_mul(Self::USUAL_ANSWER);
        if unsent < MAX_UNSENT { unsent } else { MAX_UNSENT }
    }

    /// What has to be lent for receive buffers of so many bytes and so many unanswered requests, in bytes.
    pub(crate) const fn lent(buffers: usize, requests: usize) -> usize {
        const REQUEST: usize = 1024 + MAX_LINE + 4 * ServerConfig::USUAL_ANSWER;
        let received = if buffers > crate::server::OWN_BUFFER { buffers } else { 0 };
        received
            .saturating_add(requests.saturating_sub(1).saturating_mul(REQUEST))
            .saturating_add(Self::unsent(requests).saturating_mul(4))
    }
}

/// How an agency's side of a connection behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The agency.
    pub agency: AgencyId,
    /// The wire that it speaks.
    pub dialect: Dialect,
    /// How many bytes may wait to be sent before [`Client::can_send`](crate::Client::can_send) says no; one
    /// message more than that may wait. Default 64 KiB.
    pub max_unsent: usize,
    /// How long the messages of batches may be, about, in bytes; a wire may have a lower limit of its own.
    /// Default [`DialectProfile::batch_bytes`].
    pub max_batch: usize,
    /// The longest batch that is sent, in bytes, whatever [`ClientConfig::max_batch`] says. Default 1 MiB.
    pub max_message: usize,
    /// The longest answer that is taken, in bytes, at least 8192: the receive buffer grows to this for an answer that needs
    /// it. Default 1 MiB; [`Dialect::longest_answer`] says what an agency with so many bets needs.
    pub max_answer: usize,
    /// How long the centre may take to begin an answer, once the question has arrived; and then to complete it, besides a
    /// second more for each 100 bytes of it that have come, up to 30 times as long. Default 60 s.
    pub answer_timeout: Duration,
    /// How long the centre may take nothing of what is sent to it. Default 60 s.
    pub stall_timeout: Duration,
    /// How long the centre's end is waited for after ours. Default 1 s.
    pub linger_timeout: Duration,
}

impl ClientConfig {
    /// The most memory that one connection ever holds, in bytes, whatever the centre sends. What
    /// [`Client::memory`](crate::Client::memory) says between two calls is less, as
    /// [`ServerConfig::max_memory`] explains.
    #[must_use]
    pub const fn max_memory(&self) -> usize {
        const MACHINE: usize = 1024;
        let least = crate::block::BLOCK_SIZE;
        let received = if self.max_answer > least { self.max_answer } else { least };
        let batch = if self.max_batch < self.max_message { self.max_batch } else { self.max_message };
        // A line and its end are a byte longer than a block.
        let message = if batch > MAX_LINE { batch } else { MAX_LINE + 1 };
        MACHINE
            .saturating_add(received.saturating_mul(2))
            .saturating_add(self.max_unsent.saturating_mul(6))
            .saturating_add(message.saturating_mul(3))
            .saturating_add(MAX_QUEUES)
    }

    /// The defaults, for that agency on that wire.
    pub const fn new(agency: AgencyId, dialect: Dialect) -> Self {
        Self {
            agency,
            dialect,
            max_unsent: 64 * 1024,
            max_batch: dialect.profile().batch_bytes,
            max_message: 1024 * 1024,
            max_answer: 1024 * 1024,
            answer_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            linger_timeout: Duration::from_secs(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_memory_of_a_connection() {
        for (max_message, received) in [(100_000, 100_000), (8192, 8192), (10, 8192)] {
            let config = ServerConfig { max_message, max_in_flight: 3, ..ServerConfig::default() };
            let most = 1024 + 2 * received + 5 * (1024 + 8192) + 4 * (5 * 8192 + 65_536);
            assert_eq!(config.max_memory(), most, "{max_message}");
        }
    }

    #[test]
    fn the_most_memory_of_an_agency() {
        let agency = AgencyId::new(1).expect("an agency");
        for (max_answer, max_message, max_batch, received, message) in [
            (100_000, 100_000, 50_000, 100_000, 50_000),
            (50_000, 50_000, 100_000, 50_000, 50_000),
            (20_000, 50_000, 100_000, 20_000, 50_000),
            (8192, 8192, 8192, 8192, 8193),
            (8193, 8193, 9000, 8193, 8193),
            (10, 10, 10, 8192, 8193),
        ] {
            let config = ClientConfig::new(agency, Dialect::Block);
            let config = ClientConfig { max_answer, max_message, max_batch, max_unsent: 1000, ..config };
            let most = 1024 + 2 * received + 6 * 1000 + 3 * message + 32_768;
            assert_eq!(config.max_memory(), most, "{max_answer}, {max_message}, {max_batch}");
        }
    }
}
