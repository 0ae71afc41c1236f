//! Failures: the reasons that a rejected peer is given (`docs/protocol.md#error-codes`).

use core::fmt;

/// Reason that a rejected peer is given. A dialect without error codes sends the text only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Code of the failure.
    pub code: Code,
    /// Description for people, without line ends.
    pub text: &'a str,
}

/// Error codes (`docs/protocol.md#error-codes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// A message that cannot be understood, or is not valid.
    Malformed,
    /// An agency number that no agency has.
    UnknownAgency,
    /// Another agency than the connection's.
    AgencyMismatch,
    /// A newer session of the same agency took over.
    Superseded,
    /// Bets after the agency's Finished, or after the draw.
    Finished,
    /// The server takes no more connections.
    TooManyConnections,
    /// The bets could not be stored, or the winners not told.
    Storage,
    /// The server is stopping.
    ShuttingDown,
    /// A version of sessions that is not spoken.
    UnsupportedVersion,
    /// The peer was silent, or too slow.
    Timeout,
}

impl Code {
    /// Returns the code as it is sent.
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

    /// All codes.
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

    /// Returns the code with that name; `None` if there is none.
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|code| code.as_str() == text).copied()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
