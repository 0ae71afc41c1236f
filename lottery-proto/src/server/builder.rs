//! Builder of the settings, which checks them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::config::ServerConfig;
use crate::bet::AgencyId;
use crate::dialect::Dialect;
use crate::wire::block::BLOCK_SIZE;

/// Builder of [`ServerConfig`]. Each setting has a default.
///
/// ```
/// use lottery_proto::{ConfigError, ServerConfig};
///
/// let config = ServerConfig::builder(5).window(4).build()?;
/// assert_eq!((config.agencies(), config.window().batches), (5, 4));
/// let error = ServerConfig::builder(0).build().unwrap_err();
/// assert_eq!(error.to_string(), "agencies: 0, expected 1 to 99999");
/// # Ok::<_, ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ServerConfigBuilder(pub(super) ServerConfig);

impl ServerConfig {
    /// Returns the default settings of a server with that many agencies, to be changed and checked.
    pub fn builder(agencies: u32) -> ServerConfigBuilder {
        ServerConfigBuilder(Self {
            agencies,
            max_in_flight: 32,
            window: 1024,
            window_bytes: 4 * 1024 * 1024,
            max_buffer: 256 * 1024,
            max_message: 1024 * 1024,
            dialects: Dialect::ALL.to_vec(),
            idle_timeout: Duration::from_secs(60),
            message_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(20),
            reply_timeout: Duration::from_secs(300),
            linger_timeout: Duration::from_secs(1),
            line_timeout: Duration::from_millis(100),
            shrink_after: Duration::from_millis(250),
        })
    }

    /// Returns these settings, to be changed and checked again.
    pub fn to_builder(&self) -> ServerConfigBuilder {
        ServerConfigBuilder(self.clone())
    }
}

impl ServerConfigBuilder {
    /// Sets the number of agencies: they are numbered from 1 to this, 99999 at most.
    pub fn agencies(mut self, agencies: u32) -> Self {
        self.0.agencies = agencies;
        self
    }

    /// Sets the maximum number of requests without a reply, at least 1. Default 32.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.0.max_in_flight = requests;
        self
    }

    /// Sets the maximum number of unacknowledged batches in a session, at least 1. Default 1024. With one, a client waits
    /// for each acknowledgement.
    pub fn window(mut self, batches: u32) -> Self {
        self.0.window = batches;
        self
    }

    /// Sets the maximum size of all unacknowledged batches in a session, in bytes, at least 1: a client sends another
    /// while they are smaller. Default 4 MiB, which fills a line of 100 ms up to 40 MB/s.
    pub fn window_bytes(mut self, bytes: u32) -> Self {
        self.0.window_bytes = bytes;
        self
    }

    /// Sets the size that the receive buffer grows to while bytes keep coming, in bytes, at least 8192. Default 256
    /// KiB.
    pub fn max_buffer(mut self, bytes: usize) -> Self {
        self.0.max_buffer = bytes;
        self
    }

    /// Sets the maximum length of a message, in bytes, 8192 to 4294967295. The receive buffer grows to this for a
    /// message that needs it. Default 1 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.0.max_message = bytes;
        self
    }

    /// Sets the dialects that are spoken, at least one. Default all.
    pub fn dialects(mut self, dialects: Vec<Dialect>) -> Self {
        self.0.dialects = dialects;
        self
    }

    /// Sets the maximum silence of a peer that owes the next message (`docs/protocol.md#deadlines`). Default 60 s. Empty
    /// messages of `braces` and rejected requests do not count, so they cannot keep a connection alive.
    ///
    /// An agency that was told "pending" pauses longer each time: it may be silent for twice the time from the first
    /// such reply to its last query, in addition to this.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.0.idle_timeout = timeout;
        self
    }

    /// Sets the maximum time from the first byte of a message to its last. Each 100 bytes that have come add a second, up
    /// to 30 times this in all. Default 20 s.
    pub fn message_timeout(mut self, timeout: Duration) -> Self {
        self.0.message_timeout = timeout;
        self
    }

    /// Sets the maximum time in which a peer takes none of the bytes that are to be sent. Default 20 s.
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.0.stall_timeout = timeout;
        self
    }

    /// Sets the maximum time from handing out a request to its reply, and from when a part of a list of winners is wanted
    /// ([`Server::wants_winners`](crate::Server::wants_winners)) to that part (`docs/protocol.md#deadlines`). Default 300 s.
    /// A query that waits for the draw has no such limit.
    ///
    /// Then the request is answered with a failure, and the connection ends: a ticket that was dropped holds no connection
    /// for ever.
    pub fn reply_timeout(mut self, timeout: Duration) -> Self {
        self.0.reply_timeout = timeout;
        self
    }

    /// Sets the maximum wait for the peer's end after our FIN, and for everything after a shutdown or a failure. Default
    /// 1 s.
    pub fn linger_timeout(mut self, timeout: Duration) -> Self {
        self.0.linger_timeout = timeout;
        self
    }

    /// Sets the silence after which an unfinished line of `echo` counts as complete (`docs/protocol.md#echo`). Default
    /// 100 ms.
    ///
    /// It applies only to bytes that can be no other dialect: a message that has begun is waited for.
    pub fn line_timeout(mut self, timeout: Duration) -> Self {
        self.0.line_timeout = timeout;
        self
    }

    /// Sets the silence after which a waiting connection gives memory back. Default 250 ms.
    pub fn shrink_after(mut self, timeout: Duration) -> Self {
        self.0.shrink_after = timeout;
        self
    }

    /// Returns the settings.
    ///
    /// # Errors
    /// A setting is out of its range.
    pub fn build(self) -> Result<ServerConfig, ConfigError> {
        let config = self.0;
        let most = u32::MAX as usize;
        for (field, found, min, max) in [
            ("agencies", config.agencies as usize, 1, AgencyId::MAX as usize),
            ("max_in_flight", config.max_in_flight, 1, usize::MAX),
            ("window", config.window as usize, 1, most),
            ("window_bytes", config.window_bytes as usize, 1, most),
            ("max_buffer", config.max_buffer, BLOCK_SIZE, usize::MAX),
            // Places in a message are kept as 32 bits.
            ("max_message", config.max_message, BLOCK_SIZE, most),
        ] {
            if !(min..=max).contains(&found) {
                return Err(ConfigError::OutOfRange { field, found, min, max });
            }
        }
        if config.dialects.is_empty() {
            return Err(ConfigError::NoDialect);
        }
        for (field, timeout) in [
            ("idle_timeout", config.idle_timeout),
            ("message_timeout", config.message_timeout),
            ("stall_timeout", config.stall_timeout),
            ("reply_timeout", config.reply_timeout),
            ("linger_timeout", config.linger_timeout),
            ("line_timeout", config.line_timeout),
            ("shrink_after", config.shrink_after),
        ] {
            if timeout.is_zero() {
                return Err(ConfigError::NoTime { field });
            }
        }
        Ok(config)
    }
}

/// Setting that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A number is too small or too large.
    #[error("{field}: {found}, expected {}", range(*.min, *.max))]
    #[non_exhaustive]
    OutOfRange {
        /// Name of the setting.
        field: &'static str,
        /// Its value.
        found: usize,
        /// Minimum.
        min: usize,
        /// Maximum.
        max: usize,
    },
    /// There is no dialect.
    #[error("dialects: none, expected at least one")]
    NoDialect,
    /// A time is zero.
    #[error("{field}: zero, expected some time")]
    #[non_exhaustive]
    NoTime {
        /// Name of the setting.
        field: &'static str,
    },
}

/// Returns the text of a range.
fn range(min: usize, max: usize) -> String {
    if max == usize::MAX { format!("at least {min}") } else { format!("{min} to {max}") }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    #[test]
    fn an_error_names_the_setting() {
        let valid = || ServerConfig::builder(5);
        for (builder, text) in [
            (ServerConfig::builder(0), "agencies: 0, expected 1 to 99999"),
            (ServerConfig::builder(100_000), "agencies: 100000, expected 1 to 99999"),
            (valid().agencies(0), "agencies: 0, expected 1 to 99999"),
            (valid().max_in_flight(0), "max_in_flight: 0, expected at least 1"),
            (valid().window(0), "window: 0, expected 1 to 4294967295"),
            (valid().window_bytes(0), "window_bytes: 0, expected 1 to 4294967295"),
            (valid().max_buffer(8191), "max_buffer: 8191, expected at least 8192"),
            (valid().max_message(1), "max_message: 1, expected 8192 to 4294967295"),
            (valid().dialects(vec![]), "dialects: none, expected at least one"),
            (valid().idle_timeout(Duration::ZERO), "idle_timeout: zero, expected some time"),
            (valid().message_timeout(Duration::ZERO), "message_timeout: zero, expected some time"),
            (valid().stall_timeout(Duration::ZERO), "stall_timeout: zero, expected some time"),
            (valid().reply_timeout(Duration::ZERO), "reply_timeout: zero, expected some time"),
            (valid().linger_timeout(Duration::ZERO), "linger_timeout: zero, expected some time"),
            (valid().line_timeout(Duration::ZERO), "line_timeout: zero, expected some time"),
            (valid().shrink_after(Duration::ZERO), "shrink_after: zero, expected some time"),
        ] {
            assert_eq!(builder.build().expect_err(text).to_string(), text);
        }
    }

    #[test]
    fn the_limits_themselves_are_valid() {
        for agencies in [1, 99_999] {
            let builder = ServerConfig::builder(agencies).max_in_flight(1).window(1).max_buffer(8192);
            let config = builder
                .max_message(8192)
                .dialects(vec![Dialect::ECHO])
                .build()
                .expect("the limits are valid");
            assert_eq!((config.agencies(), config.max_message()), (agencies, 8192));
            assert_eq!(config.to_builder().build(), Ok(config));
        }
    }
}
