//! Builder of the settings, which checks them.

use core::time::Duration;

use super::config::ClientConfig;
use crate::bet::AgencyId;
use crate::dialect::Dialect;
#[cfg(doc)]
use crate::dialect::DialectProfile;
use crate::server::ConfigError;
use crate::wire::block::BLOCK_SIZE;

/// Builder of [`ClientConfig`]. Each setting has a default.
///
/// ```
/// use lottery_proto::{AgencyId, ClientConfig, Dialect};
///
/// let agency: AgencyId = "300".parse()?;
/// let config = ClientConfig::builder(agency, Dialect::FRAMED).max_unsent(8192).build()?;
/// assert_eq!((config.agency(), config.max_unsent()), (agency, 8192));
/// let error = ClientConfig::builder(agency, Dialect::BLOCK).build().unwrap_err();
/// assert_eq!(error.to_string(), "agency: 300, expected 1 to 255");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ClientConfigBuilder(pub(super) ClientConfig);

impl ClientConfig {
    /// Returns the default settings for that agency and dialect, to be changed and checked.
    pub const fn builder(agency: AgencyId, dialect: Dialect) -> ClientConfigBuilder {
        ClientConfigBuilder(Self {
            agency,
            dialect,
            total: None,
            max_unsent: 64 * 1024,
            max_batch: dialect.profile().batch_bytes,
            max_message: 1024 * 1024,
            max_answer: 1024 * 1024,
            answer_timeout: Duration::from_secs(60),
            hello_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_secs(60),
            linger_timeout: Duration::from_secs(1),
        })
    }

    /// Returns the default settings for that agency and dialect.
    ///
    /// # Errors
    /// The dialect cannot carry the agency's number.
    pub fn new(agency: AgencyId, dialect: Dialect) -> Result<Self, ConfigError> {
        Self::builder(agency, dialect).build()
    }

    /// Returns these settings, to be changed and checked again.
    pub fn to_builder(&self) -> ClientConfigBuilder {
        ClientConfigBuilder(self.clone())
    }
}

impl ClientConfigBuilder {
    /// Sets the agency that the connection speaks for, at most [`Dialect::max_agency`].
    pub const fn agency(mut self, agency: AgencyId) -> Self {
        self.0.agency = agency;
        self
    }

    /// Sets the dialect of the connection. No other setting changes with it.
    pub const fn dialect(mut self, dialect: Dialect) -> Self {
        self.0.dialect = dialect;
        self
    }

    /// Sets the number of bets in the agency's list, which a session's Hello names, so that the server can say how far
    /// the agency is (`docs/protocol.md#sessions`). Default: unknown.
    pub const fn total(mut self, bets: u64) -> Self {
        self.0.total = Some(bets);
        self
    }

    /// Sets the number of unsent bytes from which [`Client::can_send`](crate::Client::can_send) is false, at least 1;
    /// one message more may wait. Default 64 KiB.
    pub const fn max_unsent(mut self, bytes: usize) -> Self {
        self.0.max_unsent = bytes;
        self
    }

    /// Sets the approximate maximum length of a batch message, in bytes, at least 1; a batch has one bet, however long
    /// it is, and a dialect may have a lower limit. Default [`DialectProfile::batch_bytes`].
    pub const fn max_batch(mut self, bytes: usize) -> Self {
        self.0.max_batch = bytes;
        self
    }

    /// Sets the hard limit of a batch message, in bytes, at least 8192, whatever
    /// [`max_batch`](ClientConfigBuilder::max_batch) is. Default 1 MiB.
    pub const fn max_message(mut self, bytes: usize) -> Self {
        self.0.max_message = bytes;
        self
    }

    /// Sets the maximum length of a reply, in bytes, at least 8192: the receive buffer grows to this for a reply that
    /// needs it. Default 1 MiB; [`Dialect::longest_answer`] returns the length that an agency with a given number of
    /// bets needs.
    pub const fn max_answer(mut self, bytes: usize) -> Self {
        self.0.max_answer = bytes;
        self
    }

    /// Sets the maximum time for the server to begin a reply, from when the request has arrived, and then to complete
    /// it; for that, each 100 bytes that have come add a second, up to 30 times this in all. Default 60 s.
    pub const fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.0.answer_timeout = timeout;
        self
    }

    /// Sets the maximum time for the server to begin the reply to Hello, from when that has arrived, and never more
    /// than [`answer_timeout`](ClientConfigBuilder::answer_timeout): a server without sessions may never reply. Default
    /// 5 s.
    pub const fn hello_timeout(mut self, timeout: Duration) -> Self {
        self.0.hello_timeout = timeout;
        self
    }

    /// Sets the maximum time in which the server takes none of the bytes that are to be sent. Default 60 s.
    pub const fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.0.stall_timeout = timeout;
        self
    }

    /// Sets the maximum wait for the server's end after our FIN. Default 1 s.
    pub const fn linger_timeout(mut self, timeout: Duration) -> Self {
        self.0.linger_timeout = timeout;
        self
    }

    /// Returns the settings.
    ///
    /// # Errors
    /// A setting is out of its range, or the dialect cannot carry the agency's number.
    pub fn build(self) -> Result<ClientConfig, ConfigError> {
        let config = self.0;
        let (agency, most) = (config.agency.get() as usize, config.dialect.max_agency() as usize);
        for (field, found, min, max) in [
            ("agency", agency, 1, most),
            ("max_unsent", config.max_unsent, 1, usize::MAX),
            ("max_batch", config.max_batch, 1, usize::MAX),
            ("max_message", config.max_message, BLOCK_SIZE, usize::MAX),
            ("max_answer", config.max_answer, BLOCK_SIZE, usize::MAX),
        ] {
            if !(min..=max).contains(&found) {
                return Err(ConfigError::OutOfRange { field, found, min, max });
            }
        }
        for (field, timeout) in [
            ("answer_timeout", config.answer_timeout),
            ("hello_timeout", config.hello_timeout),
            ("stall_timeout", config.stall_timeout),
            ("linger_timeout", config.linger_timeout),
        ] {
            if timeout.is_zero() {
                return Err(ConfigError::NoTime { field });
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn agency(number: u32) -> AgencyId {
        AgencyId::new(number).expect("an agency")
    }

    #[test]
    fn an_error_names_the_setting() {
        let valid = || ClientConfig::builder(agency(1), Dialect::BLOCK);
        for (builder, text) in [
            (ClientConfig::builder(agency(256), Dialect::BLOCK), "agency: 256, expected 1 to 255"),
            (valid().agency(agency(99_999)), "agency: 99999, expected 1 to 255"),
            (
                ClientConfig::builder(agency(300), Dialect::SESSION).dialect(Dialect::BLOCK),
                "agency: 300, expected 1 to 255",
            ),
            (valid().max_unsent(0), "max_unsent: 0, expected at least 1"),
            (valid().max_batch(0), "max_batch: 0, expected at least 1"),
            (valid().max_message(8191), "max_message: 8191, expected at least 8192"),
            (valid().max_answer(8191), "max_answer: 8191, expected at least 8192"),
            (valid().answer_timeout(Duration::ZERO), "answer_timeout: zero, expected some time"),
            (valid().hello_timeout(Duration::ZERO), "hello_timeout: zero, expected some time"),
            (valid().stall_timeout(Duration::ZERO), "stall_timeout: zero, expected some time"),
            (valid().linger_timeout(Duration::ZERO), "linger_timeout: zero, expected some time"),
        ] {
            assert_eq!(builder.build().expect_err(text).to_string(), text);
        }
    }

    #[test]
    fn the_limits_themselves_are_valid() {
        for dialect in Dialect::ALL {
            let builder = ClientConfig::builder(agency(dialect.max_agency()), *dialect).max_unsent(1);
            let config = builder.max_batch(1).max_message(8192).max_answer(8192).build().expect("valid");
            assert_eq!((config.max_message(), config.max_answer()), (8192, 8192), "{dialect}");
            assert_eq!(config.to_builder().build(), Ok(config));
            assert!(ClientConfig::new(agency(1), *dialect).is_ok(), "{dialect}");
        }
    }
}
