//! Failures: why a peer is told no (`docs/protocol.md#error-codes`).

use core::fmt;

/// Reason that a peer is told no. Its code is one of `docs/protocol.md#error-codes`; a wire without codes sends the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// The kind of failure.
    pub code: Code,
    /// What happened, for a person. Without line ends.
    pub text: &'a str,
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The message cannot be understood, or is not valid.
    Malformed,
    /// No agency has this number.
    UnknownAgency,
    /// Another agency than the connection's.
    AgencyMismatch,
    /// A newer session of the same agency.
    Superseded,
    /// Bets after the agency's Finished.
    Finished,
    /// The centre takes no more connections.
    TooManyConnections,
    /// The bets could not be stored.
    Storage,
    /// The centre is stopping.
    ShuttingDown,
    /// A session of a version that is not spoken.
    UnsupportedVersion,
    /// The peer was silent for too long.
    Timeout,
}

impl Code {
    /// As it is written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownAgency => "unknown-agency",
            Self::AgencyMismatch => "agency-mismatch",
            Self::Superseded => "superseded",
            Self::Finished => "finished",
            Self::TooManyConnections => "too-many-connections",
            Self::Storage => "storage",
            Self::ShuttingDown => "shutting-down",
            Self::UnsupportedVersion => "unsupported-version",
            Self::Timeout => "timeout",
        }
    }

    /// Every code.
    pub const ALL: &[Self] = &[
        Self::Malformed,
        Self::UnknownAgency,
        Self::AgencyMismatch,
        Self::Superseded,
        Self::Finished,
        Self::TooManyConnections,
        Self::Storage,
        Self::ShuttingDown,
        Self::UnsupportedVersion,
        Self::Timeout,
    ];

    /// The code that is written so.
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|code| code.as_str() == text).copied()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
