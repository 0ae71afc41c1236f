//! Dialects, and their properties that an application may have to know.

use core::fmt;
use core::str::FromStr;

/// Dialect: one of the protocols that carry the same messages (`docs/protocol.md#choosing-a-dialect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Packets in blocks of 8192 bytes (`docs/protocol.md#block`).
    Block,
    /// The same packets on a connection that opens with Hello: each bet is stored once, whatever fails
    /// (`docs/protocol.md#sessions`).
    Session,
    /// Columns of characters (`docs/protocol.md#fixed`).
    Fixed,
    /// Eight digits and a body (`docs/protocol.md#framed`).
    Framed,
    /// Keys and values in braces (`docs/protocol.md#braces`).
    Braces,
    /// Health check: a line that comes back (`docs/protocol.md#echo`).
    Echo,
}

impl Dialect {
    /// Packets in blocks of 8192 bytes (`docs/protocol.md#block`).
    pub const BLOCK: Self = Self::Block;
    /// The same packets on a connection that opens with Hello: each bet is stored once, whatever fails
    /// (`docs/protocol.md#sessions`).
    pub const SESSION: Self = Self::Session;
    /// Columns of characters (`docs/protocol.md#fixed`).
    pub const FIXED: Self = Self::Fixed;
    /// Eight digits and a body (`docs/protocol.md#framed`).
    pub const FRAMED: Self = Self::Framed;
    /// Keys and values in braces (`docs/protocol.md#braces`).
    pub const BRACES: Self = Self::Braces;
    /// Health check: a line that comes back (`docs/protocol.md#echo`).
    pub const ECHO: Self = Self::Echo;

    /// All dialects.
    pub const ALL: &[Self] =
        &[Self::Block, Self::Session, Self::Fixed, Self::Framed, Self::Braces, Self::Echo];

    /// Dialects that carry bets.
    pub const WITH_BETS: &[Self] = &[Self::Block, Self::Session, Self::Fixed, Self::Framed, Self::Braces];

    /// Returns the name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Session => "session",
            Self::Fixed => "fixed",
            Self::Framed => "framed",
            Self::Braces => "braces",
            Self::Echo => "echo",
        }
    }

    /// Returns the behavior of a client in this dialect.
    pub const fn profile(self) -> DialectProfile {
        let profile = DialectProfile {
            batch_bets: 255,
            batch_bytes: usize::MAX,
            has_sessions: false,
            answers_bets: true,
            waits_for_answers: false,
            winners_flow: WinnersFlow::SameConnection,
        };
        match self {
            Self::Block => profile,
            Self::Session => DialectProfile { has_sessions: true, ..profile },
            Self::Fixed => DialectProfile {
                batch_bets: 99,
                answers_bets: false,
                winners_flow: WinnersFlow::NewConnection,
                ..profile
            },
            Self::Framed => DialectProfile {
                batch_bets: 10,
                batch_bytes: 8192,
                waits_for_answers: true,
                winners_flow: WinnersFlow::WithFinished,
                ..profile
            },
            Self::Braces => DialectProfile { batch_bets: 50, waits_for_answers: true, ..profile },
            Self::Echo => DialectProfile { waits_for_answers: true, ..profile },
        }
    }
}

/// Error for a name that no dialect has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected block, session, fixed, framed, braces or echo")]
pub struct UnknownDialect;

/// Parses a name, in lower case.
impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL.iter().find(|dialect| dialect.name() == name).copied().ok_or(UnknownDialect)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Behavior of a client in a dialect (`docs/protocol.md#choosing-a-dialect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialectProfile {
    /// Default number of bets in a batch.
    pub batch_bets: usize,
    /// Default maximum size of the bets in a batch, in bytes.
    pub batch_bytes: usize,
    /// True if a connection opens with Hello, and continues behind the bets that are stored.
    pub has_sessions: bool,
    /// True if a single bet gets a reply.
    pub answers_bets: bool,
    /// True if each message waits for the reply to the one before.
    pub waits_for_answers: bool,
    /// Way in which a client asks for the winners.
    pub winners_flow: WinnersFlow,
}

/// Ways in which a client asks for the winners (`docs/protocol.md#winners`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WinnersFlow {
    /// By queries on the connection of the bets, repeated until the draw.
    SameConnection,
    /// By queries on a connection of their own each, because the server closes after Finished and after each query.
    NewConnection,
    /// By Finished, whose reply comes after the draw.
    WithFinished,
}

/// Protocol that is no dialect, but is recognized by its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// Request of HTTP.
    Http,
    /// Hello of a TLS client.
    Tls,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_name_is_parsed_to_its_dialect() {
        let error = UnknownDialect.to_string();
        for dialect in Dialect::ALL {
            assert_eq!(dialect.name().parse(), Ok(*dialect));
            assert!(error.contains(dialect.name()), "{error}");
        }
        for name in ["", "Block", "blocks"] {
            assert_eq!(name.parse::<Dialect>(), Err(UnknownDialect));
        }
    }

    #[test]
    fn each_dialect_has_its_profile() {
        use WinnersFlow::{NewConnection, SameConnection, WithFinished};
        // Bets and bytes in a batch; sessions; replies to single bets; waits for replies; way to ask for the winners.
        for (dialect, bets, bytes, sessions, answers, waits, question) in [
            (Dialect::BLOCK, 255, usize::MAX, false, true, false, SameConnection),
            (Dialect::SESSION, 255, usize::MAX, true, true, false, SameConnection),
            (Dialect::FIXED, 99, usize::MAX, false, false, false, NewConnection),
            (Dialect::FRAMED, 10, 8192, false, true, true, WithFinished),
            (Dialect::BRACES, 50, usize::MAX, false, true, true, SameConnection),
            (Dialect::ECHO, 255, usize::MAX, false, true, true, SameConnection),
        ] {
            let profile = dialect.profile();
            assert_eq!((profile.batch_bets, profile.batch_bytes), (bets, bytes), "{dialect}");
            assert_eq!(
                (profile.has_sessions, profile.answers_bets, profile.waits_for_answers),
                (sessions, answers, waits),
                "{dialect}"
            );
            assert_eq!(profile.winners_flow, question, "{dialect}");
        }
    }
}
